/* The page that calls: one green button, captions of both sides, keys, and always a way to a person. */

import { byId, make } from "./dom.js";
import { wireLetters } from "./elder.js";
import { NoCall, PhoneLine, fetchToken, openMicrophone } from "./phone_line.js";

const { line: address, tokenAddress, worklet } = document.body.dataset;
const [log, live, scroll, dial, dialWords, words, time] = ["log", "live", "scroll", "dial", "dial-words", "call-words", "call-time"].map(byId);
const [problem, problemText, keys, keysSwitch, humanIdle, humanCall] = ["problem", "problem-text", "keys", "keys-switch", "human-idle", "human-call"].map(byId);

const PROBLEMS = {
  insecure: "这个网页不是安全连接（https），浏览器不让用话筒。请打字问，或者拨12345。",
  refused: "话筒没打开，小顶听不见。请在浏览器的提示里点“允许”，再点一次绿色按钮。",
  missing: "没找到话筒。请插上耳机或话筒再打，或者打字问。",
  taken: "话筒打不开，可能别的程序正在用。请关掉它再打，或者打字问。",
  busy: "打得有点勤，请过一分钟再打。",
  away: "电话这会儿没接通，请过一会儿再打。急的话拨12345。",
  lost: "电话断了。点绿色按钮再打一次。",
};
const STATES = {
  start: "小顶接起来了", speak: "小顶在说，您可以随时插话", listen: "小顶在听，请说",
  capture: "正在听您说", think: "小顶正在查",
};
const ENDS = {
  hang_up: "通话结束了", hand_over: "要找工作人员，点“人工”，或者拨12345", failed: "出了点问题，请点“人工”，或者拨12345", "": "您挂断了电话",
};

let call = null;
let beganAt = 0;
let ticking = 0;
let awake = null;
let typed = "";

/* ---- how things stand ---- */

function show(at, said = "") {
  document.body.dataset.at = at;
  const isIdle = at === "idle";
  dialWords.textContent = isIdle ? "打电话" : "挂断";
  humanIdle.hidden = !isIdle;
  humanCall.hidden = isIdle;
  keysSwitch.disabled = at !== "call";
  if (at !== "call") showKeys(false);
  if (words.textContent !== said) words.textContent = said;
}

function showKeys(isShown) {
  keys.hidden = !isShown;
  keysSwitch.setAttribute("aria-expanded", String(isShown));
  toEnd();
}

function showProblem(text) {
  problemText.textContent = text;
  problem.hidden = false;
}

function tick() {
  const seconds = Math.floor((performance.now() - beganAt) / 1000);
  time.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

function toEnd() {
  if (log.childElementCount) scroll.scrollTop = scroll.scrollHeight;
}

/* ---- captions ---- */

function caption(who, text, kind = "") {
  const heard = make("span", { class: "only-heard" }, who === "resident" ? "您说：" : "小顶说：");
  const turn = make("article", { class: `turn turn-${who} ${kind}` }, make("div", { class: "bubble" }, heard, make("p", { class: "said" }, text)));
  log.append(turn);
  toEnd();
  return turn;
}

/* Sentences of one breath stand in one bubble. */
function said(text) {
  const last = log.lastElementChild;
  if (typed) showLive(typed = "");
  if (!last?.matches(".turn-assistant:not(.is-cut)")) return caption("assistant", text);
  last.querySelector(".said").append(text);
  return toEnd();
}

function showLive(text) {
  live.textContent = text;
  live.hidden = !text;
  if (text) toEnd();
}

/* What was keyed in stands there until the line has taken it. */
function press(key) {
  if (document.body.dataset.at !== "call") return;
  call.press(key);
  typed = (typed + key).slice(-20);
  showLive(typed);
}

const TELLS = {
  state: (text) => STATES[text] && show("call", STATES[text]),
  partial: showLive,
  final: (text) => { typed = ""; showLive(""); if (text) caption("resident", text); },
  ignored: () => showLive(""),
  said,
  unsaid: said,
  flush: () => log.lastElementChild?.matches(".turn-assistant") && log.lastElementChild.classList.add("is-cut"),
};

/* ---- the call ---- */

async function ring() {
  problem.hidden = true;
  log.replaceChildren();
  show("ringing", "正在打开话筒");
  const ringing = call = new PhoneLine({ address, worklet, on: { started, level, event: told, ended, lost: () => ended("lost") } });
  let microphone = null;
  try {
    if (!window.AudioContext) throw new NoCall("insecure");
    const sound = new AudioContext({ latencyHint: "interactive" });
    microphone = await openMicrophone();
    show("ringing", "正在接通");
    const token = await fetchToken(tokenAddress);
    if (call !== ringing) throw new NoCall("");
    await ringing.call(sound, microphone, token);
  } catch (error) {
    microphone?.getTracks().forEach((track) => track.stop());
    if (call === ringing) giveUp(error.reason ?? "away");
  }
}

function giveUp(reason) {
  call = null;
  show("idle");
  showProblem(PROBLEMS[reason] ?? PROBLEMS.away);
}

async function started() {
  show("call", STATES.start);
  beganAt = performance.now();
  tick();
  ticking = setInterval(tick, 1000);
  // The screen stays on: a dark telephone closes its pages.
  awake = await navigator.wakeLock?.request("screen").catch(() => null);
}

function told({ event, text }) {
  TELLS[event]?.(text);
}

function level(loudness) {
  dial.style.setProperty("--level", loudness.toFixed(2));
}

function ended(outcome) {
  call = null;
  clearInterval(ticking);
  time.textContent = "";
  showLive("");
  level(0);
  awake?.release();
  show("idle");
  if (outcome === "lost") showProblem(PROBLEMS.lost);
  else log.append(make("article", { class: "turn turn-ended" }, make("p", { role: "status" }, ENDS[outcome] ?? ENDS[""])));
  toEnd();
}

function hangUp() {
  const talking = call;
  call = null;
  if (document.body.dataset.at === "call") talking?.hangUp();
  else show("idle");
}

/* ---- the page ---- */

dial.addEventListener("click", () => (call ? hangUp() : ring()));
humanCall.addEventListener("click", () => call?.askForPerson());
keysSwitch.addEventListener("click", () => showKeys(keys.hidden));
keys.addEventListener("click", ({ target }) => target.dataset.key && press(target.dataset.key));
addEventListener("keydown", ({ key, ctrlKey, altKey, metaKey }) => {
  if (/^[0-9*#]$/.test(key) && !ctrlKey && !altKey && !metaKey) press(key);
});
byId("problem-close").addEventListener("click", () => { problem.hidden = true; });
addEventListener("pagehide", () => call && hangUp());
new ResizeObserver(toEnd).observe(scroll);
wireLetters();
