import assert from "node:assert/strict";
import { test } from "node:test";

import { changeWords, drillSentence, escalationWords, grouped, inOrder, isLivePush, isOpen, ladderWords, place, sentWords, title } from "../../../../clients/web/shared/alerts.ts";
import { Board } from "../../../../clients/web/shared/board.ts";
import type { Alert } from "../../../../clients/web/shared/items.ts";
import { alert, NOW_MS, push, receipt } from "../examples.ts";

function board(receipts: ReturnType<typeof receipt>[]): Board {
  const known = new Board();
  known.apply({ type: "snapshot", position: 1, reason: "asked", alerts: [], pushes: [], bulletins: [], receipts });
  return known;
}

test("what nobody has yet is on top by priority, then the newest; what is shelved or over is below", () => {
  const alerts = [
    alert({ id: "over", state: "cancelled" }),
    alert({ id: "shelved", priority: 2, shelved: { until_ms: NOW_MS + 1, by: "operator", reason: "" } }),
    alert({ id: "minor", received_ms: NOW_MS, priority: 3 }),
    alert({ id: "old", received_ms: NOW_MS - 2 }),
    alert({ id: "taken", received_ms: NOW_MS, state: "acknowledged" }),
    alert({ id: "new", received_ms: NOW_MS - 1 }),
  ];
  assert.deepEqual(inOrder(alerts, NOW_MS).map(({ id }) => id), ["new", "old", "minor", "taken", "shelved", "over"]);
});

function heads(alerts: Alert[]): string[][] {
  return grouped(alerts, NOW_MS).map(({ alert: { id }, more }) => [id, ...more.map((one) => one.id)]);
}

test("the alerts of a flood stand under the first of them", () => {
  const flood = [alert({ id: "a3", group_id: "a1" }), alert({ id: "a2" }), alert({ id: "a1" }), alert({ id: "a4", group_id: "gone" })];
  assert.deepEqual(heads(flood), [["a1", "a3"], ["a2"], ["a4"]]);
});

test("the first of a flood does not hide another that is more urgent", () => {
  const open = alert({ id: "open", group_id: "first", priority: 2 });
  assert.deepEqual(heads([alert({ id: "first", state: "closed" }), open]), [["open", "first"]]);
  assert.deepEqual(heads([alert({ id: "first", priority: 3 }), open]), [["open", "first"]]);
  assert.deepEqual(heads([alert({ id: "first", priority: 1 }), open]), [["first", "open"]]);
});

test("a draft is not called a drill", () => {
  const said = ["Actual", "", "Exercise", "Test", "Draft"].map((status) => drillSentence({ status }));
  assert.deepEqual(said, ["", "", "EXERCISE — this is a drill", "TEST — this is a drill", "DRAFT — nothing to act on"]);
});

test("a correction says what it was before", () => {
  const changes = [
    { field: "priority", before: 2, after: 1 },
    { field: "point", before: null, after: { lat: 41.76, lon: -72.67 } },
    { field: "unheard_of", before: "", after: "x" },
  ];
  assert.deepEqual(changeWords(changes), ["Priority: 1, was 2", "Place: 41.76000, -72.67000, was nothing", "unheard_of: x, was nothing"]);
});

test("the ladder says which step it is on, and when the next one comes", () => {
  const ladder = { policy: "P1", step: 2, steps: 5, fired_ms: NOW_MS, next_ms: NOW_MS + 4_200, sound: true, say: "", reached: 3, over: false };
  assert.equal(escalationWords(alert({ escalation: ladder }), NOW_MS), "step 2 of 5 · next in 0:05");
  assert.equal(escalationWords(alert({ escalation: { ...ladder, next_ms: NOW_MS - 1_500, say: "Call by radio." } }), NOW_MS), "step 2 of 5 · next is due · Call by radio.");
  assert.equal(escalationWords(alert({ escalation: { ...ladder, over: true } }), NOW_MS), "step 2 of 5");
  assert.equal(escalationWords(alert(), NOW_MS), "");
});

test("what was sent is named by its cameras, else its pictures, else it is a note", () => {
  const media = { id: "m", width: 1, height: 1, bytes: 1, thumbnail: "" };
  assert.equal(sentWords(push()), "4 Main St / 4th Ave");
  assert.equal(sentWords(push({ cameras: [], media: [media, media] })), "2 pictures");
  assert.equal(sentWords(push({ cameras: [], note: "Grey sedan" })), "A note");
  assert.equal(sentWords(push({ cameras: [], recalled_ms: NOW_MS })), "No. 1, recalled");
});

test("an alert without headline and place still says something", () => {
  assert.equal(title(alert()), "Multiple gunshots");
  assert.equal(place(alert()), "no place given");
  assert.equal(place(alert({ point: { lat: 41.76, lon: -72.67 } })), "41.76000, -72.67000");
});

test("cancelled and expired alerts are not open", () => {
  assert.equal(isOpen(alert(), NOW_MS), true);
  for (const state of ["cancelled", "closed", "expired"] as const) assert.equal(isOpen(alert({ state }), NOW_MS), false);
  assert.equal(isOpen(alert({ expires_ms: NOW_MS - 1 }), NOW_MS), false);
});

test("a push is live until it is recalled or expires", () => {
  assert.equal(isLivePush(push(), NOW_MS), true);
  assert.equal(isLivePush(push({ recalled_ms: NOW_MS }), NOW_MS), false);
  assert.equal(isLivePush(push({ expires_ms: NOW_MS }), NOW_MS), false);
});

test("the ladder counts those who got that far or farther", () => {
  const known = board([receipt({ stage: "acknowledged" }), receipt({ person: "officer-14", stage: "delivered" })]);
  const sent = push({ recipients: ["officer-12", "officer-14", "officer-7"] });
  assert.equal(ladderWords(known, [sent]), "3 people · 2 sent · 2 on device · 1 shown · 1 acknowledged");
});
