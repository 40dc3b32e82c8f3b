// What a page that gets no picture says is missing.

import assert from "node:assert/strict";
import test from "node:test";

import { missingOn } from "../../../web/assets/static/missing.js";

const looked = (more) => ({ state: { bus: "ready" }, broker: "kafka:9092", hasCameras: false, isKnown: false, ...more });
const stage = { stage: "redact" };

test("a broker that is not there is what is missing, whatever else may be", () => {
  for (const bus of ["waiting", "lost"]) {
    assert.match(missingOn("SAFE", stage, "", looked({ state: { bus } })).what, /No broker answers at kafka:9092/);
  }
});

test("without a camera there is a command for one, and the way to try this browser's", () => {
  const { what, command, tries } = missingOn("RAW", { stage: null }, "", looked({}));
  assert.deepEqual([what, command, tries], ["No camera sends RAW", "imagebus produce VIDEO -t RAW", true]);
});

test("where cameras send and nothing follows, it is the worker", () => {
  const { what, command } = missingOn("SAFE", stage, "door", looked({ hasCameras: true }));
  assert.equal(what, "No worker writes door on SAFE");
  assert.equal(command, "IMAGEBUS_STAGES=redact faust -A streams worker");
});

test("a camera that has gone is not taken for a worker that is missing, and its name is in no command", () => {
  const { what, command } = missingOn("SAFE", stage, "door; rm -r .", looked({}));
  assert.equal(what, "No frame of door; rm -r . has come for minutes");
  assert.equal(command, "imagebus cameras --list");
});

test("what comes is waited for", () => {
  assert.equal(missingOn("SAFE", stage, "", looked({ isKnown: true })), null);
});
