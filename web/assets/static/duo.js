// The same frame on two topics: side by side, one over the other, or one alone.

import { DelayBar } from "./delay.js";
import { Details } from "./details.js";
import { el } from "./dom.js";
import { many, timeOfDay } from "./format.js";
import { History } from "./history.js";
import { Trails } from "./overlay.js";
import { Pane } from "./pane.js";
import { decode, mainSide, widthFor } from "./picture.js";
import { Plots } from "./plots.js";
import { gestures, isFilled } from "./screen.js";
import { asked, tell } from "./state.js";

const DETAILS_MS = 250;
const NUMBERS_MS = 500;
const SETTLED_MS = 300;
export const LAYOUTS = ["pair", "slider", "single"];

export class Duo extends EventTarget {
  #link;
  #page;
  #panes;
  #details = null;
  #delay = new DelayBar();
  #plots = null;
  #history = new History();
  #trails = new Trails();
  #source = undefined; // until the first one is watched
  #label = null;
  #shown = null;
  #drawing = null;
  #pointed = null;
  #wanted = "";
  #resized = 0;
  #detailsAt = -DETAILS_MS;
  #detailsDue = null;
  #stop = () => {};
  #cut = el("input", { type: "range", className: "cut", min: "0", max: "100", value: "50" });

  paused = false;
  passed = 0;
  pausedAt = Number(asked("pause")); // which an address asks for
  layout = "single";
  boxes = asked("boxes") === "1";
  labels = new Set();
  saves = { name: "Snapshot", what: "save the right picture" };

  constructor({ link, page, topics, broker }) {
    super();
    this.#link = link;
    this.#page = page;
    const sides = page.left ? ["left", "right"] : ["right"];
    const pane = (side) => new Pane(link, page[side], topics[page[side]], broker);
    this.#panes = Object.fromEntries(sides.map((side) => [side, pane(side)]));
    for (const label of topics[page.right].labels) this.labels.add(label);
    if (page.details) {
      this.#details = new Details(topics[page.right].labels, (at) => this.#point(at));
      this.#plots = new Plots();
    }
    this.#cut.setAttribute("aria-label", "How far the picture before reaches over the one after");
    this.#cut.addEventListener("input", () => this.pictures.style.setProperty("--cut", `${this.#cut.value}%`));
    this.pictures = el("div", { className: "panes" }, ...this.#each((pane) => pane.element), page.left ? this.#cut : null);
    const facts = el("div", { className: "beneath" }, this.#delay.element, this.#details?.element ?? null, this.#plots?.element ?? null);
    this.element = el("div", { className: page.alone ? "duo alone" : "duo" }, this.pictures, facts);
    setInterval(() => this.#refresh(), NUMBERS_MS);
    link.addEventListener("change", () => this.#refresh());
    addEventListener("resize", () => this.#settle());
    this.pictures.addEventListener("fullscreenchange", () => this.#leave());
    gestures(this.pictures, { swipe: (to) => this.swipe(to), double: (target) => this.#alone(target) });
  }

  /** Called with -1 or 1 by who swipes to another source. */
  swipe = (_) => {};

  /** Called for the picture so many steps after this one, where it is none of the last ones; gives null for none. */
  beyond = async (_picture, _steps) => null;

  /** Called to fill the screen. */
  fill = () => {};

  /** Which layouts there are: a side that a role may not see is in none. */
  get layouts() {
    return this.#page.left ? LAYOUTS : ["single"];
  }

  /** What is asked for: the topics of both sides, source and width. */
  get wanted() {
    return JSON.parse(this.#wanted);
  }

  /** The frame that is shown. */
  get frame() {
    return this.#shown && mainSide(this.#shown).frame;
  }

  /** Show both sides, one over the other, or the right one alone. */
  arrange(layout) {
    this.layout = this.layouts.includes(layout) ? layout : "single";
    for (const each of LAYOUTS) this.element.classList.toggle(each, each === this.layout);
    this.#cut.hidden = this.layout !== "slider";
    this.#ask();
    this.#changed();
  }

  /** Show one source; null for all in turn. */
  watch(source) {
    this.#source = source;
    this.#shown = this.#drawing = null;
    this.#history.clear();
    this.#delay.clear();
    this.#each((pane) => pane.clear());
    this.#wanted = "";
    this.#ask();
    if (this.paused) this.resume();
  }

  /** Show only what was found of one label, and outline it; null for all. */
  filter(label) {
    this.#label = label;
    this.#outline();
    this.#showDetails();
  }

  /** Draw what the record says over the pictures, or no more. */
  toggleBoxes() {
    this.boxes = !this.boxes;
    tell({ boxes: this.boxes ? 1 : null });
    this.#outline();
    this.#changed();
  }

  pause() {
    this.paused = true;
    this.passed = 0;
    this.#tellPause();
    this.#changed();
  }

  /** Go on with what comes next. */
  resume() {
    this.paused = false;
    this.pausedAt = 0;
    tell({ pause: null });
    if (this.#history.newest) this.#draw(this.#history.newest);
    this.#changed();
  }

  /** Stop, and look at the picture before (-1) or after (1). */
  async step(steps) {
    const shown = this.#shown;
    if (!shown) return;
    if (!this.paused) this.pause();
    const picture = this.#history.from(shown, steps) ?? (await this.beyond(shown, steps));
    if (picture && this.paused && shown === this.#shown) this.#draw(picture);
  }

  /** Stop at a picture that the bus still holds. */
  async hold(picture) {
    if (!this.paused) this.pause();
    await this.#draw(picture);
  }

  /** Have this, too, beneath the pictures: what was found comes first. */
  append(element) {
    (this.#details ?? this.#delay).element.after(element);
  }

  /** Keep the right picture as a file. */
  save() {
    this.#panes.right.save();
  }

  /** Ask for pictures as large as they are shown. */
  #ask() {
    if (this.#source === undefined) return;
    const right = this.#page.right;
    const left = this.layout === "single" ? null : this.#page.left;
    const wanted = { left, right, source: this.#source, width: this.#width() };
    if (JSON.stringify(wanted) === this.#wanted) return;
    this.#wanted = JSON.stringify(wanted);
    this.#stop();
    this.#stop = this.#link.watch(wanted, (picture) => this.#take(picture));
    if (!left) this.#panes.left?.clear();
  }

  #width() {
    const most = Number(asked("width"));
    const shown = this.#panes.right.stage.clientWidth * devicePixelRatio;
    return widthFor(most > 0 ? Math.min(most, shown || most) : shown || Infinity);
  }

  #settle() {
    clearTimeout(this.#resized);
    this.#resized = setTimeout(() => !this.paused && this.#ask(), SETTLED_MS);
  }

  #alone(target) {
    const pane = target.closest(".pane");
    if (!pane) return;
    if (!isFilled(this.pictures)) this.#each(({ element }) => element.classList.toggle("aside", element !== pane && this.layout === "pair"));
    this.fill();
  }

  #leave() {
    if (!isFilled(this.pictures)) this.#each(({ element }) => element.classList.remove("aside"));
    this.#settle();
  }

  async #take(picture) {
    this.#history.add(picture);
    const main = mainSide(picture);
    for (const found of main.frame.detections) this.#meet(found.label);
    if (this.paused) {
      this.passed += 1;
      return;
    }
    await this.#draw(picture);
    if (this.pausedAt) return this.pause();
    const now = this.#link.now();
    this.#delay.add(main, picture.receivedAt, now);
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
    const before = this.#panes.right.stage.clientWidth;
    this.#shown = picture;
    this.#trails.add(mainSide(picture).frame);
    for (const [side, pane] of Object.entries(this.#panes)) {
      if (picture.sides[side]) pane.show(picture.sides[side], bitmaps[side]);
      else pane.clear();
    }
    this.#outline();
    this.#showDetails();
    if (this.paused) {
      this.#tellPause();
      this.#refreshPanes();
    }
    if (!before) this.#settle();
  }

  #tellPause() {
    if (this.#shown) tell({ pause: mainSide(this.#shown).frame.captured_at });
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
    if (this.boxes) {
      const wanted = found.filter(({ label }) => !this.#label || label === this.#label);
      return void this.#each((pane) => pane.over(wanted, this.#trails));
    }
    const wanted = found.filter(({ label }, at) => at === this.#pointed || label === this.#label);
    this.#each((pane) => pane.over(wanted));
  }

  #meet(label) {
    if (this.labels.has(label)) return;
    this.labels.add(label);
    this.#changed();
  }

  #refresh() {
    this.#refreshPanes();
    this.#delay.refresh(this.paused ? 0 : this.#panes.right.silentS);
    const on = !this.paused && !document.hidden && this.#link.connected;
    this.#plots?.refresh(on ? (this.#shown && mainSide(this.#shown).frame.source) : null);
    if (this.paused) this.#changed();
  }

  #refreshPanes() {
    const { left, right } = this.#panes;
    const paused = this.paused ? `Paused · ${this.#passed()}` : "";
    const stands = right.refresh(this.#source, { paused });
    if (!left || this.layout === "single") return;
    // Both sides are one frame: the left one stands still with the right one, however lively its topic is.
    const held = stands && left.flows ? `${this.#page.left} goes on, ${this.#page.right} does not` : "";
    left.refresh(this.#source, { paused: paused && !left.shown ? `${this.#page.left} does not hold this frame` : paused, held });
  }

  #passed() {
    const at = this.#shown && mainSide(this.#shown).frame.captured_at;
    if (this.pausedAt && at !== this.pausedAt) return `the frame of ${timeOfDay(this.pausedAt)} has passed: this one is newer`;
    if (this.#shown?.view) return "looking back";
    return `${many(this.passed, "frame")} passed since`;
  }

  #changed() {
    this.#refreshPanes();
    this.dispatchEvent(new Event("change"));
  }

  #each(what) {
    return Object.values(this.#panes).map(what);
  }
}
