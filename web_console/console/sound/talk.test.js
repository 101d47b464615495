import assert from "node:assert/strict";
import { test } from "node:test";
import { QUIET, same, stepTalk, talksTo, target } from "./talk.js";

/** @param {import("./talk.js").TalkEvent[]} events */
const after = (...events) => target(events.reduce(stepTalk, QUIET));

test("held talks while held, latched until pressed again", () => {
  assert.equal(after(), null);
  assert.equal(after({ type: "press", to: "all" }), "all");
  assert.equal(after({ type: "press", to: "all" }, { type: "release" }), null);
  assert.equal(after({ type: "latch", to: "all" }, { type: "release" }), "all");
  assert.equal(after({ type: "latch", to: "all" }, { type: "latch", to: "all" }), null);
});

test("a held button to one wins over the latch, and gives it back", () => {
  const both = [{ type: "latch", to: "all" }, { type: "press", to: ["a"] }];
  assert.deepEqual(after(.../** @type {any} */ (both)), ["a"]);
  assert.equal(after(.../** @type {any} */ (both), { type: "release" }), "all");
});

test("whatever is lost, no microphone stays open", () => {
  assert.equal(after({ type: "latch", to: "all" }, { type: "press", to: ["a"] }, { type: "lost" }), null);
});

test("what the studio says, in each of its forms", () => {
  const state = (/** @type {any} */ talk) => /** @type {any} */ ({ talk });
  assert.deepEqual([null, undefined, ["b"]].map((talk) => talksTo(state(talk), "a")), [false, false, false]);
  assert.deepEqual(["all", [], ["a"]].map((talk) => talksTo(state(talk), "a")), [true, true, true]);
  assert.equal(same(["a"], ["a"]), true);
  assert.equal(same(null, undefined), true);
  assert.equal(same("all", ["a"]), false);
});
