import assert from "node:assert/strict";
import { test } from "node:test";

import { bytesWords, type Clip, clipFits, missingWords, removalWords, spanWords, unplayable } from "../../../../clients/web/cameras/clip.ts";
import { NOW_MS } from "../examples.ts";

const DAY_MS = 86_400_000;

function clip(changes: Partial<Clip> = {}): Clip {
  return {
    id: "c1",
    number: 17,
    state: "kept",
    camera: { id: "main-4th", number: 4, name: "Main St / 4th Ave", masks: 0 },
    from_ms: NOW_MS - 90_000,
    to_ms: NOW_MS,
    why: "What happened before the alert",
    alert_id: null,
    asked_by: "operator",
    asked_ms: NOW_MS,
    reason: "",
    first_ms: NOW_MS - 90_400,
    last_ms: NOW_MS,
    pictures: 2250,
    bytes: 22_000_000,
    codec: "avc1",
    sha256: "",
    holes: [],
    made_ms: NOW_MS,
    keep_until_ms: NOW_MS + 30 * DAY_MS,
    hold: null,
    removed_ms: null,
    ...changes,
  };
}

test("a span says its day once, and how long it is", () => {
  assert.match(spanWords(NOW_MS - 90_000, NOW_MS), /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d to \d\d:\d\d:\d\d, 1:30$/);
  assert.match(spanWords(NOW_MS - 2 * DAY_MS, NOW_MS), /^\d{4}-\S+ \S+ to \d{4}-\S+ \S+, 2 d 0 h$/);
});

test("missing parts are told together", () => {
  const hole = (from: number, to: number) => ({ from_ms: from, to_ms: to, why: "The camera was lost." });
  assert.equal(missingWords(clip()), "");
  assert.equal(missingWords(clip({ holes: [hole(0, 2500)] })), "2.5 s missing in 1 part");
  assert.equal(missingWords(clip({ holes: [hole(0, 2500), hole(4000, 94_000)] })), "1:32 missing in 2 parts");
});

test("it says when it goes, and why it stays", () => {
  assert.match(removalWords(clip(), NOW_MS), /, in 30 d 0 h$/);
  assert.match(removalWords(clip({ keep_until_ms: NOW_MS - 1 }), NOW_MS), /^due/);
  assert.match(removalWords(clip({ hold: { by: "admin", at_ms: NOW_MS, reason: "Case 12" } }), NOW_MS), /^stays: held by admin since .*, Case 12$/);
  assert.match(removalWords(clip({ state: "removed", removed_ms: NOW_MS }), NOW_MS), /^removed \d{4}/);
  assert.equal(removalWords(clip({ state: "recording", keep_until_ms: null }), NOW_MS), "–");
});

test("what browsers don't play is said", () => {
  assert.equal(unplayable(clip()), "");
  assert.match(unplayable(clip({ codec: "jpeg" })), /VLC/);
});

test("clips are found by what people know of them", () => {
  assert.ok(clipFits(clip(), "", "4th ave"));
  assert.ok(clipFits(clip(), "kept", "BEFORE"));
  assert.ok(!clipFits(clip(), "failed", ""));
  assert.ok(!clipFits(clip(), "held", ""));
  assert.ok(clipFits(clip({ hold: { by: "admin", at_ms: NOW_MS, reason: "" } }), "held", "17"));
});

test("sizes are those of files", () => {
  assert.deepEqual([300, 480_000, 22_000_000, 2_500_000_000].map(bytesWords), ["1 kB", "480 kB", "22.0 MB", "2.5 GB"]);
});
