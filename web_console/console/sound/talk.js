/** Pure: the guests that the director talks to. A held button talks while it is held; a latched one until it is pressed again. */

/**
 * @typedef {"all"|string[]} Target everybody, or these seats
 * @typedef {{held: Target|null, latched: Target|null}} Talk
 * @typedef {{type: "press", to: Target} | {type: "release"} | {type: "latch", to: Target} | {type: "lost"}} TalkEvent
 */

/** @type {Talk} */
export const QUIET = { held: null, latched: null };

/**
 * @param {Talk} talk
 * @param {TalkEvent} event lost: the page is out of sight or the connection away, no microphone may stay open
 * @returns {Talk}
 */
export function stepTalk(talk, event) {
  switch (event.type) {
    case "press": return { ...talk, held: event.to };
    case "release": return talk.held ? { ...talk, held: null } : talk;
    case "latch": return { held: null, latched: same(talk.latched, event.to) ? null : event.to };
    case "lost": return QUIET;
  }
}

/**
 * @param {Talk} talk
 * @returns {Target|null} those that the director talks to now; a held button wins over a latched one
 */
export function target({ held, latched }) {
  return held ?? latched;
}

/**
 * @param {Target|null|undefined} a
 * @param {Target|null|undefined} b
 * @returns {boolean}
 */
export function same(a, b) {
  return JSON.stringify(a ?? null) === JSON.stringify(b ?? null);
}

/**
 * @param {import("../../shared/types.js").DirectorState} state
 * @param {string} seat
 * @returns {boolean} whether the studio says that the director talks to this seat; an empty list is everybody
 */
export function talksTo(state, seat) {
  const talk = state.talk ?? null;
  return talk !== null && (talk.length === 0 || talk.includes(seat));
}
