import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { canvasesOf, capacity, formOf, LAYOUTS, toggled } from "./compose.js";

test("a new scene is a grid of everyone, and the wall follows", () => {
  const form = formOf(undefined);
  assert.deepEqual(canvasesOf(form, undefined), { program: { layout: "grid" } });
});

test("form and scene are each other's inverse", () => {
  const scene = {
    title: "Talk",
    canvases: {
      program: { layout: "duo", places: [{ seat: "a", screen: true }, { source: "bars" }] },
      wall: { layout: "grid" },
    },
  };
  assert.deepEqual(canvasesOf(formOf(scene), scene), scene.canvases);
});

test("a person and the screen that the person shares are two places", () => {
  const form = { title: "", layout: "duo", everyone: false, places: ["screen/a", "seat/a"], wall: "" };
  const canvases = canvasesOf(form, undefined);
  assert.deepEqual(canvases.program.places, [{ seat: "a", screen: true }, { seat: "a" }]);
  assert.deepEqual(formOf({ title: "", canvases }).places, form.places);
});

test("places beyond the layout's capacity are left out, in the order chosen", () => {
  const form = { title: "", layout: "solo", everyone: false, places: ["seat/b", "seat/a"], wall: "duo" };
  assert.deepEqual(canvasesOf(form, undefined), {
    program: { layout: "solo", places: [{ seat: "b" }] },
    wall: { layout: "duo", places: [{ seat: "b" }] },
  });
});

test("a second press takes a place out again", () => {
  assert.deepEqual(toggled(["a", "b"], "a"), ["b"]);
  assert.deepEqual(toggled(["b"], "a"), ["b", "a"]);
});

test("the layouts are those of the mixer", () => {
  const solver = readFileSync(new URL("../../mixer/layout.py", import.meta.url), "utf8");
  for (const [name, , places] of LAYOUTS) {
    assert.match(solver, new RegExp(`"${name}": ${places}\\b`), name);
    assert.equal(capacity(name), places);
  }
});
