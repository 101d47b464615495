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

test("Enter is AUTO, U and Ctrl+Z take back, but not while somebody types", () => {
  const [enter, u, z] = [{ key: "Enter", code: "NumpadEnter" }, { key: "ㅕ", code: "KeyU" }, { key: "z", code: "KeyZ", ctrlKey: true }];
  assert.deepEqual([enter, u, z].map((key) => actionFor(key, BODY, false)?.type), ["auto", "undo", "undo"]);
  assert.deepEqual([enter, u, z].map((key) => actionFor(key, { tag: "INPUT" }, false)), [null, null, null]);
  assert.equal(actionFor(enter, { tag: "BUTTON" }, false), null);
  assert.equal(actionFor({ ...z, shiftKey: true }, BODY, false), null);
});

test("the keys of presentation remotes turn slides, but not while somebody types", () => {
  const [on, back] = [{ key: "PageDown", code: "PageDown" }, { key: "PageUp", code: "PageUp" }];
  assert.deepEqual([on, back].map((key) => actionFor(key, { tag: "BUTTON" }, false)), [{ type: "page", step: 1 }, { type: "page", step: -1 }]);
  assert.equal(actionFor(on, { tag: "INPUT" }, false), null);
  assert.equal(actionFor(on, BODY, true), null);
  assert.equal(actionFor({ ...on, repeat: true }, BODY, false), null);
});

test("Escape gives the keys back to the programme, but in a dialog it is the dialog's", () => {
  const escape = { key: "Escape", code: "Escape" };
  assert.deepEqual(actionFor(escape, { tag: "INPUT" }, false), { type: "release" });
  assert.equal(actionFor(escape, { tag: "INPUT" }, true), null);
});

test("the panic slate's key works wherever the focus is, and held it counts once", () => {
  const panic = { key: "F8", code: "F8" };
  for (const focus of [BODY, { tag: "INPUT" }, { tag: "BUTTON" }]) assert.deepEqual(actionFor(panic, focus, true), { type: "slate" });
  assert.equal(actionFor({ ...panic, repeat: true }, BODY, false), null);
  assert.equal(actionFor({ ...panic, ctrlKey: true }, BODY, false), null);
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
