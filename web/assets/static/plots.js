// How things went over the last minutes, of one camera: frames a second, delay, and what was found.

import { asTable, el, hold } from "./dom.js";
import { millis, nameOf, number } from "./format.js";
import { Plot } from "./plot.js";

const LABELS = 4;
const SOURCES = 16; // whose last minutes are kept

export class Plots {
  #figures = el("div", { className: "figures" });
  #body = el("tbody");
  #head = el("tr");
  #table = asTable(this.#head, this.#body);
  element = el("section", { className: "plots", attrs: { "aria-label": "The last three minutes" } }, this.#figures, this.#table);
  #series = new Map(); // by source
  #seconds = new Seconds();

  constructor() {
    setInterval(() => this.#tick(), 1000);
    this.#table.addEventListener("toggle", () => this.#draw());
  }

  /** Count a frame that was drawn so many microseconds after its capture. */
  add(frame, delayUs) {
    const series = this.#of(frame.source);
    series.frames += 1;
    series.delayUs += delayUs;
    for (const { label } of frame.detections) {
      if (!series.found.has(label) && series.found.size >= LABELS) continue;
      series.found.set(label, (series.found.get(label) ?? 0) + 1);
    }
  }

  /** Show those of one source; null while nothing is drawn, which is no rate of nought. */
  refresh(source) {
    this.#seconds.show(source);
  }

  #of(source) {
    if (!this.#series.has(source)) {
      if (this.#series.size >= SOURCES) this.#series.delete(this.#series.keys().next().value);
      this.#series.set(source, { plots: new Map(), frames: 0, delayUs: 0, found: new Map() });
    }
    return this.#series.get(source);
  }

  #tick() {
    for (const [source, series] of this.#series) this.#count(series, this.#seconds.counts(source));
    this.#seconds.pass();
    this.#draw();
  }

  #count(series, on) {
    const { frames, delayUs, found } = series;
    this.#plot(series, "frames", "frames/s").add(on ? frames : null);
    this.#plot(series, "delay", "ms").add(on && frames ? delayUs / frames / 1000 : null);
    for (const [label, count] of found) this.#plot(series, label, "a frame").add(on && frames ? count / frames : null);
    series.frames = series.delayUs = 0;
    for (const label of found.keys()) found.set(label, 0);
  }

  #plot({ plots }, name, unit) {
    const key = `${unit} ${name}`;
    if (!plots.has(key)) plots.set(key, new Plot(nameOf(name), unit, unit === "ms" ? (ms) => millis(ms * 1000) : (value) => number(value, unit === "a frame" ? 1 : 0)));
    return plots.get(key);
  }

  #draw() {
    const series = this.#series.get(this.#seconds.shown);
    if (!series) return; // paused or away: what was drawn stays
    const plots = [...series.plots.values()];
    hold(this.#figures, plots.map(({ element }) => element));
    for (const plot of plots) plot.draw();
    if (this.#table.open) import("./plotrows.js").then(({ tell }) => tell(this.#head, this.#body, plots));
  }
}

/** Which seconds count of which source: those that began with it shown, since a part of one is no rate. */
export class Seconds {
  shown = null;
  #whole = false;

  show(source) {
    if (source !== this.shown) this.#whole = false;
    this.shown = source;
  }

  counts = (source) => this.#whole && source === this.shown;

  /** A second is over. */
  pass() {
    this.#whole = true;
  }
}
