// What is told of a redaction.

import assert from "node:assert/strict";
import test from "node:test";

import { told } from "../../../web/assets/static/told.js";

test("how much is hidden, and whether anything is in doubt", () => {
  assert.deepEqual(told({ covered: 0.12, doubt: null }), { hidden: "12 % hidden", doubt: "nothing in doubt", wholly: "" });
  assert.equal(told({ covered: 0.3, doubt: "the camera moves" }).doubt, "in doubt: the camera moves");
});

test("a picture that is wholly hidden says why", () => {
  const doubt = "the camera moved or the light changed";
  assert.equal(told({ covered: 1, doubt }).wholly, `wholly hidden: ${doubt}`);
  assert.equal(told({ covered: 1, doubt: null }).wholly, "wholly hidden: all of it is to be hidden");
});

test("little is not nothing, and nearly all is not all", () => {
  const shares = [0, 0.0001, 0.995].map((covered) => told({ covered, doubt: null }).hidden);
  assert.deepEqual(shares, ["0 % hidden", "under 1 % hidden", "99 % hidden"]);
});

test("of a frame that no redactor has seen nothing is told", () => {
  assert.deepEqual(told(null), { hidden: "", doubt: "", wholly: "" });
});
