/* A person's words as they come: server-sent events of one conversation, and how far the queue at the desk is. */

const PAUSES_MS = [5_000, 15_000, 60_000];

export class Desk {
  #source = null;
  #refusals = 0;
  #author = "";
  #isWanted = false;

  constructor({ conversationId, token, channel, onMessage, onState }) {
    const query = new URLSearchParams({ channel, token });
    this.address = `/api/v1/conversations/${encodeURIComponent(conversationId)}/events?${query}`;
    Object.assign(this, { onMessage, onState });
    addEventListener("pagehide", () => this.close());
    addEventListener("pageshow", (event) => event.persisted && this.#isWanted && this.listen());
  }

  listen() {
    this.#isWanted = true;
    if (this.#source || !window.EventSource) return;
    this.#source = new EventSource(this.address);
    this.#source.addEventListener("open", () => { this.#refusals = 0; });
    this.#source.addEventListener("message", (event) => this.#said(JSON.parse(event.data)));
    this.#source.addEventListener("handover", (event) => this.#moved(JSON.parse(event.data)));
    this.#source.addEventListener("error", () => this.#again());
  }

  close() {
    this.#source?.close();
    this.#source = null;
  }

  #said(message) {
    if (message.author) this.#author = message.author;
    this.onMessage(message);
  }

  #moved({ state, position, author }) {
    this.onState(words(state, position, author || this.#author));
  }

  /* The browser comes back by itself unless the server has refused; then we ask a few times more. */
  #again() {
    if (this.#source?.readyState !== EventSource.CLOSED) return;
    this.close();
    const pause = PAUSES_MS[this.#refusals];
    this.#refusals += 1;
    if (pause) setTimeout(() => this.listen(), pause);
  }
}

function words(state, position, author) {
  if (state === "taken") return `工作人员${author}在跟您说`;
  if (state !== "waiting") return "";
  return position > 1 ? `正在等工作人员，前面还有 ${position - 1} 位` : "正在等工作人员，下一位就是您";
}
