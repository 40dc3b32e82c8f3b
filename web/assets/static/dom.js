// Elements without HTML: names and labels come from strangers, so everything they say is text.

/** An element with properties, attributes (`attrs`) and children, which are elements or text. */
export function el(tag, props = {}, ...children) {
  const { attrs = {}, ...rest } = props;
  const node = Object.assign(document.createElement(tag), rest);
  for (const [name, value] of Object.entries(attrs)) node.setAttribute(name, value);
  node.append(...children.filter((child) => child !== null));
  return node;
}

/** Set an element's text, with the whole of it in a tooltip; untouched where nothing changed. */
export function say(node, text, tooltip = false) {
  if (node.textContent !== text) node.textContent = text;
  if (tooltip && node.title !== text) node.title = text;
}

/** Keep as many children as there are items, made and filled by the given functions. */
export function fill(parent, items, make, update) {
  while (parent.children.length > items.length) parent.lastElementChild.remove();
  while (parent.children.length < items.length) parent.append(make(parent.children.length));
  items.forEach((item, at) => update(parent.children[at], item, at));
}

/** Have these elements as children, in this order; nothing is moved where it is so already: it would lose the focus. */
export function hold(parent, elements) {
  const held = parent.children;
  if (held.length !== elements.length || elements.some((element, at) => held[at] !== element)) parent.replaceChildren(...elements);
}

export function button(text, press, props = {}) {
  const made = el("button", { type: "button", textContent: text, ...props });
  made.addEventListener("click", press);
  return made;
}

/** What a drawing shows, for who cannot see it; `more` stands before the table's head or above the table. */
export const asTable = (head, rows, { above = null, caption = null } = {}) =>
  el("details", {}, el("summary", { textContent: "As a table" }), above, el("table", {}, caption, el("thead", {}, head), rows));

/** The head of a table. */
export const headOf = (texts) => el("tr", {}, ...texts.map((textContent) => el("th", { scope: "col", textContent })));

/** Keep bytes as a file of this name. */
export function saveAs(blob, name) {
  const link = el("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

export function svg(tag, attrs = {}, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attrs)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}
