/* One call over one WebSocket: microphone and loudspeaker, keys, and the line's events.
 *
 * Knows nothing of the page. `on` is told: started(), level(0..1), event({event, text}), ended(outcome), lost().
 */

const GIVE_UP_AFTER_MS = 8_000;
const MICROPHONE = { echoCancellation: true, noiseSuppression: true, autoGainControl: true, channelCount: 1 };

/* `reason`: insecure, refused, missing, taken, busy, away. */
export class NoCall extends Error {
  constructor(reason) {
    super(reason);
    this.reason = reason;
  }
}

const REASONS = { NotAllowedError: "refused", SecurityError: "refused", NotFoundError: "missing", OverconstrainedError: "missing" };

export async function openMicrophone() {
  if (!navigator.mediaDevices?.getUserMedia || !window.AudioWorkletNode) throw new NoCall("insecure");
  try {
    return await navigator.mediaDevices.getUserMedia({ audio: MICROPHONE });
  } catch (error) {
    throw new NoCall(REASONS[error.name] ?? "taken");
  }
}

export async function fetchToken(address) {
  const response = await fetch(address, { cache: "no-store", credentials: "same-origin" }).catch(() => null);
  if (!response?.ok) throw new NoCall(response?.status === 429 ? "busy" : "away");
  return (await response.json()).token;
}

export class PhoneLine {
  #socket = null;
  #sound = null;
  #microphone = null;
  #earpiece = null;
  #isOver = false;
  #hasStarted = false;

  constructor({ address, worklet, on }) {
    Object.assign(this, { address, worklet, on });
  }

  /* Raises NoCall; `sound` is an AudioContext made while the button was pressed. */
  async call(sound, microphone, token) {
    this.#sound = sound;
    this.#microphone = microphone;
    try {
      await sound.audioWorklet.addModule(this.worklet);
      await sound.resume();
      await this.#connect(token);
    } catch (error) {
      this.#close();
      throw error instanceof NoCall ? error : new NoCall("away");
    }
  }

  press(keys) { this.#tell({ event: "dtmf", keys }); }

  askForPerson() { this.#tell({ event: "person" }); }

  hangUp() {
    this.#tell({ event: "hangup" });
    this.#end("");
  }

  #connect(token) {
    this.#socket = new WebSocket(this.address);
    this.#socket.binaryType = "arraybuffer";
    return new Promise((resolve, reject) => {
      const giveUp = setTimeout(() => reject(new NoCall("away")), GIVE_UP_AFTER_MS);
      const refuse = () => { clearTimeout(giveUp); reject(new NoCall("away")); };
      this.#socket.addEventListener("open", () => this.#tell({ event: "start", token }));
      this.#socket.addEventListener("message", ({ data }) => {
        if (data instanceof ArrayBuffer) return this.#hear(data);
        const event = JSON.parse(data);
        if (event.event !== "start") return this.#told(event);
        clearTimeout(giveUp);
        this.#begin();
        return resolve();
      });
      this.#socket.addEventListener("close", () => (this.#hasStarted ? this.#lose() : refuse()));
    });
  }

  #begin() {
    this.#hasStarted = true;
    const speak = new AudioWorkletNode(this.#sound, "microphone", { numberOfOutputs: 0 });
    speak.port.onmessage = ({ data }) => this.#speak(data);
    this.#sound.createMediaStreamSource(this.#microphone).connect(speak);
    this.#earpiece = new AudioWorkletNode(this.#sound, "earpiece", { numberOfInputs: 0, outputChannelCount: [1] });
    this.#earpiece.connect(this.#sound.destination);
    this.#microphone.getAudioTracks()[0]?.addEventListener("ended", () => this.hangUp());
    this.on.started();
  }

  #speak(frame) {
    if (this.#socket.readyState !== WebSocket.OPEN) return;
    const samples = new Int16Array(frame);
    this.on.level(Math.min(1, Math.hypot(...samples) / 32768 / Math.sqrt(samples.length) * 8));
    this.#socket.send(frame);
  }

  #hear(frame) { this.#earpiece?.port.postMessage(frame, [frame]); }

  #told(event) {
    if (event.event === "flush") this.#earpiece?.port.postMessage("flush");
    if (event.event === "hangup") return this.#end(event.text);
    return this.on.event(event);
  }

  #tell(event) {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(event));
  }

  #end(outcome) {
    if (this.#isOver) return;
    this.#close();
    this.on.ended(outcome);
  }

  #lose() {
    if (this.#isOver) return;
    this.#close();
    this.on.lost();
  }

  #close() {
    this.#isOver = true;
    this.#socket?.close();
    this.#microphone?.getTracks().forEach((track) => track.stop());
    this.#sound?.close();
  }
}
