// The same frame on two topics, side by side.

import { DelayBars, partsOf } from "./delay.js";
import { Details } from "./details.js";
import { el } from "./dom.js";
import { History } from "./history.js";
import { Pane } from "./pane.js";
import { decode, mainSide, widthFor } from "./picture.js";
import { Plots } from "./plots.js";

const DETAILS_MS = 250;
const NUMBERS_MS = 500;

export class Duo extends EventTarget {
  #link;
  #page;
  #panes;
  #details = null;
  #delay = new DelayBars();
  #plots = null;
  #history = new History();
  #source = null;
  #label = null;
  #shown = null;
  #drawing = null;
  #pointed = null;
  #detailsAt = -DETAILS_MS;
  #detailsDue = null;
  #stop = () => {};

  paused = false;
  passed = 0;
  labels = new Set();
  saves = { name: "Snapshot", what: "save the right picture" };

  constructor(link, page, topics) {
    super();
    this.#link = link;
    this.#page = page;
    const sides = page.left ? ["left", "right"] : ["right"];
    this.#panes = Object.fromEntries(sides.map((side) => [side, new Pane(link, page[side], topics[page[side]])]));
    for (const label of topics[page.right].labels) this.labels.add(label);
    if (page.details) {
      this.#details = new Details(topics[page.right].labels, (at) => this.#point(at));
      this.#plots = new Plots();
    }
    this.pictures = el("div", { className: "panes" }, ...this.#each((pane) => pane.element));
    this.element = el(
      "div",
      { className: "duo" },
      this.pictures,
      this.#delay.element,
      this.#plots?.element ?? null,
      this.#details?.element ?? null,
    );
    setInterval(() => this.#refresh(), NUMBERS_MS);
    link.addEventListener("change", () => this.#refresh());
  }

  /** Show one source; null for all in turn. */
  watch(source) {
    this.#stop();
    this.#source = source;
    this.#shown = this.#drawing = null;
    this.#history.clear();
    this.#plots?.clear();
    this.#each((pane) => pane.clear());
    const { left, right } = this.#page;
    this.#stop = this.#link.watch({ left, right, source, width: askedWidth() }, (picture) => this.#take(picture));
    this.resume();
  }

  /** Show only what was found of one label, and outline it; null for all. */
  filter(label) {
    this.#label = label;
    this.#outline();
    this.#showDetails();
  }

  pause() {
    this.paused = true;
    this.passed = 0;
    this.#changed();
  }

  /** Go on with what comes next. */
  resume() {
    this.paused = false;
    this.#changed();
  }

  /** Stop, and look at the picture before (-1) or after (1). */
  step(steps) {
    if (!this.#shown) return;
    if (!this.paused) this.pause();
    const picture = this.#history.from(this.#shown, steps);
    if (picture) this.#draw(picture);
  }

  /** Keep the right picture as a file. */
  save() {
    this.#panes.right.save();
  }

  async #take(picture) {
    this.#history.add(picture);
    for (const found of mainSide(picture).frame.detections) this.#meet(found.label);
    if (this.paused) {
      this.passed += 1;
      return;
    }
    await this.#draw(picture);
    const now = this.#link.now();
    const main = mainSide(picture);
    this.#delay.add(partsOf(main, picture.receivedAt, now));
    this.#plots?.add(main.frame, now - main.frame.captured_at);
    // For whoever measures: nothing on the page listens.
    const functionsUs = main.frame.hops.reduce((sum, hop) => sum + hop.took_us, 0);
    document.dispatchEvent(new CustomEvent("drawn", { detail: [now - main.frame.captured_at, functionsUs] }));
  }

  async #draw(picture) {
    this.#drawing = picture;
    const bitmaps = await decode(picture);
    if (this.#drawing === picture) this.#paint(picture, bitmaps); // else another was asked for meanwhile
    for (const bitmap of Object.values(bitmaps)) bitmap?.close();
  }

  #paint(picture, bitmaps) {
    this.#shown = picture;
    for (const [side, pane] of Object.entries(this.#panes)) {
      if (picture.sides[side]) pane.show(picture.sides[side], bitmaps[side]);
      else pane.clear();
    }
    this.#outline();
    this.#showDetails();
    this.#refreshPanes();
  }

  /** At most four times a second, the last frame always: a table that flickers cannot be read. */
  #showDetails() {
    this.#detailsDue ??= setTimeout(
      () => {
        this.#detailsDue = null;
        this.#detailsAt = performance.now();
        if (this.#shown) this.#details?.show(mainSide(this.#shown).frame, this.#label);
      },
      Math.max(0, this.#detailsAt + DETAILS_MS - performance.now()),
    );
  }

  #point(at) {
    this.#pointed = at;
    this.#outline();
  }

  #outline() {
    const found = this.#shown ? mainSide(this.#shown).frame.detections : [];
    const wanted = found.filter(({ label }, at) => at === this.#pointed || label === this.#label);
    this.#each((pane) => pane.outline(wanted.map(({ xyxy }) => xyxy)));
  }

  #meet(label) {
    if (this.labels.has(label)) return;
    this.labels.add(label);
    this.#changed();
  }

  #refresh() {
    this.#refreshPanes();
    this.#delay.refresh();
    if (this.paused) this.#changed();
  }

  #refreshPanes() {
    const { left, right } = this.#panes;
    const passed = `${this.passed} ${this.passed === 1 ? "frame" : "frames"} passed since`;
    const paused = this.paused ? `Paused · ${passed}` : "";
    const stands = right.refresh(this.#source, { paused });
    // Both sides are one frame: the left one stands still with the right one, however lively its topic is.
    const held = stands && left?.flows ? `${this.#page.left} goes on, ${this.#page.right} does not` : "";
    left?.refresh(this.#source, { paused, held });
  }

  #changed() {
    this.#refreshPanes();
    this.dispatchEvent(new Event("change"));
  }

  #each(what) {
    return Object.values(this.#panes).map(what);
  }
}

/** The page's ?width=, the widest picture wanted: for slow links and small screens. */
function askedWidth() {
  const asked = Number(new URLSearchParams(location.search).get("width"));
  return asked > 0 ? widthFor(asked) : null;
}
