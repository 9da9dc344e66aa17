import assert from "node:assert/strict";
import { test } from "node:test";

import { isRendition, periodMs, QUALITIES, RENDITIONS, renditionWords } from "../../../../clients/web/shared/rendition.ts";

test("what everybody expects needs no words", () => {
  assert.equal(renditionWords(null, ""), "");
  assert.equal(renditionWords("source", "auto"), "");
  assert.equal(renditionWords("source", "asked"), "");
});

test("a smaller picture says why", () => {
  assert.equal(renditionWords("480p", "link"), "480p · slow link");
  assert.equal(renditionWords("240p", "asked"), "240p · chosen");
  assert.equal(renditionWords("480p", "codec"), "480p · other format");
  assert.equal(renditionWords("source", "encoders"), "Full · no encoder free");
  assert.equal(renditionWords("unmasked", "asked"), "Unmasked · chosen");
});

test("a reason of a later version does no harm", () => {
  assert.equal(renditionWords("480p", "weather"), "480p");
  assert.equal(isRendition("8k"), false);
});

test("only single pictures have a long period", () => {
  assert.deepEqual(RENDITIONS.map(periodMs), [0, 0, 0, 1_000, 0]);
});

test("lifting masks is not offered to everybody", () => {
  assert.ok(!QUALITIES.includes("unmasked"));
});
