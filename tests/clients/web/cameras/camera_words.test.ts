import assert from "node:assert/strict";
import { test } from "node:test";

import { bitrateWords, checkWords, figure, pictureWords, stateWords } from "../../../../clients/web/cameras/row.ts";
import { askedWords, tableAddress, uptimeWords } from "../../../../clients/web/cameras/uptime.ts";
import { NOW_MS } from "../examples.ts";
import { check, row } from "./rows.ts";

test("a state says why", () => {
  assert.equal(stateWords(row(1, "down", { state: { state: "down", since_ms: NOW_MS, reason: "connection refused" } })), "Down: connection refused");
  assert.equal(stateWords(row(1, "idle")), "Idle: nobody watches");
});

test("a check says what it found, and what it could not tell", () => {
  assert.equal(checkWords(row(1)), "never checked");
  assert.equal(checkWords(row(1, "live", { check: check("good") })), "good");
  assert.equal(checkWords(row(1, "live", { check: check("unsure") })), "not sure: Words.");
  assert.equal(checkWords(row(1, "live", { check: check("unanswered") })), "gave no picture: Words.");
  assert.equal(checkWords(row(1, "live", { check: check("faulty", "moved", "blurred") })), "looks elsewhere, blurred: Words.");
});

test("the age of a picture goes on while the link is gone", () => {
  assert.equal(pictureWords(row(1), 0), "0.3 s");
  assert.equal(pictureWords(row(1), 60_000), "60 s");
  assert.equal(pictureWords(row(1, "idle", { picture_age_ms: null }), 60_000), "–");
});

test("nothing is measured of a camera that is not connected", () => {
  assert.equal(figure(row(1), 2_100_000, bitrateWords), "2.1 Mbit/s");
  assert.equal(figure(row(1, "idle"), 0, bitrateWords), "–");
  assert.equal(figure(row(1), null), "–");
});

test("up-time is never rounded up to all of it", () => {
  const share = (up: number | null) => ({ up, asked_ms: 1, unknown_ms: 0 });
  assert.equal(uptimeWords(share(0.99999)), "99.9 %");
  assert.equal(uptimeWords(share(0.29)), "29.0 %");
  assert.equal(uptimeWords(share(1)), "100 %");
  assert.equal(uptimeWords(share(null)), "–");
  assert.equal(uptimeWords(undefined), "–");
});

test("a share says of how much", () => {
  const share = (asked_ms: number) => ({ up: 1, asked_ms, unknown_ms: 0 });
  assert.equal(askedWords(share(240_000)), "of 4 min");
  assert.equal(askedWords(share(7_200_000)), "of 2 h");
  assert.equal(askedWords({ ...share(0), up: null }), "");
});

test("the table of up-time is asked for by its address alone", () => {
  assert.equal(tableAddress(1.4, 2), "/api/cameras/uptime?from_ms=1&to_ms=2&format=csv");
});
