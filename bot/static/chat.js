/* The resident's chat page, made livelier: messages go through the API instead of reloading the page.
 *
 * Every form marked data-say works without this file; here its submission becomes one message in the queue.
 */

import { aloudButton, prepareVoices } from "./aloud.js";
import { byId, make } from "./dom.js";
import { Door, newMessageId } from "./door.js";
import { keepVersion, wireLetters } from "./elder.js";
import { feedback } from "./feedback.js";
import { Desk } from "./live.js";
import { Tray } from "./photos.js";
import { Queue, Shelf, quietly } from "./queue.js";
import { assistantTurn, clerkTurn, closeQuestions, markChosen, residentTurn } from "./turns.js";

const TYPING_AFTER_MS = 400;
const DRAFT_KEY = "xiaoding-draft";
const PHOTOS_KEY = "xiaoding-photos";
const RATED_KINDS = new Set(["answer", "referral"]);
// After these a person or an office may have something to say that was not asked for just now.
const FOLLOWED_KINDS = new Set(["handover", "emergency", "ticket_opened", "ticket_changed", "report_opened"]);

const { conversationId, token } = document.body.dataset;
const [log, scroll, typing, composer, box] = ["log", "scroll", "typing", "composer", "text"].map(byId);
const [problem, problemText, offline, deskState] = ["problem", "problem-text", "offline", "desk-state"].map(byId);
const door = new Door({ conversationId, token, channel: "web" });

/* ---- what is said ---- */

const shelf = new Shelf();
const queue = new Queue({
  say: (message) => door.say(message),
  shelf,
  onState: showState,
  onReply: (message, reply) => {
    const { messageId, text, attachments } = message;
    tabs?.postMessage({ message: { messageId, text, attachments }, reply });
    showReply(message, reply);
  },
  onRefused: giveBack,
  onLine: showLine,
});

function say(text, { payload = "", written = false, attachments = [] } = {}) {
  hideProblem();
  byId("resumed")?.remove();
  closeQuestions(log, text);
  const message = { messageId: newMessageId(), text, payload, written, attachments };
  queue.add(message);
  keepFocus();
  scrollTo(turnOf(message));
}

function sayWritten() {
  const text = box.value.trim();
  if (!text && !tray.length) return box.focus();
  if (tray.isStuck) return showProblem("有照片没传上。点“再传”，或者点×不发它。");
  isWaitingForPhotos = tray.isSending;
  if (isWaitingForPhotos) return showProblem("照片还在传，传好了自动发出去。");
  setBox("");
  box.focus();
  return say(text, { written: true, attachments: tray.take() });
}

/* ---- pictures to say something with ---- */

let isWaitingForPhotos = false;

const tray = new Tray({
  door,
  element: byId("tray"),
  onRefused: showProblem,
  onChange() {
    const heard = !tray.length ? "" : tray.isSending ? "照片正在传" : tray.isStuck ? "照片没传上" : "照片传好了，可以发了";
    if (byId("photos-heard").textContent !== heard) byId("photos-heard").textContent = heard;
    if (!isWaitingForPhotos || tray.isSending) return;
    isWaitingForPhotos = false;
    hideProblem();
    sayWritten();
  },
});

function wirePhotos() {
  const [button, chosen] = [byId("photo"), byId("photo-file")];
  button.hidden = false;
  button.addEventListener("click", () => chosen.click());
  chosen.addEventListener("change", () => {
    hideProblem();
    tray.add(chosen.files);
    chosen.value = "";
    box.focus({ preventScroll: true });
  });
  box.addEventListener("paste", ({ clipboardData }) => {
    tray.add([...clipboardData.files].filter(({ type }) => type.startsWith("image/")));
  });
}

const turnOf = ({ messageId }) => log.querySelector(`[data-message-id="${CSS.escape(messageId)}"]`);
const isKnown = (messageId) => log.querySelector(`[data-message-id^="${CSS.escape(messageId)}"]`) !== null;

let typingTimer = 0;

function showState(message, error) {
  const turn = turnOf(message) ?? log.appendChild(residentTurn(message));
  turn.querySelector(".state")?.remove();
  const { state } = message;
  if (state === "stuck" || state === "held") turn.append(stateLine(message, error));
  clearTimeout(typingTimer);
  if (state === "sending") typingTimer = setTimeout(() => showTyping("小顶正在想"), TYPING_AFTER_MS);
  else showTyping("");
}

function stateLine(message, error) {
  const action = (words, does) => {
    const button = make("button", { type: "button" }, words);
    button.addEventListener("click", does);
    return button;
  };
  const again = error?.isExpired ? action("刷新页面", reload) : action("现在再发", () => queue.again(message.messageId));
  const drop = action("不发了", () => {
    queue.drop(message.messageId);
    turnOf(message)?.remove();
    box.focus();
  });
  return make("div", { class: "state" }, make("p", { role: "status" }, stuckWords(message, error)), again, drop);
}

function stuckWords({ state }, error) {
  if (error?.isExpired) return "这个页面放得太久了，刷新一下就能发出去。";
  if (state === "held") return "这句是之前没发出去的，还要发吗？";
  if (error?.status === 429) return "问得有点快，等一小会儿自动再发。";
  if (error?.status) return "小顶这会儿出了点毛病，这句先存着，自动再发。急的话打12345。";
  return "还没发出去，网络好了自动发。";
}

function showReply(message, reply) {
  const asked = turnOf(message) ?? log.appendChild(residentTurn(message));
  asked.querySelector(".state")?.remove();
  clearTimeout(typingTimer);
  showTyping("");
  if (reply.turn_id && log.querySelector(`[data-turn-id="${CSS.escape(reply.turn_id)}"]`)) return;
  const turn = assistantTurn(reply);
  addExtras(turn);
  asked.after(turn);
  if (turn !== log.lastElementChild) closeQuestions(turn);
  if (FOLLOWED_KINDS.has(reply.kind)) desk.listen();
  if (document.visibilityState === "visible") scrollTo(asked);
}

/* The server will never take this message as it is: the words go back to who wrote them. */
function giveBack(message, { sentence }) {
  turnOf(message)?.remove();
  showTyping("");
  const isBack = message.written && box.value.trim() === "";
  if (isBack) setBox(message.text);
  const why = /^[\u4e00-\u9fff]/.test(sentence ?? "") ? sentence : "这句话没发成，请说短一点、换个说法再试。";
  const what = message.text ? `“${message.text.slice(0, 40)}”` : "照片";
  showProblem(isBack ? why : `${what}没发出去。${why}`);
}

function showProblem(words) {
  problemText.textContent = words;
  problem.hidden = false;
}

function hideProblem() {
  problem.hidden = true;
}

function showLine(isThere) {
  const isOff = !isThere || navigator.onLine === false;
  offline.hidden = !isOff;
  const words = "现在没连上网。您说的话先替您存着，网络好了自动发出去。";
  if (isOff && offline.textContent !== words) offline.textContent = words;
}

/* ---- other tabs of the same conversation ---- */

const tabs = quietly(() => new BroadcastChannel(`xiaoding:${conversationId}`));
if (tabs) tabs.onmessage = ({ data: { message, reply } }) => {
  queue.drop(message.messageId);
  closeQuestions(log, message.text);
  showReply(message, reply);
};

/* ---- a person at the desk ---- */

const desk = new Desk({
  conversationId, token, channel: "web",
  onMessage(message) {
    if (log.querySelector(`[data-notice-id="${CSS.escape(String(message.id))}"]`)) return;
    const turn = clerkTurn(message);
    addExtras(turn);
    log.append(turn);
    if (document.visibilityState === "visible") scrollTo(turn);
  },
  onState(words) {
    deskState.hidden = !words;
    if (deskState.textContent !== words) deskState.textContent = words;
  },
});

/* ---- the page ---- */

/* What only makes sense with JavaScript, for turns of the server and our own alike. */
function addExtras(turn) {
  const { kind, turnId } = turn.dataset;
  turn.querySelector(".bubble").prepend(aloudButton(turn));
  if (RATED_KINDS.has(kind) && turnId) turn.append(feedback(door, turnId));
}

function showTyping(words) {
  typing.textContent = words;
  if (words) typing.scrollIntoView({ block: "nearest" });
}

/* As far down as possible with the resident's question still in view: a long reply is read from its start. */
function scrollTo(turn) {
  turn?.scrollIntoView({ block: "start" });
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

/* The buttons of an answered question close; the keyboard must not be left nowhere. */
function keepFocus() {
  const focused = document.activeElement;
  if (!focused || focused === document.body || focused.disabled) box.focus({ preventScroll: true });
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
  if (box.value) quietly(() => sessionStorage.setItem(DRAFT_KEY, box.value));
  if (tray.ids.length) quietly(() => sessionStorage.setItem(PHOTOS_KEY, tray.ids.join(" ")));
}

function takeDraft() {
  const draft = quietly(() => sessionStorage.getItem(DRAFT_KEY));
  const photos = quietly(() => sessionStorage.getItem(PHOTOS_KEY));
  quietly(() => [DRAFT_KEY, PHOTOS_KEY].forEach((key) => sessionStorage.removeItem(key)));
  if (draft) setBox(draft);
  if (photos) tray.restore(photos.split(" "));
}

function reload() {
  keepDraft();
  location.replace(location.pathname + location.search);
}

function wire() {
  document.addEventListener("submit", (event) => {
    const form = event.target.closest("form[data-say]");
    if (!form) return;
    event.preventDefault();
    if (form === composer) return void sayWritten();
    const said = new FormData(form);
    say(said.get("text"), { payload: said.get("payload") ?? "" });
  });
  /* While an input method is composing, Enter chooses a word; Safari reports that only as key code 229. */
  box.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    sayWritten();
  });
  box.addEventListener("input", () => { fitBox(); hideProblem(); });
  byId("problem-close").addEventListener("click", hideProblem);
  byId("elder-switch").addEventListener("click", keepDraft);
  addEventListener("online", () => showLine(true));
  addEventListener("offline", () => showLine(false));
  scroll.addEventListener("scroll", rememberPlace, { passive: true });
  const room = new ResizeObserver(keepPlace);
  room.observe(scroll);
  room.observe(log);
  composer.noValidate = true;
}

function begin() {
  if (keepVersion()) return;
  wire();
  wireLetters();
  wirePhotos();
  prepareVoices();
  log.querySelectorAll(".turn-assistant, .turn-clerk").forEach(addExtras);
  markChosen(log);
  takeDraft();
  showLine(true);
  const isFollowed = [...log.querySelectorAll("[data-kind]")].some(({ dataset }) => FOLLOWED_KINDS.has(dataset.kind));
  if (isFollowed || log.querySelector(".turn-clerk")) desk.listen();
  rememberPlace();
  const asked = log.querySelectorAll(".turn-resident");
  scrollTo(byId("resumed") ?? asked[asked.length - 1]);
  shelf.lookRound(queue, isKnown);
}

begin();
