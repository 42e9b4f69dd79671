/* The pictures for the next message: made smaller here, sent up at once, shown until they are said or taken away.
 *
 * A picture is drawn anew before it leaves the phone, so that what the camera wrote into it (place, time) stays here.
 */

import { make } from "./dom.js";

const MOST = 6;
const LONGEST_SIDE = 2048;
const QUALITY = 0.85;
const THUMB_SIDE = 192;

/* States of a picture: sending, ready (it has an id), stuck (the line; sent again by a press or when it is back). */
export class Tray {
  #photos = [];

  constructor({ door, element, onChange, onRefused }) {
    Object.assign(this, { door, element, onChange, onRefused });
    addEventListener("online", () => this.#photos.filter(({ state }) => state === "stuck").forEach((photo) => this.#send(photo)));
  }

  get length() { return this.#photos.length; }
  get isSending() { return this.#photos.some(({ state }) => state === "sending"); }
  get isStuck() { return this.#photos.some(({ state }) => state === "stuck"); }
  get ids() { return this.#photos.filter(({ state }) => state === "ready").map(({ id }) => id); }

  add(files) {
    for (const file of files) {
      if (this.#photos.length >= MOST) return this.onRefused(`一次最多发${MOST}张照片，剩下的下一句再发。`);
      this.#send(this.#put({ file }));
    }
    return undefined;
  }

  /* Pictures that went up before the page was loaded anew. */
  restore(ids) {
    for (const id of ids) {
      const photo = this.#put({ id });
      photo.thumb.replaceWith(make("img", { src: `/api/v1/uploads/${id}`, alt: "" }));
      this.#state(photo, "ready");
    }
  }

  #put(given) {
    const photo = { ...given, stop: new AbortController(), ...parts() };
    photo.drop.addEventListener("click", () => this.#remove(photo));
    photo.again.addEventListener("click", () => this.#send(photo));
    this.#photos.push(photo);
    this.element.append(photo.item);
    return photo;
  }

  /* Hand out what is ready and be empty again. */
  take() {
    const ids = this.ids;
    this.#photos = [];
    this.element.replaceChildren();
    this.#show();
    return ids;
  }

  #remove(photo) {
    photo.stop.abort();
    this.#photos = this.#photos.filter((other) => other !== photo);
    photo.item.remove();
    this.#show();
  }

  async #send(photo) {
    this.#state(photo, "sending");
    try {
      photo.small ??= await smaller(photo.file, photo.thumb);
      photo.id = await this.door.upload(photo.small, (share) => { photo.progress.value = share; }, photo.stop.signal);
      this.#state(photo, "ready");
    } catch (error) {
      if (photo.stop.signal.aborted) return;
      if (error.isPassing || error.isExpired) return void this.#state(photo, "stuck");
      this.#remove(photo);
      this.onRefused(/^[\u4e00-\u9fff]/.test(error.sentence ?? "") ? error.sentence : "这张照片没发成，请换一张再试。");
    }
  }

  #state(photo, state) {
    if (!this.#photos.includes(photo)) return;
    Object.assign(photo, { state });
    photo.item.dataset.state = state;
    photo.progress.value = 0;
    photo.progress.hidden = state !== "sending";
    photo.again.hidden = state !== "stuck";
    this.#show();
  }

  #show() {
    this.element.hidden = !this.#photos.length;
    this.#photos.forEach(({ drop, again }, place) => {
      drop.setAttribute("aria-label", `不发第${place + 1}张照片`);
      again.setAttribute("aria-label", `第${place + 1}张没传上，再传一次`);
    });
    this.onChange();
  }
}

function parts() {
  const thumb = make("canvas", { width: THUMB_SIDE, height: THUMB_SIDE });
  const progress = make("progress", { max: 1, value: 0, "aria-label": "照片正在传" });
  const again = make("button", { type: "button", class: "again", hidden: "" }, "再传");
  const drop = make("button", { type: "button", class: "drop" });
  return { thumb, progress, again, drop, item: make("div", { class: "waiting" }, thumb, progress, again, drop) };
}

/* A picture that this browser cannot read goes up as it is: the server says what is wrong with it. */
async function smaller(file, thumb) {
  try {
    const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
    drawThumb(picture, thumb);
    const scale = Math.min(1, LONGEST_SIDE / Math.max(picture.width, picture.height));
    const canvas = make("canvas", { width: Math.round(picture.width * scale) || 1, height: Math.round(picture.height * scale) || 1 });
    draw(picture, canvas, 0, 0, canvas.width, canvas.height);
    picture.close();
    return (await new Promise((resolve) => { canvas.toBlob(resolve, "image/jpeg", QUALITY); })) ?? file;
  } catch {
    return file;
  }
}

function drawThumb(picture, thumb) {
  const scale = THUMB_SIDE / Math.min(picture.width, picture.height);
  const [width, height] = [picture.width * scale, picture.height * scale];
  draw(picture, thumb, (THUMB_SIDE - width) / 2, (THUMB_SIDE - height) / 2, width, height);
}

function draw(picture, canvas, ...place) {
  const pen = canvas.getContext("2d");
  pen.fillStyle = "#fff"; // what is transparent would turn black
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.drawImage(picture, ...place);
}
