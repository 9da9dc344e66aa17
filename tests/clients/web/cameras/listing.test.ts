import assert from "node:assert/strict";
import { test } from "node:test";

import { arrange, NO_FILTER, type Filter, type Key } from "../../../../clients/web/cameras/listing.ts";
import type { Row } from "../../../../clients/web/cameras/row.ts";
import { NOW_MS } from "../examples.ts";
import { check, row } from "./rows.ts";

function listed(rows: Row[], filter: Partial<Filter> = {}, by: Key = "number", descends = false): number[] {
  const numbers = new Map(rows.map(({ id, number }) => [id, number]));
  return arrange(rows, { ...NO_FILTER, ...filter }, { by, descends }).map((id) => numbers.get(id)!);
}

test("what needs somebody comes first, a fault before what is well", () => {
  const rows = [row(1, "idle"), row(2), row(3, "live", { check: check("faulty", "frozen") }), row(4, "stalled"), row(5, "down")];
  assert.deepEqual(listed(rows, {}, "state"), [5, 4, 3, 2, 1]);
});

test("what is not known stands last in either direction", () => {
  const rows = [row(1, "idle", { picture_age_ms: null }), row(2, "live", { picture_age_ms: 900 }), row(3, "live", { picture_age_ms: 100 })];
  assert.deepEqual(listed(rows, {}, "picture"), [3, 2, 1]);
  assert.deepEqual(listed(rows, {}, "picture", true), [2, 3, 1]);
});

test("the figures of a camera that is not connected are no figures", () => {
  const rows = [row(1, "idle", { fps: 0 }), row(2, "live", { fps: 25 }), row(3, "live", { fps: 5 })];
  assert.deepEqual(listed(rows, {}, "fps"), [3, 2, 1]);
});

test("equal ones keep the order of their numbers in either direction", () => {
  const rows = [row(3), row(1), row(2)];
  assert.deepEqual(listed(rows, {}, "losses"), [1, 2, 3]);
  assert.deepEqual(listed(rows, {}, "losses", true), [1, 2, 3]);
});

test("names are sorted as people count", () => {
  assert.deepEqual(listed([row(10), row(9)], {}, "name"), [9, 10]);
});

test("every column sorts", () => {
  const keys: Key[] = ["number", "name", "district", "state", "since", "fps", "bitrate", "gop", "picture", "losses", "fault", "checked", "masked"];
  const more = row(1, "live", { name: "A", district: "A", fps: 1, bitrate_bps: 1, gop_pictures: 1, picture_age_ms: 1, check: check("faulty", "black"), masked: true });
  const less = row(2, "idle", { state: { state: "idle", since_ms: NOW_MS, reason: "" }, losses: 2, picture_age_ms: null });
  for (const by of keys) assert.deepEqual(listed([less, more], {}, by), [1, 2], by);
});

test("filters go together", () => {
  const rows = [row(1, "down"), row(2, "down", { district: "" }), row(3, "live", { check: check("unanswered") }), row(4, "live", { check: check("good") })];
  assert.deepEqual(listed(rows, { state: "down" }), [1, 2]);
  assert.deepEqual(listed(rows, { state: "down", district: "" }), [2]);
  assert.deepEqual(listed(rows, { fault: "any" }), [3]);
  assert.deepEqual(listed(rows, { fault: "silent" }), [3]);
  assert.deepEqual(listed(rows, { fault: "none" }), [4]);
  assert.deepEqual(listed(rows, { fault: "never" }), [1, 2]);
  assert.deepEqual(listed(rows, { text: " 4TH ave " }), [4]);
  assert.deepEqual(listed(rows, { text: "nowhere" }), []);
});
