import assert from "node:assert/strict";
import { test } from "node:test";

import { Jitter, LEAST_GAP_S, MOST_GAP_S } from "../../../../clients/web/shared/jitter.ts";

/** So many pictures at this distance; each comes so late (of turns: 0, 1, 2 …). */
function fed(count: number, stepS: number, lateMs: (turn: number) => number): Jitter {
  const jitter = new Jitter();
  for (let turn = 0; turn < count; turn += 1) jitter.arrived(1000 + turn * stepS * 1000 + lateMs(turn), turn * stepS);
  return jitter;
}

test("pictures that come evenly need the least", () => {
  assert.equal(new Jitter().targetS, LEAST_GAP_S);
  assert.equal(fed(200, 0.04, () => 0).targetS, LEAST_GAP_S);
});

test("few pictures a second need the time until the next one", () => {
  const { targetS } = fed(64, 0.2, () => 0);
  assert.ok(targetS > 0.2 && targetS < 0.3, `${targetS}`);
});

test("pictures that come unevenly need more, and 19 of 20 decide", () => {
  const { targetS } = fed(200, 0.04, (turn) => (turn % 2 === 0 ? 60 : 0));
  assert.ok(Math.abs(targetS - (0.04 + 2 * 0.06 + 0.04)) < 0.005, `${targetS}`);
  assert.equal(fed(200, 0.04, (turn) => (turn % 100 === 50 ? 300 : 0)).targetS, LEAST_GAP_S);
});

test("it never plays farther behind than the most", () => {
  assert.equal(fed(200, 0.04, (turn) => (turn % 2 === 0 ? 2_000 : 0)).targetS, MOST_GAP_S);
});

test("a cut is no jitter", () => {
  const jitter = fed(64, 0.04, () => 0);
  for (let turn = 0; turn < 40; turn += 1) {
    jitter.cut();
    jitter.arrived(50_000 + turn * 7_000, 10 + turn * 0.04);
  }
  assert.equal(jitter.targetS, LEAST_GAP_S);
});

test("what was uneven long ago is forgotten", () => {
  const jitter = fed(200, 0.04, (turn) => (turn % 2 === 0 ? 60 : 0));
  jitter.cut();
  for (let turn = 0; turn < 300; turn += 1) jitter.arrived(20_000 + turn * 40, 100 + turn * 0.04);
  assert.equal(jitter.targetS, LEAST_GAP_S);
});
