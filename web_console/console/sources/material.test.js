import assert from "node:assert/strict";
import { test } from "node:test";
import {
  clipOnAir, clipTimes, formatTime, pagesOf, problemOf, seekBy, slidesAtHand, sourceAlerts, soundChoices, sourceLine, stateOf, stateWord, tallyOfSource, trackLines, usersOf,
} from "./material.js";
import { publishingOf, recipes } from "./publishing.js";

const source = (/** @type {object} */ over = {}) => /** @type {any} */ ({ title: "A", kind: "clip", muted: false, gain_db: 0, duration_s: 60, ...over });

/** @param {{program?: any, wall?: any, preview?: any}} shown */
function show({ program = {}, wall = undefined, preview = {} }) {
  return /** @type {any} */ ({
    program: "now", preview: "then",
    scenes: { now: { canvases: { program, ...(wall ? { wall } : {}) } }, then: { canvases: { program: preview } } },
    sources: { clip: source(), deck: source({ kind: "slides", title: "Deck" }), other: source({ kind: "slides", title: "" }) },
    order: { sources: ["clip", "deck", "gone", "other"] }, status: { sources: {} },
  });
}

test("a source's state in words: the player's, else what its kind lets expect; an unknown one is shown", () => {
  assert.equal(stateOf(source(), undefined), "starting");
  assert.equal(stateOf(source({ kind: "bars" }), undefined), "ready");
  assert.equal(stateOf(source(), { state: "failed" }), "failed");
  assert.deepEqual([stateWord("waiting").word, stateWord("stalled").badge, stateWord("new").word], ["Nobody sends", "bad", "new"]);
  assert.equal(problemOf(undefined), "");
  assert.equal(problemOf({ state: "failed", code: "clip.broken", reason: "The file ends early." }), "The file ends early.");
  assert.equal(problemOf({ state: "failed", code: "new.code", reason: "" }), "new.code");
  assert.equal(sourceLine({ width: 1920, height: 1080, fps: 29.97, sound: false, late: 2 }, "clip"), "1920×1080 · 29.97 fps · no sound · 2 pictures too late");
  assert.equal(sourceLine({ width: 1920, height: 1080, sound: false }, "slides"), "1920×1080", "of slides nobody expects any");
  assert.equal(sourceLine({ state: "starting" }, "clip"), "");
});

test("times as people say them", () => {
  assert.deepEqual([0, 9.9, 65, 3725, -3].map(formatTime), ["0:00", "0:09", "1:05", "1:02:05", "0:00"]);
});

test("the remaining time is the player's, to the out point, and 0:00 only at the end", () => {
  const runs = clipTimes(source({ out_s: 40 }), { state: "playing", position_s: 31, remaining_s: 9, duration_s: 60 });
  assert.deepEqual([runs.remaining, runs.last, runs.playing, runs.out_s], ["0:09", true, true, 40]);
  assert.equal(clipTimes(source(), { state: "playing", position_s: 59.7, remaining_s: 0.3, duration_s: 60 }).remaining, "0:01");
  const still = clipTimes(source({ in_s: 5 }), undefined);
  assert.deepEqual([still.position_s, still.remaining_s, still.last], [5, 55, false]);
  assert.equal(clipTimes(source(), { state: "ended", position_s: 60, remaining_s: 0 }).remaining, "0:00");
  assert.equal(clipTimes(source({ loop: true }), { state: "playing", position_s: 55, remaining_s: 5 }).last, false, "a loop has no end to be warned of");
});

test("keys on the seek bar stay within the clip", () => {
  const times = { position_s: 30, in_s: 5, out_s: 60 };
  assert.deepEqual(["ArrowRight", "ArrowLeft", "PageUp", "PageDown", "Home", "End"].map((key) => seekBy(key, false, times)), [31, 29, 40, 20, 5, 60]);
  assert.equal(seekBy("ArrowRight", true, times, 50), 30.02);
  assert.equal(seekBy("ArrowLeft", false, { ...times, position_s: 0.2 }), 0);
  assert.equal(seekBy("PageUp", false, { ...times, position_s: 55 }), 60);
  assert.equal(seekBy("Tab", false, times), null);
});

test("where a source is seen: as a tile or behind all, on any canvas", () => {
  assert.equal(tallyOfSource(show({ program: { places: [{ source: "clip" }] } }), "clip"), "program");
  assert.equal(tallyOfSource(show({ wall: { background: "clip" } }), "clip"), "program");
  assert.equal(tallyOfSource(show({ preview: { places: [{ source: "clip" }] } }), "clip"), "preview");
  assert.equal(tallyOfSource(show({}), "clip"), "");
});

test("a remote turns the slides on air, else those in preview, else none", () => {
  const [deck, other] = [{ places: [{ source: "deck" }] }, { places: [{ source: "other" }] }];
  assert.equal(slidesAtHand(show({ program: other, preview: deck })), "other");
  assert.equal(slidesAtHand(show({ preview: deck })), "deck");
  assert.equal(slidesAtHand(show({ program: { places: [{ source: "clip" }] } })), null);
  assert.deepEqual(pagesOf(source({ page: 2, pages: 9 }), { page: 1, pages: 9 }), { page: 2, pages: 9 });
  assert.deepEqual(pagesOf(source({ page: undefined }), undefined), { page: 1, pages: 0 });
});

test("what fails is an alarm only where it is seen or about to be", () => {
  const state = show({ program: { places: [{ source: "deck" }] }, preview: { places: [{ source: "other" }] } });
  state.status.sources = { deck: { state: "stalled" }, other: { state: "failed" }, clip: { state: "failed" } };
  assert.deepEqual(sourceAlerts(state), ["Deck", "other"]);
});

test("a clip's tracks are told where there is a choice, or something isn't played", () => {
  const picture = { kind: "picture", number: 1, codec: "h264", detail: "1920×1080", end_s: 65, use: "picture" };
  const sound = { kind: "sound", number: 1, codec: "aac", detail: "stereo", language: "kor", end_s: 65, use: "sound" };
  assert.deepEqual(trackLines(/** @type {any} */ ({ tracks: [picture, sound] })), []);
  const other = { ...sound, number: 2, language: "eng", use: "", silent: true };
  assert.deepEqual(trackLines(/** @type {any} */ ({ tracks: [picture, sound, other] })), [
    "Picture 1: picture · h264 · 1920×1080 · 1:05", "Sound 1: sound · kor · aac · stereo · 1:05",
    "Sound 2: not played · eng · aac · stereo · 1:05 · silent",
  ]);
  assert.match(trackLines(/** @type {any} */ ({ tracks: [picture, { ...sound, use: "", playable: false }] }))[1] ?? "", /no decoder/);
  assert.deepEqual(trackLines(/** @type {any} */ ({})), []);
});

test("who uses a file", () => {
  const state = show({});
  state.sources.clip.media = "m1";
  state.graphics = { logo: { kind: "logo", title: "Logo", media: "m1" } };
  assert.deepEqual(usersOf(state, "m1"), ["A", "Logo"]);
  assert.deepEqual(usersOf(state, "m2"), []);
});

test("what a publisher needs, once: whole addresses, and commands that hold them", () => {
  const found = publishingOf({ url: "/whip/cam", token: "secret" }, "https://studio.example");
  assert.deepEqual(found, { url: "https://studio.example/whip/cam", token: "secret" });
  assert.equal(publishingOf(undefined, "https://studio.example"), null);
  for (const { program, text } of recipes("https://studio.example/whip/cam", "secret")) {
    if (program !== "OBS") assert.ok(text.includes("https://studio.example/whip/cam") && text.includes("secret"), program);
  }
});

test("the clip on air that ends first tells how long it still runs, wherever else the page is", () => {
  const state = show({ program: { places: [{ source: "clip" }], background: "loop" }, preview: { places: [{ source: "deck" }] } });
  assert.equal(clipOnAir(state), null, "it doesn't play");
  state.status.sources.clip = { state: "playing", position_s: 30, remaining_s: 29.4, duration_s: 60 };
  assert.equal(clipOnAir(state)?.remaining, "0:30");
  state.sources.loop = source({ loop: true });
  state.order.sources.push("loop");
  state.status.sources.loop = { state: "playing", position_s: 58, remaining_s: 2, duration_s: 60 };
  assert.equal(clipOnAir(state)?.remaining, "0:30", "a loop that goes round behind it ends never");
  state.status.sources.clip = { state: "paused", position_s: 30, remaining_s: 30 };
  assert.equal(clipOnAir(state), null);
  const later = show({ preview: { places: [{ source: "clip" }] } });
  later.status.sources.clip = { state: "playing", position_s: 30, remaining_s: 30, duration_s: 60 };
  assert.equal(clipOnAir(later), null, "in preview it isn't on air");
});

test("what a clip can be heard with: as its file says, each track, a camera's microphones by twos", () => {
  const mono = (/** @type {number} */ number, /** @type {object} */ more = {}) => ({ kind: "sound", number, codec: "pcm_s24le", detail: "mono", ...more });
  const medium = (/** @type {object[]} */ ...tracks) => /** @type {any} */ ({ tracks });
  assert.deepEqual(soundChoices(medium(mono(1, { use: "sound" }))), []);
  assert.deepEqual(soundChoices(medium({ kind: "picture", number: 1 }, mono(1, { use: "right" }), mono(2, { use: "left" }), mono(3, { silent: true }))), [
    { value: "", text: "As the file says: 2 · pcm_s24le · mono + 1 · pcm_s24le · mono" },
    { value: "1", text: "1 · pcm_s24le · mono" }, { value: "2", text: "2 · pcm_s24le · mono" }, { value: "3", text: "3 · pcm_s24le · mono · silent" },
    { value: "1+2", text: "1 on the left, 2 on the right" },
  ]);
  const spoken = soundChoices(medium({ kind: "sound", number: 1, language: "kor", detail: "stereo" }, mono(2, { playable: false }), { kind: "sound", number: 3, language: "en", title: "Clean" }), "5+6");
  assert.deepEqual(spoken.map(({ value, text }) => `${value}=${text}`), ["=As the file says: no sound", "1=1 · Korean · stereo", "3=3 · English · Clean", "5+6=5+6"]);
});
