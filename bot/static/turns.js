/* The turns of a conversation as elements: the same that _turn.html, _lines.html and _choices.html render.
 *
 * Knows nothing of the server and keeps no state; who listens to the buttons is the page's business.
 */

import { make } from "./dom.js";

const NUMBER = /^(?:(\d{1,2})\. |([·•]) ?)(?=\S)/;
const ONLY = /【([^【】]+)】/;
const NOTE = "（内容待窗口核实）";
const EMERGENCY_NUMBER = /(^|[^\d])(110|119|120|122)(?!\d)/g;
const TELLS = "tell:";
const ASKING_KINDS = new Set(["clarify", "confirm", "ask_slot"]);

const heard = (words) => make("span", { class: "only-heard" }, words);

export function residentTurn({ text, messageId, attachments = [] }) {
  return make("article", { class: "turn turn-resident", "data-message-id": messageId },
    make("div", { class: "bubble" }, heard("您说："), photos(attachments), text ? make("p", { class: "said" }, text) : null));
}

function photos(ids) {
  if (!ids.length) return null;
  return make("div", { class: "photos" }, ...ids.map((id, place) =>
    make("a", { href: `/api/v1/uploads/${id}`, target: "_blank" },
      make("img", { src: `/api/v1/uploads/${id}`, alt: `您发的照片${place + 1}（另开一页）`, loading: "lazy" }))));
}

export function assistantTurn(reply) {
  const turn = make("article", {
    class: "turn turn-assistant",
    "data-kind": reply.kind ?? "",
    "data-turn-id": reply.turn_id ?? "",
    "data-speech": (reply.speech ?? []).join("\n"),
  }, make("div", { class: "bubble" },
    heard("小顶说："),
    reply.kind === "emergency" ? make("strong", { class: "alarm" }, "紧急提醒") : null,
    make("p", { class: "said" }, ...lines(reply.text)),
    reply.ticket?.number ? numberLine("帮办单号", reply.ticket.number) : null,
    reply.report?.number ? numberLine("诉求编号", reply.report.number) : null,
    calls(reply)));
  const buttons = reply.buttons ?? [];
  const answers = buttons.filter((button) => isAnswer(reply, button));
  const steps = buttons.filter((button) => !isAnswer(reply, button));
  const cards = (reply.answers ?? []).filter((answer) => answer.card).map(card);
  turn.append(...[choices(answers, "choices answers"), ...cards, choices(steps)].filter(Boolean));
  return turn;
}

/* Some buttons answer a question of the reply, others lead on from it. */
function isAnswer(reply, { payload }) {
  return ASKING_KINDS.has(reply.kind) || (reply.slot === "situation" && (payload ?? "").startsWith(TELLS));
}

/* A person's words, or news that nobody has just asked for (no author). */
export function clerkTurn({ id, text, author, buttons }) {
  return make("article", { class: "turn turn-clerk", "data-notice-id": id, "data-speech": text },
    make("p", { class: "by" }, "工作人员", ...(author ? [" ", make("b", {}, author)] : [])),
    make("div", { class: "bubble" }, heard("工作人员说："), make("p", { class: "said" }, text)),
    choices(buttons ?? []));
}

function lines(text) {
  return String(text ?? "").split(/\r?\n/).map((line) => line.trim()).filter(Boolean).flatMap((line) => [lineOf(line), "\n"]);
}

function lineOf(line) {
  if (line === NOTE) return make("span", { class: "line line-note" }, line.replace(/[（）]/g, ""));
  if (line.endsWith("——")) return make("span", { class: "line line-head" }, line.slice(0, -2));
  const [all, digits, dot] = line.match(NUMBER) ?? [""];
  const number = digits ? `${digits}.` : dot;
  return make("span", { class: `line line-${number ? "step" : "plain"}` },
    ...(number ? [make("span", { class: "no" }, number), " "] : []), ...parts(line.slice(all.length)));
}

/* A split by one group puts the names of situations at the odd places. */
function parts(text) {
  return text.split(ONLY).map((part, place) => (place % 2 ? make("b", { class: "only" }, part, heard("：")) : part)).filter(Boolean);
}

function numberLine(label, number) {
  return make("p", { class: "number" }, `${label} `, make("b", {}, number));
}

function calls(reply) {
  const found = reply.kind === "emergency"
    ? Array.from(reply.text.matchAll(EMERGENCY_NUMBER), (match) => match[2])
    : [reply.competent?.phone].filter(Boolean);
  if (!found.length) return null;
  return make("p", { class: "calls" },
    ...Array.from(new Set(found), (number) => make("a", { class: "call", href: `tel:${number}` }, `拨打 ${number}`)));
}

function card({ item, situations, card: { title, rows, source, updated, verified } }) {
  const list = make("dl");
  for (const [label, value] of rows ?? []) {
    list.append(make("div", { class: "row" }, make("dt", {}, label), make("dd", {}, ...lines(value))));
  }
  const sheet = `/guide/${encodeURIComponent(item)}/${situations?.length ? `?s=${situations.join(",")}` : ""}`;
  return make("details", { class: "card" },
    make("summary", {},
      make("span", { class: "card-kind" }, "一次性告知单"), " ", make("span", { class: "card-title" }, title ?? "")),
    list,
    make("p", { class: "card-foot" },
      source ? make("span", {}, `来源：${source}`) : null,
      updated ? make("span", {}, "更新：", make("time", {}, updated)) : null,
      verified ? null : make("span", { class: "badge" }, "内容待窗口核实")),
    make("p", { class: "card-print" },
      make("a", { href: sheet, target: "_blank" }, "打印 / 存成图片", heard("（另开一页）"))));
}

function choices(buttons, kind = "choices") {
  if (!buttons.length) return null;
  return make("div", { class: kind, role: "group", "aria-label": "点一下就能选" },
    ...buttons.map(({ title, payload }) => make("form", { "data-say": "" },
      make("input", { type: "hidden", name: "text", value: title }),
      make("input", { type: "hidden", name: "payload", value: payload ?? "" }),
      make("button", { class: "choice", type: "submit" }, title))));
}

/* A question is answered once: what was offered stays readable, what was chosen stands out. */
export function closeQuestions(log, said = "") {
  for (const choice of log.querySelectorAll(".answers .choice:not(:disabled)")) {
    choice.disabled = true;
    if (said && choice.textContent === said) choice.classList.add("chosen");
  }
}

/* The server shows which questions are past; which choice it was stands in the resident's next words. */
export function markChosen(log) {
  for (const answers of log.querySelectorAll(".answers")) {
    const said = answers.closest(".turn").nextElementSibling?.querySelector(".said")?.textContent;
    for (const choice of answers.querySelectorAll(".choice:disabled")) {
      choice.classList.toggle("chosen", choice.textContent === said);
    }
  }
}
