import assert from "node:assert/strict";
import { test } from "node:test";

import { steer } from "../../../../clients/web/shared/edge.ts";

const TARGET_S = 0.12;

test("at the target it plays at normal speed", () => {
  assert.deepEqual(steer(TARGET_S, TARGET_S, true), { do: "play", rate: 1 });
  assert.deepEqual(steer(TARGET_S + 0.03, TARGET_S, true), { do: "play", rate: 1 });
});

test("behind the target it plays faster, never above 1.25", () => {
  const slightly = steer(TARGET_S + 0.1, TARGET_S, true);
  assert.ok(slightly.do === "play" && slightly.rate > 1 && slightly.rate < 1.25);
  assert.deepEqual(steer(1.4, TARGET_S, true), { do: "play", rate: 1.25 });
});

test("close to the end of what it has it plays slower", () => {
  assert.deepEqual(steer(0.05, TARGET_S, true), { do: "play", rate: 0.97 });
});

test("far behind it jumps", () => {
  assert.deepEqual(steer(1.51, TARGET_S, true), { do: "seek" });
});

test("a player whose speed must not change jumps earlier", () => {
  assert.deepEqual(steer(0.5, TARGET_S, false), { do: "play", rate: 1 });
  assert.deepEqual(steer(0.7, TARGET_S, false), { do: "seek" });
});

test("a player whose speed must not change does not jump from where it is meant to be", () => {
  assert.deepEqual(steer(0.8, 0.8, false), { do: "play", rate: 1 });
  assert.deepEqual(steer(1.7, 0.8, false), { do: "seek" });
});

test("once it plays faster or slower it does so until it is where it should be", () => {
  assert.deepEqual(steer(TARGET_S + 0.01, TARGET_S, true, 1.1), { do: "play", rate: 1.02 });
  assert.deepEqual(steer(TARGET_S, TARGET_S, true, 1.02), { do: "play", rate: 1 });
  assert.deepEqual(steer(TARGET_S - 0.01, TARGET_S, true, 0.97), { do: "play", rate: 0.97 });
  assert.deepEqual(steer(TARGET_S, TARGET_S, true, 0.97), { do: "play", rate: 1 });
});
