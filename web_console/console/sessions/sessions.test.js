import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { speak } from "../words/say.js";
import { ROLES, sessionLine, holderName } from "./sessions.js";

afterEach(() => speak("en"));

const NOW_MS = new Date(2026, 10, 22, 12, 0).getTime();
const at = (/** @type {number} */ hours, /** @type {number} */ minutes, day = 22) => new Date(2026, 10, day, hours, minutes).getTime() / 1000;
const SESSION = { id: "a", role: "speaker", seat: "kim", address: "203.0.113.5", began: at(9, 12), seen: at(11, 5), pages: 0, yours: false };

test("a session says whose it is", () => {
  assert.equal(holderName(SESSION, { kim: { name: "Kim" } }), "Kim · Speaker");
  assert.equal(holderName(SESSION, {}), "kim · Speaker", "of a place that is gone");
  assert.equal(holderName({ ...SESSION, role: "director", seat: "" }, {}), "Director");
  speak("ko");
  for (const role of Object.keys(ROLES)) assert.match(holderName({ ...SESSION, role, seat: "" }, {}), /[가-힣]/, role);
});

test("a session says from where, since when, and whether somebody is there", () => {
  assert.equal(sessionLine(SESSION, NOW_MS), "203.0.113.5 · since 09:12 · last seen 11:05");
  assert.equal(sessionLine({ ...SESSION, address: "", pages: 1 }, NOW_MS), "since 09:12 · 1 page open");
  assert.match(sessionLine({ ...SESSION, pages: 3, began: at(23, 59, 21) }, NOW_MS), /since 21 Nov.* 23:59 · 3 pages open$/);
  speak("ko");
  assert.match(sessionLine({ ...SESSION, began: at(0, 5) }, NOW_MS), /00:05/, "midnight is 0, not 24");
});
