// The page of live pictures: which camera, which layout, and what is drawn over them.

import { Choice, Layouts, buttons } from "./controls.js";
import { button, el } from "./dom.js";
import { Duo } from "./duo.js";
import { fillScreen } from "./screen.js";
import { addressOf, asked, tell } from "./state.js";

const PHONE = "(max-width: 600px), (max-height: 500px)";

export function show(shell) {
  const { page, pages, topics, content, toolbar } = shell;
  const duo = new Duo(shell);
  const isRedacted = topics[page.right].kind === "redacted";
  let strip = null;
  let past = null;
  const lookBack = () => (past ??= import("./past.js").then(({ Past }) => new Past(shell, duo, time)));
  const watch = async (source) => {
    duo.watch(source);
    past?.then((it) => it.watch());
    if (!isRedacted || (!source && !strip)) return;
    const { Strip } = await import("./strip.js"); // of one camera: for all in turn there is none
    strip ??= new Strip();
    duo.append(strip.element);
    strip.watch(source);
  };
  const sources = new Choice("Source", "all sources", asked("source") ?? "", (source) => {
    tell({ source, pause: null });
    watch(source);
  });
  const labels = new Choice("Label", "all labels", asked("label") ?? "", (label) => {
    tell({ label });
    duo.filter(label);
  });
  const go = (steps) => sources.step(steps);
  const around = (text, name, steps) => button(text, () => go(steps), { attrs: { "aria-label": name } });
  const switcher = el(
    "div",
    { className: "switcher" },
    around("‹", "Camera before", -1),
    sources.element,
    around("›", "Next camera", 1),
  );
  const time = button("Time", async () => {
    if (!asked("source") && duo.frame) sources.pick(duo.frame.source);
    (await lookBack()).toggle();
  }, { title: "Look back over what the bus still holds" });
  const draws = pages.some(({ kind }) => kind === "zones"); // who may see what is under them
  const draw = () => location.assign(addressOf("/zones"));
  const zones = button("Zones", draw, { title: "Draw what is always covered", hidden: !draws });
  Object.assign(duo, {
    swipe: go,
    beyond: async (picture, steps) => (await lookBack()).beside(picture, steps),
    fill: () => fillScreen(duo.pictures),
    keys: {
      does: {
        p: () => go(-1),
        n: () => go(1),
        l: () => layouts.next(),
        b: () => duo.toggleBoxes(),
        t: () => time.click(),
        z: draws && draw,
      },
    },
  });
  const usual = matchMedia(PHONE).matches || page.alone ? "single" : "pair";
  const layouts = new Layouts(duo, (layout) => {
    tell({ layout: layout === usual ? null : layout });
    duo.arrange(layout);
  });
  content.append(toolbar(switcher, labels.element, layouts.element, time, zones, buttons(duo)), duo.element);
  duo.addEventListener("change", () => labels.offer([...duo.labels]));
  duo.arrange(asked("layout") ?? usual);
  watch(asked("source"));
  if (duo.pausedAt && asked("source")) lookBack().then((it) => it.open(duo.pausedAt));
  duo.filter(asked("label"));
  return (names) => sources.offer(names);
}
