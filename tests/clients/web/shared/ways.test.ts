import assert from "node:assert/strict";
import { test } from "node:test";

import type { Way } from "../../../../clients/web/shared/playback.ts";
import { Ways } from "../../../../clients/web/shared/ways.ts";

const CODEC = "avc1.42C01F";
const WHY = "PIPELINE_ERROR_DECODE";

function ways(plays: Way[], { source = "MediaSource", noDecoder = "" } = {}): Ways {
  return new Ways({ plays: (way, codec) => codec === CODEC && plays.includes(way), source, noDecoder });
}

/** Fails so often, each time as soon as it may be tried. Returns when it failed last. */
function failing(ways: Ways, way: Way, times: number): number {
  let nowMs = 0;
  for (let time = 0; time < times; time += 1) {
    while (ways.choose(CODEC, false, nowMs).way !== way) nowMs += 100;
    ways.failed(way, WHY, nowMs);
  }
  return nowMs;
}

test("a tile is played as a stream, the enlarged picture is decoded", () => {
  const both = ways(["media", "decoder"]);
  assert.deepEqual(both.choose(CODEC, false, 0), { way: "media", isHopeless: false });
  assert.deepEqual(both.choose(CODEC, true, 0), { way: "decoder", isHopeless: false });
});

test("what this browser does not have is not tried", () => {
  assert.equal(ways(["decoder"]).choose(CODEC, false, 0).way, "decoder");
  assert.equal(ways(["media"]).choose(CODEC, true, 0).way, "media");
  assert.deepEqual(ways([]).choose(CODEC, false, 0), { way: null, isHopeless: true });
  assert.deepEqual(ways(["media", "decoder"]).choose("hvc1.1.6.L93.B0", false, 0), { way: null, isHopeless: true });
});

test("a way that failed is tried again after a pause that grows", () => {
  const both = ways(["media", "decoder"]);
  both.failed("media", WHY, 0);
  assert.deepEqual(both.choose(CODEC, false, 499), { way: null, isHopeless: false });
  assert.equal(both.choose(CODEC, false, 500).way, "media");
  both.failed("media", WHY, 500);
  assert.equal(both.choose(CODEC, false, 1_499).way, null);
  assert.equal(both.choose(CODEC, false, 1_500).way, "media");
});

test("when it fails a third time the other one has its turn, for a minute", () => {
  const both = ways(["media", "decoder"]);
  const nowMs = failing(both, "media", 3);
  assert.deepEqual(both.choose(CODEC, false, nowMs), { way: "decoder", isHopeless: false });
  assert.equal(both.choose(CODEC, false, nowMs + 59_999).way, "decoder");
  assert.equal(both.choose(CODEC, false, nowMs + 60_000).way, "media");
});

test("one that has worked has failed never", () => {
  const both = ways(["media", "decoder"]);
  failing(both, "media", 2);
  both.worked("media");
  assert.equal(both.choose(CODEC, false, 0).way, "media");
});

test("when all have failed single pictures are better, and it is tried again for ever", () => {
  const one = ways(["media"]);
  let nowMs = failing(one, "media", 3);
  assert.equal(one.choose(CODEC, false, nowMs).isHopeless, true);
  for (let time = 0; time < 20; time += 1) {
    nowMs += 15_000;
    assert.equal(one.choose(CODEC, false, nowMs).way, "media");
    one.failed("media", WHY, nowMs);
  }
});

test("it says which one plays and why", () => {
  const usual = ways(["media", "decoder"]);
  assert.equal(usual.words("media", false), "Played by the browser as a stream (MediaSource): the usual way.");
  assert.equal(usual.words("decoder", true), "Decoded picture by picture (WebCodecs): the enlarged picture, with the least delay.");
  usual.failed("media", WHY, 0);
  assert.equal(usual.words("decoder", false), `Decoded picture by picture (WebCodecs): MediaSource failed (${WHY}).`);
  assert.equal(
    ways(["media"], { source: "ManagedMediaSource" }).words("media", false),
    "Played by the browser as a stream (ManagedMediaSource): this browser has no MediaSource.",
  );
  assert.equal(
    ways(["media"], { noDecoder: "this browser has no WebCodecs" }).words("media", true),
    "Played by the browser as a stream (MediaSource): this browser has no WebCodecs.",
  );
  assert.equal(
    ways(["decoder"], { source: "" }).words("decoder", false),
    "Decoded picture by picture (WebCodecs): this browser has no MediaSource.",
  );
});

test("it says why there is no stream", () => {
  assert.equal(ways([]).whyNone(CODEC), `this browser cannot play ${CODEC}`);
  const failed = ways(["media"]);
  failed.failed("media", WHY, 0);
  assert.equal(failed.whyNone(CODEC), `this browser failed to play ${CODEC}: ${WHY}`);
});
