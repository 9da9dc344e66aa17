import assert from "node:assert/strict";
import { test } from "node:test";

import { Board } from "../../../../clients/web/shared/board.ts";
import type { EventsHello, EventsMessage } from "../../../../clients/web/shared/wire.ts";
import { alert, bulletin, NOW_MS, progress, push, receipt } from "../examples.ts";
import { textVectors } from "../vectors.ts";

const { server, client } = textVectors("events");
const hello = server.hello as unknown as EventsHello;

function entry(position: number, what: object): EventsMessage {
  return { type: "entry", position, at_ms: NOW_MS, ...what } as EventsMessage;
}

test("every message of the server's examples is folded without an error", () => {
  const board = new Board();
  for (const message of Object.values(server)) board.apply(message as unknown as EventsMessage);
  assert.ok(board.alerts.size > 0);
});

test("a new board asks for a snapshot, and afterwards resumes where it stopped reading", () => {
  const board = new Board();
  assert.deepEqual(board.answer(hello), client.snapshot);
  board.apply({ type: "snapshot", position: 4700, reason: "asked", alerts: [], pushes: [], bulletins: [], receipts: [] });
  assert.deepEqual(board.answer(hello), client.resume);
});

test("another installation's position is worth nothing", () => {
  const board = new Board();
  board.answer(hello);
  board.apply({ type: "snapshot", position: 4700, reason: "asked", alerts: [], pushes: [], bulletins: [], receipts: [] });
  assert.deepEqual(board.answer({ ...hello, installation: "another" }), { type: "snapshot" });
});

test("a snapshot replaces everything", () => {
  const board = new Board();
  board.apply(entry(1, { kind: "alert", alert: alert({ id: "old" }) }));
  board.apply({ type: "snapshot", position: 9, reason: "too_old", alerts: [alert({ id: "new" })], pushes: [], bulletins: [], receipts: [] });
  assert.deepEqual([...board.alerts.keys()], ["new"]);
  assert.equal(board.position, 9);
});

test("an entry that was read already changes nothing", () => {
  const board = new Board();
  assert.equal(board.apply(entry(5, { kind: "alert", alert: alert() })), true);
  assert.equal(board.apply(entry(5, { kind: "alert", alert: alert({ headline: "twice" }) })), false);
  assert.equal(board.alerts.get("a1")?.headline, "");
});

test("an older revision does not replace a newer one", () => {
  const board = new Board();
  board.apply(entry(1, { kind: "push", push: push({ revision: 2, recalled_ms: NOW_MS }) }));
  board.apply(entry(2, { kind: "push", push: push({ revision: 1 }) }));
  assert.equal(board.pushes.get("p1")?.recalled_ms, NOW_MS);
});

test("a tick moves the position on over entries that do not concern us", () => {
  const board = new Board();
  board.apply({ type: "tick", position: 77, server_time_ms: NOW_MS });
  assert.equal(board.position, 77);
});

test("only the highest rung of a ladder counts, whatever the order", () => {
  const board = new Board();
  board.apply(entry(1, { kind: "receipts", receipts: [receipt({ stage: "acknowledged" }), receipt({ stage: "shown" })] }));
  assert.equal(board.stageOf("push", "p1", "officer-12")?.stage, "acknowledged");
  assert.equal(board.receipts("push", "p1").length, 1);
});

test("a person has got as far as the best of his devices", () => {
  const board = new Board();
  board.apply(entry(1, { kind: "receipts", receipts: [receipt({ stage: "shown" }), receipt({ device: "phone" })] }));
  assert.equal(board.stageOf("push", "p1", "officer-12")?.stage, "shown");
  assert.equal(board.stageOf("push", "p1", "officer-12", "phone")?.stage, "delivered");
});

test("who acknowledged the present revision first has the alert", () => {
  const board = new Board();
  const steps = [
    progress({ person: "officer-9", revision: 1 }),
    progress({ person: "officer-12", revision: 2 }),
    progress({ person: "officer-14", revision: 2 }),
  ];
  assert.equal(board.acknowledgement(alert({ revision: 2, state: "acknowledged", progress: steps }))?.person, "officer-12");
  assert.equal(board.acknowledgement(alert({ revision: 2, state: "new", progress: steps })), undefined);
});

test("what was said to an earlier revision does not count for the present one, and is remembered", () => {
  const board = new Board();
  const read = { item: "alert", item_id: "a1" } as const;
  board.apply(entry(1, { kind: "alert", alert: alert() }));
  board.apply(entry(2, { kind: "receipts", receipts: [receipt({ ...read, stage: "acknowledged" })] }));
  board.apply(entry(3, { kind: "alert", alert: alert({ revision: 2 }) }));
  assert.equal(board.stageOf("alert", "a1", "officer-12"), undefined);
  assert.equal(board.hadStage("alert", "a1", "officer-12"), "acknowledged");
  board.apply(entry(4, { kind: "receipts", receipts: [receipt({ ...read, revision: 2, stage: "shown" })] }));
  assert.equal(board.stageOf("alert", "a1", "officer-12")?.stage, "shown");
});

test("an entry of the same revision that comes later is newer", () => {
  const board = new Board();
  board.apply(entry(1, { kind: "alert", alert: alert() }));
  board.apply(entry(2, { kind: "alert", alert: alert({ state: "acknowledged", progress: [progress()] }) }));
  assert.equal(board.alerts.get("a1")?.state, "acknowledged");
});

test("a bulletin that has ended is forgotten with what was said to it", () => {
  const board = new Board();
  board.apply(entry(1, { kind: "bulletin", bulletin: bulletin() }));
  board.apply(entry(2, { kind: "receipts", receipts: [receipt({ item: "bulletin", item_id: "b1" })] }));
  const ended = { id: "b1", number: 1, revision: 2, state: "cancelled", sent_ms: NOW_MS, expires_ms: NOW_MS, revised_ms: NOW_MS, ended_ms: NOW_MS, ended_by: "operator", reason: "found" };
  assert.equal(board.apply(entry(3, { kind: "bulletin", bulletin: ended })), true);
  assert.equal(board.bulletins.size, 0);
  assert.deepEqual(board.receipts("bulletin", "b1"), []);
  assert.deepEqual(board.copy().bulletins, []);
});

test("a bulletin expires by the clock, without a word from the server, and is not taken up again", () => {
  const board = new Board();
  board.apply(entry(1, { kind: "bulletin", bulletin: bulletin({ expires_ms: NOW_MS + 1_000 }) }));
  assert.equal(board.sweep(NOW_MS + 999), false);
  const again = new Board();
  again.restore(structuredClone(board.copy()), NOW_MS + 1_000);
  assert.equal(again.bulletins.size, 0);
  assert.equal(board.sweep(NOW_MS + 1_000), true);
  assert.equal(board.bulletins.size, 0);
});

test("sums replace those of before, all of them when they are full", () => {
  const board = new Board();
  const sum = { item: "alert", item_id: "a1", revision: 1, queued: 1, sent: 0, delivered: 2, shown: 0, opened: 0, declined: 0, acknowledged: 0, unreached: 0 } as const;
  board.apply({ type: "sums", full: true, items: [sum, { ...sum, item_id: "a2" }] });
  board.apply({ type: "sums", full: false, items: [{ ...sum, delivered: 3 }] });
  assert.deepEqual([...board.sums.values()].map(({ delivered }) => delivered), [3, 2]);
  board.apply({ type: "sums", full: true, items: [] });
  assert.equal(board.sums.size, 0);
});

test("states of cameras are added to, and replaced when they are full", () => {
  const board = new Board();
  const live = { state: "live", since_ms: NOW_MS, reason: "" } as const;
  board.apply({ type: "cameras", full: true, states: { a: live, b: live } });
  board.apply({ type: "cameras", full: false, states: { b: { ...live, state: "down" } } });
  assert.deepEqual([board.cameras.get("a")?.state, board.cameras.get("b")?.state], ["live", "down"]);
  board.apply({ type: "cameras", full: true, states: { c: live } });
  assert.deepEqual([...board.cameras.keys()], ["c"]);
});

test("a copy taken up again goes on from its position, without what is older than a day", () => {
  const board = new Board();
  board.answer(hello);
  board.apply(entry(8, { kind: "alert", alert: alert({ id: "fresh", received_ms: NOW_MS }) }));
  board.apply(entry(9, { kind: "alert", alert: alert({ id: "stale", received_ms: NOW_MS - 25 * 3600 * 1000 }) }));
  const again = new Board();
  again.restore(structuredClone(board.copy()), NOW_MS);
  assert.deepEqual([...again.alerts.keys()], ["fresh"]);
  assert.deepEqual(again.answer(hello), { type: "resume", installation: hello.installation, position: 9 });
});
