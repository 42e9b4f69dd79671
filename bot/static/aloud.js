/* Reads turns aloud with the browser's own Chinese voice, sentence by sentence; one turn at a time.
 *
 * Without such a voice the buttons stay hidden: html gets the class can-speak when there is one.
 */

import { make } from "./dom.js";

const synthesis = window.speechSynthesis;
const READ = "念给我听";
const STOP = "停";
let speaking = null; // the button whose turn is being read

export const isSpeaking = () => speaking !== null;

export function prepareVoices() {
  if (!synthesis || !window.SpeechSynthesisUtterance) return;
  showIfThereIsAVoice();
  synthesis.addEventListener?.("voiceschanged", showIfThereIsAVoice);
  addEventListener("pagehide", stopReading);
}

function chineseVoice() {
  const voices = synthesis.getVoices().filter(({ lang }) => /^(zh|cmn)([-_]|$)/i.test(lang));
  return voices.find(({ lang }) => /CN|Hans/i.test(lang)) ?? voices[0];
}

function showIfThereIsAVoice() {
  document.documentElement.classList.toggle("can-speak", Boolean(chineseVoice()));
}

export function aloudButton(turn) {
  const button = make("button", { type: "button", class: "aloud" }, READ);
  button.addEventListener("click", () => (speaking === button ? stopReading() : read(button, turn)));
  return button;
}

function read(button, turn) {
  stopReading();
  const said = turn.dataset.speech || turn.querySelector(".said").textContent;
  const sentences = said.split("\n").filter((sentence) => sentence.trim());
  speaking = button;
  label(button, STOP);
  const isSlow = document.documentElement.classList.contains("elder");
  sentences.forEach((sentence, index) => {
    const utterance = new SpeechSynthesisUtterance(sentence);
    Object.assign(utterance, { lang: "zh-CN", voice: chineseVoice() ?? null, rate: isSlow ? 0.85 : 1 });
    const isLast = index === sentences.length - 1;
    utterance.onend = () => isLast && speaking === button && stopReading();
    utterance.onerror = () => speaking === button && stopReading();
    synthesis.speak(utterance);
  });
}

export function stopReading() {
  const button = speaking;
  speaking = null;
  synthesis?.cancel();
  if (button) label(button, READ);
}

function label(button, words) {
  button.textContent = words;
  button.classList.toggle("is-speaking", words === STOP);
}
