/* What a resident has said and the server has not taken yet: in order, one at a time, never lost, never doubled.
 *
 * A message keeps its id at every attempt, so the server answers it once however often it is sent. A shelf keeps the
 * messages over a reload; a tab looks after its own, and after those of a tab that was closed.
 */

const PAUSES_MS = [2_000, 4_000, 8_000, 15_000, 30_000];
const LOOK_ROUND_MS = 10_000;
const ABANDONED_AFTER_MS = 90_000; // browsers let a hidden tab look round once a minute
const TOO_OLD_MS = 24 * 3600_000;
const PREFIX = "xiaoding-queue:";
const TAB = "xiaoding-tab";

/* States: waiting (its turn will come), sending, stuck (no line; sent again by itself), held (a person has to decide). */
export class Queue {
  #messages = [];
  #failures = 0;
  #busy = false;
  #timer = 0;

  constructor({ say, shelf, onState, onReply, onRefused, onLine }) {
    Object.assign(this, { say, shelf, onState, onReply, onRefused, onLine });
    addEventListener("online", () => this.now());
    addEventListener("pageshow", () => this.now());
    document.addEventListener("visibilitychange", () => document.hidden || this.now());
  }

  get length() { return this.#messages.length; }

  /* Take over what was left lying; called at the start and from time to time. */
  resume(isKnown) {
    for (const message of this.shelf.abandoned(this.#messages.map((known) => known.messageId))) {
      if (isKnown(message.messageId)) this.shelf.remove(message.messageId);
      else this.#take(message, Date.now() - message.at > TOO_OLD_MS ? "held" : "waiting");
    }
    this.shelf.beat(this.#messages);
    this.#run();
  }

  add(message) {
    this.#take({ ...message, at: Date.now() }, "waiting");
    this.shelf.keep(message);
    this.#run();
  }

  /* A person's wish, or the line is back: no more waiting. */
  now() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.#run();
  }

  again(messageId) {
    const message = this.#messages.find((known) => known.messageId === messageId);
    if (message?.state === "held") this.#state(message, "waiting");
    this.now();
  }

  drop(messageId) {
    this.#messages = this.#messages.filter((known) => known.messageId !== messageId);
    this.shelf.remove(messageId);
  }

  #take(message, state) {
    this.#messages.push(message);
    this.#state(message, state);
  }

  #state(message, state, error = null) {
    message.state = state;
    this.onState(message, error);
  }

  async #run() {
    if (this.#busy || this.#timer) return;
    this.#busy = true;
    try {
      let message;
      while (!this.#timer && (message = this.#messages.find(({ state }) => state !== "held"))) await this.#attempt(message);
    } finally {
      this.#busy = false;
    }
  }

  async #attempt(message) {
    this.#state(message, "sending");
    try {
      const reply = await this.say(message);
      this.#failures = 0;
      this.onLine(true);
      const isWanted = this.#messages.includes(message);
      this.drop(message.messageId);
      if (isWanted) this.onReply(message, reply);
    } catch (error) {
      if (error.isExpired) this.#state(message, "held", error);
      else if (error.isPassing) this.#later(message, error);
      else {
        this.drop(message.messageId);
        this.onRefused(message, error);
      }
    }
  }

  #later(message, error) {
    this.onLine(error.status !== 0);
    this.#state(message, "stuck", error);
    const pause = PAUSES_MS[Math.min(this.#failures, PAUSES_MS.length - 1)];
    this.#failures += 1;
    this.#timer = setTimeout(() => this.now(), Math.max(pause, error.afterMs ?? 0));
  }
}

/* Keeps messages in the browser's own storage; where that is forbidden they live as long as the page. */
export class Shelf {
  constructor() {
    this.tab = this.#tabOfBefore() ?? Math.random().toString(36).slice(2);
    addEventListener("pagehide", () => quietly(() => sessionStorage.setItem(TAB, this.tab)));
    addEventListener("pageshow", () => quietly(() => sessionStorage.removeItem(TAB)));
  }

  lookRound(queue, isKnown) {
    queue.resume(isKnown);
    setInterval(() => queue.resume(isKnown), LOOK_ROUND_MS);
  }

  keep({ messageId, text, payload, attachments, at }) {
    const kept = { messageId, text, payload, attachments, at: at ?? Date.now(), tab: this.tab, seen: Date.now() };
    quietly(() => localStorage.setItem(PREFIX + messageId, JSON.stringify(kept)));
  }

  remove(messageId) {
    quietly(() => localStorage.removeItem(PREFIX + messageId));
  }

  beat(messages) {
    for (const message of messages) this.keep(message);
  }

  /* What is kept and nobody looks after: of this tab before its reload, or of a tab that is no more. */
  abandoned(known) {
    const found = [];
    quietly(() => {
      for (const key of Object.keys(localStorage)) {
        if (!key.startsWith(PREFIX)) continue;
        const { tab, seen, ...message } = JSON.parse(localStorage.getItem(key));
        const isLeft = tab === this.tab || Date.now() - seen > ABANDONED_AFTER_MS;
        if (isLeft && !known.includes(message.messageId)) found.push(message);
      }
    });
    return found.sort((a, b) => a.at - b.at);
  }

  /* Taken out at once, so that a copy of this tab does not believe to be it. */
  #tabOfBefore() {
    let tab = null;
    quietly(() => {
      tab = sessionStorage.getItem(TAB);
      sessionStorage.removeItem(TAB);
    });
    return tab;
  }
}

/* A page that keeps nothing, for a machine that many people use. */
export class NoShelf {
  keep() {}
  remove() {}
  beat() {}
  abandoned() { return []; }
}

export function quietly(does) {
  try {
    return does();
  } catch {
    return undefined; // storage is forbidden or full: kept in the page only
  }
}
