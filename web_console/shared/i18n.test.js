import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { DICTIONARIES, pickLanguage, say, sayError } from "./i18n.js";

test("both languages have the same keys, none empty", () => {
  assert.deepEqual(Object.keys(DICTIONARIES.ko).sort(), Object.keys(DICTIONARIES.en).sort());
  for (const dictionary of Object.values(DICTIONARIES)) {
    for (const [key, text] of Object.entries(dictionary)) assert.ok(text.trim(), key);
  }
});

test("Korean texts are Korean", () => {
  for (const [key, text] of Object.entries(DICTIONARIES.ko)) assert.match(text, /[가-힣]/, key);
});

test("every text the join page asks for exists", () => {
  const sources = ["prepare", "live", "problem", "main", "model"].map((name) =>
    readFileSync(new URL(`../join/${name}.js`, import.meta.url), "utf8"),
  );
  const asked = sources.flatMap((source) => [...source.matchAll(/\bt\("([a-z._-]+)"\)/g)].map((match) => match[1]));
  assert.ok(asked.length > 20);
  for (const key of asked) assert.ok(key in DICTIONARIES.en, key);
});

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
