import assert from "node:assert/strict";
import { test } from "node:test";
import { Backoff } from "./backoff.js";

test("doubles up to the limit, and starts again after a reset", () => {
  const backoff = new Backoff({ first_ms: 100, limit_ms: 500, random: () => 1 });
  assert.deepEqual([1, 2, 3, 4, 5].map(() => backoff.next_ms()), [100, 200, 400, 500, 500]);
  backoff.reset();
  assert.equal(backoff.next_ms(), 100);
});

test("stays within the upper half of each step", () => {
  const low = new Backoff({ first_ms: 100, limit_ms: 500, random: () => 0 });
  assert.deepEqual([1, 2, 3, 4].map(() => low.next_ms()), [50, 100, 200, 250]);
});

test("a console is back within 3 s of a control that needs 2 s to restart", () => {
  const backoff = new Backoff({ random: () => 1 });
  let at_ms = 0;
  while (at_ms < 2000) at_ms += backoff.next_ms();
  assert.ok(at_ms < 3300, `next attempt at ${at_ms} ms`);
});

test("a thousand attempts don't overflow", () => {
  const backoff = new Backoff({ first_ms: 100, limit_ms: 500, random: () => 1 });
  for (let i = 0; i < 2000; i += 1) backoff.next_ms();
  assert.equal(backoff.next_ms(), 500);
});
