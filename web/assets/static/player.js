// One picture made of many files: while one plays, the next is fetched, so that no seam is seen.

import { el } from "./dom.js";

export class Player extends EventTarget {
  #shown = video();
  #next = video();
  #rate = 1;
  element = el("div", { className: "screen" }, this.#shown, this.#next);

  constructor() {
    super();
    this.#next.hidden = true;
    for (const each of [this.#shown, this.#next]) {
      for (const kind of ["ended", "error", "timeupdate", "seeked"]) {
        each.addEventListener(kind, () => each === this.#shown && each.dataset.url && this.dispatchEvent(new Event(kind)));
      }
    }
  }

  /** The address of the file that is shown, empty without one. */
  get url() {
    return this.#shown.dataset.url ?? "";
  }

  /** Seconds into the file. */
  get second() {
    return this.#shown.currentTime;
  }

  /** Show a file from this second on. */
  open(url, second) {
    if (this.url !== url) {
      if (this.#next.dataset.url === url) this.#swap();
      else load(this.#shown, url);
    }
    this.#shown.currentTime = second;
  }

  /** Fetch the file that comes next. */
  prepare(url) {
    if (this.#next.dataset.url !== url) load(this.#next, url);
  }

  /** Show nothing. */
  clear() {
    for (const each of [this.#shown, this.#next]) load(each, "");
  }

  set rate(rate) {
    this.#rate = rate;
    this.#shown.playbackRate = rate;
  }

  play() {
    this.#shown.playbackRate = this.#rate;
    // Where another file is opened meanwhile, that is no error.
    this.#shown.play().catch(() => {});
  }

  pause() {
    this.#shown.pause();
  }

  #swap() {
    this.#shown.pause();
    [this.#shown, this.#next] = [this.#next, this.#shown];
    this.#shown.hidden = false;
    this.#next.hidden = true;
  }
}

const video = () => el("video", { muted: true, playsInline: true, preload: "auto", attrs: { "aria-label": "What was recorded" } });

function load(each, url) {
  each.dataset.url = url;
  if (url) each.src = url;
  else each.removeAttribute("src");
  each.load();
}
