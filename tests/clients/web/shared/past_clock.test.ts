import assert from "node:assert/strict";
import { test } from "node:test";

import { PastClock } from "../../../../clients/web/shared/past_clock.ts";

test("between two anchors time goes on from the one before", () => {
  const clock = new PastClock("1795200000000@36000, 1795200031000@225000");
  assert.equal(clock.at(0.4), 1795200000000);
  assert.equal(clock.at(1.4), 1795200001000);
  assert.equal(clock.at(2.5), 1795200031000);
  assert.equal(clock.at(3.5), 1795200032000);
});

test("before the first anchor time goes on backwards", () => {
  assert.equal(new PastClock("1795200000000@90000").at(0.5), 1795199999500);
});

test("without anchors nobody knows", () => {
  assert.equal(new PastClock("").at(1), null);
});
