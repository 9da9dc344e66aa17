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
