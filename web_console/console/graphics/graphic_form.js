/** Pure: the form of a graphic → the command that makes or changes it. */

import { GRAPHIC_KINDS } from "../../shared/kinds.js";
import { textOf } from "../../shared/names.js";
import { t } from "../words/say.js";

/** @typedef {import("../../shared/types.js").Command} Command */
/** @typedef {import("../../shared/types.js").Graphic} Graphic */
/** @typedef {import("../../shared/types.js").DirectorState} DirectorState */
/** @typedef {import("../../shared/kinds.js").GraphicKind} Kind */
/** @typedef {"text"|"subtext"|"seat"|"media"|"link"|"zone"|"until"|"anchor"} Part */

/**
 * @typedef {{kind: Kind, title: string, text: Record<string, string>, subtext: Record<string, string>, seat: string, media: string,
 *   link: string, anchor: string, program: boolean, wall: boolean, how: "duration"|"clock"|"cue", minutes: number, seconds: number,
 *   clock: string, zone: string, size: number}} GraphicForm
 *   how: what a countdown runs to: so long from now, a time of day, the end of the cue that is on; clock: `09:30`, this machine's
 */

export const KINDS = /** @type {Kind[]} */ (Object.keys(GRAPHIC_KINDS));

/** Row by row; the words are English, for `t`. @type {readonly (readonly [string, string])[]} */
export const ANCHORS = [
  ["top-left", "Top left"], ["top", "Top"], ["top-right", "Top right"], ["left", "Left"], ["centre", "Centre"], ["right", "Right"],
  ["bottom-left", "Bottom left"], ["bottom", "Bottom"], ["bottom-right", "Bottom right"],
];

/** Of a graphic's being on air: words in English, for `t`. */
export const AIR = /** @type {const} */ ({
  on: { word: "On air", badge: "program" }, scene: { word: "With scene", badge: "program" }, next: { word: "Next", badge: "preview" }, off: { word: "Off", badge: "" },
});

/** What a countdown runs to: words in English, for `t`. */
export const WAYS = /** @type {const} */ ([["duration", "So long from now"], ["clock", "To a time of day"], ["cue", "To the end of the cue that is on"]]);

/** For all languages that have none of their own. */
export const ALL = "";

/**
 * @param {Kind} kind
 * @param {Part} part
 */
export function has(kind, part) {
  return GRAPHIC_KINDS[kind].parts.includes(part);
}

/**
 * @param {Graphic} [graphic] to change; none: a new one
 * @returns {GraphicForm}
 */
export function formOf(graphic) {
  const kind = /** @type {Kind} */ (graphic && graphic.kind in GRAPHIC_KINDS ? graphic.kind : "lower-third");
  const canvases = graphic?.canvases ?? ["program", "wall"];
  const until = graphic?.until ?? 0;
  return {
    kind, title: graphic?.title ?? "", text: { ...graphic?.text }, subtext: { ...graphic?.subtext }, seat: graphic?.seat ?? "",
    media: graphic?.media ?? "", link: graphic?.link ?? "", anchor: graphic?.anchor || GRAPHIC_KINDS[kind].anchor,
    program: canvases.includes("program"), wall: canvases.includes("wall"),
    how: graphic?.cue ? "cue" : until ? "clock" : "duration", minutes: 10, seconds: 0, clock: until ? clockText(until) : "",
    zone: graphic?.zone ?? "", size: graphic?.size ?? 1,
  };
}

/**
 * @param {GraphicForm} form
 * @param {Kind} kind
 * @returns {GraphicForm} of this kind, at the place it usually has
 */
export function turnedInto(form, kind) {
  return { ...form, kind, anchor: GRAPHIC_KINDS[kind].anchor };
}

/**
 * @param {number} unix_s
 * @returns {string} `09:30:00` on the clock of this machine
 */
function clockText(unix_s) {
  const date = new Date(unix_s * 1000);
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) => String(part).padStart(2, "0")).join(":");
}

/**
 * @param {GraphicForm} form
 * @param {number} now_ms Unix milliseconds
 * @returns {number} Unix seconds; 0: to no time of its own
 */
export function untilOf({ how, minutes, seconds, clock }, now_ms) {
  if (how === "duration") return Math.round(now_ms / 1000 + 60 * minutes + seconds);
  const found = /^(\d\d):(\d\d)(?::(\d\d))?$/.exec(clock);
  if (how !== "clock" || !found) return 0;
  const at = Math.floor(new Date(now_ms).setHours(Number(found[1]), Number(found[2]), Number(found[3] ?? 0), 0) / 1000);
  // What lies more than half a day back is meant for tomorrow; a little back is an overrun.
  return at < now_ms / 1000 - 12 * 3600 ? at + 24 * 3600 : at;
}

/**
 * @param {Record<string, string>} texts
 * @returns {Record<string, string>} without empty ones
 */
function written(texts) {
  return Object.fromEntries(Object.entries(texts).map(([tag, text]) => [tag, text.trim()]).filter(([, text]) => text));
}

/**
 * @param {GraphicForm} form
 * @param {number} now_ms
 * @returns {Record<string, unknown>} every field that means something for its kind
 */
function own(form, now_ms) {
  const { kind } = form;
  return {
    title: form.title || (form.seat ? "" : Object.values(written(form.text))[0] ?? "").slice(0, 120),
    ...(has(kind, "text") ? { text: written(form.text) } : {}),
    ...(has(kind, "subtext") ? { subtext: written(form.subtext) } : {}),
    ...(has(kind, "seat") ? { seat: form.seat } : {}),
    ...(has(kind, "media") ? { media: form.media } : {}),
    ...(has(kind, "link") ? { link: form.link } : {}),
    ...(has(kind, "zone") ? { zone: form.zone } : {}),
    ...(has(kind, "until") ? { until: untilOf(form, now_ms), cue: form.how === "cue" } : {}),
    ...(has(kind, "anchor") ? { anchor: form.anchor } : {}),
    canvases: [...(form.program ? ["program"] : []), ...(form.wall ? ["wall"] : [])],
    size: form.size,
  };
}

/**
 * @param {GraphicForm} form
 * @param {number} now_ms
 * @returns {Command} that makes it
 */
export function graphicCommand(form, now_ms) {
  return { type: "graphic.create", kind: form.kind, ...own(form, now_ms) };
}

/**
 * Only what was changed is sent: what somebody else changes meanwhile stays, and a countdown runs on.
 *
 * @param {string} id
 * @param {Graphic} graphic as the form began
 * @param {GraphicForm} form
 * @param {number} now_ms
 * @returns {Command}
 */
export function graphicChange(id, graphic, form, now_ms) {
  const before = formOf(graphic);
  const [was, is] = [own(before, now_ms), own(form, now_ms)];
  const changed = Object.keys(is).filter((name) => JSON.stringify(is[name]) !== JSON.stringify(was[name]));
  return { type: "graphic.update", graphic: id, ...Object.fromEntries(changed.map((name) => [name, is[name]])) };
}

/**
 * @param {DirectorState} state
 * @param {Graphic} graphic
 * @returns {string} what it says, in one line; the person's name for a lower third of a seat
 */
export function graphicLine(state, graphic) {
  const seat = graphic.seat ? state.seats[graphic.seat] : undefined;
  const texts = graphic.text ?? {};
  const says = seat?.name || texts[ALL] || Object.values(texts)[0] || graphic.link || "";
  const canvases = graphic.canvases ?? ["program", "wall"];
  const where = canvases.length === 2 ? "" : canvases.includes("program") ? t("programme only") : canvases.includes("wall") ? t("wall only") : t("nowhere");
  return [says, where].filter(Boolean).join(" · ");
}

/**
 * @param {DirectorState} state
 * @param {string} id
 * @returns {"on"|"scene"|"next"|"off"} on: over every scene; scene: with the scene on air; next: with the one in preview
 */
export function onAirOf(state, id) {
  if (state.graphics?.[id]?.on) return "on";
  const names = (/** @type {string|null|undefined} */ scene) => Object.values(state.scenes[scene ?? ""]?.canvases ?? {})
    .some((canvas) => canvas?.graphics?.includes(id));
  if (names(state.program)) return "scene";
  return names(state.preview) ? "next" : "off";
}

/**
 * What no font can write, and whose it is.
 *
 * @param {DirectorState} state
 * @returns {{key: string, kind: string, id: string, name: string, missing: string, codes: string}[]} kind: the dialog that mends it;
 *   codes: `U+13000`, for this page has no such font, either
 */
export function glyphList(state) {
  return Object.entries(state.status.glyphs ?? {}).filter(([, missing]) => missing).map(([key, missing]) => {
    const { kind, id } = textOf(key);
    const name = {
      seat: state.seats[id]?.name, graphic: state.graphics?.[id]?.title, cue: (state.rundown ?? []).find((one) => one.cue === id)?.title,
      show: state.event.title,
    }[kind];
    return { key, kind: kind === "show" ? "event" : kind, id, name: name || id, missing, codes: [...new Set(missing)].filter((one) => one.trim()).map(codePoint).join(" ") };
  });
}

/** @param {string} character */
function codePoint(character) {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`;
}
