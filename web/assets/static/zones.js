// Zones drawn on the picture of a camera, by mouse, touch or keys: to be covered by every redactor, or for alerts.

import { copy } from "./clipboard.js";
import { button, el, fill, say } from "./dom.js";
import { dateAndTime, many, percent } from "./format.js";
import { decode } from "./picture.js";
import { Draft, crosses } from "./polygons.js";
import { Sheet, oneCamera } from "./sheet.js";

const STEP = 1 / 64; // of the picture, for a press of an arrow
const REACH_PX = { mouse: 10, touch: 22, pen: 14, keys: 12 };
const LOOK_MS = 5000;
const HOW = "Click to place points, the first one again to close; drag a point to move it";
const ASKS =
  "Mark the corners, then name it. What is always covered is hidden from everybody but operators; an area for alerts hides nothing";
const USES = { cover: "always covered", alerts: "for alerts" };

/** Polygons on one camera's picture, for somebody to draw what is always covered. */
export const show = (shell) => oneCamera(new ZonesView(shell.link, shell.page), shell);

class ZonesView extends EventTarget {
  #link;
  #page;
  #source = null;
  #told = null;
  #draft = new Draft();
  #bitmaps = null;
  #moved = false;
  #stop = () => {};
  #sheet = new Sheet((...pen) => drawZones(...pen, this.#draft));
  #effect = el("p", { className: "effect none" });
  #say = el("p", { className: "saying", attrs: { role: "status" } });
  #list = el("ol", { className: "zone-list" });
  #none = el("p", { className: "none", textContent: "None is drawn." });
  #close = button("Close the shape", () => this.#do((draft) => draft.close()));
  #back = button("Take a point back", () => this.#do((draft) => draft.back()));
  #save = button("Save", () => this.save(), { className: "first" });
  #discard = button("Discard", () => this.#load());
  #who = el("p", { className: "none" });
  #toml = el("pre", { attrs: { tabindex: "0", "aria-label": "These zones for the chain file" } });
  #copy = button("Copy", () => copy(this.#toml, this.#copy));
  #file = el(
    "details",
    {},
    el("summary", { textContent: "For the chain file" }),
    el("p", { className: "none", textContent: "The same zones as TOML. There they stay when Kafka's data is lost." }),
    this.#toml,
    this.#copy,
  );

  saves = { name: "Save", what: "save the zones" };
  keys = {
    rows: [
      ["← ↑ ↓ →", "move the cross, or the point that is held"],
      ["X", "place a point at the cross; on the first one: close"],
      ["C", "close the shape"],
      ["G", "take hold of the point at the cross, or let it go"],
      ["⌫", "take the last point back"],
      ["Esc", "give the open shape up"],
    ],
    does: {
      x: () => this.#do((draft) => draft.add(this.#sheet.cross, this.#reach("keys"))),
      c: () => this.#do((draft) => draft.close()),
      g: () => this.#do((draft) => this.#grab(draft)),
      Backspace: () => this.#do((draft) => draft.back()),
      Escape: () => this.#do((draft) => draft.abandon()),
      ArrowLeft: () => this.#step(-STEP, 0),
      ArrowRight: () => this.#step(STEP, 0),
      ArrowUp: () => this.#step(0, -STEP),
      ArrowDown: () => this.#step(0, STEP),
    },
  };

  constructor(link, page) {
    super();
    this.#link = link;
    this.#page = page;
    this.element = el(
      "div",
      { className: "check zones" },
      this.#sheet.element,
      el(
        "section",
        { className: "panel", attrs: { "aria-label": "Zones" } },
        el("p", { textContent: ASKS }),
        this.#say,
        el("div", { className: "row" }, this.#close, this.#back),
        el("h2", { textContent: "Drawn" }),
        this.#none,
        this.#list,
        el("div", { className: "row" }, this.#save, this.#discard),
        this.#who,
        this.#effect,
        this.#file,
      ),
    );
    this.overlay = this.#sheet.overlay;
    this.#listen(this.#sheet.canvas);
    window.addEventListener("beforeunload", (event) => this.#isChanged && event.preventDefault());
    setInterval(() => this.#look(), LOOK_MS);
    this.#sheet.clear(`Waiting for a camera on ${page.left} and ${page.right}`);
    this.#show(HOW);
  }

  /** Draw on the pictures of this camera. */
  watch(source) {
    this.#stop();
    this.#source = source;
    this.#told = null;
    this.#draft = new Draft();
    this.#sheet.clear(`Waiting for a frame of ${source} on ${this.#page.left} and ${this.#page.right}`);
    const { left, right } = this.#page;
    this.#stop = this.#link.watch({ left, right, source, width: 1280 }, (picture) => this.#take(picture));
    this.#load();
  }

  /** Have all redactors cover these zones of this camera, and no others that were drawn. */
  async save() {
    const problem = this.#told ? this.#draft.problem : "What was drawn before is not known yet";
    if (problem) return this.#show(problem, true);
    const { at } = this.#told;
    const body = JSON.stringify({ source: this.#source, zones: this.#draft.of(true), areas: this.#draft.of(false), at });
    this.#save.disabled = true;
    this.#show("Saving…");
    const answer = await ask("/zones/save", { method: "POST", body });
    if (!answer.ok) return this.#show(answer.text, true);
    if (answer.told.source === this.#source) this.#tell(answer.told, "Saved: it holds from the next frames on");
  }

  async #load() {
    const source = this.#source;
    if (!source) return;
    const answer = await ask(`/zones/list?source=${encodeURIComponent(source)}`);
    if (source !== this.#source) return;
    if (answer.ok) this.#tell(answer.told, HOW);
    else this.#show(answer.text, true);
  }

  /** What others save is shown as soon as nothing of one's own would be lost. */
  async #look() {
    const source = this.#source;
    if (!source || document.hidden || (this.#told && this.#isChanged)) return;
    const answer = await ask(`/zones/list?source=${encodeURIComponent(source)}`);
    if (source !== this.#source || !answer.ok || this.#isChanged) return;
    if (this.#told?.at !== answer.told.at || this.#told?.state !== answer.told.state) this.#tell(answer.told, HOW);
  }

  #tell(told, what) {
    this.#told = told;
    this.#draft = new Draft(told.zones, told.areas);
    this.#show(
      told.state === "unknown"
        ? "What was drawn here is not known, so all of it is covered. Draw the zones again, or none, and save"
        : what,
      told.state === "unknown",
    );
  }

  async #take(picture) {
    const bitmaps = await decode(picture);
    for (const bitmap of Object.values(this.#bitmaps ?? {})) bitmap?.close();
    this.#bitmaps = bitmaps;
    const { left, right } = picture.sides;
    const { redaction, source, seq } = (right ?? left).frame;
    this.element.dataset.seq = String(seq);
    this.#sheet.show(bitmaps, `Frame ${seq} of ${source} with ${many(this.#draft.zones.length, "zone")}`);
    if (redaction) say(this.#effect, `Now ${percent(redaction.covered)} of the picture is hidden`);
    this.element.dataset.covered = redaction ? String(redaction.covered) : "";
  }

  #listen(canvas) {
    canvas.addEventListener("pointerdown", (event) => {
      const at = event.isPrimary && event.button === 0 && this.#sheet.at(event);
      if (!at) return;
      this.#moved = false;
      if (this.#draft.hold(at, this.#reach(event.pointerType))) canvas.setPointerCapture(event.pointerId);
      else this.#do((draft) => draft.add(at, this.#reach(event.pointerType)));
    });
    canvas.addEventListener("pointermove", (event) => {
      const at = this.#draft.held && canvas.hasPointerCapture(event.pointerId) && this.#sheet.at(event);
      if (!at) return;
      this.#moved = true;
      this.#do((draft) => draft.move(at));
    });
    canvas.addEventListener("pointerup", (event) => {
      if (!canvas.hasPointerCapture(event.pointerId)) return;
      const closes = !this.#moved && this.#draft.holdsBeginning;
      this.#do((draft) => {
        draft.held = null;
        return closes ? draft.close() : "";
      });
    });
    canvas.addEventListener("pointercancel", () => this.#do((draft) => void (draft.held = null)));
  }

  #do(how) {
    const before = this.#draft.zones.length;
    const problem = how(this.#draft);
    const points = this.#draft.open.length;
    const closed = this.#draft.zones.length > before && "Closed. Give it a name, and save";
    this.#show(problem || closed || (points ? many(points, "point") : HOW), Boolean(problem));
  }

  #step(x, y) {
    this.#sheet.moveCross(x, y);
    if (this.#draft.held) this.#do((draft) => draft.move(this.#sheet.cross));
    this.#sheet.redraw();
  }

  #grab(draft) {
    if (draft.held) draft.held = null;
    else if (!draft.hold(this.#sheet.cross, this.#reach("keys"))) return "No point is at the cross";
    return "";
  }

  #reach(kind) {
    const { width, height } = this.#sheet.canvas.getBoundingClientRect();
    const reach = REACH_PX[kind] ?? REACH_PX.mouse;
    return [reach / (width || 1), reach / (height || 1)];
  }

  get #isChanged() {
    const before = new Draft(this.#told?.zones, this.#told?.areas);
    return this.#draft.open.length > 0 || [true, false].some((covers) => JSON.stringify(this.#draft.of(covers)) !== JSON.stringify(before.of(covers)));
  }

  /** Show the draft, and say something. */
  #show(what, isProblem = false) {
    const { zones, open } = this.#draft;
    const { state = "none", by = "", at = null, toml = "" } = this.#told ?? {};
    say(this.#say, what);
    this.#say.classList.toggle("late", isProblem);
    this.element.dataset.state = state;
    fill(this.#list, zones, () => this.#row(), (row, zone, index) => this.#fillRow(row, zone, index));
    this.#none.hidden = zones.length > 0;
    this.#close.disabled = open.length < 3;
    this.#back.disabled = !open.length;
    const changed = this.#isChanged;
    this.#save.disabled = !this.#told || !(changed || state === "unknown");
    this.#discard.disabled = !changed;
    say(this.#save, zones.length || !this.#told ? "Save" : "Save that none is drawn");
    this.#who.replaceChildren(...(at === null ? [] : ["Saved by ", el("bdi", { textContent: by }), `, ${dateAndTime(at)}`]));
    this.#file.hidden = !toml;
    say(this.#toml, toml);
    this.#sheet.redraw();
  }

  #row() {
    const name = el("input", { maxLength: 64, attrs: { "aria-label": "Name of the zone", autocomplete: "off" } });
    const use = el("select", {}, ...Object.entries(USES).map(([value, textContent]) => el("option", { value, textContent })));
    const at = () => [...this.#list.children].indexOf(row);
    const row = el("li", {}, name, use, button("Delete", () => this.#do((draft) => draft.remove(at()))));
    name.addEventListener("input", () => {
      this.#draft.zones[at()].name = name.value;
      this.#show(HOW);
    });
    use.addEventListener("change", () => {
      this.#draft.zones[at()].covers = use.value === "cover";
      this.#show(HOW);
    });
    return row;
  }

  #fillRow(row, { name, polygon, covers }, index) {
    const [input, use, remove] = row.children;
    if (input.value !== name) input.value = name;
    use.value = covers ? "cover" : "alerts";
    use.setAttribute("aria-label", `What zone ${index + 1} is for`);
    remove.setAttribute("aria-label", `Delete zone ${index + 1}, ${polygon.length} points`);
  }
}

/** What the viewer says: the zones, or in words why there are none. */
async function ask(address, how) {
  try {
    const answer = await fetch(address, how);
    return answer.ok ? { ok: true, told: await answer.json() } : { ok: false, text: (await answer.text()).trim() };
  } catch {
    return { ok: false, text: "The viewer does not answer: nothing was changed as far as is known" };
  }
}

function drawZones(pen, line, style, { zones, open, held }) {
  const { width, height } = pen.canvas;
  const scaled = (polygon) => polygon.map(([x, y]) => [x * width, y * height]);
  const [covered, area, wrong] = ["--zone", "--area", "--marked"].map((name) => style.getPropertyValue(name));
  const colorOf = ({ polygon, covers }) => (crosses(polygon) ? wrong : covers ? covered : area);
  for (const zone of zones) shape(pen, scaled(zone.polygon), line, colorOf(zone), true);
  if (open.length) shape(pen, scaled(open), line, style.color, false);
  if (held) spot(pen, scaled(held.polygon)[held.index], 5 * line, style.color);
}

function shape(pen, points, line, color, isClosed) {
  pen.strokeStyle = pen.fillStyle = color;
  pen.lineWidth = line;
  pen.beginPath();
  for (const point of points) pen.lineTo(...point);
  if (isClosed) {
    pen.closePath();
    pen.globalAlpha = 0.25;
    pen.fill();
    pen.globalAlpha = 1;
  }
  pen.stroke();
  points.forEach((point, at) => spot(pen, point, (at || isClosed ? 2.5 : 4) * line, color));
}

function spot(pen, [x, y], radius, color) {
  pen.fillStyle = color;
  pen.beginPath();
  pen.arc(x, y, radius, 0, 2 * Math.PI);
  pen.fill();
}
