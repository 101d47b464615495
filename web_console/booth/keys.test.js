import assert from "node:assert/strict";
import { test } from "node:test";
import { actionFor, isCoughKey } from "./keys.js";

const BODY = { tag: "BODY" };
/** @param {string} key @param {object} [more] */
const pressed = (key, more = {}) => ({ key, code: /^[a-z]$/i.test(key) ? `Key${key.toUpperCase()}` : "", ...more });
const SPACE = { key: " ", code: "Space" };

test("every function has its key", () => {
  const found = ["c", "m", "h", "d", "r", "l", "s", "t", "?", "+", "-"].map((key) => actionFor(pressed(key), BODY, false));
  assert.deepEqual(found, ["cough", "speak", "handover", "decline", "relay", "language", "slower", "notes", "help", "louder", "quieter"]);
  assert.equal(actionFor(SPACE, BODY, false), "cough");
  assert.deepEqual(actionFor(pressed("2", { code: "Digit2" }), BODY, false), { preselect: 1 });
});

test("capitals and a Korean keyboard reach the same keys", () => {
  assert.equal(actionFor(pressed("M"), BODY, false), "speak");
  assert.equal(actionFor({ key: "ㅡ", code: "KeyM" }, BODY, false), "speak");
  assert.equal(actionFor({ key: "Process", code: "KeyH" }, BODY, false), "handover");
  assert.ok(isCoughKey({ key: "ㅊ", code: "KeyC" }));
});

test("by the letter, not by the place, on a Latin keyboard of another layout", () => {
  assert.equal(actionFor({ key: "m", code: "Semicolon" }, BODY, false), "speak");
  assert.equal(actionFor({ key: ",", code: "KeyM" }, BODY, false), null);
});

test("nothing happens while somebody types, in a dialog, or with a modifier", () => {
  for (const focus of [{ tag: "INPUT", type: "text" }, { tag: "SELECT" }, { tag: "DIV", editable: true }]) {
    assert.equal(actionFor(pressed("m"), focus, false), null);
    assert.equal(actionFor(SPACE, focus, false), null);
  }
  assert.equal(actionFor(pressed("m"), BODY, true), null);
  assert.equal(actionFor(pressed("r", { ctrlKey: true }), BODY, false), null);
});

test("a slider in focus leaves the letters and the space bar alone", () => {
  const slider = { tag: "INPUT", type: "range" };
  assert.equal(actionFor(pressed("m"), slider, false), "speak");
  assert.equal(actionFor(SPACE, slider, false), "cough");
});

test("with a button in focus Space presses it, C still mutes", () => {
  assert.equal(actionFor(SPACE, { tag: "BUTTON" }, false), null);
  assert.equal(actionFor(pressed("c"), { tag: "BUTTON" }, false), "cough");
});

test("a held key counts once; a held cough key is swallowed", () => {
  assert.equal(actionFor(pressed("m", { repeat: true }), BODY, false), null);
  assert.equal(actionFor({ ...SPACE, repeat: true }, BODY, false), "held");
  assert.equal(actionFor(pressed("+", { repeat: true }), BODY, false), "louder");
});
