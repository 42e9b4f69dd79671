/* The pages of the knowledge: what is amiss and what residents would hear, while somebody types; rows without a new page.
 *
 * Every page works without this file: its buttons send the form, and the server answers with the page.
 */

const PAUSE_MS = 600;
const RELOAD_MS = 1500;
const LONGEST_WAIT_MS = 120_000;
const editor = document.getElementById("editor");
let waiting = 0;
let asked = 0;
let isChanged = false;

const parsed = (html) => new DOMParser().parseFromString(html, "text/html").body;

/* notes and preview */

async function look() {
  const mine = ++asked;
  try {
    const response = await fetch(editor.dataset.look, { method: "POST", body: new FormData(editor), redirect: "manual" });
    if (!response.ok || mine !== asked) return;
    const { notes, preview } = await response.json();
    if (mine !== asked) return;
    showNotes(notes);
    showPreview(preview);
  } catch {
    // Saving will tell.
  }
}

function showNotes(notes) {
  for (const place of editor.querySelectorAll("[data-notes]")) place.replaceChildren();
  for (const badge of editor.querySelectorAll(".section > summary > .badge")) badge.remove();
  for (const note of notes) {
    const line = document.createElement("p");
    line.className = `note is-${note.level}`;
    line.textContent = note.text;
    placeOf(note.name).append(line);
  }
  for (const section of editor.querySelectorAll(".section")) countNotes(section);
  const errors = notes.filter(({ level }) => level === "error").length;
  document.getElementById("standing").textContent = errors ? `还有 ${errors} 处要改` : "";
}

function placeOf(name) {
  for (let at = name; at; at = at.includes(".") ? at.slice(0, at.lastIndexOf(".")) : "") {
    const place = editor.querySelector(`[data-notes="${CSS.escape(at)}"]`);
    if (place) return place;
  }
  return editor.querySelector('[data-notes=""]');
}

function countNotes(section) {
  const errors = section.querySelectorAll(".note.is-error").length;
  const all = section.querySelectorAll(".note").length;
  if (!all) return;
  const badge = document.createElement("span");
  badge.className = errors ? "badge alarm" : "badge amber";
  badge.textContent = errors ? `${errors} 处要改` : `${all} 条提醒`;
  section.querySelector("summary").append(badge);
}

function showPreview(html) {
  const place = document.getElementById("preview");
  if (!place) return;
  const open = [...place.querySelectorAll("details")].map((each) => each.open);
  const focused = document.activeElement?.name?.startsWith("see.") ? document.activeElement.name : "";
  place.replaceChildren(...parsed(html).childNodes);
  place.querySelectorAll("details").forEach((each, index) => (each.open = open[index] ?? false));
  if (focused) place.querySelector(`[name="${focused}"]`)?.focus();
  showAloud();
}

/* rows */

async function moveRows(button) {
  const [step, name] = button.value.split(":");
  const list = button.closest("[data-rows]");
  const sent = new FormData(editor);
  sent.set("do", button.value);
  const response = await fetch(location.href, { method: "POST", body: sent, headers: { "X-Part": "rows" }, redirect: "manual" });
  const fresh = response.ok && parsed(await response.text()).querySelector("[data-rows]");
  if (!fresh) throw new Error(String(response.status));
  list.replaceWith(fresh);
  const rows = fresh.querySelectorAll(":scope > .form-row");
  const at = Number(name.slice(name.lastIndexOf(".") + 1));
  const goal = { add: rows.length - 1, up: at - 1, down: at + 1 }[step] ?? Math.min(at, rows.length - 1);
  const row = rows[goal];
  (row?.querySelector("input:not([type=hidden]), textarea") ?? fresh.querySelector(".add"))?.focus();
  changed();
}

function changed() {
  isChanged = true;
  clearTimeout(waiting);
  waiting = setTimeout(look, PAUSE_MS);
}

if (editor) {
  for (const button of document.querySelectorAll(".no-script")) button.hidden = true;
  editor.addEventListener("input", changed);
  editor.addEventListener("change", changed);
  editor.addEventListener("submit", (event) => {
    const button = event.submitter;
    if (button?.closest("[data-rows]") && button.value.includes(":")) {
      event.preventDefault();
      moveRows(button).catch(() => {
        const value = document.createElement("input");
        Object.assign(value, { type: "hidden", name: "do", value: button.value });
        editor.append(value);
        isChanged = false;
        editor.submit();
      });
      return;
    }
    isChanged = false;
  });
  addEventListener("beforeunload", (event) => isChanged && event.preventDefault());
}

/* the reply read aloud, with the voice of the telephone */

let playing = null;

function showAloud() {
  for (const button of document.querySelectorAll("[data-aloud]")) button.hidden = !window.AudioContext;
}

function hush() {
  if (!playing) return;
  const { context, button } = playing;
  playing = null;
  button.textContent = "念给我听";
  context.close();
}

async function readAloud(button) {
  const context = new AudioContext();
  const told = button.parentElement.querySelector("[data-aloud-told]");
  playing = { context, button };
  button.textContent = "停";
  told.textContent = "";
  try {
    const sent = new FormData();
    sent.set("text", button.parentElement.querySelector(".spoken").textContent);
    sent.set("csrfmiddlewaretoken", document.querySelector("[name=csrfmiddlewaretoken]").value);
    const response = await fetch(button.dataset.aloud, { method: "POST", body: sent, redirect: "manual" });
    if (!response.ok) throw new Error((await response.json()).problem);
    const source = context.createBufferSource();
    source.buffer = await context.decodeAudioData(await response.arrayBuffer());
    source.connect(context.destination);
    source.addEventListener("ended", () => playing?.context === context && hush());
    if (playing?.context === context) source.start();
  } catch (error) {
    if (playing?.context !== context) return;
    hush();
    told.textContent = error instanceof SyntaxError || error instanceof TypeError ? "一时念不出来，过一会儿再试。" : error.message;
  }
}

document.addEventListener("click", ({ target }) => {
  if (!("aloud" in (target.dataset ?? {}))) return;
  const isMine = playing?.button === target;
  hush();
  if (!isMine) readAloud(target);
});
showAloud();

/* a page that waits for a publication */

const begun = Date.now();
async function reloadWhenDone() {
  try {
    const response = await fetch(location.href, { redirect: "manual" });
    const isDone = response.ok && !parsed(await response.text()).querySelector("[data-reload]");
    if (isDone) return location.reload();
  } catch {
    // The next time.
  }
  if (Date.now() - begun < LONGEST_WAIT_MS) setTimeout(reloadWhenDone, RELOAD_MS);
}
if (document.querySelector("[data-reload]")) setTimeout(reloadWhenDone, RELOAD_MS);
