import assert from "node:assert/strict";
import { test } from "node:test";

import { Alarm } from "../../../../clients/web/shared/alarm.ts";
import type { Escalation } from "../../../../clients/web/shared/items.ts";
import { alert, NOW_MS } from "../examples.ts";

const always = (): boolean => true;

function step(number: number, sound = true): Escalation {
  return { policy: "P1", step: number, steps: 5, fired_ms: NOW_MS + number, next_ms: null, sound, say: "", reached: 1, over: false };
}

test("a new alert sounds once", () => {
  const alarm = new Alarm();
  assert.equal(alarm.listen([alert()], NOW_MS, always), 1);
  assert.equal(alarm.listen([alert()], NOW_MS, always), null);
  assert.equal(alarm.listen([alert({ state: "acknowledged" })], NOW_MS, always), null);
});

test("the most urgent of those that are new is the one that sounds", () => {
  assert.equal(new Alarm().listen([alert({ id: "b", priority: 3 }), alert({ priority: 2 })], NOW_MS, always), 2);
});

test("a higher priority and every step that says so sound again", () => {
  const alarm = new Alarm();
  alarm.listen([alert({ priority: 2, escalation: step(1) })], NOW_MS, always);
  assert.equal(alarm.listen([alert({ revision: 2, escalation: step(1) })], NOW_MS, always), 1);
  assert.equal(alarm.listen([alert({ revision: 2, escalation: step(2) })], NOW_MS, always), 1);
  assert.equal(alarm.listen([alert({ revision: 2, escalation: step(2) })], NOW_MS, always), null);
});

test("what is shelved, over, of no concern or of priority 4 is silent", () => {
  const shelved = { until_ms: NOW_MS + 1, by: "operator", reason: "" };
  const alerts = [
    alert({ id: "a", priority: 2, shelved }),
    alert({ id: "b", state: "cancelled" }),
    alert({ id: "c", priority: 4 }),
  ];
  assert.equal(new Alarm().listen(alerts, NOW_MS, always), null);
  assert.equal(new Alarm().listen([alert()], NOW_MS, () => false), null);
});

test("in a flood only priority 1 is heard behind the first, until one climbs in its place", () => {
  const alarm = new Alarm();
  const of = (priority: number, escalation: Escalation | null) => alert({ priority, group_id: "a0", escalation });
  assert.equal(new Alarm().listen([of(1, null)], NOW_MS, always), 1);
  assert.equal(alarm.listen([of(2, null)], NOW_MS, always), null);
  assert.equal(alarm.listen([of(2, step(1))], NOW_MS, always), 2);
});

test("a draft and what the network says to itself are silent until they are meant", () => {
  const alarm = new Alarm();
  for (const status of ["Draft", "System"]) assert.equal(alarm.listen([alert({ status })], NOW_MS, always), null);
  assert.equal(alarm.listen([alert({ status: "Exercise", revision: 2 })], NOW_MS, always), 1);
  const changes = [{ field: "status", before: "Exercise", after: "Draft" }];
  assert.equal(alarm.listen([alert({ status: "Draft", revision: 3, changes })], NOW_MS, always), 1);
});
