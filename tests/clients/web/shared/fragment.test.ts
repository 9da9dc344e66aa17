import assert from "node:assert/strict";
import { test } from "node:test";

import { readFragment, TIMESCALE } from "../../../../clients/web/shared/fragment.ts";
import { binaryMessage, binaryVectors } from "../vectors.ts";

for (const [name, vector] of Object.entries(binaryVectors())) {
  test(`the header of ${name} is read to the bit`, () => {
    const fragment = readFragment(binaryMessage(vector.file));
    assert.equal(fragment.kind, vector.kind);
    assert.equal(fragment.isKey, (vector.flags & 1) !== 0);
    assert.equal(fragment.isDiscontinuity, (vector.flags & 2) !== 0);
    assert.equal(fragment.rendition, (vector.flags >> 4) & 7);
    assert.equal(fragment.cameraNumber, vector.camera_number);
    assert.equal(fragment.sequence, vector.sequence);
    assert.equal(fragment.capturedMs, vector.captured_ms);
    assert.equal(fragment.decodeTimeS, Number(vector.dts) / TIMESCALE);
    assert.equal(fragment.body.byteLength, vector.body_length);
    assert.equal(Buffer.from(fragment.body.slice(0, 16)).toString("hex"), vector.body_starts_with);
  });
}

test("a message shorter than a header is refused in words", () => {
  assert.throws(() => readFragment(new ArrayBuffer(23)), /23 bytes, expected at least 24/);
});

test("bits 4 to 6 of the flags are the rendition, whatever stands beside them", () => {
  const message = new ArrayBuffer(24);
  new DataView(message).setUint8(1, 0x80 | (3 << 4) | 1);
  assert.equal(readFragment(message).rendition, 3);
  assert.equal(readFragment(message).isKey, true);
});
