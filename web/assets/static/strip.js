// A strip of the last hour of one camera: how much was hidden, what was in doubt, and what never came out.

import { asTable, el, say, svg } from "./dom.js";
import { dateAndTime, hourOf, timeOfDay } from "./format.js";
import { checkSaid, hourSaid, paths, said, slice } from "./hour.js";
import { load } from "./load.js";

const [SLOTS, HEIGHT] = [360, 40];
const LOOK_MS = 10_000;
const KINDS = { mean: "hidden", most: "at most", doubts: "in doubt", absent: "never came out" };

export class Strip {
  #source = null;
  #hour = null;
  #slices = [];
  #name = el("bdi");
  #words = el("p", { className: "words" });
  #check = el("p", { className: "none" });
  #under = el("output", { className: "none" });
  #paths = Object.fromEntries(Object.keys(KINDS).map((kind) => [kind, svg("path", { class: kind })]));
  #drawing = svg("svg", { viewBox: `0 0 ${SLOTS} ${HEIGHT}`, preserveAspectRatio: "none", role: "img" }, this.#paths.most, this.#paths.mean);
  #marks = svg("svg", { viewBox: `0 0 ${SLOTS} 1`, preserveAspectRatio: "none", class: "marks", "aria-hidden": "true" }, this.#paths.absent, this.#paths.doubts);
  #from = el("span");
  #until = el("span");
  #head = el("tr");
  #rows = el("tbody");
  #kept = el("p", { className: "none", textContent: "Kept in the memory of this viewer, lost when it is started again." });
  #table = asTable(this.#head, this.#rows, { above: this.#kept });
  #file = el("a", { textContent: "CSV", attrs: { download: "" } });

  element = el(
    "figure",
    { className: "strip", hidden: true },
    el("figcaption", {}, el("span", { className: "what", textContent: "last hour" }), this.#name, this.#words, this.#check),
    el(
      "div",
      { className: "plot" },
      el("span", { className: "none scale", attrs: { "aria-hidden": "true" }, textContent: "100 %" }),
      this.#marks,
      this.#drawing,
      el("p", { className: "axis" }, this.#from, this.#under, this.#until),
    ),
    el("p", { className: "kinds" }, ...Object.entries(KINDS).map(([kind, textContent]) => el("span", { className: kind, textContent })), this.#file),
    this.#table,
  );

  /** Among others it says whose hour it is, and they what all have in common. */
  constructor({ isOneOfMany = false } = {}) {
    this.#name.hidden = !isOneOfMany;
    this.#kept.hidden = isOneOfMany;
    const plot = this.#drawing.parentElement;
    plot.addEventListener("pointermove", ({ clientX }) => this.#point(clientX));
    plot.addEventListener("pointerleave", () => say(this.#under, ""));
    this.#table.addEventListener("toggle", () => this.#tell());
    setInterval(() => this.#look(), LOOK_MS);
  }

  /** Show the hour of this camera; null for none. */
  watch(source) {
    this.#source = source;
    this.element.hidden = true;
    this.#look();
  }

  async #look() {
    const source = this.#source;
    if (!source || document.hidden) return;
    const hour = await load(`/redaction/hour?source=${encodeURIComponent(source)}`);
    if (hour && source === this.#source) this.#show(hour);
  }

  #show(hour) {
    this.#hour = hour;
    this.#slices = hour.rows.map(slice);
    this.element.hidden = false;
    say(this.#name, hour.source, true);
    say(this.#words, hourSaid(hour.summary));
    say(this.#check, checkSaid(hour.check, dateAndTime));
    const drawn = paths(this.#slices, hour.now, { slice_s: hour.slice_s, slots: SLOTS, height: HEIGHT });
    for (const [kind, path] of Object.entries(this.#paths)) path.setAttribute("d", drawn[kind]);
    this.#drawing.setAttribute("aria-label", `The hidden share of ${hour.source} over the last hour; the table below has the numbers`);
    say(this.#from, hourOf((hour.now - SLOTS * hour.slice_s) * 1e6));
    say(this.#until, hourOf(hour.now * 1e6));
    this.#file.href = `/redaction.csv?source=${encodeURIComponent(hour.source)}`;
    this.#tell();
  }

  async #tell() {
    if (this.#table.open) (await import("./hourrows.js")).tell(this.#head, this.#rows, this.#slices);
  }

  #point(x) {
    if (!this.#hour) return;
    const { left, width } = this.#drawing.getBoundingClientRect();
    const { now, slice_s } = this.#hour;
    const slot = Math.min(SLOTS - 1, Math.max(0, Math.floor(((x - left) / width) * SLOTS)));
    const at = Math.floor(now / slice_s) * slice_s - (SLOTS - 1 - slot) * slice_s;
    const there = this.#slices.find((one) => one.at === at);
    say(this.#under, `${timeOfDay(at * 1e6).slice(0, 8)} ${there ? said(there) : "no frame"}`);
  }
}
