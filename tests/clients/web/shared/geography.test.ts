import assert from "node:assert/strict";
import { test } from "node:test";

import { distanceWords, nearestCameras, Projection } from "../../../../clients/web/shared/geography.ts";
import { camera } from "../examples.ts";

const PLACE = { lat: 41.76, lon: -72.67 };
const DEGREE_M = 111_195;

test("a hundredth of a degree north is 1112 m up", () => {
  const spot = new Projection(PLACE).spot({ lat: 41.77, lon: -72.67 });
  assert.ok(Math.abs(spot.y + DEGREE_M / 100) < 1);
  assert.ok(Math.abs(spot.x) < 0.01);
});

test("the nearest cameras come first, those that are down not at all", () => {
  const found = nearestCameras(
    [
      camera({ id: "far", lat: 41.78 }),
      camera({ id: "near", lat: 41.761 }),
      camera({ id: "down", lat: 41.7601, state: { state: "down", since_ms: 0, reason: "" } }),
      camera({ id: "nowhere", lat: null, lon: null }),
    ],
    PLACE,
    4,
  );
  assert.deepEqual(found.map(({ camera: { id } }) => id), ["near", "far"]);
  assert.ok(Math.abs((found[0]?.distanceM ?? 0) - DEGREE_M / 1000) < 1);
});

test("a camera that looks at the place beats one that is a little nearer and looks away", () => {
  const south = { lat: 41.758, fov_deg: 60 };
  const found = nearestCameras(
    [camera({ id: "away", ...south, lat: 41.7585, heading_deg: 180 }), camera({ id: "facing", ...south, heading_deg: 10 })],
    PLACE,
    2,
  );
  assert.deepEqual(found.map(({ camera: { id }, isFacing }) => [id, isFacing]), [["facing", true], ["away", false]]);
});

test("a heading just west of north faces a place due north", () => {
  const [found] = nearestCameras([camera({ lat: 41.758, heading_deg: 350, fov_deg: 40 })], PLACE, 1);
  assert.equal(found?.isFacing, true);
});

test("a camera two kilometres away faces nothing", () => {
  const [found] = nearestCameras([camera({ lat: 41.742, heading_deg: 0, fov_deg: 60 })], PLACE, 1);
  assert.equal(found?.isFacing, false);
});

test("distances in words", () => {
  assert.deepEqual([83, 994, 1_240].map(distanceWords), ["80 m", "990 m", "1.2 km"]);
});
