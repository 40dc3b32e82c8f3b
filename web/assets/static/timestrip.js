// A stretch of time of one camera: when it was recorded, how much was found, where the redactor was in doubt.

import { el } from "./dom.js";
import { wholeTime } from "./format.js";

const MINUTE_US = 60e6;
const STEPS = { ArrowLeft: -1, ArrowRight: 1, ArrowDown: -1, ArrowUp: 1, PageDown: -10, PageUp: 10 };
const DOUBT_PX = 4;

export class TimeStrip extends EventTarget {
  #canvas = el("canvas");
  #from = 0;
  #until = 1;
  #segments = [];
  #most = 1;
  #bars = { colour: "found", height: Math.sqrt };
  #at = null;
  #marked = { from: null, until: null };
  #stepUs;

  /** Arrows go `stepUs` further. */
  constructor(label, stepUs = MINUTE_US) {
    super();
    this.#stepUs = stepUs;
    const attrs = { role: "slider", tabindex: "0", "aria-label": label, "aria-valuemin": "0", "aria-valuemax": "100", "aria-valuenow": "0" };
    this.element = el("div", { className: "timestrip", attrs }, this.#canvas);
    this.element.addEventListener("pointerdown", (event) => {
      this.element.setPointerCapture(event.pointerId); // a drag ends at the strip's ends, wherever the pointer goes
      this.#drag(event);
    });
    this.element.addEventListener("pointermove", (event) => event.buttons && this.#drag(event));
    this.element.addEventListener("keydown", (event) => this.#press(event));
    new ResizeObserver(() => this.#draw()).observe(this.element);
    new MutationObserver(() => this.#draw()).observe(document.documentElement, { attributeFilter: ["data-theme"] });
  }

  /**
   * Show the files of this time (µs); `most` is how much was found at once where a bar is as high as the strip,
   * `bars` their colour, and how high they are for a share of that.
   */
  show(from, until, segments, { most, bars = this.#bars }) {
    [this.#from, this.#until, this.#segments, this.#most, this.#bars] = [from, until, segments, Math.max(1, most), bars];
    this.#draw();
  }

  /** Where the picture is, null where it is not of this camera. */
  set at(us) {
    this.#at = us;
    const share = us === null ? 0 : Math.round(((us - this.#from) / (this.#until - this.#from)) * 100);
    this.element.setAttribute("aria-valuenow", String(Math.min(100, Math.max(0, share))));
    this.element.setAttribute("aria-valuetext", us === null ? "not shown" : wholeTime(us));
    this.#draw();
  }

  /** What is marked, from where to where; null for an end that is not. */
  set marked(marked) {
    this.#marked = marked;
    this.#draw();
  }

  #drag(event) {
    const box = this.#canvas.getBoundingClientRect();
    const share = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
    this.#ask(this.#from + share * (this.#until - this.#from));
  }

  #press(event) {
    const steps = STEPS[event.key];
    if (!steps) return;
    event.preventDefault();
    event.stopPropagation();
    this.#ask((this.#at ?? this.#from) + steps * this.#stepUs);
  }

  #ask(us) {
    this.dispatchEvent(new CustomEvent("seek", { detail: Math.round(us) }));
  }

  #draw() {
    const { clientWidth: width, clientHeight: height } = this.element;
    const scale = devicePixelRatio;
    Object.assign(this.#canvas, { width: width * scale, height: height * scale });
    const ink = this.#canvas.getContext("2d");
    const colour = (name) => getComputedStyle(this.element).getPropertyValue(`--${name}`);
    const x = (us) => ((us - this.#from) / (this.#until - this.#from)) * width;
    const bar = (name, segment, top, bottom) => {
      ink.fillStyle = colour(name);
      const left = x(segment.starts_at);
      ink.fillRect(left, top, Math.max(1, x(segment.ends_at) - left + 0.5), bottom - top);
    };
    ink.scale(scale, scale);
    for (const segment of this.#segments) bar("recorded", segment, 0, height);
    for (const segment of this.#segments) {
      const share = this.#bars.height(foundIn(segment) / this.#most);
      bar(this.#bars.colour, segment, height - share * (height - DOUBT_PX), height);
    }
    for (const segment of this.#segments.filter(({ doubts }) => doubts)) bar("late", segment, 0, DOUBT_PX);
    const { from, until } = this.#marked;
    ink.fillStyle = colour("accent");
    for (const end of [from, until]) if (end !== null) ink.fillRect(Math.round(x(end)) - 1, 0, 2, height);
    if (from !== null && until !== null) ink.fillRect(x(from), height - DOUBT_PX, x(until) - x(from), DOUBT_PX);
    if (this.#at === null) return;
    ink.fillStyle = colour("text");
    ink.fillRect(Math.round(x(this.#at)) - 1, 0, 2, height);
  }
}

/** The most that was found at once in a file. */
export const foundIn = ({ found }) => Object.values(found).reduce((sum, count) => sum + count, 0);
