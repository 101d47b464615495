/** Push to mute as data: who holds the button down just now. Pure. */

/**
 * @typedef {"key"|"pointer"|"latch"} Hold `latch`: switched by a press that can't be held, as a screen reader makes it
 * @typedef {readonly Hold[]} Holds empty: the microphone is free
 * @typedef {{press: "key"|"pointer"} | {release: "key"|"pointer"} | "latch" | "away"} CoughEvent
 *   `away`: the window lost the focus; no key's or pointer's end will be told any more
 */

/** @type {Holds} */
export const FREE = Object.freeze([]);

/**
 * @param {Holds} holds
 * @param {CoughEvent} event
 * @returns {Holds} the very same when nothing changes
 */
export function stepCough(holds, event) {
  if (event === "away") return without(holds, "key", "pointer");
  if (event === "latch") return holds.includes("latch") ? without(holds, "latch") : [...holds, "latch"];
  if ("press" in event) return holds.includes(event.press) ? holds : [...holds, event.press];
  return without(holds, event.release);
}

/**
 * What the studio is still to be told of a cough. A microphone that somebody else holds shut stays so: the director
 * can, and it mustn't open by a mere reconnection.
 *
 * @param {boolean} held here
 * @param {boolean} shut as the studio has it
 * @param {boolean} told this page told it so
 * @returns {boolean|null} null: nothing
 */
export function owed(held, shut, told) {
  if (held === shut || (shut && !told)) return null;
  return held;
}

/**
 * @param {Holds} holds
 * @param {...Hold} gone
 * @returns {Holds}
 */
function without(holds, ...gone) {
  return holds.some((one) => gone.includes(one)) ? holds.filter((one) => !gone.includes(one)) : holds;
}
