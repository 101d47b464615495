import assert from "node:assert/strict";
import { test } from "node:test";
import {
  health, loadLine, noteTrouble, outputLine, outputState, previewLine, sceneLine, seatGroups, seatLine, seatProblem, seatsFound, seatState, unixMs,
} from "./text.js";

const seat = (over = {}) => ({
  name: "A", title: "", role: "speaker", language: "ko", stage: false, muted: false, gain_db: 0, invited: true, ...over,
});

test("each person stands in one group, in the show's order", () => {
  const state = /** @type {any} */ ({
    seats: { a: seat({ stage: true }), b: seat(), c: seat(), w: seat({ role: "wall" }), d: seat({ stage: true }) },
    order: { seats: ["d", "b", "a", "gone", "c", "w"] },
    status: { seats: { b: { connection: "connected" }, c: { connection: "absent" } } },
  });
  assert.deepEqual(seatGroups(state), { waiting: ["b"], stage: ["d", "a"], away: ["c"], others: ["w"] });
});

test("what a guest sends, in one line", () => {
  assert.equal(
    seatLine({ connection: "connected", width: 1280, height: 720, fps: 29.97, bitrate: 1_240_000, lost: 3 }),
    "1280×720 · 30 fps · 1.2 Mb/s · 3 lost",
  );
  assert.equal(seatLine({ connection: "connected" }), "no picture");
  assert.equal(seatLine({ connection: "connecting" }), "Connecting…");
  assert.equal(seatLine(undefined), "");
});

test("an unknown state or problem is shown as it is, not hidden", () => {
  assert.equal(seatState("teleported").word, "teleported");
  assert.equal(seatState(undefined).word, "Not here");
  assert.equal(seatProblem("new.code"), "new.code");
  for (const code of ["video.over-limit", "video.too-large", "media.silent"]) assert.match(seatProblem(code), / /);
  assert.equal(seatProblem(""), "");
});

test("outputs", () => {
  const output = { url: "", recording: true, rendition: "program", bus: "floor", buses: ["floor"], running: true };
  assert.equal(outputState(output, { state: "live" }).word, "Recording");
  assert.equal(outputState({ ...output, recording: false }, { state: "live" }).word, "Live");
  assert.equal(outputState(output, undefined).word, "Starting");
  assert.equal(outputState({ ...output, running: false }, undefined).word, "Stopped");
  assert.equal(outputLine({ file: "vod-1.mkv", bitrate: 6_200_000, bytes: 1e9, dropped: 2 }),
    "vod-1.mkv · 6.2 Mb/s · 1.0 GB · 2 pictures dropped");
});

test("health names the process that is away before anything else", () => {
  const good = { state: "running", restarts: 0 };
  assert.equal(health({ processes: { mixer: good }, mixer: { late_ticks: 2 } }, false).level, "good");
  assert.equal(health({ processes: { mixer: good }, mixer: { late_ticks: 2 } }, true).level, "warn");
  const bad = health({ processes: { mixer: good, "shard-1": { state: "restarting", restarts: 3 } }, mixer: {} }, true);
  assert.deepEqual([bad.level, bad.text, bad.restarts], ["bad", "shard-1 restarting", 3]);
});

test("trouble is what grew while the console looked, not what it found", () => {
  const status = (restarts = 0, late_ticks = 0) => ({
    processes: { mixer: { state: "running", restarts } }, mixer: { late_ticks },
  });
  const first = noteTrouble(null, status(1, 4), 1_000);
  assert.deepEqual(first, { restarts: 1, late_ticks: 4, at_ms: 0 });
  assert.equal(noteTrouble(first, status(1, 4), 2_000), first);
  assert.equal(noteTrouble(first, status(1, 5), 3_000).at_ms, 3_000);
  const restarted = noteTrouble(first, status(2, 0), 4_000);
  assert.deepEqual(restarted, { restarts: 2, late_ticks: 0, at_ms: 4_000 });
  assert.equal(noteTrouble(restarted, status(0, 0), 5_000).at_ms, 4_000, "a service that restarts is no trouble");
});

test("an overload says what is left out, and why", () => {
  const reason = "7 ticks came late within 2 s, and encoding a programme picture took 31 of 33 ms.";
  assert.equal(loadLine(undefined), "");
  assert.equal(loadLine({ step: 0, code: "", reason: "" }), "");
  const line = loadLine({ step: 2, code: "overload.wall-rate", reason });
  assert.match(line, /^The machine is overloaded: wall, .* half the frame rate\. 7 ticks came late/);
  assert.match(loadLine({ step: 1, code: "overload.new", reason: "" }), /overload\.new/, "an unknown code is shown");
});

test("a scene in one line", () => {
  const scene = (/** @type {any} */ program) => ({ title: "", canvases: { program } });
  assert.equal(sceneLine(scene({ layout: "grid" })), "Grid · everyone");
  assert.equal(sceneLine(scene({ layout: "solo", places: [{ seat: "a" }] })), "Single · 1 place");
  assert.equal(sceneLine(scene({ layout: "slides-panel", places: [{ auto: true }, { part: "host" }] })), "Slides and panel · 2 places");
});

test("times of events", () => {
  assert.equal(unixMs("2026-11-22T14:23:24.500Z"), 1_795_357_404_500);
});

test("whose picture the preview still waits for, by name, and never a word where nothing is in preview", () => {
  const state = (/** @type {string|null} */ preview, /** @type {string[]} */ waiting) => /** @type {any} */ ({
    preview, seats: { a: seat({ name: "Anna" }), b: seat({ name: "" }) },
    status: { preview: { ready: waiting.length === 0, waiting } },
  });
  assert.deepEqual(previewLine(state(null, [])), { ready: true, text: "" });
  assert.deepEqual(previewLine(state("x", [])), { ready: true, text: "Ready" });
  assert.deepEqual(previewLine(state("x", ["a", "b"])), { ready: false, text: "Getting sharp: Anna, b" });
  assert.equal(previewLine(state("x", ["a", "b", "c", "d", "e"])).text, "Getting sharp: Anna, b, c, 2 more");
});

test("who is missing for the preview is said, apart from who isn't admitted", () => {
  const state = /** @type {any} */ ({
    preview: "x", seats: { a: seat({ name: "Anna" }), b: seat({ name: "Bora" }), c: seat({ name: "Carl" }) },
    status: { seats: { b: { connection: "connected" } }, preview: { ready: false, waiting: ["c"], missing: ["a", "b"] } },
  });
  assert.deepEqual(previewLine(state), { ready: false, text: "Not here: Anna · In the green room: Bora · Getting sharp: Carl" });
});

test("people are found by any word of name, title or id, whatever the case, the accents or the composition", () => {
  const state = /** @type {any} */ ({ seats: {
    a: seat({ name: "Åsa Björkvåg", title: "Mayor of Fjärdvik" }), b: seat({ name: "김한별".normalize("NFD"), title: "한빛시장" }),
    c: seat({ name: "Elowen", names: { ko: { name: "엘로언", title: "" } } }), "mayor-4": seat({ name: "" }),
  } });
  const found = (/** @type {string} */ wanted) => seatsFound(state, ["a", "b", "c", "mayor-4"], wanted);
  assert.deepEqual(found(""), ["a", "b", "c", "mayor-4"]);
  assert.deepEqual(found("bjork"), ["a"]);
  assert.deepEqual(found("FJARD asa"), ["a"]);
  assert.deepEqual(found("한별"), ["b"]);
  assert.deepEqual(found("엘로"), ["c"]);
  assert.deepEqual(found("yor-4"), ["mayor-4"]);
  assert.deepEqual(found("nobody"), []);
});
