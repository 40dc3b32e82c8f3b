// Text to take away.

import { say } from "./dom.js";

/** Copy an element's text, or mark it, for the keys that copy: without https a page may not. The button says which. */
export async function copy(node, button) {
  try {
    await navigator.clipboard.writeText(node.textContent);
    say(button, "Copied");
  } catch {
    getSelection().selectAllChildren(node);
    say(button, "Marked");
  }
}
