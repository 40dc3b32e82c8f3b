// One picture: what people think it is, how much of it is hidden, whose frame, how old, and what to do where none is.

import { el, saveAs, say } from "./dom.js";
import { WHOLLY, dateOf, duration, nameOf, timeOfDay, wholeTime } from "./format.js";
import { drawOver } from "./overlay.js";
import { told } from "./told.js";

const SILENT_S = 3;
export const MARKS = {
  raw: "Not redacted: everything the camera saw",
  annotated: "Not redacted: everything the camera saw, with boxes",
  redacted: "Redacted: what should not be seen is hidden",
};
// So that nobody shows a picture by accident, all that is not redacted says so.
const WORDS = { raw: "raw", annotated: "raw, annotated", redacted: "redacted" };

export class Pane {
  #link;
  #topic;
  #info;
  #broker;
  #canvas = el("canvas", { width: 768, height: 576, attrs: { role: "img" } });
  #outline = el("canvas", { className: "outline", attrs: { "aria-hidden": "true" } });
  #note = el("p", { className: "note" });
  #missing = null; // loaded by whom a picture is missing
  #wholly = el("p", { className: "wholly", hidden: true });
  #hidden = el("span", { className: "covered" });
  #doubt = el("span", { className: "doubt" });
  #source = el("bdi", { className: "name" });
  #reference = el("span", { className: "reference" });
  #time = el("time");
  #age = el("span", { className: "age" });
  #drawn = false;
  #damaged = false;
  #every = 0;

  shown = null;

  constructor(link, topic, info, broker) {
    this.#link = link;
    this.#topic = topic;
    this.#info = info;
    this.#broker = broker;
    this.told = el("p", { className: "told" }, this.#hidden, this.#doubt);
    const isRaw = info.kind !== "redacted";
    const className = `mark ${info.kind} ${isRaw ? "on-picture" : ""}`;
    const mark = el("span", { className, textContent: WORDS[info.kind], title: MARKS[info.kind] });
    this.stage = el(
      "div",
      { className: "stage empty" },
      this.#canvas,
      this.#outline,
      isRaw ? mark : null,
      this.#wholly,
      this.#note,
    );
    this.element = el(
      "section",
      { className: `pane ${info.kind}`, attrs: { "aria-label": `${topic}, ${info.kind}`, "data-topic": topic } },
      el(
        "div",
        { className: "head" },
        el(
          "h2",
          {},
          el("span", { className: "title", textContent: info.title, title: info.title }),
          isRaw ? null : mark,
          el("span", { className: "topic", textContent: topic, title: topic }),
        ),
        this.told,
      ),
      this.stage,
      el("p", { className: "caption" }, this.#source, this.#reference, this.#time, this.#age),
    );
  }

  /** Draw one side of a picture, whose pixels are `bitmap`, null where they cannot be decoded. */
  show(side, bitmap) {
    this.#learnPace(side.frame);
    const other = this.shown?.frame.source !== side.frame.source;
    this.shown = side;
    this.#damaged = !bitmap;
    const { id, source } = side.frame;
    this.element.dataset.id = id;
    if (other) this.element.dataset.source = source;
    this.#paint(bitmap, side.frame);
    if (other) this.#tell();
  }

  /** Draw detections over the picture; with labels, trails and what was not looked at where trails are given. */
  over(detections, trails = null) {
    const isEmpty = !detections.length && !(trails && this.shown?.frame.unseen);
    if (!this.shown || (isEmpty && !this.#drawn)) return;
    this.#drawn = !isEmpty;
    for (const side of ["width", "height"]) if (this.#outline[side] !== this.#canvas[side]) this.#outline[side] = this.#canvas[side];
    drawOver(this.#outline, this.shown.frame, detections, trails);
  }

  /** Keep the picture as a file: the very bytes that came. */
  save() {
    if (!this.shown) return;
    const { frame, jpeg } = this.shown;
    const name = `${frame.source}-${frame.seq}-${this.#topic}`.replace(/[^\p{L}\p{N}_-]+/gu, "_");
    saveAs(jpeg, `${name}.jpg`);
  }

  /** Empty the pane. */
  clear() {
    this.over([]);
    this.shown = null;
    this.#damaged = false;
    delete this.element.dataset.id;
    delete this.element.dataset.source;
    this.stage.classList.add("empty");
    this.#wholly.hidden = true;
    for (const node of [this.#hidden, this.#doubt, this.#source, this.#reference, this.#time, this.#age]) say(node, "");
  }

  /**
   * Say how old the picture is, and why it stands still where it does; called twice a second.
   * `paused` and `held` are why somebody else makes it stand still. Gives back whether it is out of date.
   */
  refresh(source, { paused = "", held = "" } = {}) {
    const problem = this.#problem(paused) || (this.shown ? held : "");
    const isMissing = !this.shown && !problem && this.#lookFor(source);
    if (!isMissing) this.#missing?.place?.show(null);
    const waits = !this.shown && !isMissing ? `Waiting for the same frame on ${this.#topic}` : "";
    say(this.#note, problem || paused || waits);
    this.#note.hidden = !(problem || paused || waits);
    const stale = Boolean(problem || waits || isMissing);
    this.stage.classList.toggle("stale", stale);
    if (this.shown) this.#tell();
    return stale;
  }

  /** Whether the topic has frames of the source that is shown, newer than it should be waited for. */
  get flows() {
    const age = this.shown && this.#link.age(this.#topic, this.shown.frame.source);
    return age !== null && age <= this.#patience;
  }

  /** For how many seconds the source that is shown has been silent here, 0 while it is not. */
  get silentS() {
    const age = this.shown && this.#link.age(this.#topic, this.shown.frame.source);
    return age !== null && age > this.#patience ? age : 0;
  }

  get #patience() {
    return Math.max(SILENT_S, 3 * this.#every);
  }

  /** Numbers are read, and written, twice a second. */
  #tell() {
    const { frame } = this.shown;
    const { hidden, doubt, wholly } = told(frame.redaction);
    say(this.#hidden, hidden);
    say(this.#doubt, doubt, true);
    this.#doubt.classList.toggle("late", Boolean(frame.redaction?.doubt));
    this.#wholly.hidden = !wholly;
    say(this.#wholly, wholly);
    say(this.#source, nameOf(frame.source), true);
    say(this.#reference, `#${frame.seq}`);
    this.#reference.title = frame.id;
    say(this.#time, timeOfDay(frame.captured_at));
    this.#time.title = wholeTime(frame.captured_at);
    this.#time.dateTime = dateOf(frame.captured_at).toISOString();
    const age = Math.max(0, this.#link.now() - frame.captured_at) / 1e6;
    say(this.#age, `age ${duration(age)}`);
    this.#age.classList.toggle("late", age > this.#patience);
    this.#canvas.setAttribute("aria-label", `${this.#info.title}: frame ${frame.seq} of ${frame.source}. ${wholly || hidden}`);
  }

  #problem(paused) {
    if (this.#link.expired) return "This session has ended";
    if (!this.#link.connected) return "Reconnecting to the viewer…";
    if (this.#damaged) return "This picture cannot be decoded";
    if (paused || !this.shown) return "";
    return this.silentS ? `${nameOf(this.shown.frame.source)} is silent for ${duration(this.silentS)}` : "";
  }

  /** Say what is missing; whether anything is. */
  #lookFor(source) {
    const looked = this.#looked(source);
    if (!looked.state || looked.isKnown) return false;
    if (!this.#missing) {
      this.#missing = import("./missing.js").then(({ Missing, missingOn }) => {
        this.#missing = { place: new Missing(), missingOn };
        this.stage.append(this.#missing.place.element);
      });
    }
    const missing = this.#missing.place ? this.#missing.missingOn(this.#topic, this.#info, source, looked) : null;
    this.#missing.place?.show(missing);
    return Boolean(missing);
  }

  #looked(source) {
    const { state } = this.#link;
    const known = this.#link.sources(this.#topic);
    const isKnown = source ? known.includes(source) : known.length > 0;
    const hasCameras = this.#link.knows(source) || (!source && Object.values(state?.cameras ?? {}).some(Boolean));
    return { state, broker: this.#broker, hasCameras, isKnown };
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
    const canvas = this.#canvas;
    if (canvas.width !== bitmap.width || canvas.height !== bitmap.height) {
      Object.assign(canvas, { width: bitmap.width, height: bitmap.height });
      this.stage.style.setProperty("--aspect", String(frame.size_wh[0] / frame.size_wh[1]));
    }
    canvas.getContext("2d", { alpha: false }).drawImage(bitmap, 0, 0);
    // At once, before what is told is written anew: a black picture must never be without its reason.
    this.#wholly.hidden = (frame.redaction?.covered ?? 0) < WHOLLY;
  }
}
