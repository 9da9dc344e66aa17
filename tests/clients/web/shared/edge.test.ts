import assert from "node:assert/strict";
import { test } from "node:test";

import { steer, TARGET_GAP_S } from "../../../../clients/web/shared/edge.ts";

test("at the target it plays at normal speed", () => {
  assert.deepEqual(steer(TARGET_GAP_S, true), { do: "play", rate: 1 });
  assert.deepEqual(steer(TARGET_GAP_S + 0.03, true), { do: "play", rate: 1 });
});

test("behind the target it plays faster, never above 1.25", () => {
  const slightly = steer(TARGET_GAP_S + 0.1, true);
  assert.ok(slightly.do === "play" && slightly.rate > 1 && slightly.rate < 1.25);
  assert.deepEqual(steer(1.4, true), { do: "play", rate: 1.25 });
});

test("close to the end of what it has it plays slower", () => {
  assert.deepEqual(steer(0.05, true), { do: "play", rate: 0.97 });
});

test("far behind it jumps", () => {
  assert.deepEqual(steer(1.51, true), { do: "seek" });
});

test("a player whose speed must not change jumps earlier", () => {
  assert.deepEqual(steer(0.5, false), { do: "play", rate: 1 });
  assert.deepEqual(steer(0.7, false), { do: "seek" });
});
