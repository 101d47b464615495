import assert from "node:assert/strict";
import { test } from "node:test";
import { slideStep } from "./slide_keys.js";

test("arrows and the keys of remotes turn a slide, and a held key turns one", () => {
  for (const key of ["PageDown", "ArrowRight", "ArrowDown"]) assert.equal(slideStep({ key }, "BODY", false), 1);
  for (const key of ["PageUp", "ArrowLeft", "ArrowUp"]) assert.equal(slideStep({ key }, "BUTTON", false), -1);
  assert.equal(slideStep({ key: "PageDown", repeat: true }, "BODY", false), 0);
  assert.equal(slideStep({ key: "x" }, "BODY", false), 0);
});

test("a list, a dialog and the browser keep their keys", () => {
  for (const tag of ["SELECT", "INPUT", "VIDEO"]) assert.equal(slideStep({ key: "ArrowDown" }, tag, false), 0);
  assert.equal(slideStep({ key: "PageDown" }, "BODY", true), 0);
  assert.equal(slideStep({ key: "ArrowLeft", altKey: true }, "BODY", false), 0);
});
