// What is told of a redaction: how much of a picture is hidden, whether anything is in doubt, and of one that is
// wholly hidden, why.

import { WHOLLY, share } from "./format.js";

/** The words for a record's `redaction`; empty ones for a frame that no redactor has seen. */
export function told(redaction) {
  if (!redaction) return { hidden: "", doubt: "", wholly: "" };
  const { covered, doubt } = redaction;
  return {
    hidden: `${share(covered)} hidden`,
    doubt: doubt ? `in doubt: ${doubt}` : "nothing in doubt",
    wholly: covered >= WHOLLY ? `wholly hidden: ${doubt ?? "all of it is to be hidden"}` : "",
  };
}
