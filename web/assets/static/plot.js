// One line over the last minutes, with its scale, its unit, and the value under the pointer.

import { el, say } from "./dom.js";
import { number } from "./format.js";

export const SECONDS = 180;
const [WIDTH, HEIGHT] = [220, 56];

export class Plot {
  #values = [];
  format;
  #unit;
  #pointed = null;
  #canvas = el("canvas", { width: WIDTH * 2, height: HEIGHT * 2, attrs: { "aria-hidden": "true" } });
  #number = el("span", { className: "number" });
  #highest = el("span", { className: "highest" });

  constructor(name, unit, format) {
    this.format = format;
    this.#unit = unit;
    this.title = `${name}, ${unit}`;
    this.element = el(
      "figure",
      {},
      el("figcaption", {}, el("bdi", { className: "what", textContent: name, title: name }), " ", this.#number),
      el("div", { className: "plane" }, this.#highest, el("span", { className: "lowest", textContent: "0" }), this.#canvas),
      el("p", { className: "axis" }, el("span", { textContent: "3 min ago" }), el("span", { textContent: "now" })),
    );
    this.#canvas.addEventListener("pointermove", (event) => this.#point(event));
    this.#canvas.addEventListener("pointerleave", () => this.#point(null));
  }

  /** Add a second; one without a value leaves a gap. */
  add(value) {
    this.#values = [...this.#values.slice(1 - SECONDS), value];
  }

  /** The values of so many seconds, until so long ago, without its gaps. */
  values(ago, seconds) {
    const until = this.#values.length - ago;
    return this.#values.slice(Math.max(0, until - seconds), Math.max(0, until)).filter((value) => value !== null);
  }

  draw() {
    const { width, height } = this.#canvas;
    const pen = this.#canvas.getContext("2d");
    const highest = scaleFor(Math.max(...this.#values.map((value) => value ?? 0)));
    say(this.#highest, number(highest));
    pen.clearRect(0, 0, width, height);
    pen.lineWidth = 3;
    pen.strokeStyle = pen.fillStyle = getComputedStyle(this.#canvas).color;
    pen.beginPath();
    let down = false;
    this.#values.forEach((value, at) => {
      if (value !== null) pen[down ? "lineTo" : "moveTo"](this.#x(at), height - 2 - (value / highest) * (height - 4));
      down = value !== null;
    });
    pen.stroke();
    this.#tell();
    if (this.#pointed !== null) pen.fillRect(this.#x(this.#pointed), 0, 2, height);
  }

  #x = (at) => this.#canvas.width - 2 - (this.#values.length - 1 - at) * (this.#canvas.width / SECONDS);

  #point(event) {
    const { left, width } = this.#canvas.getBoundingClientRect();
    const at = event && Math.round(this.#values.length - 1 - ((left + width - event.clientX) / width) * SECONDS);
    this.#pointed = at !== null && at >= 0 && at < this.#values.length ? at : null;
    this.draw();
  }

  /** The newest value, or the one that is pointed at and how old it is. */
  #tell() {
    const at = this.#pointed ?? this.#values.length - 1;
    const value = this.#values[at] ?? null;
    const ago = this.#pointed === null ? "" : `, ${this.#values.length - 1 - at} s ago`;
    say(this.#number, value === null ? `–${ago}` : `${this.format(value)} ${this.#unit}${ago}`);
  }
}

/** The end of a scale: the next of 1, 2, 5, 10, 20 … */
function scaleFor(highest) {
  const ten = 10 ** Math.floor(Math.log10(Math.max(1, highest)));
  return [1, 2, 5, 10].map((step) => step * ten).find((end) => end >= highest);
}
