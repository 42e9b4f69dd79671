/* The machine in the hall: one visitor after the other, nothing kept, everything of the last one erased.
 *
 * A visitor who walks away is asked for first, and any touch, key or voice keeps the page as it is.
 */

import { aloudButton, isSpeaking, prepareVoices, stopReading } from "./aloud.js";
import { byId } from "./dom.js";
import { Door, newMessageId } from "./door.js";
import { Desk } from "./live.js";
import { NoShelf, Queue } from "./queue.js";
import { assistantTurn, clerkTurn, closeQuestions, residentTurn } from "./turns.js";

const TYPING_AFTER_MS = 400;
const ASK_AGAIN_MS = 5_000;
const LONGEST_BUSY_MS = 120_000;
const ANNOUNCED_SECONDS = new Set([20, 10, 5]);
const { conversationId, token, idleSeconds, countdownSeconds } = document.body.dataset;
const [log, box, typing, problem, offline, deskState] = ["log", "text", "typing", "problem", "offline", "desk-state"].map(byId);
const [sheetBox, paper, printButton, leaving] = ["sheet-box", "sheet-paper", "print", "leaving"].map(byId);
const door = new Door({ conversationId, token, channel: "kiosk" });
let sheetAddress = "";

/* ---- what is said ---- */

const queue = new Queue({
  say: (message) => door.say(message),
  shelf: new NoShelf(),
  onState(message, error) {
    if (!turnOf(message)) log.append(residentTurn(message));
    showTyping(message.state === "sending" ? "小顶正在想" : "");
    if (error?.isExpired) leave();
    offline.hidden = message.state !== "stuck";
    if (!offline.hidden) offline.textContent = "这会儿没连上，您的话留着，连上了就发。着急的话，请到窗口问。";
  },
  onReply: showReply,
  onRefused(message) {
    turnOf(message)?.remove();
    showTyping("");
    problem.textContent = "这句话没发成，请换个说法再试。";
    problem.hidden = false;
  },
  onLine: (isThere) => { if (isThere) offline.hidden = true; },
});

const turnOf = ({ messageId }) => log.querySelector(`[data-message-id="${CSS.escape(messageId)}"]`);

function say(text, payload = "") {
  document.body.dataset.at = "talk";
  problem.hidden = true;
  closeQuestions(log, text);
  const message = { messageId: newMessageId(), text, payload };
  queue.add(message);
  turnOf(message)?.scrollIntoView({ block: "start" });
}

function showReply(message, reply) {
  const turn = assistantTurn(reply);
  addExtras(turn);
  turnOf(message).after(turn);
  showTyping("");
  if (reply.kind === "handover" || reply.kind === "emergency") desk.listen();
  const sheet = turn.querySelector(".card-print a");
  if (sheet) offerSheet(sheet.getAttribute("href"));
  turnOf(message).scrollIntoView({ block: "start" });
}

function addExtras(turn) {
  turn.querySelector(".bubble").prepend(aloudButton(turn));
}

let typingTimer = 0;

function showTyping(words) {
  clearTimeout(typingTimer);
  if (words) typingTimer = setTimeout(() => { typing.textContent = words; }, TYPING_AFTER_MS);
  else typing.textContent = "";
}

const desk = new Desk({
  conversationId, token, channel: "kiosk",
  onMessage(message) {
    if (log.querySelector(`[data-notice-id="${CSS.escape(String(message.id))}"]`)) return;
    const turn = clerkTurn(message);
    addExtras(turn);
    log.append(turn);
    turn.scrollIntoView({ block: "start" });
    touched();
  },
  onState(words) {
    deskState.hidden = !words;
    if (deskState.textContent !== words) deskState.textContent = words;
  },
});

/* ---- the sheet ---- */

function offerSheet(address) {
  sheetAddress = address;
  printButton.disabled = false;
}

async function openSheet(address) {
  try {
    const response = await fetch(address, { credentials: "omit" });
    if (!response.ok) throw new Error(`sheet: ${response.status}`);
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    paper.replaceChildren(document.importNode(page.getElementById("sheet"), true));
    sheetBox.showModal();
    sheetBox.scrollTop = 0;
  } catch {
    problem.textContent = "单子这会儿打不开，请再点一次。";
    problem.hidden = false;
  }
}

/* ---- who is still there? ---- */

let touchedAt = performance.now();
let busyAt = 0;

function touched() {
  touchedAt = performance.now();
  if (leaving.open) leaving.close();
}

/* Reading aloud and thinking prolong the stay, but not for ever: a voice that never ends, a line that is gone. */
function noteBusy() {
  const now = performance.now();
  if ((isSpeaking() || queue.length > 0) && now - touchedAt < LONGEST_BUSY_MS) busyAt = now;
}

const hasVisitor = () => document.body.dataset.at !== "start" || box.value !== "" || sheetBox.open;

function watch() {
  if (!hasVisitor()) return touched();
  noteBusy();
  const quiet = (performance.now() - Math.max(touchedAt, busyAt)) / 1000;
  if (quiet < Number(idleSeconds)) return leaving.open ? leaving.close() : undefined;
  const left = Math.ceil(Number(idleSeconds) + Number(countdownSeconds) - quiet);
  if (left <= 0) return leave();
  if (!leaving.open) leaving.showModal();
  byId("leaving-seconds").textContent = String(left);
  if (ANNOUNCED_SECONDS.has(left)) byId("leaving-heard").textContent = `还有${left}秒回到开头，碰一下屏幕就不会清掉。`;
  return undefined;
}

/* The screen is wiped first; the new page comes when the server is there. */
async function leave() {
  clearInterval(watching);
  stopReading();
  desk.close();
  for (const open of document.querySelectorAll("dialog[open]")) open.close();
  log.replaceChildren();
  paper.replaceChildren();
  box.value = "";
  document.body.dataset.at = "start";
  await serverIsThere();
  location.replace(location.pathname);
}

async function serverIsThere() {
  for (;;) {
    const answer = await fetch(location.pathname, { method: "HEAD", cache: "no-store" }).catch(() => null);
    if (answer?.ok) return;
    offline.textContent = "这台机器这会儿没连上，请到窗口问工作人员。";
    offline.hidden = false;
    await new Promise((resolve) => { setTimeout(resolve, ASK_AGAIN_MS); });
  }
}

/* ---- the page ---- */

document.addEventListener("submit", (event) => {
  const form = event.target.closest("form[data-say]");
  if (!form) return;
  event.preventDefault();
  const said = new FormData(form);
  const text = said.get("text").trim();
  if (!text) return box.focus();
  box.value = "";
  box.blur();
  say(text, said.get("payload") ?? "");
});
document.addEventListener("click", (event) => {
  const link = event.target.closest("a");
  if (!link) return;
  event.preventDefault(); // a machine without a telephone and without a way back
  if (link.closest(".card-print")) openSheet(link.getAttribute("href"));
});
for (const sign of ["pointerdown", "pointermove", "keydown", "input", "wheel"]) {
  document.addEventListener(sign, touched, { passive: true, capture: true });
}
document.addEventListener("contextmenu", (event) => event.preventDefault());
printButton.addEventListener("click", () => openSheet(sheetAddress));
byId("sheet-print").addEventListener("click", () => window.print());
byId("sheet-close").addEventListener("click", () => sheetBox.close());
byId("stay").addEventListener("click", touched);
byId("anew").addEventListener("click", leave);
addEventListener("pageshow", (event) => event.persisted && leave());
prepareVoices();
const watching = setInterval(watch, 500);
