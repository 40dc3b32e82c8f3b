// What was recorded: one camera's picture, its numbers beside it, and a day as a strip a camera.

import { Choice, buttons } from "./controls.js";
import { button, el, fill, say } from "./dom.js";
import { dateOf, nameOf, share, timeOfDay } from "./format.js";
import { DayHours } from "./dayhours.js";
import { Player } from "./player.js";
import { dayAround, frameAt, loadCameras, loadDay, loadNumbers, segmentAt, videoOf } from "./recorded.js";
import { asked } from "./state.js";
import { TimeStrip, foundIn } from "./timestrip.js";

const REFRESH_MS = 10_000;
const SAID_MS = 500;
const HOUR_US = 3600e6;
const SPEEDS = ["0.5×", "1×", "2×", "4×", "8×", "16×"];
const date = new Intl.DateTimeFormat(undefined, { dateStyle: "full" });
const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;

/** What was recorded. */
export function show({ content, toolbar }) {
  const playback = new PlaybackView();
  const cameras = new Choice("Camera", "", asked("source") ?? "", (name) => playback.choose(name));
  const speeds = new Choice("Speed", "", "1×", (speed) => playback.speed(speed));
  speeds.offer(playback.speeds);
  playback.addEventListener("cameras", () => cameras.offer(playback.names, playback.shown));
  content.append(toolbar(cameras.element, playback.day, speeds.element, buttons(playback)), playback.element);
  return () => {};
}

class PlaybackView extends EventTarget {
  paused = true;
  saves = { name: "Save", what: "save this minute as a file" };
  speeds = SPEEDS;

  #cameras = [];
  #camera = null;
  #at = 0; // µs since the epoch
  #sought = 0;
  #day = { from: 0, until: 1 };
  #files = new Map(); // of the day, by the camera's name
  #segment = null;
  #frames = [];
  #player = new Player();
  #strips = new Map();
  #rows = el("div", { className: "timestrips" });
  #hour = new TimeStrip("The hour around the picture");
  #axis = el("p", { className: "axis" });
  #minutes = el("p", { className: "axis" });
  #hours = new DayHours();
  #empty = el("p", { className: "none" });
  #note = el("p", { className: "note", hidden: true, attrs: { role: "status" } });
  #mark = el("span", { className: "mark" });
  #name = el("bdi", { className: "name" });
  #time = el("p", { className: "moment" });
  #where = el("p", { className: "quiet" });
  #hidden = el("p", { className: "sentence" });
  #doubt = el("p", { className: "chosen" });
  #found = el("p", {});
  #chain = el("ul", { className: "facts", attrs: { "aria-label": "What this frame went through" } });
  #clip = el("code");
  #input = el("input", { type: "date", attrs: { "aria-label": "Day" } });

  constructor() {
    super();
    this.pictures = el("div", { className: "stage" }, this.#player.element, this.#note);
    const caption = el("p", { className: "caption" }, this.#name, this.#mark);
    const more = el("p", { className: "quiet" }, "A longer part as one file: ", this.#clip);
    const panel = el("div", { className: "panel" }, this.#time, this.#where, this.#hidden, this.#doubt, this.#found, this.#chain, more);
    this.recorded = el(
      "div",
      { hidden: true },
      el("div", { className: "check playback" }, el("div", { className: "pane" }, caption, this.pictures, this.#hour.element, this.#minutes), panel),
      el("section", { className: "days", attrs: { "aria-label": "The day" } }, this.#axis, this.#rows, legend(), this.#hours.element),
    );
    this.element = el("div", {}, this.#empty, this.recorded);
    this.day = el("span", { className: "day" }, arrow("‹", "The day before", () => this.#turn(-1)), this.#input, arrow("›", "The day after", () => this.#turn(1)));
    this.#input.addEventListener("change", () => this.#input.value && this.#show(new Date(`${this.#input.value}T00:00`).getTime() * 1000));
    this.#hour.addEventListener("seek", (event) => this.#seek(/** @type {CustomEvent} */ (event).detail));
    this.#player.addEventListener("timeupdate", () => this.#moved());
    this.#player.addEventListener("seeked", () => this.#moved());
    this.#player.addEventListener("ended", () => this.#goOn());
    this.#player.addEventListener("error", () => this.#missed());
    setInterval(() => this.#tell(), SAID_MS);
    setInterval(() => this.#refresh(), REFRESH_MS);
    this.#begin();
  }

  /** The names of the cameras there are. */
  get names() {
    return this.#cameras.map(({ name }) => name);
  }

  /** Show another camera, at the same time where it has one. */
  choose(name) {
    this.#camera = this.#cameras.find((each) => each.name === name) ?? null;
    if (!this.#camera) return;
    this.#draw();
    this.#seek(this.#at);
  }

  /** So many times as fast as it was. */
  speed(text) {
    this.#player.rate = parseFloat(text);
  }

  pause() {
    this.#become(true);
  }

  resume() {
    this.#become(false);
  }

  /** The frame before or after. */
  step(by) {
    this.pause();
    const next = this.#frames[frameAt(this.#frames, this.#at) + by];
    if (next) return this.#seek(next.at);
    const files = this.#here();
    const beside = files[files.findIndex(({ file }) => file === this.#segment?.file) + by];
    if (beside) this.#seek(by > 0 ? beside.starts_at : beside.ends_at);
  }

  /** Keep the file that is shown. */
  save() {
    if (this.#segment) el("a", { href: this.#player.url, download: `${this.#camera.folder}-${this.#segment.file.replace("/", "-")}.mp4` }).click();
  }

  async #begin() {
    this.#cameras = await loadCameras();
    say(this.#empty, "Nothing is recorded yet: imagebus record records what the chain file names; docs/recordings.md says how");
    if (!this.#cameras.length) return;
    this.#empty.hidden = true;
    this.recorded.hidden = false;
    this.#camera = this.#cameras.find(({ name }) => name === asked("source")) ?? this.#cameras[0];
    this.dispatchEvent(new Event("cameras"));
    const at = Date.parse(asked("at") ?? "") * 1000;
    // Without a time the newest there is.
    this.dispatchEvent(new Event("change"));
    await this.#show(at || Date.parse(`${this.#camera.last}T23:59:59Z`) * 1000, !at);
  }

  /** The name of the camera that is shown. */
  get shown() {
    return this.#camera?.name ?? "";
  }

  /** Show the day of a moment, and the picture then; or the newest one of it. */
  async #show(us, newest = false) {
    this.#day = dayAround(us);
    this.#input.value = localDate(this.#day.from);
    await this.#load();
    const last = this.#here().at(-1);
    this.#seek(newest && last ? last.starts_at : us);
  }

  async #load() {
    const day = this.#day;
    const loaded = await Promise.all(this.#cameras.map(async (each) => [each.name, await loadDay(each, day)]));
    if (day !== this.#day) return;
    this.#files = new Map(/** @type {[string, any[]][]} */ (loaded));
    this.#draw();
  }

  #draw() {
    const most = Math.max(1, ...[...this.#files.values()].flat().map(foundIn));
    fill(this.#rows, this.#cameras, () => el("div", { className: "timestrip-row" }), (row, camera) => this.#drawRow(row, camera, most));
    fill(this.#axis, [0, 6, 12, 18, 24], () => el("span"), (mark, hour) => say(mark, clock.format(dateOf(this.#day.from + hour * HOUR_US))));
    this.#hours.show(this.#day, this.#here(), this.#camera.name);
    this.#place();
  }

  #drawRow(row, camera, most) {
    let strip = this.#strips.get(camera.name);
    if (!strip) {
      strip = new TimeStrip(`Day of ${nameOf(camera.name)}`);
      strip.addEventListener("seek", (event) => {
        this.#camera = camera;
        this.dispatchEvent(new Event("cameras"));
        this.#draw();
        this.#seek(event.detail);
      });
      this.#strips.set(camera.name, strip);
      row.append(el("bdi", { className: "name", textContent: nameOf(camera.name), title: nameOf(camera.name) }), strip.element);
    }
    row.classList.toggle("shown", camera === this.#camera);
    strip.show(this.#day.from, this.#day.until, this.#files.get(camera.name) ?? [], { most });
  }

  #place() {
    for (const [name, strip] of this.#strips) strip.at = name === this.#camera.name ? this.#at : null;
    const from = Math.floor(this.#at / HOUR_US) * HOUR_US;
    const files = this.#here();
    this.#hour.show(from, from + HOUR_US, files.filter((each) => each.ends_at >= from && each.starts_at < from + HOUR_US), { most: Math.max(1, ...files.map(foundIn)) });
    this.#hour.at = this.#at;
    fill(this.#minutes, [0, 15, 30, 45, 60], () => el("span"), (mark, minute) => say(mark, clock.format(dateOf(from + minute * 60e6))));
  }

  #here() {
    return this.#files.get(this.#camera.name) ?? [];
  }

  /** Show the picture of a moment, or the first after it. */
  async #seek(us) {
    if (us < this.#day.from || us >= this.#day.until) return this.#show(us);
    const segment = segmentAt(this.#here(), us);
    this.#hint(segment ? "" : `Nothing of ${nameOf(this.#camera.name)} is recorded from ${timeOfDay(us)} on`);
    const at = segment ? Math.max(us, segment.starts_at) : us;
    this.#at = this.#sought = at;
    if (segment?.file !== this.#segment?.file || !this.#player.url.startsWith(videoOf(this.#camera, segment ?? { file: "" }))) {
      await this.#open(segment);
      if (this.#sought !== at) return; // somebody looks elsewhere by now
      this.#at = at; // where the file begins was shown meanwhile
    }
    if (segment) {
      // A frame is shown from its stamp on, and stamps are rounded.
      this.#player.open(this.#player.url || videoOf(this.#camera, segment), (at - segment.starts_at) / 1e6 + 0.001);
      if (!this.paused) this.#player.play();
    }
    this.#place();
    this.#tell();
    this.#link();
  }

  async #open(segment) {
    this.#segment = segment ?? null;
    this.#frames = [];
    if (!segment) return this.#player.clear();
    this.#player.open(videoOf(this.#camera, segment), 0);
    const frames = await loadNumbers(this.#camera, segment).catch(() => []);
    if (segment === this.#segment) this.#frames = frames;
  }

  #moved() {
    if (!this.#segment) return;
    this.#at = this.#segment.starts_at + Math.round(this.#player.second * 1e6);
    this.#place();
    const next = this.#after();
    if (next && this.#segment.ends_at - this.#at < 20e6) this.#player.prepare(videoOf(this.#camera, next));
  }

  #after() {
    const files = this.#here();
    return files[files.findIndex(({ file }) => file === this.#segment?.file) + 1];
  }

  /** The next file, where there is one. */
  #goOn() {
    const next = this.#after();
    if (!next) return this.pause();
    const missing = (next.starts_at - this.#segment.ends_at) / 1e6;
    this.#seek(next.starts_at).then(() => next.gap && this.#hint(`Missing ${Math.round(missing)} s before: ${next.gap.why}`));
  }

  #missed() {
    this.#hint("This minute is not there any more");
    this.#load();
  }

  async #refresh() {
    const now = Date.now() * 1000;
    if (this.#camera && now >= this.#day.from && now < this.#day.until) await this.#load();
  }

  #become(paused) {
    this.paused = paused;
    if (paused) this.#player.pause();
    else this.#player.play();
    this.#link();
    this.dispatchEvent(new Event("change"));
  }

  #hint(text) {
    say(this.#note, text);
    this.#note.hidden = !text;
  }

  #tell() {
    if (!this.#camera) return;
    say(this.#name, nameOf(this.#camera.name), true);
    say(this.#mark, this.#camera.raw ? "raw" : "redacted");
    this.#mark.classList.toggle("redacted", !this.#camera.raw);
    say(this.#time, timeOfDay(this.#at));
    say(this.#where, `${date.format(dateOf(this.#at))} · ${zone}`);
    const frame = this.#frames[frameAt(this.#frames, this.#at + 1000)];
    const labels = frame?.chain.labels ?? [];
    say(this.#hidden, frame?.covered == null ? "" : `${labels.join(", ") || "people"} hidden: ${share(frame.covered)}`);
    say(this.#doubt, frame ? (frame.doubt ? `in doubt: ${frame.doubt}` : "nothing in doubt") : "");
    this.#doubt.classList.toggle("doubt", Boolean(frame?.doubt));
    const found = Object.entries(frame?.found ?? {}).map(([label, count]) => `${count} × ${label}`);
    say(this.#found, frame ? `found: ${found.join(", ") || "nothing"}` : "");
    const style = frame?.chain.style ? [`style ${frame.chain.style}`] : [];
    fill(this.#chain, [...(frame?.chain.steps.map(stepText) ?? []), ...style], () => el("li"), (item, text) => say(item, text, true));
    say(this.#clip, clipCommand(this.#camera.source, this.#at));
  }

  #link() {
    const at = new Date(this.#at / 1000);
    if (isNaN(at.getTime())) return;
    history.replaceState(null, "", `?${new URLSearchParams({ source: this.#camera.name, at: at.toISOString() })}`);
  }

  #turn(days) {
    const noon = new Date(this.#day.from / 1000 + days * 86_400_000 + 43_200_000);
    this.#show(noon.setHours(0, 0, 0, 0) * 1000);
  }
}

const stepText = ({ function: name, version, options }) => {
  const set = Object.entries(options).filter(([, value]) => !Array.isArray(value) || value.length);
  const said = set.map(([option, value]) => `${option} ${Array.isArray(value) ? value.join(" ") : value}`);
  return `${name} ${version}${said.length ? ` (${said.join(", ")})` : ""}`;
};

/** What to type for the ten minutes around a moment. */
function clipCommand(source, us) {
  const [from, to] = [-300e6, 300e6].map((by) => dateOf(us + by).toISOString().slice(0, 19) + "Z");
  return `imagebus export '${source.replaceAll("'", "'\\''")}' ${from} ${to} clip.mp4`;
}

function localDate(us) {
  const day = new Date(us / 1000);
  return [day.getFullYear(), day.getMonth() + 1, day.getDate()].map((part) => String(part).padStart(2, "0")).join("-");
}

const arrow = (text, title, press) => button(text, press, { title, attrs: { "aria-label": title } });

const legend = () =>
  el(
    "p",
    { className: "legend" },
    ...[["recorded", "recorded"], ["found", "found, the most at once"], ["late", "in doubt"]].map(([className, textContent]) => el("span", { className, textContent })),
  );
