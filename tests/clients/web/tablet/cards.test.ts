import assert from "node:assert/strict";
import { test } from "node:test";

import { Board } from "../../../../clients/web/shared/board.ts";
import type { Alert, Push, Receipt } from "../../../../clients/web/shared/items.ts";
import { type Card, isHeard, itemsOf, layOut } from "../../../../clients/web/tablet/cards.ts";
import { alert, NOW_MS, progress, push, receipt } from "../examples.ts";

function cards(alerts: Alert[], pushes: Push[], receipts: Receipt[] = [], done: string[] = [], inPlace: string[] = []): Card[] {
  const board = new Board();
  board.apply({ type: "snapshot", position: 1, reason: "asked", alerts, pushes, bulletins: [], receipts });
  return layOut(board, { person: "officer-12", isDone: (item) => done.includes(item.id), staysInPlace: (key) => inPlace.includes(key) }, NOW_MS);
}

test("a camera sent for an alert lies on the alert's card", () => {
  const [card, ...rest] = cards([alert()], [push({ alert_id: "a1" })]);
  assert.equal(rest.length, 0);
  assert.deepEqual(itemsOf(card!).map((item) => `${item.kind} ${item.id}`), ["alert a1", "push p1"]);
});

test("a camera sent by itself, or for an alert that is not here, has a card of its own", () => {
  const found = cards([], [push(), push({ id: "p2", alert_id: "gone" })]);
  assert.deepEqual(found.map((card) => card.key).sort(), ["push:p1", "push:p2"]);
});

test("what waits for this officer is on top: priority 1, then what was sent to him, then by priority, then the newest", () => {
  const found = cards(
    [
      alert({ id: "done", received_ms: NOW_MS + 9 }),
      alert({ id: "minor", received_ms: NOW_MS + 8, priority: 3 }),
      alert({ id: "new", received_ms: NOW_MS + 5, priority: 2 }),
      alert({ id: "old", priority: 2 }),
      alert({ id: "urgent" }),
    ],
    [push({ sent_ms: NOW_MS - 60_000 })],
    [],
    ["done"],
  );
  assert.deepEqual(found.map((card) => card.key), ["alert:urgent", "push:p1", "alert:new", "alert:old", "alert:minor", "alert:done"]);
});

test("what has just been answered stays where the finger was", () => {
  const alerts = [alert({ id: "a1", received_ms: NOW_MS + 1 }), alert({ id: "a2" })];
  const answered = [alert({ id: "a1", received_ms: NOW_MS + 1, state: "acknowledged", progress: [progress()] }), alert({ id: "a2" })];
  const keys = (found: Card[]): string[] => found.map(({ key }) => key);
  assert.deepEqual(keys(cards(alerts, [])), ["alert:a1", "alert:a2"]);
  assert.deepEqual(keys(cards(answered, [], [], ["a1"], ["alert:a1"])), ["alert:a1", "alert:a2"]);
  assert.deepEqual(keys(cards(answered, [], [], ["a1"])), ["alert:a2", "alert:a1"]);
});

test("an alert that another officer has does not wait any more", () => {
  assert.equal(cards([alert({ state: "acknowledged", progress: [progress()] })], [])[0]?.isWaiting, false);
});

test("a camera sent to this officer waits for him, whoever has the alert", () => {
  const taken = alert({ state: "acknowledged", progress: [progress()] });
  assert.equal(cards([taken], [push({ alert_id: "a1" })])[0]?.isWaiting, true);
});

test("a second camera on an acknowledged card asks again", () => {
  const pushes = [push({ alert_id: "a1" }), push({ id: "p2", alert_id: "a1" })];
  assert.equal(cards([alert()], pushes, [], ["a1", "p1"])[0]?.isWaiting, true);
  assert.equal(cards([alert()], pushes, [], ["a1", "p1", "p2"])[0]?.isWaiting, false);
});

test("a recalled camera asks for nothing", () => {
  assert.equal(cards([], [push({ recalled_ms: NOW_MS })])[0]?.isWaiting, false);
});

test("what was sent and has run out asks for nothing", () => {
  assert.equal(cards([], [push({ expires_ms: NOW_MS })])[0]?.isWaiting, false);
});

const HAD = receipt({ item: "alert", item_id: "a1", stage: "acknowledged", revision: 1 });

test("a correction of what this officer acknowledged waits for him, even a cancellation", () => {
  for (const state of ["acknowledged", "cancelled", "closed"] as const) {
    const [card] = cards([alert({ revision: 2, state })], [], [HAD]);
    assert.deepEqual([card?.isWaiting, card?.isCorrection], [true, true]);
  }
});

test("a correction of what he never acknowledged, or has acknowledged too, asks for nothing", () => {
  const shown = { ...HAD, stage: "shown" } as const;
  assert.equal(cards([alert({ revision: 2, state: "cancelled" })], [], [shown])[0]?.isWaiting, false);
  assert.equal(cards([alert({ revision: 2, state: "cancelled" })], [], [HAD], ["a1"])[0]?.isWaiting, false);
});

test("an alert that he acknowledged and that comes back, because nobody is on the way, is on top and heard again", () => {
  const came = alert({ id: "a1", priority: 2 });
  const found = cards([came, alert({ id: "a2", priority: 2, state: "acknowledged", received_ms: NOW_MS + 1 })], [], [HAD], ["a1"]);
  assert.deepEqual(found.map(({ key, isUrged, isWaiting }) => [key, isUrged, isWaiting]), [["alert:a1", true, false], ["alert:a2", false, false]]);

  const heard = (one: Alert, receipts: Receipt[], done: string[] = ["a1"]): boolean => {
    const board = new Board();
    board.apply({ type: "snapshot", position: 1, reason: "asked", alerts: [one], pushes: [], bulletins: [], receipts });
    return isHeard(board, { person: "officer-12", isDone: ({ id }) => done.includes(id), staysInPlace: () => false }, one);
  };
  assert.equal(heard(came, [HAD]), true);
  assert.equal(heard({ ...came, state: "acknowledged" }, [HAD]), false);
  assert.equal(heard(came, [{ ...HAD, stage: "declined" }]), false, "who can't is left alone");
  assert.equal(heard(came, []), false, "his answer is on its way");
  assert.equal(heard(came, [], []), true);
});

test("a recalled push that he acknowledged asks him to acknowledge the recall", () => {
  const had = receipt({ stage: "acknowledged" });
  assert.equal(cards([], [push({ revision: 2, recalled_ms: NOW_MS, cameras: [] })], [had])[0]?.isCorrection, true);
});

test("an alert that is closed, cancelled or expired does not wait", () => {
  assert.equal(cards([alert({ state: "cancelled" })], [])[0]?.isWaiting, false);
  assert.equal(cards([alert({ expires_ms: NOW_MS })], [])[0]?.isWaiting, false);
});

test("the alerts of a flood lie on one card, which waits while one of them does", () => {
  const [card, ...rest] = cards([alert(), alert({ id: "a2", group_id: "a1" }), alert({ id: "a3", group_id: "a1" })], [], [], ["a1"]);
  assert.equal(rest.length, 0);
  assert.equal(card?.isWaiting, true);
  assert.deepEqual(itemsOf(card!).map(({ id }) => id).sort(), ["a1", "a2", "a3"]);
});

test("a card of a flood keeps its place on the screen, whichever alert of it is on top", () => {
  const first = cards([alert(), alert({ id: "a2", group_id: "a1" })], [])[0];
  const over = cards([alert({ state: "closed" }), alert({ id: "a2", group_id: "a1" })], [])[0];
  assert.deepEqual([first?.alert?.id, over?.alert?.id], ["a1", "a2"]);
  assert.equal(first?.key, over?.key);
});
