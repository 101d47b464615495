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
 * @param {Holds} holds
 * @param {...Hold} gone
 * @returns {Holds}
 */
function without(holds, ...gone) {
  return holds.some((one) => gone.includes(one)) ? holds.filter((one) => !gone.includes(one)) : holds;
}
