import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { afterEach, test } from "node:test";
import * as kinds from "../../shared/kinds.js";
import { deviation, soundProblem } from "../sound/loudness.js";
import { KOREAN } from "./korean.js";
import { KOREAN_REFUSALS } from "./korean_refusals.js";
import { DIRECTION_WORDS } from "../programme/onair.js";
import { CONVERSIONS, mediumWarning, stateWord, USES } from "../sources/material.js";
import { recipes } from "../sources/publishing.js";
import { SWITCHES } from "../sources/source_form.js";
import { AIR, ANCHORS, WAYS } from "../graphics/graphic_form.js";
import { OWN_WORDS } from "../sources/upload.js";
import { busName, firstLanguage, languageName, refusalText, speak, t } from "./say.js";
import { outputState, seatProblem, seatState } from "./text.js";

afterEach(() => speak("en"));

const folder = new URL("../", import.meta.url);
const sources = readdirSync(folder, { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".js") && !name.endsWith(".test.js") && !name.includes("korean"));
const values = (/** @type {string} */ text) => [...text.matchAll(/\{\w+\}/g)].map((found) => found[0]).sort();

test("every text that a panel asks for is there in Korean", () => {
  const asked = sources.flatMap((name) =>
    [...readFileSync(new URL(name, folder), "utf8").matchAll(/\bt\(\s*"((?:[^"\\]|\\.)*)"/g)].map((found) => String(found[1])));
  assert.ok(asked.length > 200);
  for (const text of asked) assert.ok(KOREAN[text], text);
});

test("Korean texts are Korean, and name the same values", () => {
  for (const [english, korean] of Object.entries(KOREAN)) {
    assert.match(korean, /[가-힣]/, english);
    assert.deepEqual(values(korean), values(english), english);
  }
  for (const [code, korean] of Object.entries(KOREAN_REFUSALS)) assert.match(korean, /[가-힣].*\.$/, code);
});

/**
 * @param {string} folder of this project
 * @returns {Set<string>} the codes that its Python gives to refusals and failures
 */
function codesOf(folder) {
  const root = new URL(`../../../${folder}/`, import.meta.url);
  const given = /(?:RefusedError\(\s*\d+,|Failure\(|UrlError\(|StoreError\(|MediaError\(|Trouble\(|Refused\(|code=|larms\.set\(|_judge\(\w+,|ALARM =)\s*"([a-z]+\.[a-z_-]+)"/g;
  const nouns = /\b(?:unknown|new_id)\(\s*"([a-z]+)"/g;
  /** @type {Set<string>} */
  const found = new Set();
  for (const name of readdirSync(root, { recursive: true, encoding: "utf8" }).filter((one) => one.endsWith(".py"))) {
    const text = readFileSync(new URL(name, root), "utf8");
    for (const [, code] of text.matchAll(given)) found.add(String(code));
    for (const [call, noun] of text.matchAll(nouns)) {
      for (const end of call.startsWith("unknown") ? ["unknown"] : ["exists", "too-many"]) found.add(`${noun}.${end}`);
    }
  }
  return found;
}

test("every refusal of a command and every fault of an output is there in Korean, and none that nobody sends", () => {
  const told = new Set(codesOf("studio"));
  for (const folder of ["mixer/contract", "mixer/outputs", "mixer/sources"]) for (const code of codesOf(folder)) told.add(code);
  // By tables, not by calls: what is wrong with a publisher, a player or a file, and what a clip is warned of.
  const tables = /** @type {const} */ ([
    ["studio/show/sources/whip_status.py", /"((?:whip|video)\.[a-z-]+)"/g], ["studio/show/sources/player_status.py", /"(player\.[a-z-]+)"/g],
    ["mixer/sources/importer.py", /"((?:media|clip|pdf)\.[a-z-]+)"/g],
    ...["clips", "slides", "stills"].map((kind) => /** @type {[string, RegExp]} */ ([`mixer/sources/${kind}/upload.py`, /"((?:media|clip|pdf)\.[a-z-]+)"/g])),
    ["mixer/sources/clips/clip_file.py", /"(clip\.[a-z-]+)"/g], ["mixer/contract/findings.py", /"(clip\.[a-z-]+)"/g],
  ]);
  for (const [file, code] of tables) {
    for (const [, found] of readFileSync(new URL(`../../../${file}`, import.meta.url), "utf8").matchAll(code)) told.add(String(found));
  }
  assert.ok(told.size > 60);
  // Of signalling only those that a director can meet; links of guests are opened elsewhere.
  const ours = ["sender.restarting", "internal", "network.lost", "network.timeout"];
  const known = new Set([...told, ...codesOf("signaling"), ...ours, "rate.commands", "rate.offers", "rate.requests"]);
  const elsewhere = /^link\./;
  assert.deepEqual([...told].filter((code) => !KOREAN_REFUSALS[code] && !elsewhere.test(code)), []);
  assert.deepEqual(Object.keys(KOREAN_REFUSALS).filter((code) => !known.has(code)), []);
});

test("words from tables are translated, too", () => {
  speak("ko");
  const { SOURCE_KINDS, LAYOUTS, TRANSITIONS, GRAPHIC_KINDS, OUTPUT_KINDS } = kinds;
  const rows = [SOURCE_KINDS, LAYOUTS, TRANSITIONS, GRAPHIC_KINDS, OUTPUT_KINDS].flatMap((table) => Object.values(table));
  assert.ok(rows.length > 30);
  const words = [
    ...["absent", "waiting", "ready", "next", "on_air"].map((state) => seatState(state).word),
    ...["video.too-large", "video.too-small", "video.over-limit", "video.broken", "rtp.garbage", "media.silent"].map(seatProblem),
    ...["sound.dc", "sound.hum", "sound.clipping", "sound.zeros", "sound.broken"].map(soundProblem),
    ...["starting", "live", "retrying", "failed", "stopped"].map((state) =>
      outputState(/** @type {any} */ ({ running: true }), { state }).word),
    ...[...Object.values(DIRECTION_WORDS), ...Object.values(kinds.PATTERNS), ...rows.flatMap((row) => ("hint" in row ? [row.label, row.hint] : [row.label]))].map((word) => t(word)),
    ...["starting", "ready", "playing", "paused", "ended", "live", "stalled", "waiting", "failed"].map((state) => stateWord(state).word),
    ...[...ANCHORS.map(([, word]) => word), ...SWITCHES.flatMap(([, word, why]) => [word, why]), ...Object.values(AIR).map(({ word }) => word),
      ...WAYS.map(([, word]) => word), ...Object.values(OWN_WORDS), ...recipes("", "").map(({ how }) => how), ...Object.values(USES), ...Object.values(CONVERSIONS), "Picture", "Sound"].map((word) => t(word)),
    ...["clip.truncated", "clip.damaged", "clip.no-sound", "clip.sound-codec", "clip.alpha-damaged", "clip.variable-rate", "clip.too-slow", "picture.animated", "picture.end-missing", "pdf.fonts"].map(mediumWarning),
    deviation(-30, -23).text, deviation(undefined, -23).text, busName("floor"), busName("hall"), busName("en"), languageName(""),
  ];
  for (const word of words) assert.match(word, /[가-힣]/, word);
});

test("values take their places, and what nobody translated stays readable", () => {
  assert.equal(t("Hold {name}", { name: "Kim" }), "Hold Kim");
  assert.equal(t("Hold {name}", { other: 1 }), "Hold {name}");
  speak("ko");
  assert.equal(t("Hold {name}", { name: "Kim" }), "Kim 대기");
  assert.equal(t("Never translated"), "Never translated");
});

test("a refusal is the server's sentence in English, ours in Korean, and never empty", () => {
  const error = { code: "booth.language-taken", detail: "Kim is open into en." };
  assert.equal(refusalText(error), "Kim is open into en.");
  assert.notEqual(refusalText({ code: "x", detail: "" }), "");
  speak("ko");
  assert.match(refusalText(error), /통역사/);
  assert.equal(refusalText({ code: "never.heard", detail: "Why." }), "Why.");
});

test("the language chosen before wins over the browser's; a wrong tag is shown as it is", () => {
  const store = (/** @type {string|null} */ kept) => ({ getItem: () => kept });
  assert.equal(firstLanguage(["ko-KR"], store(null)), "ko");
  assert.equal(firstLanguage(["fr", "ko"], store(null)), "en");
  assert.equal(firstLanguage([], store("ko")), "ko");
  assert.equal(busName("en"), "English");
  assert.equal(busName("no tag at all"), "no tag at all");
});
