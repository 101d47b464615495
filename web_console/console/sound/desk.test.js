import assert from "node:assert/strict";
import { test } from "node:test";
import { boothAlerts, boothIds, handoverOf, interpretersOf, intoOf, notesOf, unassigned } from "../booths/booth_view.js";
import {
  busesOf, channels, parseLanguages, spokenChoices, stripCommand, stripForm, stripParts, targetOf, typedForm,
} from "./channels.js";
import { soundOf } from "../../shared/names.js";
import { latest } from "../programme/latest.js";
import { decibels, deviation, fall, figure, overPeak, soundProblem } from "./loudness.js";

const seat = (over = {}) => ({
  name: "A", title: "", role: "speaker", language: "ko", stage: true, muted: false, gain_db: 0, invited: true, ...over,
});

const show = (over = {}) => /** @type {any} */ ({
  event: { title: "", languages: ["ko", "en"] },
  seats: {
    a: seat(), b: seat({ name: "B" }), c: seat({ name: "C" }), hidden: seat({ name: "Moderator" }), away: seat(),
    i1: seat({ role: "interpreter", booth: "x", into: "en", on: true }), i2: seat({ role: "interpreter", booth: "x" }),
    loose: seat({ role: "interpreter", booth: "" }), wall: seat({ role: "wall" }),
  },
  sources: { bars: { title: "Bars", kind: "bars", muted: true, gain_db: -3 } },
  scenes: { s: { title: "", canvases: { program: {} }, audio: { follow: true, sources: ["seat/hidden"] } } },
  booths: { x: { title: "Booth 1", languages: ["ko", "en"], handover: null, slower_at: 0 } },
  program: "s", solo: ["seat/c"],
  order: { seats: ["c", "b", "a", "hidden", "away", "i1", "i2", "loose", "wall"], sources: ["bars"], scenes: ["s"], outputs: [], booths: ["x"] },
  status: {
    seats: { a: { state: "on_air", problem: "sound.dc" }, b: { state: "next" }, c: { state: "ready" }, i2: { connection: "connected" } },
    booths: { x: { state: "lost", slower: true } },
  },
  ...over,
});

test("a channel for all who are heard or will be, in groups, and for those that the scene names unseen", () => {
  const found = channels(show());
  assert.deepEqual(found.map(({ key, group }) => [key, group]), [
    ["seat/a", "on_air"], ["seat/hidden", "on_air"], ["seat/b", "next"], ["seat/i1", "interpreter"], ["seat/i2", "interpreter"],
    ["source/bars", "source"], ["seat/c", "more"],
  ]);
  assert.equal(found[0]?.problem, "sound.dc");
  assert.deepEqual([found[3]?.language, found[5]?.muted, found[6]?.solo], ["en", true, true]);
});

test("ids of sources are the same in commands, state and meters", () => {
  assert.equal(soundOf("bars"), "source/bars");
  assert.equal(soundOf("seat/a"), "seat/a");
  assert.equal(channels(show({ solo: ["bars"] })).find((one) => one.key === "source/bars")?.solo, true);
});

test("buses and their targets follow the event", () => {
  const state = show({ event: { title: "", languages: ["ko", "en", "ja"] }, targets: { en: -14 } });
  assert.deepEqual(busesOf(state), ["floor", "ko", "en", "ja", "hall"]);
  assert.deepEqual([targetOf(state, "en"), targetOf(state, "ja")], [-14, -23]);
  assert.deepEqual(parseLanguages(" ko, en;zh-Hant  ko"), ["ko", "en", "zh-Hant"]);
  const choices = spokenChoices(state, "sv");
  assert.deepEqual([choices[0], choices.includes("sv"), new Set(choices).size === choices.length], ["", true, true]);
});

test("a strip's form and command are each other's way back, off included", () => {
  const off = { highpass_hz: 0, gate_db: -100, leveller: false, compressor_db: 0, ratio: 3, delay_ms: 0 };
  assert.deepEqual(stripCommand("seat/a", stripForm({})), { type: "source.strip", source: "seat/a", ...off });
  const on = { highpass_hz: 120, gate_db: -45, leveller: true, compressor_db: -18, ratio: 4, delay_ms: 240 };
  assert.deepEqual(stripCommand("seat/a", stripForm(on)), { type: "source.strip", source: "seat/a", ...on });
  assert.deepEqual([stripParts({}), stripParts(on)], [0, 5]);
  const typed = typedForm(stripForm({}), (name) => ({ gate_db: "-55", delay_ms: "0" })[name] ?? "");
  assert.deepEqual([typed.gate_db, typed.delay_ms, typed.highpass_hz], [-55, 0, 80], "a field that is off keeps its figure");
});

test("a meter rises at once and falls 20 dB in 1.7 s", () => {
  assert.equal(fall(-60, -10, 16), -10);
  assert.ok(Math.abs(fall(-10, -100, 1_700) + 30) < 1e-9);
  assert.equal(fall(-10, -100, -5), -10, "a clock that steps back moves nothing");
});

test("loudness in figures and words, which say the same without colour", () => {
  assert.deepEqual([figure(-23.04), figure(-100), figure(undefined), figure(Number.NaN), figure(-0.94)], ["−23.0", "–", "–", "–", "−0.9"]);
  assert.deepEqual([decibels(3.5), decibels(-40), decibels(0)], ["+3.5 dB", "−40.0 dB", "0.0 dB"]);
  assert.deepEqual(deviation(-23.4, -23), { level: "good", text: "On target" });
  assert.deepEqual(deviation(-21, -23), { level: "warn", text: "2.0 LU too loud" });
  assert.deepEqual(deviation(-19, -14), { level: "bad", text: "5.0 LU too quiet" });
  assert.equal(deviation(-100, -23).level, "none");
  assert.deepEqual([overPeak(-1), overPeak(-0.5), overPeak(undefined)], [false, true, false]);
});

test("a problem of sound says what to do; an unknown one is shown, a picture's is not", () => {
  for (const code of ["sound.dc", "sound.hum", "sound.clipping", "sound.zeros", "sound.broken"]) assert.match(soundProblem(code), /\w+ .*[:.] ?\w/);
  assert.equal(soundProblem("sound.new"), "sound.new");
  assert.equal(soundProblem("video.broken"), "");
  assert.equal(soundProblem(undefined), "");
});

test("booths: who works where, what to speak into, what must be seen", () => {
  const state = show();
  assert.deepEqual(boothIds(state), ["x"]);
  assert.deepEqual(interpretersOf(state, "x"), ["i1", "i2"]);
  assert.deepEqual(unassigned(state), ["loose"]);
  assert.deepEqual([intoOf(state, "i1"), intoOf(state, "i2")], ["en", "ko"]);
  assert.deepEqual(boothAlerts(state), { lost: ["Booth 1"], slower: ["Booth 1"] });
  assert.deepEqual(boothAlerts(show({ booths: undefined })).lost, []);
});

test("an offered microphone counts down and is gone when its time is up", () => {
  const state = show();
  state.booths.x.handover = { giver: "i1", taker: "i2", until: 1_000 };
  assert.deepEqual(handoverOf(state, "x", 990_500), { giver: "i1", taker: "i2", left_s: 10 });
  assert.equal(handoverOf(state, "x", 1_000_000), null);
});

test("messages of one booth, the newest only", () => {
  const notes = Array.from({ length: 30 }, (_, at) => ({ booth: at % 2 ? "x" : "y", text: String(at), at, seat: "" }));
  const shown = notesOf(show({ notes: [...notes, ...notes] }), "x");
  assert.equal(shown.length, 20);
  assert.equal(shown.at(-1)?.text, "29");
});

test("of what a fader asks for meanwhile only the last is sent", async () => {
  /** @type {number[]} */
  const sent = [];
  /** @type {(() => void)[]} */
  const answers = [];
  const set = latest((/** @type {number} */ value) => {
    sent.push(value);
    return new Promise((resolve) => answers.push(() => resolve(undefined)));
  });
  const all = [1, 2, 3, 4].map(set);
  assert.deepEqual(sent, [1]);
  answers.shift()?.();
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(sent, [1, 4]);
  answers.shift()?.();
  await Promise.all(all);
  void set(5);
  assert.deepEqual(sent, [1, 4, 5]);
});

test("what is sent at a bounded rate leaves out what came meanwhile, never the last", async () => {
  /** @type {[number, number][]} */
  const sent = [];
  const set = latest(async (/** @type {number} */ value) => { sent.push([value, performance.now()]); }, 20);
  await Promise.all([1, 2, 3].map(set));
  assert.deepEqual(sent.map(([value]) => value), [1, 3]);
  assert.ok((sent[1]?.[1] ?? 0) - (sent[0]?.[1] ?? 0) >= 19);
});
