/* The resident's chat page, made livelier: messages go through the API instead of reloading the page.
 *
 * Every form marked data-say works without this file; here its submission becomes one message.
 * What the server says is only ever put into text nodes. The same elements are rendered by _turn.html.
 */

const TYPING_AFTER_MS = 400;
const GIVE_UP_AFTER_MS = 30_000;
const DRAFT_KEY = "xiaoding-draft";
const RATED_KINDS = new Set(["answer", "referral"]);
const REASONS = ["答的不是我问的", "内容不对", "没看懂", "说得不全"];
const EMERGENCY_NUMBER = /(^|[^\d])(110|119|120|122)(?!\d)/g;

const byId = (id) => document.getElementById(id);
const { conversationId, token } = document.body.dataset;
const [log, scroll, typing, composer, box, sendButton] = ["log", "scroll", "typing", "composer", "text", "send"].map(byId);
const [problem, problemText, retryButton] = ["problem", "problem-text", "retry"].map(byId);

/* ---- elements ---- */

function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

function callLink(number) {
  return make("a", { class: "call", href: `tel:${number}` }, `拨打 ${number}`);
}

function numberLine(label, number) {
  return make("p", { class: "number" }, `${label} `, make("b", {}, number));
}

function residentTurn(text) {
  return make("article", { class: "turn turn-resident" },
    make("div", { class: "bubble" }, make("span", { class: "only-heard" }, "您说："), make("p", { class: "said" }, text)));
}

function assistantTurn(reply) {
  const bubble = make("div", { class: "bubble" },
    make("span", { class: "only-heard" }, "小顶说："),
    reply.kind === "emergency" ? make("strong", { class: "alarm" }, "紧急提醒") : null,
    make("p", { class: "said" }, reply.text),
    reply.ticket?.number ? numberLine("帮办单号", reply.ticket.number) : null,
    reply.report?.number ? numberLine("诉求编号", reply.report.number) : null,
    reply.competent?.phone ? make("p", { class: "calls" }, callLink(reply.competent.phone)) : null);
  const turn = make("article", {
    class: "turn turn-assistant", "data-kind": reply.kind ?? "", "data-turn-id": reply.turn_id ?? "",
  }, bubble);
  for (const answer of reply.answers ?? []) if (answer.card) turn.append(card(answer.card));
  if (reply.buttons?.length) turn.append(choices(reply.buttons));
  addExtras(turn);
  return turn;
}

function card({ title, rows, source, updated, verified }) {
  const list = make("dl");
  for (const [label, value] of rows ?? []) {
    list.append(make("div", { class: "row" }, make("dt", {}, label), make("dd", {}, cardValue(value))));
  }
  return make("details", { class: "card" },
    make("summary", {},
      make("span", { class: "card-kind" }, "完整办事卡片"), make("span", { class: "card-title" }, title ?? "")),
    list,
    make("p", { class: "card-foot" },
      source ? make("span", {}, `来源：${source}`) : null,
      updated ? make("span", {}, "更新：", make("time", {}, updated)) : null,
      verified ? null : make("span", { class: "badge" }, "内容待窗口核实")));
}

function cardValue(value) {
  const lines = String(value ?? "").split(/\r?\n/).filter((line) => line !== "");
  return lines.length > 1 ? make("ul", {}, ...lines.map((line) => make("li", {}, line))) : lines.join("");
}

function choices(buttons) {
  return make("div", { class: "choices", role: "group", "aria-label": "点一下就能选" },
    ...buttons.map(({ title, payload }) => make("form", { "data-say": "" },
      make("input", { type: "hidden", name: "text", value: title }),
      make("input", { type: "hidden", name: "payload", value: payload ?? "" }),
      make("button", { class: "choice", type: "submit" }, title))));
}

/* What only makes sense with JavaScript, for turns of the server and our own alike. */
function addExtras(turn) {
  const { kind, turnId } = turn.dataset;
  if (kind === "emergency") addEmergencyCalls(turn);
  if (RATED_KINDS.has(kind) && turnId) turn.append(feedback(turnId));
}

function addEmergencyCalls(turn) {
  const text = turn.querySelector(".said").textContent;
  const numbers = new Set(Array.from(text.matchAll(EMERGENCY_NUMBER), (found) => found[2]));
  if (numbers.size) turn.querySelector(".bubble").append(make("p", { class: "calls" }, ...Array.from(numbers, callLink)));
}

/* ---- was it any help? ---- */

function feedback(turnId) {
  const thumb = (sign, words) => make("button", { type: "button", "aria-pressed": "false" },
    make("span", { "aria-hidden": "true" }, `${sign} `), words);
  const helpful = thumb("👍", "有用");
  const useless = thumb("👎", "没帮上");
  const reasons = make("div", { class: "reasons", role: "group", "aria-label": "哪里不好" },
    ...REASONS.map((reason) => make("button", { type: "button" }, reason)));
  const thanks = make("span", { class: "thanks", role: "status" });
  const panel = make("div", { class: "feedback", role: "group", "aria-label": "这个回答有用吗" }, helpful, useless, reasons, thanks);
  reasons.hidden = true;

  async function rate(isHelpful, reason) {
    helpful.setAttribute("aria-pressed", String(isHelpful));
    useless.setAttribute("aria-pressed", String(!isHelpful));
    reasons.hidden = isHelpful || reason !== "";
    panel.scrollIntoView({ block: "nearest" });
    try {
      await post("/api/v1/feedback", { turn_id: turnId, helpful: isHelpful, reason });
      if (isHelpful) thanks.textContent = "谢谢您！";
      else thanks.textContent = reason ? "记下了，我们会改。" : "记下了。是哪里不好？点一下告诉我们，不点也行。";
    } catch {
      thanks.textContent = "没记上，麻烦您再点一次。";
    }
  }

  helpful.addEventListener("click", () => rate(true, ""));
  useless.addEventListener("click", () => rate(false, ""));
  reasons.addEventListener("click", (event) => {
    const reason = event.target.closest("button")?.textContent;
    if (!reason) return;
    useless.focus();
    rate(false, reason);
  });
  return panel;
}

/* ---- the server ---- */

/* `status` is 0 when no answer came at all; `sentence` is the server's own, shown if it is Chinese. */
class NotDelivered extends Error {
  constructor(status, sentence = "") {
    super(`not delivered (${status})`);
    this.status = status;
    this.sentence = sentence;
  }
}

async function post(address, body) {
  const giveUp = new AbortController();
  const timer = setTimeout(() => giveUp.abort(), GIVE_UP_AFTER_MS);
  try {
    const response = await fetch(address, {
      method: "POST",
      credentials: "same-origin",
      headers: {
        "Content-Type": "application/json",
        "X-Conversation-Token": token,
        "X-CSRFToken": composer.querySelector("[name=csrfmiddlewaretoken]")?.value ?? "",
      },
      body: JSON.stringify(body),
      signal: giveUp.signal,
    });
    const content = await response.json().catch(() => null);
    if (!response.ok) throw new NotDelivered(response.status, content?.detail);
    return content;
  } catch (error) {
    throw error instanceof NotDelivered ? error : new NotDelivered(0);
  } finally {
    clearTimeout(timer);
  }
}

async function deliver({ text, payload, messageId }) {
  const message = { conversation_id: conversationId, text, channel: "web", message_id: messageId };
  if (payload) message.payload = payload;
  const reply = await post("/api/v1/messages", message);
  if (typeof reply?.text !== "string" || reply.text === "") throw new NotDelivered(502);
  return reply;
}

/* The server refuses what an outdated button means; its title is still something that a resident may say. */
async function deliverPressed(message) {
  try {
    return await deliver(message);
  } catch (error) {
    if (error.status !== 400 || !message.payload) throw error;
    Object.assign(message, { payload: "", messageId: newMessageId() });
    return deliver(message);
  }
}

/* crypto.randomUUID exists only in a secure context; an office intranet may be plain http. */
function newMessageId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/* ---- one message at a time ---- */

let inFlight = null; // the message that is waiting for its reply
let waiting = null; // a button pressed meanwhile; a person must be one step away even then
let failed = null; // the last message that was not delivered; a retry keeps its id

async function send(message) {
  hideProblem();
  inFlight = message;
  sendButton.setAttribute("aria-disabled", "true");
  const turn = residentTurn(message.text);
  log.append(turn);
  keepFocus();
  scrollTo(turn);
  const timer = setTimeout(() => showTyping("小顶正在想"), TYPING_AFTER_MS);
  try {
    const reply = await deliverPressed(message);
    if (failed === message) failed = null;
    log.append(assistantTurn(reply));
    showTyping("");
    scrollTo(turn);
  } catch (error) {
    turn.remove();
    giveBack(message, error);
  } finally {
    clearTimeout(timer);
    showTyping("");
    inFlight = null;
    sendButton.removeAttribute("aria-disabled");
    if (waiting) sendWaiting();
  }
}

function sendWaiting() {
  const message = waiting;
  waiting = null;
  send(message);
}

function sendWritten() {
  const text = box.value.trim();
  if (!text) return box.focus();
  if (inFlight) return showTyping("小顶正在回您上一句，请稍等");
  const again = failed?.written && failed.text === text;
  const message = again ? failed : { text, written: true, messageId: newMessageId() };
  setBox("");
  box.focus();
  return send(message);
}

function sendPressed(text, payload) {
  const message = { text, payload, written: false, messageId: newMessageId() };
  if (inFlight) waiting = message;
  else send(message);
}

function retry() {
  if (!failed || inFlight) return;
  if (failed.inBox && box.value.trim() === failed.text) setBox("");
  send(failed);
}

function giveBack(message, error) {
  if (!(error instanceof NotDelivered)) console.error(error);
  failed = message;
  if (message.written && box.value.trim() === "") setBox(message.text);
  message.inBox = box.value.trim() === message.text;
  const expired = error.status === 401 || error.status === 403;
  problemText.textContent = message.inBox ? explain(error) : `“${message.text}”没发出去。${explain(error)}`;
  retryButton.textContent = expired ? "刷新页面" : "再发一次";
  retryButton.onclick = expired ? reload : retry;
  problem.hidden = false;
}

function explain({ status, sentence }) {
  if (status === 0) return "网络好像不通，请再发一次。";
  if (status === 401 || status === 403) return "这个页面放得太久了，请刷新一下再问。";
  if (status === 429) return "问得有点快，请等一小会儿再发。";
  if (status < 500 && /^[\u4e00-\u9fff]/.test(sentence ?? "")) return sentence;
  if (status < 500) return "这句话没发成，请说短一点、换个说法再试。";
  return "小顶这会儿出了点毛病，请再发一次，急的话打12345。";
}

/* ---- the page ---- */

function showTyping(words) {
  typing.textContent = words;
  if (words) typing.scrollIntoView({ block: "nearest" });
}

function hideProblem() {
  problem.hidden = true;
}

/* As far down as possible with the resident's question still in view: a long reply is read from its start. */
function scrollTo(turn) {
  turn.scrollIntoView({ block: "start" });
  rememberPlace();
}

/* When a keyboard or a notice takes room from below, the line above it stays where the eye is. */
let fromBottom = 0;

function rememberPlace() {
  fromBottom = scroll.scrollHeight - scroll.clientHeight - scroll.scrollTop;
}

function keepPlace(changes) {
  if (changes.some(({ target }) => target === scroll)) scroll.scrollTop = scroll.scrollHeight - scroll.clientHeight - fromBottom;
  else rememberPlace();
}

/* The buttons of an answered question disappear; the keyboard must not be left nowhere. */
function keepFocus() {
  const focused = document.activeElement;
  if (focused && focused !== document.body && focused.getClientRects().length === 0) box.focus({ preventScroll: true });
}

function setBox(text) {
  box.value = text;
  fitBox();
}

function fitBox() {
  if (CSS.supports("field-sizing", "content")) return;
  box.style.height = "auto";
  box.style.height = `${box.scrollHeight + 3}px`;
}

/* Changing to the 长辈版 or refreshing must not cost the resident what is already written. */
function keepDraft() {
  try {
    if (box.value) sessionStorage.setItem(DRAFT_KEY, box.value);
  } catch { /* storage is forbidden here: the draft is lost, nothing else */ }
}

function takeDraft() {
  try {
    const draft = sessionStorage.getItem(DRAFT_KEY);
    sessionStorage.removeItem(DRAFT_KEY);
    if (draft) setBox(draft);
  } catch { /* as above */ }
}

function reload() {
  keepDraft();
  location.replace(location.pathname + location.search);
}

document.addEventListener("submit", (event) => {
  const form = event.target.closest("form[data-say]");
  if (!form) return;
  event.preventDefault();
  if (form === composer) return void sendWritten();
  const said = new FormData(form);
  sendPressed(said.get("text"), said.get("payload"));
});

/* While an input method is composing, Enter chooses a word; Safari reports that only as key code 229. */
box.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
  event.preventDefault();
  sendWritten();
});

box.addEventListener("input", () => {
  fitBox();
  if (failed?.inBox && box.value.trim() !== failed.text) hideProblem();
});

byId("elder-switch").addEventListener("click", keepDraft);

scroll.addEventListener("scroll", rememberPlace, { passive: true });
rememberPlace();
const room = new ResizeObserver(keepPlace);
room.observe(scroll);
room.observe(log);

composer.noValidate = true;
document.querySelectorAll(".turn-assistant").forEach(addExtras);
takeDraft();
const asked = log.querySelectorAll(".turn-resident");
if (asked.length) scrollTo(asked[asked.length - 1]);
