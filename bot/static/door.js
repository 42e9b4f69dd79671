/* The server's door for one conversation: post, and say in one word what went wrong. */

const GIVE_UP_AFTER_MS = 30_000;
const GIVE_UP_UPLOAD_AFTER_MS = 180_000;

/* `status` is 0 when no answer came at all; `sentence` is the server's own; `afterMs` is how long it wants to be left alone. */
export class NotDelivered extends Error {
  constructor(status, sentence = "", afterMs = 0) {
    super(`not delivered (${status})`);
    Object.assign(this, { status, sentence, afterMs });
  }

  get isExpired() { return this.status === 401 || this.status === 403; }
  get isPassing() { return this.status === 0 || this.status === 408 || this.status === 429 || this.status >= 500; }
}

export class Door {
  constructor({ conversationId, token, channel }) {
    Object.assign(this, { conversationId, token, channel });
  }

  async post(address, body) {
    const giveUp = new AbortController();
    const timer = setTimeout(() => giveUp.abort(), GIVE_UP_AFTER_MS);
    try {
      const response = await fetch(address, {
        method: "POST",
        credentials: "same-origin",
        headers: { "Content-Type": "application/json", "X-Conversation-Token": this.token },
        body: JSON.stringify(body),
        signal: giveUp.signal,
      });
      const content = await response.json().catch(() => null);
      if (!response.ok) throw new NotDelivered(response.status, content?.detail, 1000 * Number(response.headers.get("Retry-After") ?? 0));
      return content;
    } catch (error) {
      throw error instanceof NotDelivered ? error : new NotDelivered(0);
    } finally {
      clearTimeout(timer);
    }
  }

  /* The server refuses what an outdated button means; its title is still something that a resident may say. */
  async say(message) {
    try {
      return await this.#say(message, message.messageId, message.payload);
    } catch (error) {
      if (error.status !== 400 || !message.payload) throw error;
      return this.#say(message, `${message.messageId}-words`, "");
    }
  }

  async #say({ text, attachments }, messageId, payload) {
    const body = { conversation_id: this.conversationId, text, channel: this.channel, message_id: messageId };
    if (payload) body.payload = payload;
    if (attachments?.length) body.attachments = attachments;
    const reply = await this.post("/api/v1/messages", body);
    if (typeof reply?.text !== "string" || reply.text === "") throw new NotDelivered(502);
    return reply;
  }

  /* Returns the picture's id; `onProgress` is told how much has gone, from 0 to 1. `signal` stops it. */
  upload(picture, onProgress, signal) {
    const form = new FormData();
    form.append("conversation_id", this.conversationId);
    form.append("channel", this.channel);
    form.append("file", picture, "photo");
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest(); // fetch does not tell how much has gone
      request.open("POST", "/api/v1/uploads");
      request.setRequestHeader("X-Conversation-Token", this.token);
      request.responseType = "json";
      request.timeout = GIVE_UP_UPLOAD_AFTER_MS;
      request.upload.addEventListener("progress", ({ loaded, total }) => total && onProgress(loaded / total));
      for (const end of ["error", "timeout", "abort"]) request.addEventListener(end, () => reject(new NotDelivered(0)));
      request.addEventListener("load", () => {
        const { status, response } = request;
        if (status === 201 && response?.upload_id) resolve(response.upload_id);
        else reject(new NotDelivered(status, response?.detail));
      });
      signal.addEventListener("abort", () => request.abort());
      request.send(form);
    });
  }

  rate(turnId, helpful, reason) {
    return this.post("/api/v1/feedback", { turn_id: turnId, helpful, reason });
  }
}

/* crypto.randomUUID exists only in a secure context; an office intranet may be plain http. */
export function newMessageId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
