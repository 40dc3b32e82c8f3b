// Which seconds of a camera are plotted.

import assert from "node:assert/strict";
import test from "node:test";

import { Seconds } from "../../../web/assets/static/plots.js";

test("the second in which a camera comes, and those of a pause, are gaps and no rate of nought", () => {
  const seconds = new Seconds();
  const counted = (source) => {
    const is = seconds.counts(source);
    seconds.pass();
    return is;
  };
  seconds.show("door");
  assert.deepEqual([counted("door"), counted("door"), counted("gate")], [false, true, false]);
  seconds.show(null); // paused
  assert.deepEqual([counted("door"), counted("door")], [false, false]);
  seconds.show("door");
  assert.deepEqual([counted("door"), counted("door")], [false, true]);
  seconds.show("gate");
  seconds.show("gate");
  assert.deepEqual([counted("gate"), counted("door"), counted("gate")], [false, false, true]);
});
