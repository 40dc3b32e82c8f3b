// All sources of a topic, as large as the window lets all of them be; those that can be seen are watched.

import { Choice, buttons } from "./controls.js";
import { el, say } from "./dom.js";
import { nameOf } from "./format.js";
import { gridFor, inOrder, moved } from "./grid.js";
import { Pane } from "./pane.js";
import { decode, widthFor } from "./picture.js";
import { isFilled } from "./screen.js";
import { addressOf, asked, tell } from "./state.js";

const NUMBERS_MS = 1000;
const DRAW_MS = 50;
const LEAST_PX = 160;
const CAPTION_PX = 29;
const ORDERS = ["by name", "what is wrong first", "as I put them"];
const KEPT = "wall"; // the order that somebody put the tiles in

export function show(shell) {
  const { page, topics, content, toolbar } = shell;
  const wall = new Wall(shell);
  const topic = topics[asked("topic")] ? asked("topic") : page.right;
  const choice = new Choice("Topic", "", topic, (name) => {
    tell({ topic: name === page.right ? null : name });
    wall.watch(name);
  });
  const orders = new Choice("Order", "", ORDERS.includes(asked("order")) ? asked("order") : wall.order, (order) => {
    tell({ order });
    wall.sort(order);
  });
  wall.addEventListener("order", () => orders.offer(ORDERS, wall.order));
  choice.offer(Object.keys(topics));
  orders.offer(ORDERS);
  content.append(toolbar(choice.element, orders.element, buttons(wall)), wall.element);
  wall.watch(topic);
  if (asked("order")) wall.sort(asked("order"));
  return () => wall.refresh();
}

class Wall extends EventTarget {
  #link;
  #shell;
  #topic;
  #tiles = new Map();
  #order = kept();
  #unnamed = el("p", { className: "none" });
  #aspect = 16 / 9;
  #learnt = "";
  #moment = null;
  #seen = new IntersectionObserver((entries) => this.#see(entries), { rootMargin: "64px" });

  paused = false;
  order = this.#order.length ? ORDERS[2] : ORDERS[0];
  pictures = el("div", { className: "wall" });
  keys = {
    rows: [["< >", "move the tile that has the focus"]],
    does: { "<": () => this.#move(-1), ">": () => this.#move(1) },
  };

  constructor(shell) {
    super();
    this.#shell = shell;
    this.#link = shell.link;
    this.element = el("div", {}, this.pictures, this.#unnamed);
    setInterval(() => this.refresh(), NUMBERS_MS);
    addEventListener("resize", () => this.#fit());
    this.pictures.addEventListener("fullscreenchange", () => this.#fit());
    this.pictures.addEventListener("dragover", (event) => event.preventDefault());
    this.pictures.addEventListener("drop", (event) => this.#drop(event));
  }

  /** Show the sources of a topic. */
  watch(topic) {
    for (const source of [...this.#tiles.keys()]) this.#remove(source);
    this.#topic = topic;
    this.refresh();
  }

  /** Put the tiles into an order: by name, what is wrong first, or as somebody put them. */
  sort(order) {
    this.order = ORDERS.includes(order) ? order : ORDERS[0];
    this.#arrange();
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
    this.refresh();
    this.dispatchEvent(new Event("change"));
  }

  refresh() {
    const sources = this.#link.sources(this.#topic);
    const named = new Set(sources);
    // The viewer has forgotten the others, or has too many to name them.
    if (this.#link.state?.bus === "ready") for (const source of [...this.#tiles.keys()]) if (!named.has(source)) this.#remove(source);
    const added = sources.filter((source) => !this.#tiles.has(source));
    for (const source of added) this.#add(source);
    for (const [source, tile] of this.#tiles) if (tile.isSeen) this.#mark(source, tile);
    if (added.length || this.order === ORDERS[1]) this.#arrange();
    const { unnamed = 0 } = this.#link.state ?? {};
    say(this.#unnamed, !this.#tiles.size ? `Waiting for ${this.#topic}: no source has sent yet` : unnamed ? `and ${unnamed} more` : "");
    this.#unnamed.hidden = !this.#unnamed.textContent;
  }

  #mark(source, { pane }) {
    const isStale = pane.refresh(source, { paused: this.paused ? "Paused" : "" });
    pane.element.classList.toggle("silent", this.#trouble(source) === 2 || (isStale && !this.paused));
    pane.element.classList.toggle("doubted", Boolean(pane.shown?.frame.redaction?.doubt));
  }

  /** How much is wrong with a source: 2 for a silent one, 1 for one in doubt. */
  #trouble(source) {
    if (this.#link.state?.amiss[source]) return 2;
    return this.#tiles.get(source)?.pane.shown?.frame.redaction?.doubt ? 1 : 0;
  }

  /** Into their order, moving no element that stands right: one that is moved loses the focus. */
  #arrange() {
    const names = [...this.#tiles.keys()].sort();
    const wanted = {
      [ORDERS[0]]: () => names,
      [ORDERS[1]]: () => names.sort((a, b) => this.#trouble(b) - this.#trouble(a)),
      [ORDERS[2]]: () => inOrder(names, this.#order),
    }[this.order]();
    wanted.forEach((source, at) => {
      const { element } = this.#tiles.get(source).pane;
      if (this.pictures.children[at] !== element) this.pictures.insertBefore(element, this.pictures.children[at] ?? null);
    });
    this.#fit();
  }

  #fit() {
    const { top } = this.pictures.getBoundingClientRect();
    const above = isFilled(this.pictures) ? 0 : top + scrollY;
    /** @type {[number, number]} */
    const room = [this.pictures.clientWidth, innerHeight - above];
    const limits = { leastPx: Math.min(LEAST_PX, room[0] / 2), captionPx: CAPTION_PX };
    const { columns, tile } = gridFor(this.#tiles.size, this.#aspect, room, limits);
    this.pictures.style.setProperty("--columns", String(columns));
    this.pictures.style.setProperty("--tile", `${tile}px`);
    this.pictures.style.setProperty("--aspect", String(this.#aspect));
    const width = widthFor(tile * devicePixelRatio);
    for (const [source, each] of this.#tiles) {
      if (each.width === width) continue;
      each.width = width;
      if (each.stop) this.#ask(source, each);
    }
  }

  /** Those that go first: they make room for those that come. */
  #see(entries) {
    const leaving = entries.filter(({ isIntersecting }) => !isIntersecting);
    const coming = entries.filter(({ isIntersecting }) => isIntersecting);
    for (const { target, isIntersecting } of [...leaving, ...coming]) {
      const source = target.dataset.tile;
      const tile = this.#tiles.get(source);
      if (!tile) continue;
      tile.isSeen = isIntersecting;
      if (isIntersecting && !tile.stop) this.#ask(source, tile);
      if (!isIntersecting) this.#forget(tile);
    }
  }

  #ask(source, tile) {
    tile.stop?.();
    const wanted = { left: null, right: this.#topic, source, width: tile.width };
    tile.stop = this.#link.watch(wanted, async (picture) => {
      if (this.paused) return;
      const bitmaps = await decode(picture);
      await this.#together();
      tile.pane.show(picture.sides.right, bitmaps.right);
      bitmaps.right?.close();
      this.#learnAspect(picture.sides.right.frame.size_wh);
    });
  }

  /** Until all that came of late is drawn together: for whatever is drawn a browser composes every tile anew. */
  #together() {
    this.#moment ??= new Promise((resolve) => {
      setTimeout(() => {
        this.#moment = null;
        resolve();
      }, DRAW_MS);
    });
    return this.#moment;
  }

  #forget(tile) {
    tile.stop?.();
    tile.stop = null;
  }

  /** The shape of the first picture is that of all tiles. */
  #learnAspect([width, height]) {
    if (this.#learnt === this.#topic) return;
    this.#learnt = this.#topic;
    this.#aspect = width / height;
    this.#fit();
  }

  #remove(source) {
    const tile = this.#tiles.get(source);
    this.#forget(tile);
    this.#seen.unobserve(tile.pane.element);
    tile.pane.element.remove();
    this.#tiles.delete(source);
    this.#fit();
  }

  #add(source) {
    const { topics, broker } = this.#shell;
    const pane = new Pane(this.#link, this.#topic, topics[this.#topic], broker);
    pane.element.setAttribute("aria-label", `${source} on ${this.#topic}`);
    pane.element.dataset.tile = source;
    pane.element.append(this.#opener(source));
    this.#tiles.set(source, { pane, stop: null, isSeen: false, width: null });
    this.pictures.append(pane.element);
    this.#seen.observe(pane.element);
  }

  /** A link over the whole tile to the page that shows this source large. */
  #opener(source) {
    const page = this.#shell.pages.find(({ right, kind }) => right === this.#topic && kind === "live");
    const path = page?.path ?? null;
    const link = el("a", { className: "open", draggable: true, attrs: { "aria-label": `Open ${nameOf(source)}` } });
    if (path) link.href = addressOf(path, source);
    else link.tabIndex = 0;
    link.addEventListener("dragstart", (event) => event.dataTransfer.setData("text/plain", source));
    return link;
  }

  #drop(event) {
    event.preventDefault();
    const source = event.dataTransfer.getData("text/plain");
    const target = event.target.closest(".pane")?.dataset.tile;
    const names = this.#names();
    if (this.#tiles.has(source) && target) this.#put(source, names.indexOf(target) - names.indexOf(source));
  }

  /** Move the tile that has the focus. */
  #move(steps) {
    const pane = document.activeElement.closest(".pane");
    if (!pane) return;
    this.#put(pane.getAttribute("data-tile"), steps);
    pane.querySelector("a").focus();
  }

  #put(source, steps) {
    this.#order = moved(this.#names(), source, steps);
    localStorage.setItem(KEPT, JSON.stringify(this.#order));
    tell({ order: null });
    this.sort(ORDERS[2]);
    this.dispatchEvent(new Event("order"));
  }

  #names() {
    return [...this.pictures.children].map((pane) => pane.getAttribute("data-tile"));
  }
}

/** The order that this browser keeps, empty where it keeps none. */
function kept() {
  try {
    const names = JSON.parse(localStorage.getItem(KEPT) ?? "[]");
    return Array.isArray(names) ? names.filter((name) => typeof name === "string") : [];
  } catch {
    return [];
  }
}
