// The picture of a check: the raw frame, the redacted one see-through over it, boxes, marks and a cross.

import { el, say } from "./dom.js";
import { shareAt } from "./marks.js";
import { MARKS } from "./pane.js";

export class Sheet {
  #canvas = el("canvas", { width: 768, height: 576, attrs: { role: "img" } });
  #lines = el("canvas", { className: "outline", attrs: { "aria-hidden": "true" } });
  #raw = el("span", { className: "mark raw", textContent: "raw", title: MARKS.raw });
  #note = el("p", { className: "note" });
  #range = el("input", { type: "range", min: "0", max: "100", value: "50" });
  #shown = null;

  #points = false; // who uses a mouse needs no cross

  cross = [0.5, 0.5];
  element = el(
    "section",
    { className: "pane", attrs: { "aria-label": "Frame" } },
    el("div", { className: "stage empty" }, this.#canvas, this.#lines, this.#raw, this.#note),
  );
  overlay = el("label", { className: "overlay" }, "Raw", this.#range, "Redacted");

  constructor(point) {
    this.#range.setAttribute("aria-label", "How much of the redacted frame lies over the raw one");
    this.#range.addEventListener("input", () => this.#paint());
    this.#canvas.addEventListener("click", ({ clientX, clientY }) => {
      const { width, height } = this.#canvas;
      const at = this.#shown && shareAt(this.#canvas.getBoundingClientRect(), [width, height], [clientX, clientY]);
      if (at) point(at);
    });
  }

  /** Show both sides of a frame, the people in it, of whom some have a number, and who is marked. */
  show(bitmaps, people, marks, numbered) {
    this.#shown = { bitmaps, people, marks, numbered };
    this.element.firstElementChild.classList.remove("empty");
    this.#note.hidden = true;
    this.#paint();
  }

  /** Show no picture, and say why. */
  clear(why) {
    this.#shown = null;
    for (const canvas of [this.#canvas, this.#lines]) canvas.getContext("2d").clearRect(0, 0, canvas.width, canvas.height);
    this.element.firstElementChild.classList.add("empty");
    this.#canvas.setAttribute("aria-label", "No frame");
    this.#note.hidden = false;
    say(this.#note, why);
  }

  /** Move the cross by shares of the picture. */
  moveCross(x, y) {
    this.#points = true;
    this.cross = [this.cross[0] + x, this.cross[1] + y].map((share) => Math.min(1, Math.max(0, share)));
  }

  #paint() {
    if (!this.#shown) return;
    const { left, right } = this.#shown.bitmaps;
    if (!left || !right) return this.#broken();
    for (const canvas of [this.#canvas, this.#lines]) Object.assign(canvas, { width: left.width, height: left.height });
    const context = this.#canvas.getContext("2d", { alpha: false });
    context.drawImage(left, 0, 0);
    context.globalAlpha = Number(this.#range.value) / 100;
    context.drawImage(right, 0, 0, left.width, left.height); // it may have been made smaller
    this.#canvas.setAttribute("aria-label", `A frame with ${this.#shown.people.length} boxes`);
    this.#drawLines();
  }

  #broken() {
    this.#note.hidden = false;
    say(this.#note, "This frame cannot be decoded");
  }

  #drawLines() {
    const { people, marks, numbered } = this.#shown;
    const { width, height } = this.#lines;
    const pen = this.#lines.getContext("2d");
    const style = getComputedStyle(this.#lines);
    const line = Math.max(2, width / 320);
    pen.font = `600 ${8 * line}px ${style.fontFamily}`;
    people.forEach(({ xyxy: [x1, y1, x2, y2] }, at) => {
      const color = marks.exposed.has(at) ? style.getPropertyValue("--marked") : style.color;
      const box = [x1 * width, y1 * height, (x2 - x1) * width, (y2 - y1) * height];
      pen.lineWidth = marks.exposed.has(at) ? 2 * line : line;
      pen.strokeStyle = color;
      pen.strokeRect(...box);
      if (numbered.includes(at)) label(pen, String(numbered.indexOf(at) + 1), [box[0], box[1]], line, color);
    });
    for (const [x, y] of marks.others) spot(pen, [x * width, y * height], line, style.getPropertyValue("--marked"));
    if (this.#points) cross(pen, [this.cross[0] * width, this.cross[1] * height], line, style.color);
  }
}

function label(pen, text, [x, y], line, color) {
  const [wide, high] = [pen.measureText(text).width + 4 * line, 10 * line];
  const top = y >= high ? y - high : y; // within the picture
  pen.fillStyle = color;
  pen.fillRect(x - line / 2, top, wide, high);
  pen.fillStyle = "#000";
  pen.textBaseline = "middle";
  pen.fillText(text, x - line / 2 + 2 * line, top + high / 2);
}

function spot(pen, [x, y], line, color) {
  pen.strokeStyle = color;
  pen.lineWidth = 2 * line;
  pen.beginPath();
  pen.arc(x, y, 10 * line, 0, 2 * Math.PI);
  pen.stroke();
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
