/** Pure: which sources have a channel on the desk, and what each shows. */
import { ofSeat, ofSource, soundOf } from "../../shared/names.js";

/** @typedef {import("../../shared/types.js").DirectorState} DirectorState */
/** @typedef {import("../../shared/types.js").Strip} Strip */

/**
 * @typedef {"on_air"|"next"|"interpreter"|"source"|"more"} Group
 * @typedef {{key: string, id: string, kind: "seat"|"source", group: Group, name: string, muted: boolean, gain_db: number,
 *   solo: boolean, language: string, hall: boolean, strip: Strip, problem: string}} Channel
 *   key: `seat/<id>` or `source/<id>`, as in commands and meters; problem: a stable code
 */

/** @type {readonly Group[]} in the order of the desk */
const ORDER = ["on_air", "next", "interpreter", "source", "more"];

/**
 * Who is on air or next, whom the scene on air or in preview lets be heard besides, interpreters who are there or
 * on, everything that is no person, and all that is soloed.
 *
 * @param {DirectorState} state
 * @returns {Channel[]} group after group, in the show's order
 */
export function channels(state) {
  const solo = new Set((state.solo ?? []).map(soundOf));
  const besides = { on_air: policyOf(state, state.program), next: policyOf(state, state.preview) };
  /** @type {Channel[]} */
  const found = [];
  for (const id of state.order.seats) {
    const seat = state.seats[id];
    const key = ofSeat(id);
    const group = seat ? groupOf(state, id, besides, solo) : null;
    if (!seat || !group) continue;
    found.push({
      key, id, kind: "seat", group, name: seat.name || id, muted: seat.muted, gain_db: seat.gain_db, solo: solo.has(key),
      language: (seat.role === "interpreter" ? seat.into : seat.language) ?? "", hall: seat.hall ?? false,
      strip: seat.strip ?? {}, problem: state.status.seats[id]?.problem ?? "",
    });
  }
  for (const id of state.order.sources) {
    const source = state.sources[id];
    const key = ofSource(id);
    if (!source) continue;
    found.push({
      key, id, kind: "source", group: "source", name: source.title || id, muted: source.muted, gain_db: source.gain_db,
      solo: solo.has(key), language: source.language ?? "", hall: source.hall ?? false, strip: source.strip ?? {},
      problem: "",
    });
  }
  return ORDER.flatMap((group) => found.filter((one) => one.group === group));
}

/**
 * @param {DirectorState} state
 * @param {string} id of a seat
 * @param {{on_air: Set<string>, next: Set<string>}} besides
 * @param {Set<string>} solo
 * @returns {Group|null}
 */
function groupOf(state, id, besides, solo) {
  const seat = state.seats[id];
  const status = state.status.seats[id];
  const key = ofSeat(id);
  if (seat?.role === "interpreter") {
    return seat.on || (status?.connection ?? "absent") !== "absent" || solo.has(key) ? "interpreter" : null;
  }
  if (seat?.role !== "speaker") return null;
  if (status?.state === "on_air" || besides.on_air.has(key)) return "on_air";
  if (status?.state === "next" || besides.next.has(key)) return "next";
  return solo.has(key) ? "more" : null;
}

/**
 * @param {DirectorState} state
 * @param {string|null|undefined} scene
 * @returns {Set<string>} keys of who is heard with the scene, seen or not
 */
function policyOf(state, scene) {
  return new Set((scene ? state.scenes[scene]?.audio?.sources ?? [] : []).map(soundOf));
}

/**
 * @param {DirectorState} state
 * @returns {string[]} floor, the languages, hall
 */
export function busesOf(state) {
  return ["floor", ...languagesOf(state), "hall"];
}

/**
 * @param {DirectorState} state
 * @returns {string[]}
 */
export function languagesOf(state) {
  return state.event.languages ?? ["ko", "en"];
}

/** Loudness where none is set (EBU R 128). */
export const TARGET_LUFS = -23;

/**
 * @param {DirectorState} state
 * @param {string} bus
 * @returns {number}
 */
export function targetOf(state, bus) {
  return state.targets?.[bus] ?? TARGET_LUFS;
}

/** Spoken often enough to be offered beside the event's own. */
const OFTEN = ["ko", "en", "ja", "zh", "fr", "de", "es", "pt", "ru", "ar", "vi", "id", "th"];

/**
 * @param {DirectorState} state
 * @param {string} current what is set now, be it ever so rare
 * @returns {string[]} tags to choose from; "" is unknown
 */
export function spokenChoices(state, current) {
  return [...new Set(["", ...languagesOf(state), ...OFTEN, current])];
}

/**
 * @param {string} text tags with commas or spaces between
 * @returns {string[]} each once, as typed
 */
export function parseLanguages(text) {
  return [...new Set(text.split(/[\s,;]+/).filter(Boolean))];
}

/**
 * @typedef {{highpass: boolean, highpass_hz: number, gate: boolean, gate_db: number, leveller: boolean,
 *   compressor: boolean, compressor_db: number, ratio: number, delay_ms: number}} StripForm
 */

/**
 * @param {Partial<Strip>} strip
 * @returns {StripForm} with a sensible figure where a part is off
 */
export function stripForm(strip) {
  return {
    highpass: (strip.highpass_hz ?? 0) > 0,
    highpass_hz: strip.highpass_hz || 80,
    gate: (strip.gate_db ?? -100) > -100,
    gate_db: (strip.gate_db ?? -100) > -100 ? strip.gate_db ?? -50 : -50,
    leveller: strip.leveller ?? false,
    compressor: (strip.compressor_db ?? 0) < 0,
    compressor_db: strip.compressor_db || -20,
    ratio: strip.ratio ?? 3,
    delay_ms: strip.delay_ms ?? 0,
  };
}

/**
 * @param {StripForm} form
 * @param {(name: string) => string} field what is typed, "" in a field that is switched off
 * @returns {StripForm} with the figures as they are typed
 */
export function typedForm(form, field) {
  const figure = (/** @type {"highpass_hz"|"gate_db"|"compressor_db"|"ratio"|"delay_ms"} */ name) => Number(field(name) || form[name]);
  return {
    ...form, highpass_hz: figure("highpass_hz"), gate_db: figure("gate_db"), compressor_db: figure("compressor_db"),
    ratio: figure("ratio"), delay_ms: figure("delay_ms"),
  };
}

/**
 * @param {string} source
 * @param {StripForm} form
 * @returns {import("../../shared/types.js").Command}
 */
export function stripCommand(source, form) {
  return {
    type: "source.strip", source,
    highpass_hz: form.highpass ? form.highpass_hz : 0,
    gate_db: form.gate ? form.gate_db : -100,
    leveller: form.leveller,
    compressor_db: form.compressor ? form.compressor_db : 0,
    ratio: form.ratio,
    delay_ms: form.delay_ms,
  };
}

/**
 * @param {Strip} strip
 * @returns {number} how many of its parts are on
 */
export function stripParts(strip) {
  const form = stripForm(strip);
  return [form.highpass, form.gate, form.leveller, form.compressor, form.delay_ms > 0].filter(Boolean).length;
}
