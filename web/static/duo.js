// The same frame on two topics, side by side.

import { DelayBars, partsOf } from "./delay.js";
import { Details } from "./details.js";
import { el } from "./dom.js";
import { Pane } from "./pane.js";

const DETAILS_MS = 250;
const NUMBERS_MS = 500;

export class Duo {
  #link;
  #page;
  #panes;
  #details = null;
  #delay = new DelayBars();
  #latest = null;
  #waiting = null;
  #fresh = -DETAILS_MS;
  #pointed = null;
  #source = null;
  #stop = () => {};

  constructor(link, page, topics) {
    this.#link = link;
    this.#page = page;
    const sides = page.left ? ["left", "right"] : ["right"];
    this.#panes = Object.fromEntries(sides.map((side) => [side, new Pane(link, page[side], topics[page[side]])]));
    if (page.details) this.#details = new Details(topics[page.right].labels, (at) => this.#point(at));
    this.element = el(
      "div",
      { className: "duo" },
      el("div", { className: "panes" }, ...Object.values(this.#panes).map((pane) => pane.element)),
      this.#delay.element,
      this.#details?.element ?? null,
    );
    setInterval(() => this.refresh(), NUMBERS_MS);
    link.addEventListener("change", () => this.refresh());
  }

  /** Show one source; null for all in turn. */
  watch(source) {
    this.#stop();
    this.#source = source;
    for (const pane of Object.values(this.#panes)) pane.show(null);
    const { left, right } = this.#page;
    this.#stop = this.#link.watch({ left, right, source }, (picture) => this.#draw(picture));
    this.refresh();
  }

  refresh() {
    for (const pane of Object.values(this.#panes)) pane.refresh(this.#source);
    this.#delay.refresh();
  }

  #draw(picture) {
    for (const [side, pane] of Object.entries(this.#panes)) pane.show(picture[side]);
    const main = picture.right ?? picture.left;
    this.#delay.add(partsOf(main, picture.receivedAt, this.#link.now()));
    this.#showDetails(main.frame);
    this.#outlinePointed();
  }

  /** At most four times a second, the last frame always: a table that flickers cannot be read. */
  #showDetails(frame) {
    this.#latest = frame;
    this.#waiting ??= setTimeout(() => {
      this.#waiting = null;
      this.#fresh = performance.now();
      this.#details?.show(this.#latest);
    }, Math.max(0, this.#fresh + DETAILS_MS - performance.now()));
  }

  #point(at) {
    this.#pointed = at;
    this.#outlinePointed();
  }

  #outlinePointed() {
    const found = (this.#panes.right.shown ?? this.#panes.left?.shown)?.frame.detections[this.#pointed];
    for (const pane of Object.values(this.#panes)) pane.outline(found?.xyxy ?? null);
  }
}
