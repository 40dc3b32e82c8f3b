// Where a frame's time went: one bar a hop, averaged over what came since the last look.

import { el, fill, say } from "./dom.js";
import { millis } from "./format.js";

/** The parts of a frame's way in microseconds: each stage, the bus between them, the viewer and its page. */
export function partsOf({ frame, waitedUs }, receivedAt, drawnAt) {
  const parts = [];
  let until = frame.captured_at;
  for (const hop of frame.hops) {
    parts.push({ name: "bus", us: Math.max(0, hop.started_at - until), bus: true });
    parts.push({ name: hop.stage, us: hop.took_us, bus: false });
    until = hop.started_at + hop.took_us;
  }
  parts.push({ name: "bus", us: Math.max(0, receivedAt - waitedUs - until), bus: true });
  parts.push({ name: "page", us: waitedUs + drawnAt - receivedAt, bus: false });
  return parts;
}

export class DelayBars {
  element = el("ul", { className: "delay", attrs: { "aria-label": "Delay of each hop in milliseconds" } });
  #names = "";
  #sums = [];
  #count = 0;

  add(parts) {
    const names = parts.map((part) => part.name).join("\n");
    if (names !== this.#names) this.#reset(names, parts);
    parts.forEach((part, at) => (this.#sums[at].us += part.us));
    this.#count += 1;
  }

  refresh() {
    if (!this.#count) return;
    const means = this.#sums.map((part) => ({ ...part, us: part.us / this.#count }));
    const longest = Math.max(1000, ...means.map((part) => part.us));
    fill(this.element, means, makeBar, (bar, part) => {
      bar.className = part.bus ? "bus" : "";
      bar.children[0].value = part.us / longest;
      say(bar.children[1], part.name, true);
      say(bar.children[2], millis(part.us));
    });
    this.#reset(this.#names, this.#sums);
  }

  #reset(names, parts) {
    this.#names = names;
    this.#sums = parts.map((part) => ({ ...part, us: 0 }));
    this.#count = 0;
  }
}

const makeBar = () =>
  el(
    "li",
    {},
    el("meter", { min: 0, max: 1, attrs: { "aria-hidden": "true" } }),
    el("span", { className: "what" }),
    el("span", { className: "number" }),
  );
