/** Pure: what is on air, in preview and between the two, for the programme's controls. */

/** @typedef {import("../../shared/types.js").DirectorState} DirectorState */
/** @typedef {import("../../shared/types.js").TransitionStyle} TransitionStyle */
/** @typedef {import("../../shared/types.js").AutoSpeaker} AutoSpeaker */

/** @type {readonly TransitionStyle["direction"][]} */
export const DIRECTIONS = ["left", "right", "up", "down"];
/** @type {Record<TransitionStyle["direction"], string>} */
export const DIRECTION_WORDS = { left: "to the left", right: "to the right", up: "upwards", down: "downwards" };
/** At a press. */
export const QUICK_S = [0.5, 1, 2];
/** As `transition.update` takes it (studio/show/model.py, MAX_TRANSITION_MS). */
export const MAX_DURATION_S = 30;

/**
 * @param {number} seconds
 * @returns {number} milliseconds, in tenths of a second
 */
export function durationMs(seconds) {
  return Math.round(seconds * 10) * 100;
}

/**
 * While a transition runs, or the T-bar stands between, both scenes are on air.
 *
 * @param {DirectorState} state
 * @param {string|null|undefined} scene
 * @returns {"program"|"preview"|""}
 */
export function tallyOf(state, scene) {
  if (scene === null || scene === undefined) return "";
  const { take } = state.status;
  if (scene === state.program || (take && scene === take.leaving)) return "program";
  if (scene !== state.preview) return "";
  return (state.tbar ?? 0) > 0 ? "program" : "preview";
}

/**
 * @param {DirectorState} state
 * @returns {"slate"|"black"|""} what covers the programme; the slate lies over the black
 */
export function coverOf(state) {
  if (state.slate) return "slate";
  return state.black ? "black" : "";
}

/**
 * @param {DirectorState} state
 * @returns {boolean} AUTO and CUT have something to do
 */
export function canTake(state) {
  return state.preview !== null;
}

/**
 * A hand on the T-bar. At the end the preview is taken and the lever is at its beginning again, while the hand
 * is still at the end: what it does until it lets go means nothing any more.
 *
 * @typedef {{spent: boolean}} Hand
 * @param {Hand} hand
 * @param {number} position 0 … 1
 * @returns {{hand: Hand, send: number|null}}
 */
export function moveTbar(hand, position) {
  if (hand.spent) return { hand, send: null };
  return { hand: { spent: position >= 1 }, send: Math.min(1, Math.max(0, position)) };
}

/**
 * @param {DirectorState} state
 * @returns {string[]} seats that can fill a place by speaking
 */
export function speakers(state) {
  return state.order.seats.filter((id) => state.seats[id]?.role === "speaker");
}

/**
 * @param {AutoSpeaker} was
 * @param {AutoSpeaker} is
 * @returns {import("../../shared/types.js").Command|null} only what was changed; null for nothing
 */
export function speakerChange(was, is) {
  /** @type {Record<string, unknown>} */
  const change = {};
  if (is.to !== was.to) change.to = is.to;
  if (is.hold_ms !== was.hold_ms) change.hold_ms = is.hold_ms;
  if (is.least_ms !== was.least_ms) change.least_ms = is.least_ms;
  if (is.exclude.join("\n") !== was.exclude.join("\n")) change.exclude = is.exclude;
  if (is.pin !== was.pin) change.pin = is.pin || null;
  return Object.keys(change).length > 0 ? { type: "speaker.update", ...change } : null;
}
