import assert from "node:assert/strict";
import { test } from "node:test";
import { FREE, owed, stepCough } from "./cough.js";

/** @param {import("./cough.js").CoughEvent[]} events */
const after = (events) => events.reduce(stepCough, FREE);

test("held from the press to the release", () => {
  assert.deepEqual(after([{ press: "key" }]), ["key"]);
  assert.deepEqual(after([{ press: "key" }, { release: "key" }]), []);
});

test("a repeated press needs one release only, and a release without a press does nothing", () => {
  assert.deepEqual(after([{ press: "key" }, { press: "key" }, { release: "key" }]), []);
  assert.equal(stepCough(FREE, { release: "pointer" }), FREE);
});

test("two that hold: both must let go", () => {
  const both = after([{ press: "key" }, { press: "pointer" }, { release: "pointer" }]);
  assert.deepEqual(both, ["key"]);
});

test("a window that loses the focus frees what is held, not what is switched", () => {
  assert.deepEqual(after([{ press: "key" }, { press: "pointer" }, "away"]), []);
  assert.deepEqual(after(["latch", { press: "key" }, "away"]), ["latch"]);
  assert.deepEqual(after(["latch", "latch"]), []);
});

test("after a break only what this page has begun is put right", () => {
  assert.equal(owed(true, false, true), true, "the beginning was lost");
  assert.equal(owed(false, true, true), false, "the end was lost");
  assert.equal(owed(false, true, false), null, "the director holds it shut");
  assert.equal(owed(true, true, true), null);
  assert.equal(owed(false, false, false), null);
});
