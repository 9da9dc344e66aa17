import assert from "node:assert/strict";
import { test } from "node:test";

import { readFragment } from "../../../../clients/web/shared/fragment.ts";
import { codecOf } from "../../../../clients/web/shared/init_segment.ts";
import { binaryMessage, textVectors } from "../vectors.ts";

test("the init segment names the codec that the text before it names", () => {
  assert.equal(codecOf(readFragment(binaryMessage("init.bin")).body), textVectors("video").server.init?.codec);
});

test("what is no H.264 has no codec", () => {
  assert.equal(codecOf(readFragment(binaryMessage("jpeg.bin")).body), "");
  assert.equal(codecOf(new Uint8Array()), "");
});
