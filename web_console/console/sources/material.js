/** Pure: sources that are no people, in the words of the console: state, figures, times, who shows them. */

import { SOURCE_KINDS } from "../../shared/kinds.js";
import { busName, refusalText, t } from "../words/say.js";

/** @typedef {import("../../shared/types.js").DirectorState} DirectorState */
/** @typedef {import("../../shared/types.js").Source} Source */
/** @typedef {import("../../shared/types.js").SourceStatus} SourceStatus */

/** @type {Readonly<Record<string, typeof SOURCE_KINDS[keyof typeof SOURCE_KINDS]>>} */
const KINDS = SOURCE_KINDS;

/** @param {string} kind of a source or a file; an unknown one is shown as it is */
export function kindWord(kind) {
  return t(KINDS[kind]?.label ?? kind);
}

/** @type {Record<string, {word: string, badge: string}>} */
const STATES = {
  starting: { word: "Starting", badge: "warn" },
  ready: { word: "Ready", badge: "ready" },
  playing: { word: "Playing", badge: "plays" },
  paused: { word: "Paused", badge: "warn" },
  ended: { word: "Ended", badge: "warn" },
  live: { word: "Comes in", badge: "plays" },
  stalled: { word: "Stalled", badge: "bad" },
  waiting: { word: "Nobody sends", badge: "warn" },
  failed: { word: "Failed", badge: "bad" },
};

/** Under this the remaining time warns, in seconds. */
export const LAST_S = 10;

/**
 * @param {Source} source
 * @param {Partial<SourceStatus>|undefined} status none where the mixer draws it by itself, as plain bars
 * @returns {string} its state
 */
export function stateOf(source, status) {
  return status?.state || (SOURCE_KINDS[source.kind].drawn ? "ready" : "starting");
}

/** @param {string} state an unknown one is shown as it is */
export function stateWord(state) {
  const known = STATES[state];
  return known ? { ...known, word: t(known.word) } : { word: state, badge: "" };
}

/**
 * @param {Partial<SourceStatus>|undefined} status
 * @returns {string} what is wrong, as a sentence; "" where nothing is
 */
export function problemOf(status) {
  return status?.code || status?.reason ? refusalText({ code: status.code ?? "", detail: status.reason || (status.code ?? "") }) : "";
}

/**
 * @param {Partial<SourceStatus>|undefined} status
 * @param {string} kind of the source: that of stills and slides is no news
 * @returns {string} `1920×1080 · 25 fps · no sound · 2 pictures too late`
 */
export function sourceLine(status, kind) {
  if (!status?.width || !status.height) return "";
  const parts = [`${status.width}×${status.height}`];
  if (status.fps) parts.push(`${Math.round(status.fps * 100) / 100} fps`);
  if (status.sound !== undefined && KINDS[kind]?.sounds) parts.push(status.sound ? t("with sound") : t("no sound"));
  if (status.late) parts.push(t("{count} pictures too late", { count: status.late }));
  return parts.join(" · ");
}

/**
 * @param {number} seconds
 * @returns {string} `2:05`, `1:02:05`; whole seconds that have passed
 */
export function formatTime(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (/** @type {number} */ value) => String(value).padStart(2, "0");
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

/**
 * Where a clip is and how long it still runs: of what its player says, else of what it was told last.
 *
 * @param {Source} source
 * @param {Partial<SourceStatus>|undefined} status
 * @returns {{position_s: number, duration_s: number, in_s: number, out_s: number, remaining_s: number, remaining: string,
 *   playing: boolean, last: boolean}} out_s: the end where none is set; last: it ends within {@link LAST_S}
 */
export function clipTimes(source, status) {
  const duration_s = status?.duration_s || source.duration_s || 0;
  const in_s = Math.min(source.in_s ?? 0, duration_s || Infinity);
  const out_s = source.out_s || duration_s;
  const position_s = status?.position_s ?? source.playback?.position_s ?? in_s;
  const playing = status?.state === "playing";
  const remaining_s = status?.state === "ended" ? 0 : status?.remaining_s || Math.max(0, out_s - position_s);
  return {
    position_s, duration_s, in_s, out_s, remaining_s, playing,
    // Up: 0:00 is the end, not the last second.
    remaining: formatTime(Math.ceil(remaining_s - 0.05)),
    last: playing && !source.loop && remaining_s <= LAST_S,
  };
}

/**
 * @param {string} key with the seek bar focused
 * @param {boolean} shift a picture instead of a second
 * @param {{position_s: number, in_s: number, out_s: number}} times
 * @param {number} [fps]
 * @returns {number|null} where to, seconds of the clip; null: not a key of this
 */
export function seekBy(key, shift, { position_s, in_s, out_s }, fps = 25) {
  const step = shift ? 1 / fps : 1;
  /** @type {Record<string, number>} */
  const to = {
    ArrowRight: position_s + step, ArrowUp: position_s + step, ArrowLeft: position_s - step, ArrowDown: position_s - step,
    PageUp: position_s + 10, PageDown: position_s - 10, Home: in_s, End: out_s,
  };
  const asked = to[key];
  return asked === undefined ? null : Math.round(Math.min(Math.max(asked, 0), out_s) * 1000) / 1000;
}

/**
 * @param {DirectorState} state
 * @param {string} id of a source
 * @returns {"program"|"preview"|""} where it is seen
 */
export function tallyOfSource(state, id) {
  if (state.program && shownIn(state, state.program).has(id)) return "program";
  return state.preview && shownIn(state, state.preview).has(id) ? "preview" : "";
}

/**
 * @param {DirectorState} state
 * @param {string} scene
 * @returns {Set<string>} the sources it shows, on any canvas
 */
function shownIn(state, scene) {
  const shown = new Set();
  for (const canvas of Object.values(state.scenes[scene]?.canvases ?? {})) {
    if (canvas?.background) shown.add(canvas.background);
    for (const place of canvas?.places ?? []) if (place.source) shown.add(place.source);
  }
  return shown;
}

/**
 * @param {DirectorState} state
 * @returns {string[]} names of the sources in programme or preview that don't come
 */
export function sourceAlerts(state) {
  return state.order.sources.filter((id) => {
    const source = state.sources[id];
    return source && tallyOfSource(state, id) && ["failed", "stalled", "waiting"].includes(stateOf(source, state.status.sources?.[id]));
  }).map((id) => state.sources[id]?.title || id);
}

/**
 * Which slides PageUp and PageDown turn: those on air, else those in preview.
 *
 * @param {DirectorState} state
 * @returns {string|null} a source
 */
export function slidesAtHand(state) {
  const slides = state.order.sources.filter((id) => KINDS[state.sources[id]?.kind ?? ""]?.paged);
  for (const tally of ["program", "preview"]) {
    const found = slides.find((id) => tallyOfSource(state, id) === tally);
    if (found) return found;
  }
  return null;
}

/**
 * @param {DirectorState} state
 * @returns {ReturnType<typeof clipTimes>|null} of the clip on air that ends first; a loop never ends; null: none plays
 */
export function clipOnAir(state) {
  const playing = state.order.sources.flatMap((id) => {
    const source = state.sources[id];
    if (!source || !SOURCE_KINDS[source.kind].seekable || source.loop || tallyOfSource(state, id) !== "program") return [];
    const times = clipTimes(source, state.status.sources?.[id]);
    return times.playing ? [times] : [];
  });
  return playing.sort((one, other) => one.remaining_s - other.remaining_s)[0] ?? null;
}

/**
 * @param {Source} source
 * @param {Partial<SourceStatus>|undefined} status
 * @returns {{page: number, pages: number}} as told, the player follows; pages 0: not known yet
 */
export function pagesOf(source, status) {
  return { page: source.page ?? (status?.page || 1), pages: source.pages || status?.pages || 0 };
}

/**
 * @param {DirectorState} state
 * @param {string} media
 * @returns {string[]} names of what uses this file
 */
export function usersOf(state, media) {
  const sources = state.order.sources.filter((id) => state.sources[id]?.media === media).map((id) => state.sources[id]?.title || id);
  const graphics = Object.entries(state.graphics ?? {}).filter(([, one]) => one.media === media).map(([id, one]) => one.title || id);
  return [...sources, ...graphics];
}

/** In English, for `t`. @type {Record<string, string>} */
export const USES = { picture: "picture", sound: "sound", left: "left", right: "right", "": "not played" };

/**
 * @param {import("../../shared/types.js").Medium} medium
 * @returns {string[]} its tracks, one a line, where there is more than one of a kind, or one that isn't played
 */
export function trackLines(medium) {
  const tracks = (medium.tracks ?? []).filter((track) => track.kind === "picture" || track.kind === "sound");
  const kinds = tracks.map((track) => track.kind);
  if (new Set(kinds).size === kinds.length && tracks.every((track) => track.use)) return [];
  return tracks.map((track) => [
    `${t(track.kind === "picture" ? "Picture" : "Sound")} ${track.number}: ${t(USES[track.use ?? ""] ?? "")}`, track.title, track.language, track.codec,
    track.detail, formatTime((track.end_s ?? 0) - (track.start_s ?? 0)), track.silent ? t("silent") : "", track.playable === false ? t("no decoder") : "",
  ].filter(Boolean).join(" · "));
}

/**
 * @param {import("../../shared/types.js").Medium} medium
 * @param {string} chosen stays among them, whatever the file has
 * @returns {{value: string, text: string}[]} what a clip can be heard with: as the file says, each track, and
 *   microphones of a camera by twos; none where there is nothing to choose
 */
export function soundChoices(medium, chosen = "") {
  const sounds = (medium.tracks ?? []).filter((track) => track.kind === "sound" && track.playable !== false);
  if (sounds.length < 2 && !chosen) return [];
  const by_file = sounds.filter((track) => track.use).sort((one, other) => (one.use ?? "").localeCompare(other.use ?? "")).map(soundName);
  const choices = [{ value: "", text: t("As the file says: {tracks}", { tracks: by_file.join(" + ") || t("no sound") }) }];
  for (const track of sounds) choices.push({ value: String(track.number), text: soundName(track) });
  const mono = sounds.filter((track) => /^(mono|1 channel)/.test(track.detail ?? ""));
  for (let at = 0; at + 1 < mono.length; at += 2) {
    const [left, right] = [Number(mono[at]?.number), Number(mono[at + 1]?.number)];
    choices.push({ value: `${left}+${right}`, text: t("{left} on the left, {right} on the right", { left, right }) });
  }
  if (!choices.some(({ value }) => value === chosen)) choices.push({ value: chosen, text: chosen });
  return choices;
}

/** @param {import("../../shared/types.js").Track} track @returns {string} `2 · Korean · Original · aac · stereo` */
function soundName(track) {
  return [String(track.number), track.language ? busName(track.language) : "", track.title, track.codec, track.detail, track.silent ? t("silent") : ""]
    .filter(Boolean).join(" · ");
}

/** In English, for `t`. @type {Record<string, string>} */
export const CONVERSIONS = {
  waiting: "Waits to be converted for this machine; it can be used meanwhile.",
  running: "Is converted for this machine; it can be used meanwhile.",
  done: "Converted for this machine.",
};

/**
 * @param {import("../../shared/types.js").Medium} medium
 * @returns {string} what there is to know of its conversion; "" where none is needed
 */
export function conversionText({ conversion }) {
  if (!conversion) return "";
  if (conversion.state === "failed") return refusalText({ code: conversion.code ?? "", detail: conversion.reason ?? "" });
  return t(CONVERSIONS[conversion.state] ?? "");
}

/** In English, for `t`. @type {Record<string, string>} */
const WARNINGS = {
  "clip.truncated": "The file breaks off before its end.",
  "clip.damaged": "Parts of it can't be decoded.",
  "clip.no-sound": "It has no sound.",
  "clip.sound-codec": "Some of its sound has a codec that can't be decoded here.",
  "clip.alpha-damaged": "Its transparency can't be read; it is shown without.",
  "clip.variable-rate": "Its frame rate changes.",
  "picture.animated": "It is an animation; only its first picture is shown.",
  "picture.end-missing": "Its end is missing; what there is of it is shown.",
  "pdf.fonts": "Some of its text has a font that neither the file nor the studio has: export it with its fonts embedded.",
  "clip.too-slow": "This machine can't decode it fast enough.",
};

/**
 * @param {string} code of what is odd about an uploaded file, which can be played all the same
 * @returns {string}
 */
export function mediumWarning(code) {
  const known = WARNINGS[code];
  return known ? t(known) : refusalText({ code, detail: code });
}
