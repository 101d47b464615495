import assert from "node:assert/strict";
import { test } from "node:test";
import { formOf } from "./compose.js";
import { clockOf, freshId, moved, nextCue, plannedAt, withCue } from "./cues.js";
import { carries, diskTime, outputCommand, severalBuses } from "./output_form.js";

const cue = (/** @type {string} */ id) => ({ cue: id, title: id });
const LIST = ["a", "b", "c"].map(cue);

test("the next cue: the first while none is on, none after the last", () => {
  assert.equal(nextCue(LIST, null), "a");
  assert.equal(nextCue(LIST, "b"), "c");
  assert.equal(nextCue(LIST, "c"), null);
  assert.equal(nextCue(LIST, "gone"), "a");
  assert.equal(nextCue([], undefined), null);
});

test("cues are added, replaced in place and moved, no further than the ends", () => {
  assert.deepEqual(withCue(LIST, { cue: "b", title: "B" }).map((one) => one.title), ["a", "B", "c"]);
  assert.equal(withCue(LIST, cue("d")).length, 4);
  assert.deepEqual(moved(LIST, "a", 1).map((one) => one.cue), ["b", "a", "c"]);
  assert.deepEqual(moved(LIST, "c", 1), LIST);
  assert.equal(freshId([cue("cue-2"), cue("x")]), "cue-3");
  assert.equal(freshId([cue("cue-2")]), "cue-3");
});

test("a planned time survives the clock's field", () => {
  const noon_ms = new Date(2026, 10, 22, 12, 0).getTime();
  const planned = plannedAt("09:05", noon_ms);
  assert.equal(clockOf(planned), "09:05");
  assert.equal(new Date(planned * 1000).getDate(), 22);
  assert.deepEqual([plannedAt("", noon_ms), clockOf(0), clockOf(undefined)], [0, "", ""]);
});

test("each kind of output asks for what it has, and for no more", () => {
  const form = { output: "x", url: "rtmp://h/a/k", backup: "", rendition: "clean", bus: "en", buses: ["floor", "en"] };
  assert.deepEqual(outputCommand({ ...form, kind: "stream" }), { type: "output.create", output: "x", url: "rtmp://h/a/k", rendition: "clean", bus: "en" });
  assert.equal(outputCommand({ ...form, kind: "stream", backup: "rtmp://b/a/k" }).backup, "rtmp://b/a/k");
  assert.deepEqual(outputCommand({ ...form, kind: "recording" }).buses, ["floor", "en"]);
  assert.equal("url" in outputCommand({ ...form, kind: "recording" }), false);
  assert.deepEqual(outputCommand({ ...form, kind: "udp", url: "udp://h:1" }),
    { type: "output.create", output: "x", url: "udp://h:1", rendition: "clean", bus: "floor", buses: ["floor", "en"] });
  assert.deepEqual(outputCommand({ ...form, kind: "seats", output: "" }), { type: "output.create", recording: true, seats: true });
  assert.deepEqual(["stream", "udp", "recording", "seats"].map((kind) => severalBuses(/** @type {any} */ (kind))), [false, true, true, false]);
});

test("an output says which picture and which sounds it carries, and how long the disk lasts", () => {
  const output = { url: "", recording: true, rendition: "clean", bus: "floor", buses: ["floor", "en"], running: true };
  assert.equal(carries(output), "Clean, without plates · Floor + English");
  assert.equal(carries({ ...output, seats: true }), "Every seat, as it arrives");
  assert.deepEqual(diskTime(7_265), { text: "Disk: 02:01:05 left", little: false });
  assert.deepEqual([diskTime(600).little, diskTime(-1).text, diskTime(undefined).text], [true, "", ""]);
});

test("a scene's form knows who is heard, as it was or as it begins", () => {
  assert.deepEqual([formOf(undefined).follow, formOf(undefined).heard], [true, []]);
  const scene = { title: "", canvases: { program: { layout: "grid" } }, audio: { follow: false, sources: ["seat/a", "bars"] } };
  assert.deepEqual([formOf(scene).follow, formOf(scene).heard], [false, ["seat/a", "source/bars"]]);
});
