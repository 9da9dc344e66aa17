import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { newId, Outbox, type OutboxStore } from "../../../../clients/web/shared/outbox.ts";
import type { Command, Report } from "../../../../clients/web/shared/wire.ts";
import { NOW_MS } from "../examples.ts";
import { textVectors } from "../vectors.ts";

/** The device's disk; Node.js has no IndexedDB. The real one is tested in the browser. */
class MemoryStore implements OutboxStore {
  rows: { person: string; command: Command }[] = [];
  isFull = false;

  async load(person: string): Promise<Command[]> {
    return this.rows.filter((row) => row.person === person).map((row) => row.command);
  }

  async keep(person: string, command: Command): Promise<void> {
    if (this.isFull) throw new Error("QuotaExceededError");
    this.rows.push({ person, command });
  }

  async forget(id: string): Promise<void> {
    this.rows = this.rows.filter((row) => row.command.id !== id);
  }
}

let store: MemoryStore;
let sent: Command[];
let reports: Report[];
let hasLink: boolean;

function outbox(person = "officer-12"): Outbox {
  return new Outbox(person, store, (message) => {
    if (!hasLink) return false;
    if (message.type === "report") reports.push(message as Report);
    else sent.push(message as Command);
    return true;
  });
}

beforeEach(() => {
  store = new MemoryStore();
  sent = [];
  reports = [];
  hasLink = true;
});

test("a receipt is on the disk before it is on the wire", async () => {
  const box = new Outbox("officer-12", store, (command) => {
    assert.ok(command.type !== "report");
    assert.deepEqual(store.rows.map((row) => row.command.id), [command.id]);
    sent.push(command);
    return true;
  });
  await box.put("push", "p1", 1, "acknowledged", NOW_MS);
  assert.equal(sent.length, 1);
});

test("what is sent has the fields of the protocol", async () => {
  await outbox().put("alert", "a1", 1, "acknowledged", NOW_MS);
  const example = textVectors("events").client.receipt as object;
  assert.deepEqual(Object.keys(sent[0] ?? {}).sort(), Object.keys(example).sort());
});

test("without a link a receipt waits over restarts and keeps its id", async () => {
  hasLink = false;
  await outbox().put("push", "p1", 1, "acknowledged", NOW_MS);
  const id = store.rows[0]?.command.id;
  for (let restart = 0; restart < 2; restart += 1) {
    const again = outbox();
    await again.load();
    assert.equal(again.has("push", "p1", "acknowledged"), true);
    again.flush();
  }
  hasLink = true;
  const last = outbox();
  await last.load();
  last.flush();
  assert.deepEqual(sent.map((command) => command.id), [id]);
});

test("it is forgotten when the server has answered, and not before", async () => {
  const box = outbox();
  await box.put("push", "p1", 1, "acknowledged", NOW_MS);
  box.flush();
  assert.equal(sent.length, 2);
  assert.equal(await box.answered(sent[0]!.id, null), sent[0]);
  assert.equal(await box.answered(sent[0]!.id, null), null, "the second sending is answered as well");
  assert.equal(store.rows.length, 0);
  box.flush();
  assert.equal(sent.length, 2);
});

test("a server that cannot write now gets the receipt again", async () => {
  const box = outbox();
  await box.put("push", "p1", 1, "declined", NOW_MS);
  assert.equal(await box.answered(sent[0]!.id, { code: "log.unavailable", message: "" }), null);
  assert.equal(box.size, 1);
});

test("a receipt that the server refuses for good is dropped", async () => {
  const box = outbox();
  await box.put("push", "p1", 1, "declined", NOW_MS);
  assert.equal(await box.answered(sent[0]!.id, { code: "item.unknown", message: "" }), sent[0]);
  assert.equal(box.size, 0);
});

test("the same stage of the same item is written down once", async () => {
  const box = outbox();
  await Promise.all([1, 2].map(() => box.put("push", "p1", 1, "acknowledged", NOW_MS)));
  assert.equal(store.rows.length, 1);
});

test("a full disk does not cost the acknowledgement", async () => {
  store.isFull = true;
  const box = outbox();
  await assert.rejects(box.put("push", "p1", 1, "acknowledged", NOW_MS));
  assert.equal(sent.length, 1);
  assert.equal(box.has("push", "p1", "acknowledged"), true);
});

test("one person's receipts are not sent in the name of another", async () => {
  hasLink = false;
  await outbox("officer-12").put("push", "p1", 1, "acknowledged", NOW_MS);
  hasLink = true;
  const other = outbox("officer-14");
  await other.load();
  other.flush();
  assert.equal(sent.length, 0);
});

test("ids are long enough for the server and never the same", () => {
  const ids = new Set(Array.from({ length: 1000 }, newId));
  assert.equal(ids.size, 1000);
  assert.ok([...ids].every((id) => /^[0-9a-f]{32}$/.test(id)));
});

test("a command for an alert is kept, sent with the fields it has, and forgotten when it is answered", async () => {
  const box = outbox();
  hasLink = false;
  await box.order("a1", 2, "close", { outcome: "casings" });
  assert.equal(box.command("a1"), "close");
  hasLink = true;
  box.flush();
  const [command] = sent;
  assert.deepEqual({ ...command, id: "" }, { type: "command", id: "", item: "alert", item_id: "a1", revision: 2, command: "close", outcome: "casings" });
  await box.answered(command!.id, null);
  assert.equal(box.command("a1"), undefined);
  assert.equal(store.rows.length, 0);
});

test("the same command tapped twice is one", async () => {
  const box = outbox();
  await Promise.all([box.order("a1", 1, "en_route"), box.order("a1", 1, "en_route")]);
  assert.equal(sent.length, 1);
});

test("what the device says by itself goes together, in the fields of the protocol, once a link", async () => {
  const box = outbox();
  await box.put("alert", "a1", 1, "delivered", NOW_MS);
  await box.put("alert", "a2", 1, "shown", NOW_MS);
  box.flush();
  box.flush();
  assert.deepEqual(sent, []);
  assert.deepEqual(reports.map(({ receipts }) => receipts.map(({ item_id, stage }) => [item_id, stage])), [[["a1", "delivered"], ["a2", "shown"]]]);
  const example = (textVectors("events").client.report as unknown as Report).receipts[0];
  assert.deepEqual(Object.keys(reports[0]!.receipts[0]!).sort(), Object.keys(example!).sort());
});

test("it goes by itself, a moment later", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const box = outbox();
  await box.put("alert", "a1", 1, "delivered", NOW_MS);
  assert.equal(reports.length, 0);
  context.mock.timers.tick(50);
  assert.equal(reports.length, 1);
});

test("what was stored without a link is reported once, over restarts and new links", async () => {
  hasLink = false;
  const before = outbox();
  await before.put("alert", "a1", 1, "delivered", NOW_MS);
  before.flush();
  const box = outbox();
  await box.load();
  hasLink = true;
  box.reopened();
  box.flush();
  assert.equal(reports.length, 1);
  box.reopened();
  assert.equal(reports.length, 2, "the first was not answered");
  const kept = await box.reported({ type: "reported", number: reports[1]!.number, ok: true, refused: [] });
  assert.deepEqual(kept.map(({ item_id, stage }) => [item_id, stage]), [["a1", "delivered"]]);
  assert.deepEqual(store.rows, []);
  box.reopened();
  assert.equal(reports.length, 2);
});

test("a line that is refused is dropped, a report that could not be written is sent again", async () => {
  const box = outbox();
  await box.put("alert", "a1", 1, "delivered", NOW_MS);
  await box.put("alert", "a2", 1, "delivered", NOW_MS);
  box.flush();
  const error = { code: "log.unavailable", message: "" };
  assert.deepEqual(await box.reported({ type: "reported", number: reports[0]!.number, ok: false, error }), []);
  assert.equal(box.size, 2);
  box.flush();
  const refused = [{ index: 0, error: { code: "item.unknown", message: "" } }];
  const kept = await box.reported({ type: "reported", number: reports[1]!.number, ok: true, refused });
  assert.deepEqual(kept.map(({ item_id }) => item_id), ["a2"]);
  assert.equal(box.size, 0);
});
