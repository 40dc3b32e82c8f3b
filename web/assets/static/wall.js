// All sources of a topic, in a grid; each is a view of its own.

import { el } from "./dom.js";
import { Pane } from "./pane.js";
import { decode, widthFor } from "./picture.js";

const NUMBERS_MS = 500;
const TILE_PX = 480;
const MAX_TILES = 64; // as many views as the viewer lets one page have

export class Wall extends EventTarget {
  #link;
  #topics;
  #topic;
  #pages;
  #tiles = new Map();

  paused = false;
  pictures = el("div", { className: "wall" });
  #empty = el("p", { className: "none" });

  constructor(link, page, topics, pages) {
    super();
    this.#link = link;
    this.#topics = topics;
    this.#topic = page.right;
    this.#pages = pages;
    this.element = el("div", {}, this.pictures, this.#empty);
    setInterval(() => this.#refresh(), NUMBERS_MS);
    link.addEventListener("change", () => this.#refresh());
  }

  /** Show the sources of a topic. */
  watch(topic) {
    for (const tile of this.#tiles.values()) tile.stop();
    this.#tiles.clear();
    this.pictures.replaceChildren();
    this.#topic = topic;
    this.#refresh();
  }

  pause() {
    this.paused = true;
    this.#changed();
  }

  resume() {
    this.paused = false;
    this.#changed();
  }

  #changed() {
    this.#refresh();
    this.dispatchEvent(new Event("change"));
  }

  #refresh() {
    const sources = this.#link.sources(this.#topic);
    if (this.#link.state?.bus === "ready") this.#removeAllBut(sources);
    for (const source of sources) if (this.#tiles.size < MAX_TILES && !this.#tiles.has(source)) this.#add(source);
    for (const [source, { pane }] of this.#tiles) pane.refresh(source, { paused: this.paused ? "Paused" : "" });
    this.#empty.hidden = this.#tiles.size > 0;
    this.#empty.textContent = `Waiting for ${this.#topic}: no source has sent yet`;
  }

  /** The viewer has forgotten the others, or has too many to name them. */
  #removeAllBut(sources) {
    const kept = new Set(sources);
    for (const [source, { pane, stop }] of this.#tiles) {
      if (kept.has(source)) continue;
      stop();
      pane.element.remove();
      this.#tiles.delete(source);
    }
  }

  #add(source) {
    const pane = new Pane(this.#link, this.#topic, this.#topics[this.#topic]);
    const wanted = { left: null, right: this.#topic, source, width: widthFor(TILE_PX * devicePixelRatio) };
    const stop = this.#link.watch(wanted, async (picture) => {
      if (this.paused) return;
      const bitmaps = await decode(picture);
      pane.show(picture.sides.right, bitmaps.right);
      pane.refresh(source);
      bitmaps.right?.close();
    });
    pane.element.setAttribute("aria-label", `${source} on ${this.#topic}`);
    this.#tiles.set(source, { pane, stop });
    pane.element.append(this.#opener(source));
    const after = [...this.#tiles.keys()].sort().indexOf(source);
    this.pictures.insertBefore(pane.element, this.pictures.children[after] ?? null);
  }

  /** A link over the whole tile to the page that shows this source large. */
  #opener(source) {
    const page = this.#pages.find(({ right, wall }) => right === this.#topic && !wall);
    if (!page) return "";
    const link = el("a", { href: page.path, className: "open", attrs: { "aria-label": `Open ${source}` } });
    link.addEventListener("click", () => sessionStorage.setItem("source", source));
    return link;
  }
}
