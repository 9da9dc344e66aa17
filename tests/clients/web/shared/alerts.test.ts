import assert from "node:assert/strict";
import { test } from "node:test";

import { inOrder, isLivePush, isOpen, ladderWords, place, title } from "../../../../clients/web/shared/alerts.ts";
import { Board } from "../../../../clients/web/shared/board.ts";
import { alert, NOW_MS, push, receipt } from "../examples.ts";

function board(receipts: ReturnType<typeof receipt>[]): Board {
  const known = new Board();
  known.apply({ type: "snapshot", position: 1, reason: "asked", alerts: [], pushes: [], receipts });
  return known;
}

test("what nobody has yet is on top by priority, then the newest", () => {
  const taken = receipt({ item: "alert", item_id: "taken", stage: "acknowledged" });
  const alerts = [
    alert({ id: "minor", received_ms: NOW_MS, priority: 3 }),
    alert({ id: "old", received_ms: NOW_MS - 2 }),
    alert({ id: "taken", received_ms: NOW_MS }),
    alert({ id: "new", received_ms: NOW_MS - 1 }),
  ];
  assert.deepEqual(inOrder(board([taken]), alerts).map(({ id }) => id), ["new", "old", "minor", "taken"]);
});

test("an alert without headline and place still says something", () => {
  assert.equal(title(alert()), "Multiple gunshots");
  assert.equal(place(alert()), "no place given");
  assert.equal(place(alert({ point: { lat: 41.76, lon: -72.67 } })), "41.76000, -72.67000");
});

test("cancelled and expired alerts are not open", () => {
  assert.equal(isOpen(alert(), NOW_MS), true);
  assert.equal(isOpen(alert({ msg_type: "Cancel" }), NOW_MS), false);
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
  assert.equal(ladderWords(known, [sent]), "3 sent · 2 on device · 1 shown · 1 acknowledged");
});
