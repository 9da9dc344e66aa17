import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { newId, Outbox, type OutboxStore } from "../../../../clients/web/shared/outbox.ts";
import type { Command } from "../../../../clients/web/shared/wire.ts";
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
let hasLink: boolean;

function outbox(person = "officer-12"): Outbox {
  return new Outbox(person, store, (command) => {
    if (hasLink) sent.push(command);
    return hasLink;
  });
}

beforeEach(() => {
  store = new MemoryStore();
  sent = [];
  hasLink = true;
});

test("a receipt is on the disk before it is on the wire", async () => {
  const box = new Outbox("officer-12", store, (command) => {
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
  await box.put("push", "p1", 1, "shown", NOW_MS);
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
  await box.put("push", "p1", 1, "shown", NOW_MS);
  assert.equal(await box.answered(sent[0]!.id, { code: "log.unavailable", message: "" }), null);
  assert.equal(box.size, 1);
});

test("a receipt that the server refuses for good is dropped", async () => {
  const box = outbox();
  await box.put("push", "p1", 1, "shown", NOW_MS);
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
