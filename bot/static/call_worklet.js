/* Between the browser's sound and the line's: 8 kHz, 16 bits, frames of 20 ms, both ways.
 *
 * Runs in the audio thread. "microphone" posts frames as it hears them; "earpiece" plays posted frames, holds
 * back a little against uneven arrival, and falls silent at once when told to flush.
 */

const LINE_HZ = 8000;
const FRAME_SAMPLES = 160;
const ZERO_CROSSINGS = 12; // of the filter, on each side
const STEPS = 256; // of the filter's table, per zero crossing
const PASSED = 0.92; // of the narrower band; the rest is the filter's slope
const AHEAD_SAMPLES = 3 * FRAME_SAMPLES;
const MOST_SAMPLES = 25 * FRAME_SAMPLES;

/* Windowed-sinc interpolation at any ratio of rates, without steps between blocks. */
class Resampler {
  constructor(fromHz, toHz) {
    this.step = fromHz / toHz;
    this.cutoff = PASSED * Math.min(1, toHz / fromHz);
    this.reach = ZERO_CROSSINGS / this.cutoff;
    this.table = Float32Array.from({ length: ZERO_CROSSINGS * STEPS + 2 }, (_, n) => this.#weight(n / STEPS));
    this.waiting = new Float32Array(Math.ceil(this.reach));
    this.at = this.waiting.length;
  }

  #weight(crossing) {
    if (crossing >= ZERO_CROSSINGS) return 0;
    const sinc = crossing ? Math.sin(Math.PI * crossing) / (Math.PI * crossing) : 1;
    const place = (Math.PI * crossing) / ZERO_CROSSINGS;
    return this.cutoff * sinc * (0.42 + 0.5 * Math.cos(place) + 0.08 * Math.cos(2 * place));
  }

  /* Returns what can be said for certain after `samples` have come. */
  push(samples) {
    const joined = new Float32Array(this.waiting.length + samples.length);
    joined.set(this.waiting);
    joined.set(samples, this.waiting.length);
    const made = [];
    while (this.at + this.reach < joined.length) {
      made.push(this.#between(joined, this.at));
      this.at += this.step;
    }
    const done = Math.max(0, Math.floor(this.at - this.reach));
    this.waiting = joined.slice(done);
    this.at -= done;
    return made;
  }

  #between(samples, at) {
    const last = Math.min(samples.length - 1, Math.floor(at + this.reach));
    let sum = 0;
    for (let n = Math.max(0, Math.ceil(at - this.reach)); n <= last; n += 1) {
      const place = Math.abs(n - at) * this.cutoff * STEPS;
      const whole = Math.floor(place);
      sum += samples[n] * (this.table[whole] + (place - whole) * (this.table[whole + 1] - this.table[whole]));
    }
    return sum;
  }
}

class Microphone extends AudioWorkletProcessor {
  constructor() {
    super();
    this.resampler = new Resampler(sampleRate, LINE_HZ);
    this.frame = new Int16Array(FRAME_SAMPLES);
    this.filled = 0;
  }

  process([channels]) {
    if (!channels.length) return true;
    for (const sample of this.resampler.push(channels[0])) {
      this.frame[this.filled] = Math.round(32767 * Math.max(-1, Math.min(1, sample)));
      this.filled += 1;
      if (this.filled === FRAME_SAMPLES) this.#post();
    }
    return true;
  }

  #post() {
    this.port.postMessage(this.frame.buffer, [this.frame.buffer]);
    this.frame = new Int16Array(FRAME_SAMPLES);
    this.filled = 0;
  }
}

class Earpiece extends AudioWorkletProcessor {
  constructor() {
    super();
    this.resampler = new Resampler(LINE_HZ, sampleRate);
    this.ready = []; // at the browser's rate
    this.forget();
    this.port.onmessage = ({ data }) => (data === "flush" ? this.forget() : this.take(new Int16Array(data)));
  }

  forget() {
    this.frames = [];
    this.waiting = 0;
    this.isFilling = true;
  }

  take(frame) {
    this.frames.push(frame);
    this.waiting += frame.length;
    if (this.waiting > MOST_SAMPLES) while (this.waiting > AHEAD_SAMPLES) this.#next();
    if (this.waiting >= AHEAD_SAMPLES) this.isFilling = false;
  }

  process(_, [channels]) {
    const [out] = channels;
    while (this.ready.length < out.length) this.ready.push(...this.resampler.push(this.#next()));
    out.set(this.ready.splice(0, out.length));
    for (const other of channels.slice(1)) other.set(out);
    return true;
  }

  #next() {
    const frame = this.isFilling ? undefined : this.frames.shift();
    if (!frame) {
      this.isFilling = true;
      return new Float32Array(FRAME_SAMPLES / 4);
    }
    this.waiting -= frame.length;
    return Float32Array.from(frame, (sample) => sample / 32768);
  }
}

registerProcessor("microphone", Microphone);
registerProcessor("earpiece", Earpiece);
