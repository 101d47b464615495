import assert from "node:assert/strict";
import { test } from "node:test";
import { mergePatch } from "./merge.js";

// The table of RFC 7396, appendix A.
const CASES = [
  [{ a: "b" }, { a: "c" }, { a: "c" }],
  [{ a: "b" }, { b: "c" }, { a: "b", b: "c" }],
  [{ a: "b" }, { a: null }, {}],
  [{ a: "b", b: "c" }, { a: null }, { b: "c" }],
  [{ a: ["b"] }, { a: "c" }, { a: "c" }],
  [{ a: "c" }, { a: ["b"] }, { a: ["b"] }],
  [{ a: { b: "c" } }, { a: { b: "d", c: null } }, { a: { b: "d" } }],
  [{ a: [{ b: "c" }] }, { a: [1] }, { a: [1] }],
  [["a", "b"], ["c", "d"], ["c", "d"]],
  [{ a: "b" }, ["c"], ["c"]],
  [{ a: "foo" }, null, null],
  [{ a: "foo" }, "bar", "bar"],
  [{ e: null }, { a: 1 }, { e: null, a: 1 }],
  [[1, 2], { a: "b", c: null }, { a: "b" }],
  [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
];

for (const [target, patch, expected] of CASES) {
  test(`${JSON.stringify(target)} + ${JSON.stringify(patch)}`, () => {
    const before = JSON.stringify(target);
    assert.deepEqual(mergePatch(target, patch), expected);
    assert.equal(JSON.stringify(target), before, "the old state was mutated");
  });
}

test("what a patch leaves alone keeps its identity", () => {
  const state = { seats: { a: { name: "A" } }, scenes: { s: {} } };
  const next = /** @type {typeof state} */ (mergePatch(state, { seats: { b: { name: "B" } } }));
  assert.equal(next.scenes, state.scenes);
  assert.equal(next.seats.a, state.seats.a);
  assert.notEqual(next.seats, state.seats);
});

test("a seat called __proto__ is a key, not the prototype", () => {
  const next = mergePatch({}, JSON.parse('{"__proto__": {"polluted": true}}'));
  assert.equal(/** @type {any} */ ({}).polluted, undefined);
  assert.equal(Object.getPrototypeOf(next), Object.prototype);
  assert.ok(Object.hasOwn(/** @type {object} */ (next), "__proto__"));
});
