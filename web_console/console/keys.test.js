import assert from "node:assert/strict";
import { test } from "node:test";
import { actionFor } from "./keys.js";

const BODY = { tag: "BODY" };
const SPACE = { key: " ", code: "Space" };
const THREE = { key: "3", code: "Digit3" };

test("digits are preview, Space is cut", () => {
  assert.deepEqual(actionFor(THREE, BODY, false), { type: "preview", index: 2 });
  assert.deepEqual(actionFor({ key: "9", code: "Numpad9" }, BODY, false), { type: "preview", index: 8 });
  assert.deepEqual(actionFor(SPACE, BODY, false), { type: "cut" });
  assert.equal(actionFor({ key: "0", code: "Digit0" }, BODY, false), null);
  assert.equal(actionFor({ key: "a", code: "KeyA" }, BODY, false), null);
});

test("a keyboard with shifted digits still works", () => {
  assert.deepEqual(actionFor({ key: "é", code: "Digit2" }, BODY, false), { type: "preview", index: 1 });
});

test("typing is typing", () => {
  for (const tag of ["INPUT", "SELECT", "TEXTAREA"]) {
    assert.equal(actionFor(SPACE, { tag }, false), null);
    assert.equal(actionFor(THREE, { tag }, false), null);
  }
  assert.equal(actionFor(THREE, { tag: "DIV", editable: true }, false), null);
});

test("Space on a focused button is that button's, and nothing else's", () => {
  assert.equal(actionFor(SPACE, { tag: "BUTTON" }, false), null);
  assert.deepEqual(actionFor(THREE, { tag: "BUTTON" }, false), { type: "preview", index: 2 });
});

test("a held key counts once, shortcuts of the browser and dialogs are left alone", () => {
  assert.equal(actionFor({ ...SPACE, repeat: true }, BODY, false), null);
  assert.equal(actionFor({ ...THREE, ctrlKey: true }, BODY, false), null);
  assert.equal(actionFor(SPACE, BODY, true), null);
});
