import assert from "node:assert/strict";
import { test } from "node:test";

import { refusalWords } from "../../../../clients/web/shared/refusal.ts";
import type { Stage } from "../../../../clients/web/shared/stage.ts";
import type { Command } from "../../../../clients/web/shared/wire.ts";

function order(command: string): Command {
  return { type: "command", id: "c1", item: "alert", item_id: "a1", revision: 1, command };
}

function report(stage: Stage): Command {
  return { type: "receipt", id: "c1", item: "push", item_id: "p1", revision: 1, stage, at_ms: 0 };
}

test("who is refused is told what was not taken, and what to do", () => {
  const gone = refusalWords(order("en_route"), { code: "alert.unknown", message: "There is no alert 'a1' for you." });
  assert.equal(gone, "Your “on the way” was not taken. The center does not list it as yours: tell dispatch by radio.");
  const corrected = refusalWords(report("acknowledged"), { code: "conflict.revision", message: "…" });
  assert.equal(corrected, "Your acknowledgement was not taken. It was corrected meanwhile: read it as it is now, and tap again.");
});

test("how an alert stands is said in the server's words", () => {
  const words = refusalWords(order("on_scene"), { code: "conflict.state", message: "The alert is closed." });
  assert.equal(words, "Your “on scene” was not taken. The alert is closed.");
});

test("what nobody foresaw ends with the radio", () => {
  const words = refusalWords(order("close"), { code: "request.invalid", message: "'outcome' is not on the list." });
  assert.equal(words, "Your “close” was not taken. 'outcome' is not on the list. Tell dispatch by radio.");
});

test("what the device reports by itself is nobody's concern", () => {
  for (const stage of ["delivered", "shown", "opened"] as const) {
    assert.equal(refusalWords(report(stage), { code: "item.unknown", message: "" }), null);
  }
});
