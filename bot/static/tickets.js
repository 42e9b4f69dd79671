/* The pages about tickets: a form is sent once, a photo as soon as it is taken, a name is signed with a finger.
 *
 * Every page works without this file, signing excepted.
 */

const NOT_AGAIN_FOR_MS = 8000;
const PEN_WIDTH = 7;

for (const box of document.querySelectorAll(".phrases, .sign, [data-print]")) box.hidden = false;
for (const button of document.querySelectorAll(".no-script")) button.hidden = true;

document.addEventListener("submit", ({ target: form }) => {
  if (!("once" in form.dataset)) return;
  // Only after the pressed button's own value has been taken along.
  setTimeout(() => {
    const buttons = [...form.querySelectorAll("button")];
    for (const button of buttons) button.disabled = true;
    setTimeout(() => buttons.forEach((button) => (button.disabled = false)), NOT_AGAIN_FOR_MS);
  });
});

document.addEventListener("input", ({ target }) => target.closest("[data-once]")?.setAttribute("data-begun", ""));

document.addEventListener("click", ({ target }) => {
  const phrase = target.dataset?.put;
  if (phrase) {
    const box = target.closest(".field").querySelector("input, textarea");
    box.value = phrase;
    box.dispatchEvent(new Event("input", { bubbles: true }));
    box.focus();
  }
  if (target.dataset && "print" in target.dataset) print();
});

document.addEventListener("change", ({ target }) => {
  if (!("sendAtOnce" in (target.dataset ?? {})) || !target.files.length) return;
  target.closest("label").firstChild.textContent = "正在传照片……";
  target.form.requestSubmit();
});

/* signing */

function openPad(form) {
  const canvas = form.querySelector("canvas");
  const pen = canvas.getContext("2d");
  const done = form.querySelector("button[type=submit]");
  let drawing = false;

  function wipe() {
    pen.fillStyle = "#ffffff";
    pen.fillRect(0, 0, canvas.width, canvas.height);
    Object.assign(pen, { lineWidth: PEN_WIDTH, lineCap: "round", lineJoin: "round", strokeStyle: "#1d1917" });
    done.disabled = true;
    form.removeAttribute("data-begun");
  }

  function point({ clientX, clientY }) {
    const frame = canvas.getBoundingClientRect();
    return [((clientX - frame.left) * canvas.width) / frame.width, ((clientY - frame.top) * canvas.height) / frame.height];
  }

  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    drawing = true;
    pen.beginPath();
    pen.moveTo(...point(event));
    // A dot is a stroke too.
    pen.lineTo(...point(event));
    pen.stroke();
    done.disabled = false;
    form.setAttribute("data-begun", "");
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!drawing) return;
    for (const part of event.getCoalescedEvents?.() ?? [event]) pen.lineTo(...point(part));
    pen.stroke();
  });
  for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => (drawing = false));
  form.querySelector("[data-wipe]").addEventListener("click", wipe);

  form.addEventListener("formdata", (event) => event.formData.set("file", form.signature, "signature.png"));
  form.addEventListener("submit", (event) => {
    if (form.signature) return;
    event.preventDefault();
    canvas.toBlob((picture) => {
      form.signature = new File([picture], "signature.png", { type: "image/png" });
      form.submit();
    }, "image/png");
  });
  wipe();
}

document.querySelectorAll("[data-pad]").forEach(openPad);
