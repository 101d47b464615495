/** Pure: what the booths' panel shows of the state. */

/** @typedef {import("../../shared/types.js").DirectorState} DirectorState */

/** @type {Record<string, {word: string, badge: string}>} */
const STATES = {
  off: { word: "Off", badge: "" },
  open: { word: "Open", badge: "warn" },
  on_air: { word: "On air", badge: "program" },
  lost: { word: "Lost", badge: "program" },
};

/**
 * @param {string|undefined} state
 * @returns {{word: string, badge: string}} word: in English
 */
export function boothState(state) {
  return STATES[state ?? "off"] ?? { word: state ?? "", badge: "" };
}

/**
 * @param {DirectorState} state
 * @returns {string[]} ids, in the show's order
 */
export function boothIds(state) {
  const booths = state.booths ?? {};
  return (state.order.booths ?? Object.keys(booths)).filter((id) => booths[id]);
}

/**
 * @param {DirectorState} state
 * @param {string} booth
 * @returns {string[]} seats of its interpreters
 */
export function interpretersOf(state, booth) {
  return state.order.seats.filter((id) => state.seats[id]?.role === "interpreter" && state.seats[id]?.booth === booth);
}

/**
 * @param {DirectorState} state
 * @returns {string[]} interpreters without a booth
 */
export function unassigned(state) {
  return state.order.seats.filter((id) => state.seats[id]?.role === "interpreter" && !state.seats[id]?.booth);
}

/**
 * @param {DirectorState} state
 * @param {string} seat of an interpreter
 * @returns {string} the language to switch on: the one chosen, else the first of the booth
 */
export function intoOf(state, seat) {
  const { into, booth } = state.seats[seat] ?? {};
  return into || state.booths?.[booth ?? ""]?.languages[0] || "";
}

/** A line between a booth and the director stays in sight for so many. */
const SHOWN_NOTES = 20;

/**
 * @param {DirectorState} state
 * @param {string} booth
 * @returns {import("../../shared/types.js").Note[]} the newest, oldest first
 */
export function notesOf(state, booth) {
  return (state.notes ?? []).filter((note) => note.booth === booth).slice(-SHOWN_NOTES);
}

/**
 * @param {DirectorState} state
 * @param {string} booth
 * @param {number} now_ms
 * @returns {{giver: string, taker: string, left_s: number}|null} who offers the microphone to whom, and for how long
 */
export function handoverOf(state, booth, now_ms) {
  const handover = state.booths?.[booth]?.handover;
  if (!handover) return null;
  const left_s = Math.ceil(handover.until - now_ms / 1000);
  return left_s > 0 ? { giver: handover.giver, taker: handover.taker, left_s } : null;
}

/**
 * What a director must see whatever panel is open.
 *
 * @param {DirectorState} state
 * @returns {{lost: string[], slower: string[]}} titles of booths whose interpreter is gone, and that ask to slow down
 */
export function boothAlerts(state) {
  const title = (/** @type {string} */ id) => state.booths?.[id]?.title || id;
  const ids = boothIds(state);
  return {
    lost: ids.filter((id) => state.status.booths?.[id]?.state === "lost").map(title),
    slower: ids.filter((id) => state.status.booths?.[id]?.slower).map(title),
  };
}
