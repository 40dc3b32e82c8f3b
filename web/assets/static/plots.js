// How things went over the last minutes: one small line each for frames a second, delay, and what was found.

import { el, say } from "./dom.js";

const SECONDS = 180;
const LABELS = 4;
const WIDTH = 180;
const HEIGHT = 32;

export class Plots {
  element = el("ul", { className: "plots", attrs: { "aria-label": "The last three minutes" } });
  #frames;
  #delay;
  #labels;
  #second;

  constructor() {
    this.clear();
    setInterval(() => this.#tick(), 1000);
  }

  /** Begin anew, for another source. */
  clear() {
    this.#frames = new Plot("frames/s", (value) => value.toFixed(0));
    this.#delay = new Plot("delay ms", (value) => value.toFixed(0));
    this.#labels = new Map();
    this.#second = nothing();
    this.element.replaceChildren(this.#frames.element, this.#delay.element);
  }

  /** Count a frame that was drawn so many microseconds after its capture. */
  add(frame, delayUs) {
    this.#second.frames += 1;
    this.#second.delay += delayUs / 1000;
    for (const { label } of frame.detections) {
      this.#meet(label);
      this.#second.found.set(label, (this.#second.found.get(label) ?? 0) + 1);
    }
  }

  #meet(label) {
    if (this.#labels.has(label) || this.#labels.size >= LABELS) return;
    const plot = new Plot(label, (value) => value.toFixed(1));
    this.#labels.set(label, plot);
    this.element.append(plot.element);
  }

  #tick() {
    const { frames, delay, found } = this.#second;
    this.#second = nothing();
    this.#frames.add(frames);
    this.#delay.add(frames ? delay / frames : null);
    for (const [label, plot] of this.#labels) plot.add(frames ? (found.get(label) ?? 0) / frames : null);
  }
}

const nothing = () => ({ frames: 0, delay: 0, found: new Map() });

/** One line; a second without a value leaves a gap. */
class Plot {
  #values = [];
  #canvas = el("canvas", { width: WIDTH * 2, height: HEIGHT * 2, attrs: { "aria-hidden": "true" } });
  #number = el("span", { className: "number" });
  #format;

  constructor(name, format) {
    this.#format = format;
    this.element = el("li", {}, el("span", { className: "what", textContent: name, title: name }), this.#number, this.#canvas);
  }

  add(value) {
    this.#values = [...this.#values.slice(1 - SECONDS), value];
    say(this.#number, value === null ? "" : this.#format(value));
    this.#draw();
  }

  #draw() {
    const { width, height } = this.#canvas;
    const context = this.#canvas.getContext("2d");
    const highest = Math.max(1, ...this.#values);
    context.clearRect(0, 0, width, height);
    context.strokeStyle = getComputedStyle(this.#canvas).color;
    context.lineWidth = 2;
    context.beginPath();
    let down = false;
    this.#values.forEach((value, at) => {
      const x = width - 2 - (this.#values.length - 1 - at) * (width / SECONDS);
      if (value !== null) context[down ? "lineTo" : "moveTo"](x, height - 2 - (value / highest) * (height - 4));
      down = value !== null;
    });
    context.stroke();
  }
}
