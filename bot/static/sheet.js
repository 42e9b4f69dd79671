/* The sheet's two buttons: print it, or turn it into a picture that can be kept and sent on.
 *
 * The picture is drawn from the sheet's own words, line by line, in the browser: nothing leaves it.
 */

import { byId, make } from "./dom.js";

const WIDTH = 1080;
const MARGIN = 64;
const INK = "#2b2321";
const RED = "#a92f47";
const SOFT = "#5c514c";
const FONT = '"PingFang SC", "Noto Sans CJK SC", "Noto Sans SC", "Microsoft YaHei", sans-serif';

/* What is drawn, from top to bottom. `mark` stands in front; later lines of the same text begin below its words. */
function blocks(sheet) {
  const words = (element) => element.textContent.replace(/\s+/g, " ").trim();
  const found = [];
  const add = (text, style = {}) => text && found.push({ text, size: 34, gap: 12, color: INK, mark: "", ...style });
  add(words(sheet.querySelector(".office")), { color: RED, size: 32, narrow: true });
  add(words(sheet.querySelector("h1")), { size: 52, bold: true, narrow: true });
  for (const part of sheet.querySelectorAll(".mine, .stamp, .end .help")) {
    add(words(part), { color: RED, bold: true, narrow: part.matches(".mine, .stamp"), last: part.matches(".help") });
  }
  for (const part of sheet.querySelectorAll("section, .facts > div, .end dl > div")) {
    const title = part.querySelector("h2, dt");
    const isSmall = part.closest(".end") !== null;
    add(title.firstChild.textContent.trim(), { bold: true, color: RED, size: isSmall ? 28 : 36, gap: isSmall ? 18 : 34 });
    const lines = part.querySelectorAll("li, .line");
    for (const line of lines.length ? lines : part.querySelectorAll("p, dd")) {
      const number = line.querySelector(".no")?.textContent ?? "";
      const mark = line.querySelector(".box") ? "□" : number;
      add(words(line).slice(number.length).trim(), { mark, size: isSmall ? 28 : 34, color: isSmall ? SOFT : INK });
    }
  }
  return found.sort((a, b) => Number(Boolean(a.last)) - Number(Boolean(b.last)));
}

/* Returns the height that was needed; `isDry` only measures. */
function paint(pen, parts, code, isDry) {
  let y = MARGIN;
  for (const { text, size, gap, color, bold, mark, narrow } of parts) {
    pen.font = `${bold ? "700" : "400"} ${size}px ${FONT}`;
    pen.fillStyle = color;
    const indent = mark ? size * 1.5 : 0;
    const room = WIDTH - 2 * MARGIN - indent - (narrow ? 260 : 0);
    y += gap;
    if (mark && !isDry) pen.fillText(mark, MARGIN, y + size);
    for (const line of broken(pen, text, room)) {
      if (!isDry) pen.fillText(line, MARGIN + indent, y + size);
      y += size * 1.5;
    }
    if (narrow && text === parts.findLast((part) => part.narrow).text) y = Math.max(y, MARGIN + 270);
  }
  if (!isDry) pen.drawImage(code, WIDTH - MARGIN - 230, MARGIN, 230, 230);
  return y + MARGIN;
}

/* Chinese breaks anywhere but before closing marks; figures and Latin words stay whole. */
function broken(pen, text, room) {
  const lines = [""];
  for (const word of text.match(/[\x21-\x7e–]+|./gsu) ?? []) {
    const wider = lines[lines.length - 1] + word;
    const mayHang = /^[，。、；：）”？！]$/.test(word);
    if (pen.measureText(wider).width > room && !mayHang) lines.push(word.trimStart());
    else lines[lines.length - 1] = wider;
  }
  return lines;
}

async function drawn(sheet) {
  const code = sheet.querySelector(".code img");
  await code.decode();
  const canvas = make("canvas", { width: WIDTH, height: 10 });
  const parts = blocks(sheet);
  canvas.height = Math.ceil(paint(canvas.getContext("2d"), parts, code, true));
  const pen = canvas.getContext("2d");
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, canvas.width, canvas.height);
  paint(pen, parts, code, false);
  return canvas.toDataURL("image/png");
}

const shown = byId("shown");

byId("print").hidden = false;
byId("print").addEventListener("click", () => window.print());
byId("picture").hidden = false;
byId("picture").addEventListener("click", async () => {
  const picture = await drawn(byId("sheet"));
  byId("image").src = picture;
  byId("download").href = picture;
  shown.hidden = false;
  byId("download").focus();
});
byId("shown-close").addEventListener("click", () => {
  shown.hidden = true;
  byId("picture").focus();
});
