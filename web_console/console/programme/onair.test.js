import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import {
  canTake, coverOf, DIRECTIONS, durationMs, MAX_DURATION_S, moveTbar, speakerChange, tallyOf,
} from "./onair.js";

const show = (over = {}) => /** @type {any} */ ({ program: "a", preview: "b", black: false, status: {}, ...over });

test("directions and the longest duration are those of the mixer and of the show", () => {
  const plan = readFileSync(new URL("../../../mixer/contract/plan.py", import.meta.url), "utf8");
  const literal = (/** @type {string} */ name) => new RegExp(`^${name} = Literal\\[(.*)\\]`, "m").exec(plan)?.[1];
  assert.equal(literal("Direction"), DIRECTIONS.map((one) => `"${one}"`).join(", "));
  const model = readFileSync(new URL("../../../studio/show/model.py", import.meta.url), "utf8");
  assert.equal(Number(/MAX_TRANSITION_MS = ([\d_]+)/.exec(model)?.[1]?.replaceAll("_", "")), 1000 * MAX_DURATION_S);
});

test("durations are tenths of a second", () => {
  assert.deepEqual([0, 0.3, 1.25, 30].map(durationMs), [0, 300, 1300, 30_000]);
});

test("both scenes are red while one goes over into the other", () => {
  assert.deepEqual(["a", "b", "c", null].map((scene) => tallyOf(show(), scene)), ["program", "preview", "", ""]);
  // A patch removes what it sets to null: nothing in preview may be missing, too, and is no scene.
  assert.equal(tallyOf(show({ preview: undefined }), undefined), "");
  const taking = show({ program: "b", preview: "a", status: { take: { scene: "b", leaving: "a" } } });
  assert.deepEqual(["a", "b"].map((scene) => tallyOf(taking, scene)), ["program", "program"]);
  assert.equal(tallyOf(show({ tbar: 0.4 }), "b"), "program");
  assert.equal(tallyOf(show({ tbar: 0 }), "b"), "preview");
});

test("the slate covers the black", () => {
  assert.deepEqual([{}, { black: true }, { slate: true }, { slate: true, black: true }].map((over) => coverOf(show(over))), ["", "black", "slate", "slate"]);
  assert.deepEqual([canTake(show()), canTake(show({ preview: null }))], [true, false]);
});

test("a hand that took the preview by the T-bar moves nothing more until it lets go", () => {
  let { hand, send } = moveTbar({ spent: false }, 0.6);
  assert.deepEqual([hand.spent, send], [false, 0.6]);
  ({ hand, send } = moveTbar(hand, 1));
  assert.deepEqual([hand.spent, send], [true, 1]);
  ({ hand, send } = moveTbar(hand, 0.9));
  assert.deepEqual([hand.spent, send], [true, null]);
  assert.equal(moveTbar({ spent: false }, 0.05).send, 0.05);
});

test("of the automatic choice only what was changed is sent", () => {
  /** @type {import("../../shared/types.js").AutoSpeaker} */
  const was = { to: "preview", hold_ms: 1500, least_ms: 4000, exclude: [], pin: "" };
  assert.equal(speakerChange(was, was), null);
  assert.deepEqual(speakerChange(was, { ...was, to: "program", least_ms: 2000 }), { type: "speaker.update", to: "program", least_ms: 2000 });
  assert.deepEqual(speakerChange({ ...was, pin: "a" }, { ...was, exclude: ["b"] }), { type: "speaker.update", exclude: ["b"], pin: null });
});
