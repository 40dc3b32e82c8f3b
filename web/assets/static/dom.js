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
