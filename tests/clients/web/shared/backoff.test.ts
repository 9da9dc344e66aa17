import assert from "node:assert/strict";
import { test } from "node:test";

import { Backoff } from "../../../../clients/web/shared/backoff.ts";
import { afterClose } from "../../../../clients/web/shared/closing.ts";

test("it doubles from half a second to 15 seconds", () => {
  const backoff = new Backoff();
  const delays = Array.from({ length: 7 }, () => backoff.nextMs(0.5));
  assert.deepEqual(delays, [500, 1000, 2000, 4000, 8000, 15000, 15000]);
  backoff.reset();
  assert.equal(backoff.nextMs(0.5), 500);
});

test("not everybody comes back at the same moment", () => {
  assert.equal(new Backoff().nextMs(0), 400);
  assert.equal(new Backoff().nextMs(1), 600);
});

for (const [code, what] of [
  [1000, "retry"],
  [1001, "retry at once"],
  [1003, "stop"],
  [1006, "retry"],
  [1009, "stop"],
  [4001, "retry"],
  [4002, "retry"],
  [4500, "sign in"],
  [4501, "stop"],
  [4502, "stop"],
  [4777, "stop"],
] as const) {
  test(`close code ${code}: ${what}`, () => assert.equal(afterClose(code, "").what, what));
}

test("a page that the server does not understand says what the server said", () => {
  const after = afterClose(4502, "position is no integer");
  assert.match(after.what === "stop" ? after.why : "", /position is no integer/);
});
