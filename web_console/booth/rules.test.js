import assert from "node:assert/strict";
import { test } from "node:test";
import * as rules from "./rules.js";

/** @param {object} seat @param {object} [status] */
const seen = (seat, status = {}) => /** @type {any} */ ({ event: { title: "" }, seat, status });
/** @param {object} [changed] */
const lamp = (changed = {}) => rules.lampOf({
  state: seen({ on: true }, { on_air: true }), link: "open", peer: "connected", held: false, .../** @type {any} */ (changed),
});

test("the lamp follows the server's word, not the press", () => {
  assert.equal(lamp(), "on_air");
  assert.equal(lamp({ state: seen({ on: false }) }), "off");
  assert.equal(lamp({ state: seen({ on: true }, { on_air: false }) }), "open");
  assert.equal(lamp({ state: null }), "connecting");
});

test("a cough shows at once when held here, and when the server has it", () => {
  assert.equal(lamp({ held: true }), "cough");
  assert.equal(lamp({ state: seen({ on: true, cough: true }, { on_air: false }) }), "cough");
  assert.equal(lamp({ state: seen({ on: false }), held: true }), "off");
});

test("without the media connection nobody is on air; without an answer the microphone counts as open", () => {
  assert.equal(lamp({ peer: "reconnecting" }), "lost");
  assert.equal(lamp({ peer: "connecting" }), "connecting");
  assert.equal(lamp({ link: "lost" }), "unsure");
  assert.equal(lamp({ state: seen({ on: true }, { connection: "absent" }) }), "unsure", "a studio that has just restarted");
  assert.equal(lamp({ link: "lost", state: seen({ on: false }) }), "lost");
});

test("an offer is the giver's, the taker's or nobody's, and ends", () => {
  const offer = { giver: "a", taker: "b", until: 0 };
  assert.equal(rules.handoverRole(offer, "a", 9), "giving");
  assert.equal(rules.handoverRole(offer, "b", 9), "taking");
  assert.equal(rules.handoverRole(offer, "c", 9), "none");
  assert.equal(rules.handoverRole(offer, "b", 0), "none");
  assert.equal(rules.handoverRole(null, "b", 9), "none");
});

test("a fresh offer has its full time whatever this machine's clock says", () => {
  const offer = { giver: "a", taker: "b", until: 1_000 };
  assert.equal(rules.offerEnds(offer, 5_000, true), 5_000 + rules.OFFER_S);
  assert.equal(rules.offerEnds(offer, 990, false), 1_000);
  assert.equal(rules.offerEnds(offer, 5_000, false), 5_000);
  assert.equal(rules.offerEnds(offer, 900, false), 900 + rules.OFFER_S);
});

test("the language key goes around", () => {
  assert.equal(rules.nextLanguage(["ko", "en"], "ko"), "en");
  assert.equal(rules.nextLanguage(["ko", "en"], "en"), "ko");
  assert.equal(rules.nextLanguage(["ko", "en"], ""), "ko");
  assert.equal(rules.nextLanguage([], "ko"), "");
});

test("the relay: the chosen bus, else the booth's other language, else any", () => {
  const event = ["ko", "en", "ja"];
  assert.equal(rules.preselected(event, ["ko", "en"], "en", "ja"), "ja");
  assert.equal(rules.preselected(event, ["ko", "en"], "en", "fr"), "ko");
  assert.equal(rules.preselected(["en", "fr"], ["ja", "en"], "en", ""), "fr");
  assert.equal(rules.preselected([], [], "", ""), "");
});

test("one press leads from the floor to the relay and from any relay back", () => {
  assert.equal(rules.relayTarget("floor", "en"), "en");
  assert.equal(rules.relayTarget("ja", "en"), "floor");
  assert.equal(rules.relayTarget("floor", ""), "floor");
});

test("the volume goes in steps and stays within 0 and 1", () => {
  assert.equal(rules.stepVolume(0.8, 1), 0.85);
  assert.equal(rules.stepVolume(1, 1), 1);
  assert.equal(rules.stepVolume(0, -1), 0);
  assert.equal(rules.stepVolume(0.1 + 0.2, -1), 0.25);
});

test("what is on and what comes next", () => {
  const cues = ["a", "b", "c", "d", "e"].map((cue) => ({ cue, title: cue }));
  assert.deepEqual(rules.aroundCue(cues, "b", 2), { on: cues[1], next: [cues[2], cues[3]] });
  assert.deepEqual(rules.aroundCue(cues, null, 1), { on: null, next: [cues[0]] });
  assert.deepEqual(rules.aroundCue([], undefined), { on: null, next: [] });
});

test("the time on air begins once, survives a reload, and ends", () => {
  assert.equal(rules.onAirSince(0, true, 5_000), 5_000);
  assert.equal(rules.onAirSince(4_000, true, 5_000), 4_000);
  assert.equal(rules.onAirSince(4_000, false, 5_000), 0);
  assert.equal(rules.onAirSince(9_000, true, 5_000), 5_000);
});

test("loudspeakers are told from headsets by name", () => {
  assert.ok(rules.soundsOpen("MacBook Pro Speakers (Built-in)"));
  assert.ok(!rules.soundsOpen("Headphones (Built-in)"));
  assert.ok(!rules.soundsOpen("Jabra UC Voice 550"));
  assert.ok(!rules.soundsOpen(""));
});
