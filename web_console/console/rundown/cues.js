/** Pure: the rundown's list. */

/** @typedef {import("../../shared/types.js").Cue} Cue */

/**
 * @param {Cue[]} cues
 * @param {string|null|undefined} current
 * @returns {string|null} the cue after the one that is on; the first while none is; null at the end
 */
export function nextCue(cues, current) {
  const at = cues.findIndex((one) => one.cue === current);
  return cues[at + 1]?.cue ?? null;
}

/**
 * @param {Cue[]} cues
 * @param {Cue} cue replaces the one of its id, or comes last
 * @returns {Cue[]}
 */
export function withCue(cues, cue) {
  return cues.some((one) => one.cue === cue.cue) ? cues.map((one) => (one.cue === cue.cue ? cue : one)) : [...cues, cue];
}

/**
 * @param {Cue[]} cues
 * @param {string} id
 * @param {-1|1} by up or down
 * @returns {Cue[]} the same list where there is no way further
 */
export function moved(cues, id, by) {
  const from = cues.findIndex((one) => one.cue === id);
  const to = from + by;
  const [cue, other] = [cues[from], cues[to]];
  if (!cue || !other) return cues;
  const list = [...cues];
  list[from] = other;
  list[to] = cue;
  return list;
}

/**
 * @param {Cue[]} cues
 * @returns {string} an id that none of them has
 */
export function freshId(cues) {
  let number = cues.length + 1;
  while (cues.some((one) => one.cue === `cue-${number}`)) number += 1;
  return `cue-${number}`;
}

/**
 * @param {number|undefined} planned Unix seconds, 0 for none
 * @returns {string} `09:30` on the clock of this machine, "" for none
 */
export function clockOf(planned) {
  if (!planned) return "";
  const date = new Date(planned * 1000);
  return `${String(date.getHours()).padStart(2, "0")}:${String(date.getMinutes()).padStart(2, "0")}`;
}

/**
 * @param {string} clock `09:30`, "" for none
 * @param {number} day_ms any moment of the day that is meant, Unix milliseconds
 * @returns {number} Unix seconds, 0 for none
 */
export function plannedAt(clock, day_ms) {
  const found = /^(\d\d):(\d\d)/.exec(clock);
  if (!found) return 0;
  return Math.floor(new Date(day_ms).setHours(Number(found[1]), Number(found[2]), 0, 0) / 1000);
}
