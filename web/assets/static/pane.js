// One picture: which topic it is, whose frame, how old, and what to do where there is none.

import { el, say } from "./dom.js";
import { dateOf, duration, timeOfDay, wholeTime } from "./format.js";

const SILENT_S = 3;
export const MARKS = {
  raw: "Not redacted: everything the camera saw",
  annotated: "Not redacted: everything the camera saw, with boxes",
  redacted: "Redacted: what should not be seen is hidden",
};

export class Pane {
  #link;
  #topic;
  #info;
  #canvas = el("canvas", { width: 768, height: 576, attrs: { role: "img" } });
  #outline = el("canvas", { className: "outline", attrs: { "aria-hidden": "true" } });
  #note = el("p", { className: "note" });
  #source = el("span", { className: "name" });
  #reference = el("span", { className: "reference" });
  #time = el("time");
  #age = el("span", { className: "age" });
  #boxes = [];
  #damaged = false;
  #every = 0;

  shown = null;

  constructor(link, topic, info) {
    this.#link = link;
    this.#topic = topic;
    this.#info = info;
    this.stage = el("div", { className: "stage empty" }, this.#canvas, this.#outline, this.#note);
    this.element = el(
      "section",
      { className: "pane", attrs: { "aria-label": `${topic}, ${info.kind}`, "data-topic": topic } },
      el(
        "h2",
        {},
        el("span", { className: "topic", textContent: topic, title: topic }),
        el("span", { className: `mark ${info.kind}`, textContent: info.kind, title: MARKS[info.kind] }),
        el("span", { className: "title", textContent: info.title, title: info.title }),
      ),
      this.stage,
      el("p", { className: "caption" }, this.#source, this.#reference, this.#time, this.#age),
    );
  }

  /** Draw one side of a picture, whose pixels are `bitmap`, null where they cannot be decoded. */
  show(side, bitmap) {
    this.#learnPace(side.frame);
    this.shown = side;
    this.#damaged = !bitmap;
    const { frame } = side;
    this.element.dataset.id = frame.id;
    this.element.dataset.source = frame.source;
    this.#paint(bitmap, frame);
    say(this.#source, frame.source, true);
    say(this.#reference, `#${frame.seq}`);
    this.#reference.title = frame.id;
    say(this.#time, timeOfDay(frame.captured_at));
    this.#time.title = wholeTime(frame.captured_at);
    this.#time.dateTime = dateOf(frame.captured_at).toISOString();
  }

  /** Outline boxes, in pixels of the picture. */
  outline(boxes) {
    this.#boxes = boxes;
    this.#drawOutline();
  }

  /** Keep the picture as a file: the very bytes that came. */
  save() {
    if (!this.shown) return;
    const { frame, jpeg } = this.shown;
    const name = `${frame.source}-${frame.seq}-${this.#topic}`.replace(/[^\p{L}\p{N}_-]+/gu, "_");
    const link = el("a", { href: URL.createObjectURL(jpeg), download: `${name}.jpg` });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  }

  /** Empty the pane. */
  clear() {
    this.shown = null;
    this.#damaged = false;
    delete this.element.dataset.id;
    delete this.element.dataset.source;
    this.stage.classList.add("empty");
    this.outline([]);
    for (const node of [this.#source, this.#reference, this.#time, this.#age]) say(node, "");
  }

  /**
   * Say how old the picture is, and why it stands still where it does; called twice a second.
   * `paused` and `held` are why somebody else makes it stand still. Gives back whether it is out of date.
   */
  refresh(source, { paused = "", held = "" } = {}) {
    const problem = this.#problem(source, paused) || (this.shown ? held : "");
    say(this.#note, problem || paused);
    this.#note.hidden = !problem && !paused;
    this.stage.classList.toggle("stale", Boolean(problem));
    const age = this.shown ? Math.max(0, this.#link.now() - this.shown.frame.captured_at) / 1e6 : 0;
    say(this.#age, this.shown ? `age ${duration(age)}` : "");
    this.#age.classList.toggle("late", age > SILENT_S);
    return Boolean(problem);
  }

  /** Whether the topic has frames of the source that is shown, newer than it should be waited for. */
  get flows() {
    const age = this.shown && this.#link.age(this.#topic, this.shown.frame.source);
    return age !== null && age <= this.#patience;
  }

  get #patience() {
    return Math.max(SILENT_S, 3 * this.#every);
  }

  #problem(source, paused) {
    if (this.#link.expired) return "This session has ended";
    if (!this.#link.connected) return "Reconnecting to the viewer…";
    if (this.#damaged) return "This picture cannot be decoded";
    if (paused && this.shown) return "";
    if (!this.shown) return this.#waiting(source);
    const age = this.#link.age(this.#topic, this.shown.frame.source);
    if (age === null) return this.#waiting(source);
    return age > this.#patience ? `${this.shown.frame.source} is silent for ${duration(age)}` : "";
  }

  #waiting(source) {
    const known = this.#link.sources(this.#topic);
    const here = source ? known.includes(source) : known.length > 0;
    if (here) return `Waiting for the same frame on ${this.#topic}`;
    const what = source ? `${source} on ${this.#topic}` : this.#topic;
    const how = this.#info.stage
      ? `start its stage with “IMAGEBUS_STAGES=${this.#info.stage} faust -A streams worker”`
      : `start a producer with “imagebus produce VIDEO -t ${this.#topic}”, or a camera's page with “imagebus camera”`;
    return `Waiting for ${what}: ${how}`;
  }

  #learnPace(frame) {
    const before = this.shown?.frame;
    if (!before || before.source !== frame.source) return;
    const gap = (frame.captured_at - before.captured_at) / 1e6;
    if (gap > 0 && gap < 60) this.#every = this.#every ? this.#every * 0.8 + gap * 0.2 : gap;
  }

  #paint(bitmap, frame) {
    this.stage.classList.remove("empty");
    if (!bitmap) return;
    for (const canvas of [this.#canvas, this.#outline]) {
      if (canvas.width !== bitmap.width) canvas.width = bitmap.width;
      if (canvas.height !== bitmap.height) canvas.height = bitmap.height;
    }
    this.#canvas.getContext("2d", { alpha: false }).drawImage(bitmap, 0, 0);
    this.#canvas.setAttribute("aria-label", `${this.#topic}: frame ${frame.seq} of ${frame.source}`);
    this.#drawOutline();
  }

  #drawOutline() {
    const canvas = this.#outline;
    const context = canvas.getContext("2d");
    context.clearRect(0, 0, canvas.width, canvas.height);
    if (!this.shown) return;
    const scale = canvas.width / this.shown.frame.size_wh[0];
    context.lineWidth = Math.max(2, canvas.width / 200);
    context.strokeStyle = getComputedStyle(canvas).color;
    for (const box of this.#boxes) {
      const [x1, y1, x2, y2] = box.map((value) => value * scale);
      context.strokeRect(x1, y1, x2 - x1, y2 - y1);
    }
  }
}
