import assert from "node:assert/strict";
import { test } from "node:test";

import { ageWords, elapsed, ServerClock } from "../../../../clients/web/shared/time.ts";

test("the clock believes the message that was least late", () => {
  const clock = new ServerClock();
  clock.heard(10_000, 4_100);
  clock.heard(20_000, 14_000);
  clock.heard(30_000, 24_900);
  assert.equal(clock.offsetMs, 6_000);
  assert.equal(clock.at(50_000), 56_000);
});

test("an old measurement is forgotten: clocks get set", () => {
  const clock = new ServerClock();
  clock.heard(1_000_000, 0);
  for (let tick = 1; tick <= 5; tick += 1) clock.heard(tick * 10_000, tick * 10_000);
  assert.equal(clock.offsetMs, 0);
});

test("before the first message its own time is the best guess", () => {
  assert.equal(new ServerClock().at(7), 7);
});

test("durations in words", () => {
  const words = [0, 42_900, 70_000, 3_599_000, 3_720_000, 97_200_000].map(elapsed);
  assert.deepEqual(words, ["0:00", "0:42", "1:10", "59:59", "1 h 02", "1 d 3 h"]);
  assert.deepEqual([300, 9_949, 12_000, 700_000, -5].map(ageWords), ["0.3 s", "9.9 s", "12 s", "11:40", "0.0 s"]);
});
