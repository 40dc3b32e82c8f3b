// The last hour of every camera, for whoever answers for it: to read, to print and to keep.

import { buttons } from "./controls.js";
import { el, hold } from "./dom.js";
import { load } from "./load.js";
import { Strip } from "./strip.js";

const LOOK_MS = 10_000;
const KEPT = [
  "This hour is kept in the memory of this viewer, on this host, and nowhere else. It is lost when the viewer is started again, and a minute is gone an hour later. It holds numbers and reasons, no picture.",
  "Hidden is the share of a picture that the redactor says it has covered. In doubt are frames where it could not rely on what it saw, and covered more. What never came out was captured and is on no redacted topic ten seconds later: a dead letter, too old, or left out by a function.",
];

export function show({ content, toolbar }) {
  const view = new HoursView();
  content.append(toolbar(buttons(view)), view.element);
  return () => {};
}

class HoursView extends EventTarget {
  #strips = new Map();
  #list = el("div", { className: "strips" });
  #none = el("p", { className: "none", textContent: "No camera had a redacted frame in the last hour." });

  saves = { name: "CSV", what: "save the hour of all cameras" };
  element = el("div", { className: "hours" }, ...KEPT.map((textContent) => el("p", { textContent })), this.#none, this.#list);

  constructor() {
    super();
    setInterval(() => this.#look(), LOOK_MS);
    this.#look();
  }

  save() {
    el("a", { href: "/redaction.csv", download: "" }).click();
  }

  async #look() {
    if (document.hidden) return;
    const sources = await load("/redaction/sources");
    if (sources) this.#show(sources);
  }

  #show(sources) {
    for (const source of sources) {
      if (this.#strips.has(source)) continue;
      const strip = new Strip({ isOneOfMany: true });
      strip.watch(source);
      this.#strips.set(source, strip);
    }
    hold(this.#list, sources.map((source) => this.#strips.get(source).element));
    this.#none.hidden = sources.length > 0;
  }
}
