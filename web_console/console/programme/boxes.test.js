import assert from "node:assert/strict";
import { test } from "node:test";
import { firstBox, isWhole, kept, MIN_CROP, MIN_SIDE, movedBox, percent, resizedBox, snapLines, snapMoved, snapResized, WHOLE, withPercent } from "./boxes.js";

const BOX = { x: 0.2, y: 0.3, w: 0.4, h: 0.5 };
/** The server takes 0 … 1 and nothing beyond. */
const inside = (/** @type {import("../../shared/types.js").Box} */ { x, y, w, h }) => x >= 0 && y >= 0 && x + w <= 1 + 1e-9 && y + h <= 1 + 1e-9;

test("a box is moved and sized no further than the canvas, and never vanishes", () => {
  assert.deepEqual(movedBox(BOX, 0.1, -0.1), { x: 0.3, y: 0.2, w: 0.4, h: 0.5 });
  assert.deepEqual(movedBox(BOX, 1, 1), { x: 0.6, y: 0.5, w: 0.4, h: 0.5 });
  assert.deepEqual(movedBox(BOX, -1, -1), { x: 0, y: 0, w: 0.4, h: 0.5 });
  assert.deepEqual(resizedBox(BOX, 1, 1), { x: 0.2, y: 0.3, w: 0.8, h: 0.7 });
  assert.deepEqual(resizedBox(BOX, -1, -1), { ...BOX, w: MIN_SIDE, h: MIN_SIDE });
  assert.deepEqual(kept({ x: 0.99, y: 0, w: 0, h: 1 }, MIN_CROP), { x: 0.95, y: 0, w: 0.05, h: 1 });
  assert.deepEqual(kept({ x: -3, y: 9, w: 4, h: 0 }), { x: 0, y: 1 - MIN_SIDE, w: 1, h: MIN_SIDE });
  for (let step = 0; step < 1000; step += 1) assert.ok(inside(movedBox({ x: 0, y: 0, w: step / 997, h: step / 991 }, step / 983, step / 977)), String(step));
  for (let index = 0; index < 49; index += 1) assert.ok(inside(firstBox(index)), String(index));
  assert.notDeepEqual(firstBox(0), firstBox(1));
});

test("an edge near a line jumps to it, one far from all stays", () => {
  const lines = snapLines([{ x: 0.62, y: 0.1, w: 0.2, h: 0.2 }]);
  // The left edge to the safe area, the lower one to the canvas's own.
  assert.deepEqual(snapMoved({ x: 0.055, y: 0.491, w: 0.3, h: 0.5 }, lines), { x: 0.05, y: 0.5, w: 0.3, h: 0.5 });
  assert.deepEqual(snapMoved({ x: 0.614, y: 0.03, w: 0.1, h: 0.1 }, lines).x, 0.62, "to another box");
  assert.deepEqual(snapResized({ x: 0.1, y: 0.1, w: 0.396, h: 0.2 }, lines), { x: 0.1, y: 0.1, w: 0.4, h: 0.2 });
  const alone = { x: 0.12, y: 0.12, w: 0.1, h: 0.1 };
  assert.deepEqual(snapMoved(alone, snapLines([])), alone);
});

test("figures are per cent with tenths", () => {
  assert.equal(percent(1 / 3), 33.3);
  assert.deepEqual(withPercent(BOX, "x", 12.5), { ...BOX, x: 0.125 });
  assert.deepEqual(withPercent(BOX, "w", 99), { ...BOX, w: 0.8 });
  assert.deepEqual(withPercent(BOX, "h", 10), { ...BOX, h: 0.1 });
});

test("what shows everything is no crop", () => {
  assert.deepEqual([isWhole(null), isWhole(WHOLE), isWhole(BOX)], [true, true, false]);
});
