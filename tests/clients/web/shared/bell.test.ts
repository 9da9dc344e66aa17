import assert from "node:assert/strict";
import { test } from "node:test";

import { base64url, fromBase64url } from "../../../../clients/web/shared/bell.ts";

test("a key is the same after there and back, whatever its bytes", () => {
  for (const length of [0, 1, 2, 3, 65]) {
    const bytes = Uint8Array.from({ length }, (_, index) => (index * 83 + 251) % 256);
    assert.deepEqual(fromBase64url(base64url(bytes.buffer)), bytes);
  }
});

test("keys are written as the server writes them", () => {
  assert.equal(base64url(Uint8Array.of(0xfb, 0xff).buffer), "-_8");
  assert.equal(base64url(null), "");
});
