// A frame of which somebody says something: the redacted one see-through over the raw one, lines on both, and a cross.

import { Choice, buttons } from "./controls.js";
import { el, say } from "./dom.js";
import { shareAt } from "./marks.js";
import { MARKS } from "./pane.js";
import { asked, tell } from "./state.js";

/** A view of one camera, which is chosen here or named by the address; gives back what offers the cameras. */
export function oneCamera(view, { content, toolbar }) {
  const sources = new Choice("Source", "", asked("source") ?? "", (source) => {
    tell({ source });
    view.watch(source);
  });
  content.append(toolbar(sources.element, view.overlay, buttons(view)), view.element);
  if (asked("source")) view.watch(asked("source"));
  return (names) => sources.offer(names);
}

export class Sheet {
  #draw;
  #lines = el("canvas", { className: "outline", attrs: { "aria-hidden": "true" } });
  #raw = el("span", { className: "mark raw", textContent: "raw", title: MARKS.raw });
  #note = el("p", { className: "note" });
  #range = el("input", { type: "range", min: "0", max: "100", value: "50" });
  #bitmaps = null;
  #label = "";

  #points = false; // who uses a mouse needs no cross

  cross = [0.5, 0.5];
  canvas = el("canvas", { width: 768, height: 576, attrs: { role: "img" } });
  element = el(
    "section",
    { className: "pane", attrs: { "aria-label": "Frame" } },
    el("div", { className: "stage empty" }, this.canvas, this.#lines, this.#raw, this.#note),
  );
  overlay = el("label", { className: "overlay" }, "Raw", this.#range, "Redacted");

  /** `draw(pen, line, style)` draws the lines, those of one width as `line`, in pixels of the frame. */
  constructor(draw) {
    this.#draw = draw;
    this.#range.setAttribute("aria-label", "How much of the redacted frame lies over the raw one");
    this.#range.addEventListener("input", () => this.redraw());
  }

  /** Where the frame was pointed at, in shares; null beside it and where there is none. */
  at({ clientX, clientY }) {
    const { width, height } = this.canvas;
    return this.#bitmaps && shareAt(this.canvas.getBoundingClientRect(), [width, height], [clientX, clientY]);
  }

  /** Show the sides of a frame, of which one may be missing; `label` says what is seen. The bitmaps stay the caller's. */
  show(bitmaps, label) {
    this.#bitmaps = bitmaps;
    this.#label = label;
    this.element.firstElementChild.classList.remove("empty");
    this.#note.hidden = true;
    this.redraw();
  }

  /** Show no picture, and say why. */
  clear(why) {
    this.#bitmaps = null;
    for (const canvas of [this.canvas, this.#lines]) canvas.getContext("2d").clearRect(0, 0, canvas.width, canvas.height);
    this.element.firstElementChild.classList.add("empty");
    this.canvas.setAttribute("aria-label", "No frame");
    this.warn(why);
  }

  /** Say something over the picture; empty for nothing. */
  warn(what) {
    this.#note.hidden = !what;
    say(this.#note, what);
  }

  /** Move the cross by shares of the picture. */
  moveCross(x, y) {
    this.#points = true;
    this.cross = [this.cross[0] + x, this.cross[1] + y].map((share) => Math.min(1, Math.max(0, share)));
  }

  redraw() {
    if (!this.#bitmaps) return;
    const sides = Object.values(this.#bitmaps);
    if (!sides.length || sides.includes(null)) return this.warn("This frame cannot be decoded");
    const { left, right } = this.#bitmaps;
    const { width, height } = left ?? right;
    for (const canvas of [this.canvas, this.#lines]) Object.assign(canvas, { width, height });
    /** @type {HTMLElement} */ (this.element.firstElementChild).style.setProperty("--aspect", String(width / height));
    const context = this.canvas.getContext("2d", { alpha: false });
    context.drawImage(left ?? right, 0, 0);
    context.globalAlpha = Number(this.#range.value) / 100;
    if (right) context.drawImage(right, 0, 0, width, height); // it may have been made smaller
    this.#raw.hidden = !left;
    this.canvas.setAttribute("aria-label", this.#label);
    this.#drawLines();
  }

  #drawLines() {
    const { width, height } = this.#lines;
    const pen = this.#lines.getContext("2d");
    const style = getComputedStyle(this.#lines);
    const line = Math.max(2, width / 320);
    this.#draw(pen, line, style);
    if (this.#points) cross(pen, [this.cross[0] * width, this.cross[1] * height], line, style.color);
  }
}

function cross(pen, [x, y], line, color) {
  pen.strokeStyle = color;
  pen.lineWidth = line;
  pen.beginPath();
  for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
    pen.moveTo(x + 4 * line * dx, y + 4 * line * dy);
    pen.lineTo(x + 10 * line * dx, y + 10 * line * dy);
  }
  pen.stroke();
}
