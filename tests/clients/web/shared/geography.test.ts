import assert from "node:assert/strict";
import { test } from "node:test";

import { distanceWords, Projection, sightWords } from "../../../../clients/web/shared/geography.ts";

const PLACE = { lat: 41.76, lon: -72.67 };
const DEGREE_M = 111_195;

test("a hundredth of a degree north is 1112 m up", () => {
  const spot = new Projection(PLACE).spot({ lat: 41.77, lon: -72.67 });
  assert.ok(Math.abs(spot.y + DEGREE_M / 100) < 1);
  assert.ok(Math.abs(spot.x) < 0.01);
});

test("distances in words", () => {
  assert.deepEqual([83, 994, 1_240].map(distanceWords), ["80 m", "990 m", "1.2 km"]);
});

test("what a camera shows of a place, in words", () => {
  assert.equal(sightWords({ sight: "sees", working: true }), ", sees it");
  assert.equal(sightWords({ sight: "away", working: false }), ", looks elsewhere, does not work");
});
