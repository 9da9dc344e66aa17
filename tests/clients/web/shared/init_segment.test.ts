import assert from "node:assert/strict";
import { test } from "node:test";

import { readFragment } from "../../../../clients/web/shared/fragment.ts";
import { codecOf, configurationOf } from "../../../../clients/web/shared/init_segment.ts";
import { binaryMessage, textVectors } from "../vectors.ts";

test("the init segment names the codec that the text before it names", () => {
  assert.equal(codecOf(readFragment(binaryMessage("init.bin")).body), textVectors("video").server.init?.codec);
});

test("what is neither H.264 nor H.265 has no codec", () => {
  assert.equal(codecOf(readFragment(binaryMessage("jpeg.bin")).body), "");
  assert.equal(codecOf(new Uint8Array()), "");
});

test("its configuration is what a decoder takes", () => {
  const found = configurationOf(readFragment(binaryMessage("init.bin")).body);
  assert.equal(found?.description[0], 1);
  assert.equal(found?.codec, textVectors("video").server.init?.codec);
});

/** A box of H.265 with profile, compatibility, constraints and level as given (ISO 14496-15 §8.3.3.1.2). */
function hvcc(profile: number, compatibility: number[], constraints: number[], level: number): Uint8Array<ArrayBuffer> {
  const content = [1, profile, ...compatibility, ...constraints, level, ...Array<number>(10).fill(0)];
  return new Uint8Array([0, 0, 0, 8 + content.length, ...Buffer.from("hvcC"), ...content]);
}

test("H.265 is named as ISO 14496-15 Annex E says", () => {
  assert.equal(codecOf(hvcc(1, [0x60, 0, 0, 0], [0xb0, 0, 0, 0, 0, 0], 93)), "hvc1.1.6.L93.B0");
  assert.equal(codecOf(hvcc(0x22, [0x20, 0, 0, 0], [0x90, 0, 0, 0, 0, 1], 153)), "hvc1.2.4.H153.90.0.0.0.0.1");
});

test("a box that is cut off is none", () => {
  assert.equal(configurationOf(hvcc(1, [0x60, 0, 0, 0], [0xb0, 0, 0, 0, 0, 0], 93).slice(0, 20)), null);
});
