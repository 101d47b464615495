import assert from "node:assert/strict";
import { test } from "node:test";
import { formOf } from "./compose.js";
import { clockOf, freshId, moved, nextCue, plannedAt, withCue } from "../rundown/cues.js";
import {
  accountIsAlone, addressOf, carries, changedAddress, diskTime, kindOf, outputAlerts, outputChange, outputCommand, outputLamps, serverOf, severalBuses,
} from "../outputs/output_form.js";
import { seatChange } from "../people/seat_form.js";

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
  const form = { output: "x", title: "", url: "rtmp://h/a/k", backup: "", rendition: "clean", bus: "en", buses: ["floor", "en"], user: "", password: "" };
  assert.deepEqual(outputCommand({ ...form, kind: "stream" }), { type: "output.create", output: "x", url: "rtmp://h/a/k", rendition: "clean", bus: "en" });
  assert.equal(outputCommand({ ...form, kind: "stream", backup: "rtmp://b/a/k" }).backup, "rtmp://b/a/k");
  assert.deepEqual(outputCommand({ ...form, kind: "recording" }).buses, ["floor", "en"]);
  assert.equal("url" in outputCommand({ ...form, kind: "recording" }), false);
  assert.deepEqual(outputCommand({ ...form, kind: "udp", url: "udp://h:1" }),
    { type: "output.create", output: "x", url: "udp://h:1", rendition: "clean", bus: "floor", buses: ["floor", "en"] });
  assert.deepEqual(outputCommand({ ...form, kind: "seats", output: "" }), { type: "output.create", recording: true, seats: true });
  assert.deepEqual(["stream", "udp", "recording", "seats"].map((kind) => severalBuses(/** @type {any} */ (kind))), [false, true, true, false]);
});

test("an account is sent where it was typed, of streams alone, and never without an address", () => {
  const account = { user: "me", password: " a/b#c " };
  const form = { output: "x", title: "", url: "rtmp://h/a/k", backup: "", rendition: "program", bus: "en", buses: ["en"], ...account };
  const { user, password } = outputCommand({ ...form, kind: "stream" });
  assert.deepEqual({ user, password }, account);
  assert.equal("user" in outputCommand({ ...form, kind: "udp" }), false);
  assert.equal(outputChange({ ...form, kind: "stream" }, false).password, account.password);
  assert.equal("password" in outputChange({ ...form, kind: "stream", user: "", password: "" }, false), false);
  assert.deepEqual([form, { ...form, url: "" }, { ...form, url: "", backup: "rtmp://b/a/k" }, { ...form, url: "", user: "", password: "" }]
    .map((one) => accountIsAlone({ ...one, kind: "stream" })), [false, true, false, false]);
});

test("a changed output keeps the addresses that the page doesn't know", () => {
  const form = { output: "x", title: "", url: "", backup: "", rendition: "clean", bus: "en", buses: ["floor", "en"], user: "", password: "" };
  assert.deepEqual(outputChange({ ...form, kind: "stream" }, false), { type: "output.update", output: "x", title: "", rendition: "clean", bus: "en" });
  const both = outputChange({ ...form, kind: "stream", url: "rtmp://h/a/k", backup: "rtmp://b/a/k" }, false);
  assert.deepEqual([both.url, both.backup], ["rtmp://h/a/k", "rtmp://b/a/k"]);
  assert.equal(outputChange({ ...form, kind: "stream", backup: "rtmp://b/a/k" }, true).backup, "");
  const keys = outputChange({ ...form, kind: "stream", key: "new", backup_key: "other" }, false);
  assert.deepEqual([keys.key, keys.backup_key, "url" in keys], ["new", "other", false]);
  assert.deepEqual(outputChange({ ...form, kind: "recording" }, false), { type: "output.update", output: "x", title: "", rendition: "clean", buses: ["floor", "en"] });
  const output = { url: "", recording: false, rendition: "program", bus: "floor", buses: ["floor"], running: false };
  assert.deepEqual([{ ...output, url: "rtmps://h/a/…" }, { ...output, url: "udp://h:1" }, { ...output, recording: true }, { ...output, recording: true, seats: true }].map(kindOf),
    ["stream", "udp", "recording", "seats"]);
});

test("an output that ended by itself is said aloud, one that struggles is marked, one that was stopped is neither", () => {
  const output = (/** @type {boolean} */ running) => ({ url: "", recording: true, rendition: "program", bus: "floor", buses: ["floor"], running });
  const well = { state: "live", code: "", reason: "", remaining_s: 7_200 };
  const state = /** @type {any} */ ({
    order: { outputs: ["full", "gone", "backup", "late", "well", "off"] },
    outputs: { full: output(true), gone: output(true), backup: output(true), late: output(true), well: output(true), off: output(false) },
    status: { outputs: {
      full: { ...well, state: "failed", code: "disk.full", reason: "The disk is full." }, gone: { ...well, state: "retrying" },
      backup: { ...well, backup: { ...well, state: "retrying" } }, late: { ...well, remaining_s: 60 }, well, off: { ...well, state: "failed" },
    } },
  });
  assert.deepEqual(outputAlerts(state), { failed: ["full has stopped. The disk is full."], shaky: ["gone", "backup", "late"] });
});

test("of a person only what was changed is sent", () => {
  const seat = /** @type {any} */ ({ name: "Kim", title: "", role: "interpreter", language: "ko", listen: "floor", booth: "a" });
  const field = (/** @type {Record<string, string>} */ typed) => (/** @type {string} */ name) => ({ name: "Kim", title: "", language: "ko", listen: "floor", booth: "a", ...typed })[name] ?? "";
  const head = { type: "seat.update", seat: "kim" };
  assert.deepEqual(seatChange("kim", seat, field({})), head);
  assert.deepEqual(seatChange("kim", seat, field({ booth: "b", listen: "ko" })), { ...head, booth: "b", listen: "ko" });
  assert.deepEqual(seatChange("kim", seat, field({ booth: "" })), { ...head, booth: null });
  const speaker = { ...seat, role: "speaker", booth: "" };
  assert.deepEqual(seatChange("kim", speaker, field({ hall: "on", language: "ja" })), { ...head, language: "ja", hall: true });
  assert.deepEqual(seatChange("kim", { ...speaker, role: "wall" }, field({ listen: "ko", hall: "on" })), head);
});

test("a person's part and names by language, all of the names with one that changed", () => {
  const seat = /** @type {any} */ ({ name: "Kim", title: "", role: "speaker", language: "ko", part: "host", names: { ko: { name: "김하늘", title: "시장" }, ja: { name: "キム" } } });
  const typed = { name: "Kim", language: "ko", listen: "floor", part: "host", "name-ko": "김하늘", "title-ko": "시장" };
  const change = (/** @type {Record<string, string>} */ over) =>
    seatChange("kim", seat, (name) => /** @type {any} */ ({ ...typed, ...over })[name] ?? "", ["ko", "en"]);
  const head = { type: "seat.update", seat: "kim" };
  assert.deepEqual(change({}), head);
  assert.deepEqual(change({ part: "" }), { ...head, part: "" });
  const ja = { name: "キム", title: "" };
  assert.deepEqual(change({ "title-en": "Mayor" }).names, { ko: { name: "김하늘", title: "시장" }, ja, en: { name: "", title: "Mayor" } });
  assert.deepEqual(change({ "name-ko": "", "title-ko": "" }).names, { ja }, "a language that the event has lost since keeps its names");
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

test("a server and its key make an address, and a key alone a new one at the same server", () => {
  assert.equal(addressOf("rtmps://a.example/live2/", "abcd-1234"), "rtmps://a.example/live2/abcd-1234");
  assert.equal(addressOf("rtmps://a.example/live2/abcd", ""), "rtmps://a.example/live2/abcd");
  assert.equal(addressOf("", "abcd"), "");
  assert.equal(serverOf("rtmp://a.example:1936/live2/•••"), "rtmp://a.example:1936/live2");
  assert.equal(serverOf(undefined), "");
  const shown = "rtmp://a.example/live2/•••";
  assert.deepEqual(changedAddress(shown, "rtmp://a.example/live2", ""), { url: "", key: "" }, "as it is");
  assert.deepEqual(changedAddress(shown, "rtmp://a.example/live2", "new"), { url: "", key: "new" }, "what isn't shown of it stays");
  assert.deepEqual(changedAddress(shown, "rtmp://b.example/x/y", ""), { url: "rtmp://b.example/x/y", key: "" });
  assert.deepEqual(changedAddress("", "rtmp://b.example/x", "y"), { url: "rtmp://b.example/x/y", key: "" });
});

test("a new output is called what people call it; the studio makes the id", () => {
  const form = { output: "", title: "YouTube 한국어", url: "rtmp://h/a/k", backup: "", rendition: "program", bus: "ko", buses: ["ko"], user: "", password: "" };
  assert.deepEqual(outputCommand({ ...form, kind: "stream" }),
    { type: "output.create", title: "YouTube 한국어", url: "rtmp://h/a/k", rendition: "program", bus: "ko" });
});

test("what runs has a lamp on top: each alone while few, then together with the worst of them in words", () => {
  const output = (/** @type {boolean} */ recording, running = true) => ({ url: "", recording, rendition: "program", bus: "floor", buses: ["floor"], running });
  const live = { state: "live", code: "", reason: "" };
  const state = /** @type {any} */ ({
    order: { outputs: ["vod", "ko", "en", "off"] },
    outputs: { vod: output(true), ko: output(false), en: output(false), off: output(false, false), tv: output(false) },
    status: { outputs: { vod: live, ko: live, en: { ...live, state: "retrying" } } },
  });
  assert.deepEqual(outputLamps(state).map((one) => [one.kind, one.ids, one.live, one.state]),
    [["recording", ["vod"], 1, "live"], ["stream", ["ko"], 1, "live"], ["stream", ["en"], 0, "retrying"]]);
  state.order.outputs.push("tv");
  assert.deepEqual(outputLamps(state).map((one) => [one.kind, one.ids, one.live, one.state]),
    [["recording", ["vod"], 1, "live"], ["stream", ["ko", "en", "tv"], 1, "retrying"]]);
});
