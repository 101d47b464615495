/** What the booth's page makes of the show's state. Pure: values in, values out. */

/** @typedef {import("../shared/types.js").InterpreterState} InterpreterState */
/** @typedef {import("../shared/types.js").Handover} Handover */
/** @typedef {import("../shared/types.js").Cue} Cue */
/** @typedef {"connecting"|"lost"|"unsure"|"cough"|"on_air"|"open"|"off"} Lamp */

export const FLOOR = "floor";
/** How long an offer holds, unless the server says less. */
export const OFFER_S = 15;
const VOLUME_STEP = 0.05;

/**
 * What the large lamp says. It follows what the server reports, never a press; only what makes the microphone
 * *less* open (a cough held here, a lost connection) shows before the server can know.
 *
 * `unsure`: sound may still flow, but nobody answers, or control has just restarted and doesn't know this
 * connection yet; the microphone must be taken for open.
 *
 * @param {{state: InterpreterState|null, link: string, peer: string, held: boolean}} now
 * @returns {Lamp}
 */
export function lampOf({ state, link, peer, held }) {
  if (peer === "reconnecting") return "lost";
  if (peer !== "connected" || !state) return "connecting";
  const on = state.seat?.on === true;
  if (link !== "open") return on ? "unsure" : "lost";
  if (!on) return "off";
  if (held || state.seat?.cough) return "cough";
  if (state.status.connection === "absent") return "unsure";
  return state.status.on_air ? "on_air" : "open";
}

/**
 * @param {Handover|null|undefined} handover the booth's
 * @param {string} me own seat
 * @param {number} left_s
 * @returns {"none"|"giving"|"taking"} an offer that has run out is none
 */
export function handoverRole(handover, me, left_s) {
  if (!handover || left_s <= 0) return "none";
  if (handover.taker === me) return "taking";
  return handover.giver === me ? "giving" : "none";
}

/**
 * When an offer ends on this page's own clock, which may differ from the studio's by minutes: one that has just
 * been made still has its full time; of one found on arrival only the studio's clock tells.
 *
 * @param {Handover} handover
 * @param {number} now_s Unix seconds, of this machine
 * @param {boolean} fresh it was made while this page looked on
 * @returns {number} Unix seconds, of this machine
 */
export function offerEnds(handover, now_s, fresh) {
  return now_s + (fresh ? OFFER_S : Math.min(OFFER_S, Math.max(0, handover.until - now_s)));
}

/**
 * @param {readonly string[]} languages the booth's
 * @param {string} into the one chosen now, "" for none
 * @returns {string} the next one, around
 */
export function nextLanguage(languages, into) {
  return languages[(languages.indexOf(into) + 1) % languages.length] ?? "";
}

/**
 * Which bus the relay key leads to: the one chosen, else the booth's other language, else any.
 *
 * @param {readonly string[]} languages the event's: each is a bus
 * @param {readonly string[]} known the booth's
 * @param {string} into spoken now
 * @param {string} chosen "" for none
 * @returns {string} "" when there is no language at all
 */
export function preselected(languages, known, into, chosen) {
  if (languages.includes(chosen)) return chosen;
  const other = known.find((one) => one !== into && languages.includes(one));
  return other ?? languages.find((one) => one !== into) ?? languages[0] ?? "";
}

/**
 * @param {string} listen what is heard now
 * @param {string} relay the preselected bus
 * @returns {string} what one press of the relay key leads to
 */
export function relayTarget(listen, relay) {
  return listen === FLOOR && relay ? relay : FLOOR;
}

/**
 * @param {number} volume 0 … 1
 * @param {1|-1} direction
 * @returns {number} 0 … 1, in whole steps
 */
export function stepVolume(volume, direction) {
  const steps = Math.round(volume / VOLUME_STEP) + direction;
  return Math.min(1, Math.max(0, Math.round(steps * VOLUME_STEP * 100) / 100));
}

/**
 * @param {readonly Cue[]} rundown
 * @param {string|null|undefined} cue the one that is on
 * @param {number} [most] how many to show of those to come
 * @returns {{on: Cue|null, next: Cue[]}}
 */
export function aroundCue(rundown, cue, most = 3) {
  const at = rundown.findIndex((one) => one.cue === cue);
  return { on: rundown[at] ?? null, next: rundown.slice(at + 1, at + 1 + most) };
}

/**
 * Since when the own microphone is on air.
 *
 * @param {number} since_ms what was known, 0 for not on air
 * @param {boolean} on
 * @param {number} now_ms
 * @returns {number}
 */
export function onAirSince(since_ms, on, now_ms) {
  if (!on) return 0;
  return since_ms > 0 && since_ms <= now_ms ? since_ms : now_ms;
}

/**
 * Whether an output's name suggests loudspeakers, which an open microphone would hear.
 *
 * @param {string} label as the system names the device
 * @returns {boolean}
 */
export function soundsOpen(label) {
  return /speaker|스피커|built-?in|internal|내장|hdmi|display|monitor/i.test(label)
    && !/head|ear|airpod|buds|헤드|이어/i.test(label);
}
