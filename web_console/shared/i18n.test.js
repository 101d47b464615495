import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { DICTIONARIES, languageName, pickLanguage, say, sayError, sayRefusal } from "./i18n.js";

test("both languages have the same keys, none empty", () => {
  assert.deepEqual(Object.keys(DICTIONARIES.ko).sort(), Object.keys(DICTIONARIES.en).sort());
  for (const dictionary of Object.values(DICTIONARIES)) {
    for (const [key, text] of Object.entries(dictionary)) assert.ok(text.trim(), key);
  }
});

test("Korean texts are Korean", () => {
  for (const [key, text] of Object.entries(DICTIONARIES.ko)) assert.match(text, /[가-힣]/, key);
});

for (const page of ["join", "booth"]) {
  test(`every text the ${page} page asks for exists`, () => {
    const folder = new URL(`../${page}/`, import.meta.url);
    const sources = readdirSync(folder)
      .filter((name) => name.endsWith(".js") && !name.endsWith(".test.js"))
      .map((name) => readFileSync(new URL(name, folder), "utf8"));
    const calls = sources.flatMap((source) => [...source.matchAll(/\bt\(([^()`]*)\)/g)].map((match) => match[1]));
    const asked = calls.flatMap((call) => [...call.matchAll(/"([a-z_-]+\.[a-z._-]+)"/g)].map((match) => match[1]));
    assert.ok(asked.length > 20);
    for (const key of asked) assert.ok(key in DICTIONARIES.en, key);
  });
}

test("the seat's language wins over the browser's", () => {
  assert.equal(pickLanguage("ko", "en-US"), "ko");
  assert.equal(pickLanguage("", "ko-KR"), "ko");
  assert.equal(pickLanguage("fr", "ko-KR"), "en");
  assert.equal(pickLanguage(undefined, ""), "en");
});

test("an unknown code still reads as a sentence", () => {
  assert.equal(sayError("en", { code: "never.heard" }), say("en", "error.unknown"));
  assert.equal(sayError("en", { code: "never.heard", status: 401 }), say("en", "error.session.missing"));
  assert.equal(sayError("ko", { code: "shard.unavailable" }), say("ko", "error.network.lost"));
});

test("every lamp of the booth has a word and a sentence", () => {
  for (const lamp of ["connecting", "lost", "unsure", "cough", "on_air", "open", "off"]) {
    for (const key of [`lamp.${lamp}`, `lamp.${lamp}-text`]) assert.ok(key in DICTIONARIES.en, key);
  }
});

test("a language is named, in its own tongue or another; nonsense stays what it is", () => {
  assert.equal(languageName("ko"), "한국어");
  assert.equal(languageName("ko", "en"), "Korean");
  assert.equal(languageName("not a tag"), "not a tag");
});

test("a refusal: the server's sentence in English, ours in Korean, never an empty one", () => {
  const taken = { code: "booth.language-taken", detail: "Kim is on air in ko." };
  assert.equal(sayRefusal("en", taken), taken.detail);
  assert.equal(sayRefusal("ko", taken), say("ko", "error.booth.language-taken"));
  assert.equal(sayRefusal("ko", { code: "never.heard", detail: "x" }), say("ko", "error.refused"));
  assert.equal(sayRefusal("en", { code: "never.heard", detail: "" }), say("en", "error.refused"));
});
