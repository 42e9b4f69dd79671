/* The 长辈版: remembered in this browser, its letters made larger without loading the page anew. */

import { byId } from "./dom.js";
import { quietly } from "./queue.js";

const SIZES = [24, 28, 32, 36, 40];
const KEY = "xiaoding-elder"; // "0", or the size of letters
const YEAR_SECONDS = 365 * 86_400;
const root = document.documentElement;

const shownSize = () => SIZES.find((size) => root.classList.contains(`letters-${size}`)) ?? 0;

/* The cookie tells the server; where it was lost, this browser still knows. Returns whether the page is loaded anew. */
export function keepVersion() {
  const isTold = new URLSearchParams(location.search).has("elder") || /(^|; )elder=/.test(document.cookie);
  const kept = quietly(() => localStorage.getItem(KEY));
  if (!isTold && !shownSize() && Number(kept) > 0) {
    location.replace(`/?elder=1&size=${kept}`);
    return true;
  }
  remember(shownSize());
  return false;
}

export function wireLetters() {
  wire("smaller", -1);
  wire("larger", 1);
  showEnds();
}

function wire(id, step) {
  byId(id)?.addEventListener("click", (event) => {
    event.preventDefault();
    const size = SIZES[SIZES.indexOf(shownSize()) + step];
    if (!size) return;
    root.classList.remove(`letters-${shownSize()}`);
    root.classList.add(`letters-${size}`);
    remember(size);
    showEnds();
  });
}

function showEnds() {
  byId("smaller")?.setAttribute("aria-disabled", String(shownSize() === SIZES[0]));
  byId("larger")?.setAttribute("aria-disabled", String(shownSize() === SIZES.at(-1)));
}

function remember(size) {
  quietly(() => localStorage.setItem(KEY, String(size)));
  if (size) document.cookie = `elder=${size}; path=/; max-age=${YEAR_SECONDS}; samesite=lax`;
}
