/* Was it any help? Two buttons, and a reason if it was not. */

import { make } from "./dom.js";

const REASONS = ["答的不是我问的", "内容不对", "没看懂", "说得不全"];

export function feedback(door, turnId) {
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
      await door.rate(turnId, isHelpful, reason);
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
