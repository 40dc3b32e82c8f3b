// Where a frame's time went: one bar of all its parts with a unit and a total, averaged over what came of late.

import { el, fill, say } from "./dom.js";
import { duration, millis, nameOf, number } from "./format.js";

// A picture that waited for so long in the viewer is an old one that a page is shown first: its age is no delay.
const OLD_US = 3e6;
// What is averaged: long enough for a number to be read, short enough to see it change.
const OVER_MS = 2000;

/**
 * The parts of a frame's way in microseconds: each stage, the bus between them, the viewer and its page.
 * A stage that looks ahead waits on purpose: that is no time of the bus.
 */
export function partsOf({ frame, waitedUs }, receivedAt, drawnAt) {
  const parts = [];
  let until = frame.captured_at;
  for (const hop of frame.hops) {
    const gap = Math.max(0, hop.started_at - until);
    const ahead = Math.min(gap, Number(hop.options?.look_ahead_s ?? 0) * 1e6);
    parts.push({ name: "bus", kind: "bus", us: gap - ahead });
    if (ahead) parts.push({ name: "look-ahead", kind: "ahead", us: ahead });
    parts.push({ name: hop.stage, kind: "step", us: hop.took_us });
    until = hop.started_at + hop.took_us;
  }
  parts.push({ name: "bus", kind: "bus", us: Math.max(0, receivedAt - waitedUs - until) });
  parts.push({ name: "page", kind: "page", us: waitedUs + drawnAt - receivedAt });
  return parts;
}

export class DelayBar {
  #total = el("span", { className: "total" });
  #bar = el("div", { className: "stacked", attrs: { "aria-hidden": "true" } });
  #parts = el("ul", { attrs: { "aria-label": "Parts of the delay" } });
  #rate = el("span", { className: "rate" });
  element = el(
    "div",
    { className: "delay" },
    el("p", {}, el("span", { className: "what", textContent: "delay " }), this.#total),
    this.#bar,
    this.#rate,
    this.#parts,
  );
  #names = "";
  #came = [];

  /** Begin anew, for another source. */
  clear() {
    this.#came = [];
    this.#draw([], "", "");
  }

  /** Count a picture that was drawn now. */
  add(side, receivedAt, drawnAt) {
    if (side.waitedUs > OLD_US) return;
    const parts = partsOf(side, receivedAt, drawnAt);
    const names = parts.map(({ name }) => name).join("\n");
    if (names !== this.#names) this.#came = [];
    this.#names = names;
    this.#came.push({ at: performance.now(), parts });
  }

  /** Write the numbers anew; of a source that has been silent for so many seconds there is no delay. */
  refresh(silentS) {
    const now = performance.now();
    if (silentS) return void this.#draw([], `none: silent for ${duration(silentS)}`, "");
    this.#came = this.#came.filter(({ at }, place) => now - at < OVER_MS || place === this.#came.length - 1);
    if (!this.#came.length) return;
    const means = this.#came[0].parts.map((part, at) => ({
      ...part,
      us: this.#came.reduce((sum, { parts }) => sum + parts[at].us, 0) / this.#came.length,
    }));
    const total = means.reduce((sum, { us }) => sum + us, 0);
    const rate = this.#came.filter(({ at }) => now - at < OVER_MS).length / (OVER_MS / 1000);
    this.#draw(means, `${number(total / 1e6, 2)} s`, `${number(rate, 1)} frames/s`);
  }

  #draw(parts, total, rate) {
    say(this.#total, total);
    say(this.#rate, rate);
    fill(this.#bar, parts, () => el("span"), (stretch, { kind, us }) => {
      stretch.className = kind;
      stretch.style.setProperty("flex-grow", String(Math.round(us)));
    });
    fill(this.#parts, parts, makePart, (item, { kind, name, us }) => {
      item.className = kind;
      say(item.children[0], nameOf(name), true);
      say(item.children[1], `${millis(us)} ms`);
    });
  }
}

const makePart = () => el("li", {}, el("bdi", { className: "what" }), " ", el("span", { className: "number" }));
