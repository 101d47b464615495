import assert from "node:assert/strict";
import { test } from "node:test";
import { canvasesOf, changedPlace, formOf, partId, partsOf, placeMoved, toggled, togglePlace, withPlace } from "./compose.js";

const keys = (/** @type {import("./compose.js").PlaceForm[]} */ places) => places.map((one) => one.key);
const three = () => ["seat/a", "seat/b", "auto"].reduce(withPlace, /** @type {import("./compose.js").PlaceForm[]} */ ([]));

test("a new scene is a grid of everyone, and the wall follows", () => {
  assert.deepEqual(canvasesOf(formOf(undefined)), { program: { layout: "grid" } });
});

test("form and scene are each other's inverse, on both canvases", () => {
  const scene = {
    title: "Talk",
    canvases: {
      program: {
        layout: "slides", places: [{ part: "host" }, { auto: true, fit: "contain" }],
        graphics: ["logo", "clock"], background: "loop",
      },
      wall: {
        layout: "free", plates: false,
        places: [{ seat: "a", screen: true, box: { x: 0, y: 0, w: 0.5, h: 1 } }, { source: "bars", crop: { x: 0.25, y: 0, w: 0.5, h: 1 }, box: { x: 0.5, y: 0, w: 0.5, h: 1 } }],
      },
    },
  };
  assert.deepEqual(canvasesOf(formOf(/** @type {any} */ (scene))), scene.canvases);
});

test("the studio names every field of a canvas, also those that are as always", () => {
  const program = { layout: "grid", graphics: [], plates: true, background: "", places: [{ seat: "a", crop: { w: 0.5 } }] };
  assert.deepEqual(canvasesOf(formOf({ title: "", canvases: { program } })),
    { program: { layout: "grid", places: [{ seat: "a", crop: { x: 0, y: 0, w: 0.5, h: 1 } }] } });
});

test("places beyond the layout's capacity are left out, in the order chosen", () => {
  const form = formOf(undefined);
  form.program = { ...form.program, layout: "solo", everyone: false, places: three() };
  form.wall = { ...form.program, layout: "duo" };
  assert.deepEqual(canvasesOf(form), { program: { layout: "solo", places: [{ seat: "a" }] }, wall: { layout: "duo", places: [{ seat: "a" }, { seat: "b" }] } });
});

test("every free place has a rectangle, other layouts' places none", () => {
  const form = formOf(undefined);
  form.program = { ...form.program, layout: "free", places: changedPlace(three(), 0, { box: null }) };
  const { program } = canvasesOf(form);
  assert.ok(program.places?.every(({ box }) => box && box.w > 0));
  assert.equal(canvasesOf({ ...form, program: { ...form.program, layout: "grid", everyone: false } }).program.places?.[1]?.box, undefined);
});

test("a second press takes a place out again; a part can have several", () => {
  assert.deepEqual(keys(togglePlace(three(), "seat/b")), ["seat/a", "auto"]);
  assert.deepEqual(keys(togglePlace([], "part/host")), ["part/host"]);
  const twice = withPlace(withPlace(three(), "part/host"), "part/host");
  assert.equal(new Set(twice.map((one) => one.row)).size, 5);
  assert.deepEqual(toggled(["a", "b"], "a"), ["b"]);
  assert.deepEqual(toggled(["b"], "a"), ["b", "a"]);
});

test("places are moved, no further than the ends", () => {
  assert.deepEqual(keys(placeMoved(three(), 2, 0)), ["auto", "seat/a", "seat/b"]);
  assert.deepEqual(keys(placeMoved(three(), 0, 9)), ["seat/b", "auto", "seat/a"]);
  assert.deepEqual(keys(placeMoved(three(), 0, -1)), ["seat/a", "seat/b", "auto"]);
  assert.deepEqual(keys(placeMoved(three(), 7, 0)), keys(three()));
});

test("parts are those people have and those places ask for, as ids", () => {
  const state = /** @type {any} */ ({ seats: { a: { part: "panelist" }, b: { part: "host" }, c: {} } });
  assert.deepEqual(partsOf(state, withPlace([], "part/moderator")), ["host", "moderator", "panelist"]);
  assert.deepEqual(["Panel list ", "Host", "사회자", "-x-"].map(partId), ["Panel-list", "Host", "", "x"]);
});
