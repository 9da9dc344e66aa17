import assert from "node:assert/strict";
import { test } from "node:test";

import { byDistrict, progress, tally } from "../../../../clients/web/cameras/tally.ts";
import { NOW_MS } from "../examples.ts";
import { check, row } from "./rows.ts";

test("each camera is counted once by its state, and its fault beside it", () => {
  const all = tally([row(1), row(2, "down"), row(3, "live", { check: check("faulty", "black", "moved"), masked: true })]);
  assert.deepEqual([all.cameras, all.states.live, all.states.down, all.faults, all.unchecked, all.masked], [3, 2, 1, 1, 2, 1]);
});

test("cameras without a district are a district of their own, the last", () => {
  const districts = byDistrict([row(1, "live", { district: "" }), row(2), row(3, "down")]);
  assert.deepEqual(districts.map(([district, { cameras, states }]) => [district, cameras, states.down]), [
    ["Downtown", 2, 1],
    ["", 1, 0],
  ]);
});

test("of an order only what the server says is done, is done", () => {
  const rows = [
    row(1, "live", { check: check("good") }),
    row(2, "live", { check_ordered_ms: NOW_MS - 1000 }),
    row(3, "live", { check: { ...check("good"), at_ms: NOW_MS - 5000 }, check_ordered_ms: NOW_MS - 1000 }),
    row(4, "down"),
  ];
  const known = new Map(rows.map((one) => [one.id, one]));
  const ordered = [...known.keys(), "gone"];
  assert.deepEqual(progress(known, ordered, NOW_MS - 2000), { ordered: 5, checked: 1, waiting: 2, leftOut: 2 });
});
