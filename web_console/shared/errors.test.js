import assert from "node:assert/strict";
import { test } from "node:test";
import { asStudioError, errorFromProblem, StudioError } from "./errors.js";

test("a problem document keeps its code, sentence and status", () => {
  const error = errorFromProblem({ code: "seat.in-use", detail: "Open elsewhere.", status: 409 }, 409);
  assert.equal(error.code, "seat.in-use");
  assert.equal(error.message, "Open elsewhere.");
  assert.equal(error.passing, false);
});

test("rubbish from a proxy is still an error with a code", () => {
  for (const body of [null, "<html>", 7, [], { code: 3 }]) {
    const error = errorFromProblem(body, 502);
    assert.equal(error.code, "http.502");
    assert.equal(error.passing, true);
  }
});

test("a refusal over the WebSocket takes the status from the document", () => {
  assert.equal(errorFromProblem({ code: "seat.unknown", status: 404 }, 0).status, 404);
});

test("too many requests and an absent server pass, a wrong request doesn't", () => {
  assert.equal(new StudioError("a", "", 429, 2000).passing, true);
  assert.equal(new StudioError("a", "", 0).passing, true);
  assert.equal(new StudioError("a", "", 404).passing, false);
});

test("what fetch throws becomes the network's error", () => {
  assert.equal(asStudioError(new TypeError("Failed to fetch")).code, "network.lost");
  assert.equal(asStudioError(new DOMException("late", "TimeoutError")).code, "network.timeout");
  const own = new StudioError("x", "y");
  assert.equal(asStudioError(own), own);
  assert.equal(asStudioError("rubbish").code, "page.failed");
});
