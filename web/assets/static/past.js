// What the bus still holds of a camera: a strip to scrub over, the frame of a moment and those beside it, and a clip.

import { button, el, saveAs, say } from "./dom.js";
import { dateOf, duration, hourOf, timeOfDay } from "./format.js";
import { slice } from "./hour.js";
import { load } from "./load.js";
import { mainSide, readPicture } from "./picture.js";
import { loadCameras } from "./recorded.js";
import { TimeStrip } from "./timestrip.js";

const [SECOND_US, HOUR_US] = [1e6, 3600e6];
const CLIP_US = 30 * SECOND_US;
const [LOOK_MS, SAID_MS] = [5_000, 500];
const BARS = { colour: "hidden", height: (share) => share };

export class Past {
  #duo;
  #opener;
  #link;
  #topic;
  #hasHour;
  #hasRecordings;
  #source = null;
  #left = null;
  #since = null; // µs since the epoch, null where nothing is held
  #segments = [];
  #marks = { from: null, until: null };
  #seeks = null;
  #isBusy = false;
  #recorded = "";
  #strip = new TimeStrip("Time that the bus still holds", SECOND_US);
  #words = el("p", { className: "words" });
  #from = el("span");
  #until = el("span");
  #under = el("output");
  #saying = el("p", { className: "none", attrs: { role: "status" } });
  #earlier = button("Earlier", () => this.#seek(this.#window.from - HOUR_US / 2), { title: "Half an hour further back", hidden: true });
  #clips = button("Clip", () => this.#clip());
  #further = el("a", { textContent: "Further back in Playback", hidden: true });

  /** `opener` is the button that shows it. */
  constructor({ link, page, pages, topics }, duo, opener) {
    this.#duo = duo;
    this.#opener = opener;
    this.#link = link;
    this.#topic = page.right;
    this.#hasHour = Object.values(topics).some(({ kind }) => kind === "redacted");
    this.#hasRecordings = pages.some(({ kind }) => kind === "playback");
    const mark = (end) => () => this.#mark(end);
    const marks = [button("From here", mark("from"), { title: "Where the clip begins" }), button("To here", mark("until"), { title: "Where the clip ends" })];
    const live = button("Live", () => duo.resume());
    this.element = el(
      "figure",
      { className: "past", hidden: true, attrs: { "aria-label": "Time" } },
      el("figcaption", {}, el("span", { className: "what", textContent: "still on the bus" }), this.#words),
      this.#strip.element,
      el("p", { className: "axis" }, this.#from, this.#under, this.#until),
      el("div", { className: "row" }, this.#earlier, live, ...marks, this.#clips, this.#further),
      this.#saying,
    );
    duo.pictures.after(this.element);
    Object.assign(duo.keys.does, { "[": mark("from"), "]": mark("until"), c: () => this.#clip() });
    this.#strip.addEventListener("seek", (event) => this.#seek(/** @type {CustomEvent} */ (event).detail));
    setInterval(() => this.#place(), SAID_MS);
    setInterval(() => this.watch(), LOOK_MS);
  }

  /** Show the strip, or hide it. */
  toggle() {
    this.#show(this.element.hidden);
  }

  /** Go to a moment that an address asks for. */
  async open(us) {
    this.#show(true);
    await this.#goTo(us);
  }

  #show(isShown) {
    this.element.hidden = !isShown;
    this.#opener.setAttribute("aria-pressed", String(isShown));
    this.#left = this.#duo.wanted.left;
    this.watch();
  }

  /** Follow the camera that is shown now. */
  watch() {
    const source = this.#duo.wanted.source ?? this.#duo.frame?.source ?? null;
    if (source === this.#source) return void this.#look();
    this.#source = source;
    [this.#since, this.#segments, this.#marks, this.#recorded] = [null, [], { from: null, until: null }, ""];
    say(this.#words, "");
    this.#say("");
    this.#look();
    this.#findRecordings();
  }

  /** The picture after this one (before, if `steps` is negative) that the bus holds, null where it holds none. */
  async beside(picture, steps) {
    if (this.#isBusy) return null;
    const { source, captured_at } = mainSide(picture).frame;
    return this.#alone(() => (steps < 0 ? this.#load(source, captured_at, true) : this.#load(source, captured_at + 1)));
  }

  async #look() {
    const source = this.#source;
    if (this.element.hidden || document.hidden || !source) return;
    const held = await load(`/held?${new URLSearchParams({ topic: this.#topic, source })}`);
    const hour = this.#hasHour ? await load(`/redaction/hour?${new URLSearchParams({ source })}`) : null;
    if (source !== this.#source) return;
    this.#since = held?.since ?? null;
    this.#segments = this.#since === null ? [] : segments(this.#since, this.#link.now(), hour);
    say(this.#words, this.#told(held));
    this.#place();
  }

  #told(held) {
    if (!held) return "what the bus holds cannot be read now";
    if (this.#since === null) return `${this.#topic} holds nothing of this camera`;
    return `back to ${hourOf(this.#since)} · ${duration((this.#link.now() - this.#since) / SECOND_US)}`;
  }

  /** The hour that is drawn: the last one, or the one around an earlier picture. */
  get #window() {
    const now = this.#link.now();
    const at = this.#duo.frame?.captured_at ?? now;
    const since = this.#since ?? now - HOUR_US;
    const from = Math.max(since, Math.min(now, at + 2 * HOUR_US / 3) - HOUR_US);
    return { from, until: Math.min(now, from + HOUR_US) };
  }

  #place() {
    if (this.element.hidden) return;
    const { from, until } = this.#window;
    const at = this.#duo.frame?.captured_at ?? null;
    this.#keepSides(at);
    this.#strip.show(from, until, this.#segments.filter((each) => each.ends_at > from && each.starts_at < until), { most: 1, bars: BARS });
    this.#strip.at = at;
    this.#strip.marked = this.#marks;
    say(this.#from, hourOf(from));
    say(this.#until, this.#link.now() - until < SECOND_US ? "now" : hourOf(until));
    say(this.#under, at === null ? "" : timeOfDay(at));
    this.#earlier.hidden = !(this.#since !== null && this.#since < from);
    const [since, end] = this.#part;
    say(this.#clips, since === null ? "Clip" : `Clip (${duration((end - since) / SECOND_US)})`);
    this.#further.hidden = !this.#recorded;
    this.#further.href = `/playback?${new URLSearchParams({ source: this.#recorded, at: dateOf(at ?? from).toISOString() })}`;
  }

  /** A side that another layout brings has no picture of this moment yet. */
  #keepSides(at) {
    const { left } = this.#duo.wanted;
    if (left && !this.#left && this.#duo.paused && at !== null) this.#goTo(at);
    this.#left = left;
  }

  async #seek(us) {
    this.#duo.pausedAt = 0;
    await this.#goTo(us);
  }

  /** Show the frame of a moment, the last that was asked for where several are. */
  async #goTo(us) {
    if (!this.#source) return;
    this.#seeks = Math.min(Math.max(us, this.#since ?? us), this.#link.now());
    if (this.#isBusy) return;
    await this.#alone(async () => {
      while (this.#seeks !== null) {
        const [at, source] = [this.#seeks, this.#source];
        this.#seeks = null;
        const picture = (await this.#load(source, at)) ?? (await this.#load(source, at, true));
        if (picture && source === this.#source) await this.#duo.hold(picture);
      }
    });
    this.#place();
  }

  /** One question at a time. */
  async #alone(ask) {
    this.#isBusy = true;
    try {
      return await ask();
    } finally {
      this.#isBusy = false;
      if (this.#seeks !== null) this.#goTo(this.#seeks);
    }
  }

  /** The first picture of that time or later, or the last one before it; null where there is none. */
  async #load(source, at, before = false) {
    const { left, right, width } = this.#duo.wanted;
    const asked = { right, source, at: String(Math.round(at)), ...(left && { left }), ...(width && { width }), ...(before && { before: "1" }) };
    const answer = await this.#ask(`/held/frame?${new URLSearchParams(asked)}`);
    return answer?.status === 200 ? readPicture(await answer.arrayBuffer(), this.#link.now()) : null;
  }

  /** What an address answers, null where it refuses, which is said. */
  async #ask(address) {
    try {
      const answer = await fetch(address);
      this.#say(answer.ok ? "" : await answer.text());
      return answer.ok ? answer : null;
    } catch {
      this.#say("The viewer does not answer");
      return null;
    }
  }

  #mark(end) {
    if (!this.#duo.frame) return;
    this.#marks = { ...this.#marks, [end]: this.#duo.frame.captured_at };
    this.#place();
  }

  /** What a clip would hold: from mark to mark, else what is before the picture, or before the mark of its end. */
  get #part() {
    const end = this.#marks.until ?? this.#duo.frame?.captured_at ?? null;
    if (end === null) return [null, null];
    return [this.#marks.from ?? end - CLIP_US, end].sort((a, b) => a - b);
  }

  async #clip() {
    const [since, end] = this.#part;
    if (since === null) return;
    const asked = { topic: this.#topic, source: this.#source, since: String(Math.max(0, since)), until: String(end + 1) };
    this.#clips.disabled = true;
    this.#say("The clip is made…");
    const answer = await this.#ask(`/held/clip?${new URLSearchParams(asked)}`);
    this.#clips.disabled = false;
    if (answer) saveAs(await answer.blob(), answer.headers.get("Content-Disposition").split('"')[1]);
  }

  async #findRecordings() {
    const source = this.#source;
    if (!this.#hasRecordings || !source) return;
    const camera = (await loadCameras()).find((each) => each.source === source);
    if (source === this.#source) this.#recorded = camera?.name ?? "";
  }

  #say(text) {
    say(this.#saying, text.trim());
  }
}

/** What is held, as the strip draws it: slices of the last hour with what was hidden, and all before them as one. */
export function segments(since, now, hour) {
  const slices = (hour?.rows ?? []).map(slice).filter(({ frames }) => frames);
  const told = slices.map(({ at, covered, doubts }) => ({
    starts_at: at * SECOND_US,
    ends_at: (at + hour.slice_s) * SECOND_US,
    found: { hidden: covered },
    doubts,
  }));
  const first = told[0]?.starts_at ?? now;
  const before = since < first ? [{ starts_at: since, ends_at: first, found: {}, doubts: 0 }] : [];
  return [...before, ...told.filter(({ ends_at }) => ends_at > since)];
}
