/* Keeps a staff page current and rings when somebody new waits. Every page works without this file.
 *
 * The server renders all markup; here it is fetched again and put in place when its version has changed.
 */

const EVERY_MS = 2500;
const BELL_EVERY_MS = 15000;
const BELL = "/staff/bell/";
const SOUND = "staff-sound";
const place = document.querySelector("[data-live]");
const lineDown = document.getElementById("line-down");
const sound = document.getElementById("sound");
const quietTitle = document.title;
let audio = null;

/* Signed out is who has not touched the page for long, not who lets it fetch itself. */
let isTouched = true;
for (const kind of ["pointerdown", "pointermove", "keydown", "wheel", "touchstart"]) {
  addEventListener(kind, () => { isTouched = true; }, { passive: true, capture: true });
}

function touch() {
  const headers = isTouched ? {} : { "X-Untouched": "1" };
  isTouched = false;
  return headers;
}

const live = () => document.getElementById("live");
const parsed = (text) => new DOMParser().parseFromString(text, "text/html");

async function refresh() {
  const url = new URL(place.dataset.live, location.href);
  url.searchParams.set("version", live().dataset.version);
  try {
    const response = await fetch(url, { redirect: "manual", headers: { Accept: "text/html", ...touch() } });
    // Signed out in the meantime: the page itself leads to the sign-in page.
    if (response.type === "opaqueredirect") return location.reload();
    lineDown.hidden = response.ok;
    if (response.status === 200) show(parsed(await response.text()).getElementById("live"));
  } catch {
    lineDown.hidden = false;
  }
}

async function refreshBell() {
  const bell = document.getElementById("bell");
  if (document.hidden) return;
  try {
    const response = await fetch(`${BELL}?version=${bell.dataset.unseen}`, { redirect: "manual", headers: touch() });
    if (response.status !== 200) return;
    const fresh = parsed(await response.text()).getElementById("bell");
    if (fresh && document.activeElement !== bell) bell.replaceWith(fresh);
  } catch {
    // The line below the bar tells it, where a page has one.
  }
}

function show(fresh) {
  const old = live();
  const newest = Number(old.dataset.newest || 0);
  const atEnd = isAtEnd();
  old.replaceWith(fresh);
  if ("ring" in place.dataset) {
    countInTitle();
    if (Number(fresh.dataset.newest) > newest) ring();
    return;
  }
  if (atEnd) toEnd();
  // Taken, closed or given a number elsewhere: what can be done here is another thing now.
  if (fresh.dataset.state === old.dataset.state) return;
  if (!isBegun()) return location.reload();
  document.getElementById("has-changed")?.removeAttribute("hidden");
}

function countInTitle() {
  const waiting = Number(live().dataset.waiting || 0);
  document.title = waiting ? `(${waiting}) ${quietTitle}` : quietTitle;
}

function ring() {
  place.classList.remove("has-news");
  requestAnimationFrame(() => place.classList.add("has-news"));
  if (!audio || sound?.getAttribute("aria-pressed") !== "true") return;
  for (const [at, pitch] of [[0, 660], [0.22, 880]]) {
    const tone = audio.createOscillator();
    const loudness = audio.createGain();
    tone.frequency.value = pitch;
    loudness.gain.setValueAtTime(0.25, audio.currentTime + at);
    loudness.gain.exponentialRampToValueAtTime(0.001, audio.currentTime + at + 0.5);
    tone.connect(loudness).connect(audio.destination);
    tone.start(audio.currentTime + at);
    tone.stop(audio.currentTime + at + 0.5);
  }
}

function setSound(on) {
  sound.setAttribute("aria-pressed", String(on));
  sound.textContent = on ? "提示音：开" : "提示音：关";
  localStorage.setItem(SOUND, on ? "on" : "off");
  // Browsers let a page sound only after it has been touched.
  if (on) audio ??= new AudioContext();
}

const box = () => document.getElementById("text");
const draft = () => Boolean(box()?.value.trim());
// A form that somebody has begun to fill in (tickets.js marks it) is not taken away by a reload.
const isBegun = () => draft() || document.querySelector("[data-begun]") !== null;
const scroller = document.getElementById("scroll");
const isAtEnd = () => !scroller || scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 80;
const toEnd = () => scroller?.scrollTo(0, scroller.scrollHeight);

async function send(form) {
  const button = form.querySelector("button");
  button.disabled = true;
  try {
    const response = await fetch(form.action, { method: "POST", body: new FormData(form) });
    const page = parsed(await response.text());
    const desk = page.getElementById("desk");
    if (!desk) return location.reload();
    document.getElementById("desk").replaceWith(desk);
    live().replaceWith(page.getElementById("live"));
    openDesk();
    toEnd();
    box()?.focus();
  } catch {
    // The words stay in the box with the same key: sending again cannot write twice.
    lineDown.hidden = false;
    button.disabled = false;
  }
}

function openDesk() {
  const composer = document.getElementById("composer");
  if (!composer) return;
  composer.addEventListener("submit", (event) => {
    event.preventDefault();
    if (draft()) send(composer);
  });
  box().addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) composer.requestSubmit();
  });
  const quick = document.getElementById("quick");
  quick.hidden = false;
  quick.addEventListener("click", (event) => {
    const phrase = event.target.dataset.phrase;
    if (!phrase) return;
    box().value = box().value ? `${box().value.trimEnd()}\n${phrase}` : phrase;
    box().focus();
  });
}

if (sound) {
  sound.hidden = false;
  sound.addEventListener("click", () => setSound(sound.getAttribute("aria-pressed") !== "true"));
  if (localStorage.getItem(SOUND) === "on") {
    setSound(true);
    addEventListener("pointerdown", () => audio.resume(), { once: true });
  }
}
if (place) {
  openDesk();
  toEnd();
  if ("ring" in place.dataset) countInTitle();
  setInterval(refresh, EVERY_MS);
}
for (const here of document.querySelectorAll(".tabs [aria-current], .subtabs [aria-current]")) here.scrollIntoView({ block: "nearest", inline: "center" });
if (document.getElementById("bell")) setInterval(refreshBell, BELL_EVERY_MS);
