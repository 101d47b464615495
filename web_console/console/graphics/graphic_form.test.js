import assert from "node:assert/strict";
import { test } from "node:test";
import { formOf, glyphList, graphicChange, graphicCommand, graphicLine, KINDS, onAirOf, turnedInto, untilOf } from "./graphic_form.js";

const NOW_MS = new Date(2026, 10, 22, 14, 0, 0).getTime();

test("each kind sends what it has to say, and where it is", () => {
  const form = { ...formOf(), text: { "": " Welcome ", ko: "환영", en: "" }, subtext: { "": "Seoul" }, link: "https://a", media: "m", zone: "Asia/Seoul" };
  const sent = Object.fromEntries(KINDS.map((kind) => [kind, graphicCommand(turnedInto(form, kind), NOW_MS)]));
  const common = ["canvases", "kind", "size", "title", "type"];
  /** @type {Record<string, string[]>} */
  const more = {
    "lower-third": ["anchor", "seat", "subtext", "text"], title: ["anchor", "subtext", "text"], ticker: ["anchor", "text"], logo: ["anchor", "media"],
    clock: ["anchor", "text", "zone"], countdown: ["anchor", "cue", "text", "until"], qr: ["anchor", "link", "text"], card: ["subtext", "text"],
    picture: ["anchor", "media"],
  };
  for (const kind of KINDS) assert.deepEqual(Object.keys(sent[kind] ?? {}).sort(), [...common, ...(more[kind] ?? [])].sort(), kind);
  assert.deepEqual(sent.title?.text, { "": "Welcome", ko: "환영" }, "empty ones are left out");
  assert.equal(sent.title?.title, "Welcome", "what it says names it in the list");
  assert.deepEqual([sent.qr?.anchor, sent.logo?.anchor], ["bottom-right", "top-right"]);
});

test("canvases: both, one, none", () => {
  const canvases = (/** @type {boolean} */ program, /** @type {boolean} */ wall) => graphicCommand({ ...formOf(), program, wall }, NOW_MS).canvases;
  assert.deepEqual([canvases(true, true), canvases(false, true), canvases(false, false)], [["program", "wall"], ["wall"], []]);
});

test("a countdown's end: so long from now, a time of day, the cue's", () => {
  const until = (/** @type {Partial<import("./graphic_form.js").GraphicForm>} */ over) => untilOf({ ...formOf(), ...over }, NOW_MS) - NOW_MS / 1000;
  assert.equal(until({ how: "duration", minutes: 5, seconds: 30 }), 330);
  assert.equal(until({ how: "clock", clock: "15:00" }), 3600);
  assert.equal(until({ how: "clock", clock: "13:59:30" }), -30, "a moment ago is an overrun");
  assert.equal(until({ how: "clock", clock: "00:30" }), 10.5 * 3600, "long ago is tomorrow");
  assert.equal(untilOf({ ...formOf(), how: "cue" }, NOW_MS), 0);
  assert.equal(graphicCommand({ ...turnedInto(formOf(), "countdown"), how: "cue" }, NOW_MS).cue, true);
});

test("a change names only what was changed, and a countdown runs on", () => {
  const graphic = { kind: "countdown", title: "Break", text: { "": "Back in" }, until: NOW_MS / 1000 + 60, canvases: ["program"], size: 1 };
  assert.deepEqual(graphicChange("a", graphic, formOf(graphic), NOW_MS), { type: "graphic.update", graphic: "a" });
  const form = { ...formOf(graphic), wall: true, text: { "": "Back in", ko: "곧" } };
  assert.deepEqual(graphicChange("a", graphic, form, NOW_MS), {
    type: "graphic.update", graphic: "a", canvases: ["program", "wall"], text: { "": "Back in", ko: "곧" },
  });
  const fresh = { ...graphic, until: 0 };
  assert.deepEqual(graphicChange("a", fresh, formOf(fresh), NOW_MS), { type: "graphic.update", graphic: "a" });
});

const show = (/** @type {any} */ over = {}) => /** @type {any} */ ({
  program: "now", preview: "then", event: { title: "Summit" }, rundown: [{ cue: "c1", title: "Opening" }],
  scenes: { now: { canvases: { program: {}, wall: { graphics: ["logo"] } } }, then: { canvases: { program: { graphics: ["clock"] } } } },
  seats: { kim: { name: "Kim" } }, graphics: { logo: { kind: "logo", title: "Logo" }, clock: { kind: "clock", title: "" }, qr: { kind: "qr", title: "Q", on: true } },
  status: {}, ...over,
});

test("what is on air by itself, with the scene, next, or not", () => {
  assert.deepEqual(["qr", "logo", "clock", "gone"].map((id) => onAirOf(show(), id)), ["on", "scene", "next", "off"]);
  assert.equal(onAirOf(show({ program: null, preview: null }), "logo"), "off");
});

test("a graphic in one line", () => {
  assert.equal(graphicLine(show(), { kind: "lower-third", title: "", seat: "kim", text: { "": "X" } }), "Kim");
  assert.equal(graphicLine(show(), { kind: "qr", title: "", link: "https://a", canvases: ["wall"] }), "https://a · wall only");
  assert.equal(graphicLine(show(), { kind: "title", title: "", text: { ko: "환영" }, canvases: [] }), "환영 · nowhere");
});

test("what no font can write, by the name of the person it concerns, and the dialog that mends it", () => {
  const glyphs = { "seat/kim": "ẞ", "graphic/qr": "x", "cue/c1": "y", show: "z", "seat/gone": "", "graphic/a/b": "q" };
  assert.deepEqual(glyphList(show({ status: { glyphs } })).map(({ kind, id, name }) => [kind, id, name]), [
    ["seat", "kim", "Kim"], ["graphic", "qr", "Q"], ["cue", "c1", "Opening"], ["event", "", "Summit"], ["graphic", "a/b", "a/b"],
  ]);
  assert.equal(glyphList(show({ status: { glyphs: { show: "𓀀ẞ𓀀" } } }))[0]?.codes, "U+13000 U+1E9E");
  assert.deepEqual(glyphList(show()), []);
});
