import assert from "node:assert/strict";
import { test } from "node:test";

import { Timeline } from "../../../../clients/web/shared/timeline.ts";

const FAR_S = 95_443.7;

function placed(timeline: Timeline, decodeTimeS: number, capturedMs: number, isCut = false): number {
  return decodeTimeS + timeline.place(decodeTimeS, capturedMs, isCut).offsetS;
}

function near(actual: number, expected: number): void {
  assert.ok(Math.abs(actual - expected) < 1e-6, `${actual}, expected ${expected}`);
}

test("the first frame is at 0, wherever the camera's own time stands", () => {
  near(placed(new Timeline(), FAR_S, 0), 0);
});

test("frames keep their distances", () => {
  const timeline = new Timeline();
  placed(timeline, FAR_S, 0);
  near(placed(timeline, FAR_S + 0.2, 200), 0.2);
  near(placed(timeline, FAR_S + 0.24, 240), 0.24);
});

for (const [what, next, isCut] of [
  ["a camera that starts again at 0", 0, false],
  ["a camera that was away for a minute", FAR_S + 60, false],
  ["frames that were left out", FAR_S + 1.2, true],
] as const) {
  test(`${what} goes on right behind what came before`, () => {
    const timeline = new Timeline();
    placed(timeline, FAR_S, 0);
    placed(timeline, FAR_S + 0.04, 40);
    near(placed(timeline, next, 5000, isCut), 0.08);
    near(placed(timeline, next + 0.04, 5040), 0.12);
  });
}

test("a painted picture is known by its time, to the frame", () => {
  const timeline = new Timeline();
  for (let frame = 0; frame < 50; frame += 1) placed(timeline, FAR_S + frame * 0.04, 1000 + frame * 40);
  assert.equal(timeline.capturedAt(0.4), 1400);
  assert.equal(timeline.capturedAt(0.4 - 0.001), 1400);
  assert.equal(timeline.capturedAt(0.42), 1400);
  assert.equal(timeline.capturedAt(-1), null);
  near(timeline.newestS, 49 * 0.04);
});

test("what is remembered stays bounded", () => {
  const timeline = new Timeline();
  for (let frame = 0; frame < 5000; frame += 1) placed(timeline, frame * 0.04, frame);
  assert.equal(timeline.capturedAt(0.04), null);
  assert.equal(timeline.capturedAt(timeline.newestS), 4999);
});
