import assert from "node:assert/strict";
import { test } from "node:test";

import { badgeWords, overlayWords, type TileFacts, tileState } from "../../../../clients/web/shared/tile_state.ts";
import type { CameraState } from "../../../../clients/web/shared/items.ts";
import { NOW_MS } from "../examples.ts";

function facts(changes: Partial<TileFacts> = {}): TileFacts {
  return {
    nowMs: NOW_MS,
    camera: { state: "live", since_ms: NOW_MS - 60_000, reason: "" },
    linkIsOpen: true,
    capturedMs: NOW_MS - 300,
    paintedMs: NOW_MS - 40,
    wasCut: false,
    refusal: "",
    periodMs: 0,
    ...changes,
  };
}

function camera(state: CameraState["state"], reason = ""): CameraState {
  return { state, since_ms: NOW_MS - 9_000, reason };
}

const WORDS: [string, Partial<TileFacts>, string][] = [
  ["a fresh picture of a live camera is live", {}, "live"],
  ["2.5 s is late", { capturedMs: NOW_MS - 2_500 }, "late"],
  ["6 s with pictures coming is old", { capturedMs: NOW_MS - 6_000 }, "old"],
  ["no new picture for 3 s is frozen, however young it is", { paintedMs: NOW_MS - 3_001 }, "frozen"],
  ["of one picture a second the last is live until the second is missing", { periodMs: 1_000, capturedMs: NOW_MS - 1_950 }, "live"],
  ["of one picture a second it is late after two that are missing", { periodMs: 1_000, capturedMs: NOW_MS - 2_050 }, "late"],
  ["of one picture a second it is old after 5 s", { periodMs: 1_000, capturedMs: NOW_MS - 5_050 }, "old"],
  ["of one picture a second none for 3 s is frozen", { periodMs: 1_000, paintedMs: NOW_MS - 3_001 }, "frozen"],
  ["a stalled camera is frozen at once", { camera: camera("stalled") }, "frozen"],
  ["a camera whose reader is silent is frozen", { camera: camera("unknown") }, "frozen"],
  ["a reader that lost its camera leaves a frozen picture", { wasCut: true }, "frozen"],
  ["without a link nothing is live", { linkIsOpen: false }, "frozen"],
  ["a camera that is down is down", { camera: camera("down", "wrong password") }, "down"],
  ["a refusal is down, whatever was shown before", { refusal: "The push was recalled." }, "down"],
  ["before the first picture it starts", { capturedMs: null, camera: camera("starting") }, "starting"],
  ["before the first word of the server it starts", { capturedMs: null, camera: null }, "starting"],
  ["a picture from before is not live while the camera connects", { camera: camera("starting") }, "late"],
  ["an old picture is not live while the camera connects", { camera: null, capturedMs: NOW_MS - 8_000 }, "old"],
  ["no picture and no link is down", { capturedMs: null, linkIsOpen: false }, "down"],
];

for (const [what, changes, word] of WORDS) {
  test(what, () => assert.equal(tileState(facts(changes)).word, word));
}

test("only a live, late or old picture goes without words over it", () => {
  for (const [, changes, word] of WORDS) {
    const overlay = overlayWords(tileState(facts(changes)), NOW_MS);
    assert.equal(overlay === null, ["live", "late", "old"].includes(word));
  }
});

test("a frozen picture says for how long, and why", () => {
  const state = tileState(facts({ camera: camera("stalled", "no picture for 5 s"), capturedMs: NOW_MS - 7_000 }));
  assert.deepEqual(overlayWords(state, NOW_MS), {
    title: "NO NEW PICTURE 7.0 s",
    detail: "no picture for 5 s · retrying",
  });
});

test("without a link and a picture nobody knows since when", () => {
  const state = tileState(facts({ camera: null, capturedMs: null, linkIsOpen: false }));
  assert.deepEqual(overlayWords(state, NOW_MS), { title: "NO PICTURE", detail: "no link to the server" });
});

test("the badge says the age of the picture that is shown", () => {
  assert.equal(badgeWords(tileState(facts())), "LIVE 0.3 s");
  assert.equal(badgeWords(tileState(facts({ capturedMs: NOW_MS - 3_400 }))), "LATE 3.4 s");
});

test("a reader whose clock is ahead does not make a negative age", () => {
  assert.equal(badgeWords(tileState(facts({ capturedMs: NOW_MS + 500 }))), "LIVE 0.0 s");
});

test("a single picture is not called live", () => {
  assert.equal(badgeWords(tileState(facts({ periodMs: 1_000, capturedMs: NOW_MS - 800 }))), "STILL 0.8 s");
  assert.equal(badgeWords(tileState(facts({ periodMs: 1_000, capturedMs: NOW_MS - 2_400 }))), "LATE 2.4 s");
});
