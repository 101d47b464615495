/** Pure: a destination's form → the command that makes or changes it; and what a destination carries, in words. */

import { OUTPUT_KINDS } from "../../shared/kinds.js";
import { formatClock } from "../../shared/levels.js";
import { accountFields } from "../sessions/account.js";
import { busName, refusalText, t } from "../words/say.js";
import { outputName, outputState } from "../words/text.js";

/** @typedef {import("../../shared/types.js").Output} Output */
/** @typedef {import("../../shared/types.js").Command} Command */
/** @typedef {import("../../shared/kinds.js").OutputKind} Kind */
/** `output`: its id, "" for a new one, whose id the studio makes of the title. */
/** @typedef {{kind: Kind, output: string, title: string, url: string, backup: string, rendition: string, bus: string, buses: string[],
 *   user: string, password: string, key?: string, backup_key?: string}} OutputForm `key`, `backup_key`: new ones of addresses that stay */

export const KINDS = /** @type {Kind[]} */ (Object.keys(OUTPUT_KINDS));

export const RENDITIONS = /** @type {const} */ ([["program", "Programme"], ["clean", "Clean, without plates"], ["wall", "Wall"]]);

/**
 * @param {string} server `rtmps://host/app`, or the whole address with its key
 * @param {string} key "" where the server's address has it already
 * @returns {string} the address that the studio takes
 */
export function addressOf(server, key) {
  return key && server ? `${server.replace(/\/+$/, "")}/${key.replace(/^\/+/, "")}` : server;
}

/**
 * @param {string|undefined} shown an address without its key, as the state has it
 * @returns {string} its server, as it is typed
 */
export function serverOf(shown) {
  return (shown ?? "").replace(/\/[^/]*•+[^/]*$/, "");
}

/**
 * @param {string} shown the address as the state has it, "" for none
 * @param {string} server as it stands in the form
 * @param {string} key as typed
 * @returns {{url: string, key: string}} the whole address where the server is another one, else the key alone: of an address
 *   that stays, the page doesn't know all
 */
export function changedAddress(shown, server, key) {
  return server === serverOf(shown) ? { url: "", key } : { url: addressOf(server, key), key: "" };
}

/**
 * @param {Kind} kind
 * @returns {boolean} whether it carries several sounds side by side
 */
export function severalBuses(kind) {
  return OUTPUT_KINDS[kind].several;
}

/**
 * @param {Output} output
 * @returns {Kind}
 */
export function kindOf(output) {
  if (output.seats) return "seats";
  if (output.recording) return "recording";
  const scheme = output.url.split(":")[0] ?? "";
  return KINDS.find((kind) => OUTPUT_KINDS[kind].schemes.includes(scheme)) ?? "stream";
}

/**
 * @param {OutputForm} form
 * @returns {Command} that makes it
 */
export function outputCommand(form) {
  const id = { ...(form.output ? { output: form.output } : {}), ...(form.title ? { title: form.title } : {}) };
  const { kind, url, backup, rendition, bus, buses } = form;
  switch (kind) {
    case "seats": return { type: "output.create", ...id, recording: true, seats: true };
    case "recording": return { type: "output.create", ...id, recording: true, rendition, bus: buses[0] ?? bus, buses };
    case "udp": return { type: "output.create", ...id, url, rendition, bus: buses[0] ?? bus, buses };
    case "stream": return { type: "output.create", ...id, url, rendition, bus, ...(backup ? { backup } : {}), ...accountFields(form) };
  }
}

/**
 * The page knows no address with its key, so an empty field leaves it as it is.
 *
 * @param {OutputForm} form
 * @param {boolean} backup_off the backup is to go
 * @returns {Command} that changes the output of this name
 */
export function outputChange(form, backup_off) {
  const { kind, output, title, url, backup, rendition, bus, buses } = form;
  /** @type {Command} */
  const command = { type: "output.update", output, title, rendition, ...(severalBuses(kind) ? { buses } : { bus }), ...(url ? { url } : {}) };
  if (backup_off) command.backup = "";
  else if (backup) command.backup = backup;
  if (form.key) command.key = form.key;
  if (form.backup_key && !backup_off) command.backup_key = form.backup_key;
  return OUTPUT_KINDS[kind].account ? { ...command, ...accountFields(form) } : command;
}

/**
 * @param {OutputForm} form of a change
 * @returns {boolean} whether it has an account but no address that it could go into
 */
export function accountIsAlone({ user, password, url, backup }) {
  return Boolean((user || password) && !url && !backup);
}

/**
 * @param {Output} output
 * @returns {string} `Programme · Korean`, `Clean, without plates · Floor + English`
 */
export function carries(output) {
  if (output.seats) return t("Every seat, as it arrives");
  const rendition = RENDITIONS.find(([name]) => name === output.rendition)?.[1];
  const buses = output.buses.length > 0 ? output.buses : [output.bus];
  return `${rendition ? t(rendition) : output.rendition} · ${buses.map(busName).join(" + ")}`;
}

/** Less than this, and the disk is an alarm. */
const LITTLE_S = 30 * 60;

/**
 * @param {number|undefined} remaining_s until the disk is full; negative: unknown
 * @returns {{text: string, little: boolean}} "" where nobody knows
 */
export function diskTime(remaining_s) {
  if (remaining_s === undefined || remaining_s < 0) return { text: "", little: false };
  return { text: t("Disk: {time} left", { time: formatClock(remaining_s) }), little: remaining_s < LITTLE_S };
}

/**
 * What a director must see whatever panel is open: outputs that were started and don't get through.
 *
 * @param {import("../../shared/types.js").DirectorState} state
 * @returns {{failed: string[], shaky: string[]}} failed: a sentence each, nothing happens by itself any more; shaky: names
 *   of those that try again, whose backup is away, or whose disk is nearly full
 */
export function outputAlerts(state) {
  /** @type {{failed: string[], shaky: string[]}} */
  const found = { failed: [], shaky: [] };
  for (const id of state.order.outputs) {
    const status = state.status.outputs[id];
    if (!state.outputs[id]?.running || !status) continue;
    const away = status.state === "retrying" || ["retrying", "failed"].includes(status.backup?.state ?? "");
    if (status.state === "failed") found.failed.push(t("{output} has stopped. {why}", { output: outputName(id, state.outputs[id]), why: refusalText({ code: status.code, detail: status.reason }) }));
    else if (away || diskTime(status.remaining_s).little) found.shaky.push(outputName(id, state.outputs[id]));
  }
  return found;
}

/** More lamps than that of a kind would push the rest out of the line on top. */
const LAMPS = 2;

/**
 * @typedef {{kind: "recording"|"stream", ids: string[], live: number, state: string, word: string, label: string}} OutputLamp
 *   `live`: how many of them are; `state` and `word`: of the one that is worst off
 */

/**
 * What runs, for the line on top: recordings, then streams. Each alone while they are few.
 *
 * @param {import("../../shared/types.js").DirectorState} state
 * @returns {OutputLamp[]}
 */
export function outputLamps(state) {
  const running = state.order.outputs.filter((id) => state.outputs[id]?.running);
  const recordings = running.filter((id) => state.outputs[id]?.recording);
  const streams = running.filter((id) => !state.outputs[id]?.recording);
  return [
    ...grouped(recordings).map((ids) => lampOf(state, "recording", ids)),
    ...grouped(streams).map((ids) => lampOf(state, "stream", ids)),
  ];
}

/** @param {string[]} ids */
function grouped(ids) {
  return ids.length > LAMPS ? [ids] : ids.map((id) => [id]);
}

/** From what must be seen first to what is well. */
const WORST_FIRST = ["failed", "retrying", "starting", "stopped", "live"];

/**
 * @param {import("../../shared/types.js").DirectorState} state
 * @param {OutputLamp["kind"]} kind
 * @param {string[]} ids
 * @returns {OutputLamp}
 */
function lampOf(state, kind, ids) {
  const shown = ids.flatMap((id) => { const output = state.outputs[id]; return output ? [outputState(output, state.status.outputs[id])] : []; });
  const worst = shown.reduce((one, other) => (WORST_FIRST.indexOf(other.state) < WORST_FIRST.indexOf(one.state) ? other : one));
  const live = shown.filter((one) => one.state === "live").length;
  return { kind, ids, live, state: worst.state, word: worst.word, label: kind === "recording" ? "REC" : t("LIVE") };
}
