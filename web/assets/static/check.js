// Check your camera: one frame after the other with what is hidden laid over it, and marks of who can be seen.

import { el, say } from "./dom.js";
import { many, timeOfDay, wholeTime } from "./format.js";
import { load } from "./load.js";
import { leftToRight, hoursSaid, Marks } from "./marks.js";
import { drawPeople } from "./people.js";
import { decode, readPicture } from "./picture.js";
import { Sheet, oneCamera } from "./sheet.js";

const AGAIN_MS = 2000;
const STEP = 1 / 32; // of the picture, for a press of an arrow
const ASKS = "Who can be seen? Click on them, or press their number";

/** One frame after the other, for somebody to mark who can be seen. */
export const show = (shell) => oneCamera(new CheckView(shell.link, shell.page), shell);

class CheckView extends EventTarget {
  #link;
  #page;
  #source = null;
  #shown = null;
  #asking = new AbortController();
  #sheet = new Sheet((...pen) => drawPeople(...pen, this.#shown, leftToRight(this.#shown.people)));
  #chosen = el("p", { className: "chosen" });
  #about = el("p", { className: "none" });
  #next = el("button", { type: "button", className: "next", disabled: true });
  #sentence = el("p", { className: "sentence", attrs: { "aria-live": "polite" } });
  #facts = el("ul", { className: "facts" });

  saves = { name: "Keep", what: "keep the result as a page" };
  keys = {
    rows: [
      ["1 – 9", "this person can be seen"],
      ["← ↑ ↓ →", "move the cross"],
      ["X", "whoever is at the cross can be seen"],
      ["N", "nobody else: the next frame"],
    ],
    does: this.#keys(),
  };

  constructor(link, page) {
    super();
    this.#link = link;
    this.#page = page;
    this.#next.addEventListener("click", () => this.#send());
    this.element = el(
      "div",
      { className: "check" },
      this.#sheet.element,
      el(
        "section",
        { className: "panel", attrs: { "aria-label": "Marks" } },
        this.#chosen,
        el("p", { textContent: ASKS }),
        this.#next,
        this.#about,
        el("h2", { textContent: "What is known" }),
        this.#sentence,
        this.#facts,
        this.#anew(),
      ),
    );
    this.overlay = this.#sheet.overlay;
    this.#sheet.canvas.addEventListener("click", (event) => this.#point(this.#sheet.at(event)));
    this.#draw();
  }

  /** Check one camera. */
  watch(source) {
    this.#source = source;
    this.#tell(null);
    this.#know();
    this.#ask();
  }

  /** Keep the result as a file. */
  save() {
    if (this.#source) el("a", { href: this.#address("report"), download: "" }).click();
  }

  async #ask() {
    this.#asking.abort();
    const { signal } = (this.#asking = new AbortController());
    this.#drop();
    while (!signal.aborted && !this.#shown) {
      try {
        await visible();
        await this.#take(await fetch(this.#address("sample"), { signal }), signal);
      } catch (error) {
        if (signal.aborted) return;
        console.warn(error.message);
        await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
      }
    }
  }

  async #take(answer, signal) {
    if (answer.status === 204) return this.#wait(`No frame of ${this.#source} was on both topics in the last 10 s`);
    if (answer.status === 205) return this.#end(`All frames of ${this.#source} that were drawn are marked`);
    if (!answer.ok) throw new Error(`The viewer gives no frame: ${answer.status}`);
    const picture = readPicture(await answer.arrayBuffer(), this.#link.now());
    const bitmaps = await decode(picture);
    if (signal.aborted) return Object.values(bitmaps).forEach((bitmap) => bitmap?.close());
    // Nobody holds a frame for longer than the viewer would.
    const dropped = setTimeout(() => this.#ask(), picture.held_ms);
    this.#shown = { ...picture, bitmaps, marks: new Marks(picture.people), dropped };
    this.#draw();
  }

  #point(at) {
    if (at) this.#mark((marks) => marks.point(at));
  }

  #mark(how) {
    if (!this.#shown) return;
    how(this.#shown.marks);
    this.#draw();
  }

  async #send() {
    if (!this.#shown) return;
    const source = this.#source;
    const body = JSON.stringify({ sample: this.#shown.sample, ...this.#shown.marks.said });
    this.#drop();
    try {
      const answer = await fetch("/check/marks", { method: "POST", body });
      if (answer.ok) this.#tell(await answer.json(), source);
      else console.warn(await answer.text());
    } catch (error) {
      console.warn(error.message); // the viewer is away: the page says so, and the frame counts as not marked
    }
    this.#ask();
  }

  #drop() {
    if (!this.#shown) return;
    clearTimeout(this.#shown.dropped);
    for (const bitmap of Object.values(this.#shown.bitmaps)) bitmap?.close();
    this.#shown = null;
    this.#draw();
  }

  async #know() {
    const source = this.#source;
    const result = await load(this.#address("result"));
    if (result !== undefined) this.#tell(result, source);
  }

  /** Say what is known of a camera; nothing where another one was chosen meanwhile. */
  #tell(result, source = this.#source) {
    if (source !== this.#source) return;
    say(this.#sentence, result?.sentence ?? "No random frame is marked yet.");
    const { doubts = "", left = 0, hours = [] } = result ?? {};
    const facts = [
      hoursSaid(hours),
      doubts && `Chosen for doubt, and not in the bound: ${doubts[0].toLowerCase()}${doubts.slice(1)}`,
      left && `${many(left, "frame was", "frames were")} shown and not marked`,
    ];
    this.#facts.replaceChildren(...facts.filter(Boolean).map((textContent) => el("li", { textContent })));
  }

  #end(why) {
    this.#asking.abort();
    this.#wait(why);
  }

  #wait(why) {
    this.#sheet.clear(why);
  }

  #draw() {
    const { sides, bitmaps, people, marks, chosen, why } = this.#shown ?? {};
    const { left, right } = this.#page;
    this.element.dataset.sample = this.#shown?.sample ?? "";
    if (sides) this.#sheet.show(bitmaps, `A frame with ${many(people.length, "box", "boxes")}`);
    else this.#wait(`Waiting for a frame of ${this.#source ?? "a camera"} on ${left} and ${right}`);
    const frame = sides?.right.frame;
    say(this.#about, frame ? `${frame.source}, frame ${frame.seq} of ${timeOfDay(frame.captured_at)}` : "", true);
    if (frame) this.#about.title = wholeTime(frame.captured_at);
    say(this.#chosen, !sides ? "" : chosen === "random" ? "Drawn at random" : `Chosen for doubt: ${why}`);
    this.#chosen.classList.toggle("doubt", chosen === "doubt");
    say(this.#next, !marks?.size ? "Nobody can be seen" : `${marks.size} can be seen: next`);
    this.#next.disabled = !sides;
  }

  #keys() {
    const digits = Array.from({ length: 9 }, (_, at) => [
      String(at + 1),
      () => this.#mark((marks) => marks.toggle(leftToRight(this.#shown.people)[at])),
    ]);
    return {
      ...Object.fromEntries(digits),
      n: () => this.#send(),
      x: () => this.#point(this.#sheet.cross),
      ArrowLeft: () => this.#move(-STEP, 0),
      ArrowRight: () => this.#move(STEP, 0),
      ArrowUp: () => this.#move(0, -STEP),
      ArrowDown: () => this.#move(0, STEP),
    };
  }

  #move(x, y) {
    this.#sheet.moveCross(x, y);
    this.#draw();
  }

  #anew() {
    const begin = el("button", { type: "button", textContent: "Begin anew" });
    const more = el(
      "details",
      {},
      el("summary", { textContent: "Begin a new check" }),
      el("p", { className: "none", textContent: "Keep the result first: what is marked from then on counts by itself" }),
      begin,
    );
    begin.addEventListener("click", async () => {
      await fetch(this.#address("anew"), { method: "POST" });
      more.open = false;
      await this.#know();
    });
    return more;
  }

  #address(what) {
    return `/check/${what}?source=${encodeURIComponent(this.#source)}`;
  }
}

/** Until somebody can see this page. */
async function visible() {
  while (document.hidden) {
    await new Promise((resolve) => document.addEventListener("visibilitychange", resolve, { once: true }));
  }
}
