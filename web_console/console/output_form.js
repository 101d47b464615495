/** Pure: a destination's form → the command that makes or changes it; and what a destination carries, in words. */

import { formatClock } from "../shared/levels.js";
import { busName, refusalText, t } from "./say.js";

/** @typedef {import("../shared/types.js").Output} Output */
/** @typedef {import("../shared/types.js").Command} Command */
/** @typedef {"stream"|"udp"|"recording"|"seats"} Kind */
/** @typedef {{kind: Kind, output: string, url: string, backup: string, rendition: string, bus: string, buses: string[]}} OutputForm */

/** @type {readonly (readonly [Kind, string])[]} */
export const KINDS = [
  ["stream", "Live stream (RTMP or RTMPS)"],
  ["udp", "TV partner (MPEG-TS over UDP)"],
  ["recording", "Recording on this machine"],
  ["seats", "Recording of every seat as it arrives"],
];

export const RENDITIONS = /** @type {const} */ ([["program", "Programme"], ["clean", "Clean, without plates"], ["wall", "Wall"]]);

/** Of several ingests the ids people expect. @type {Record<Kind, string>} */
export const EXAMPLES = { stream: "youtube-ko", udp: "tv", recording: "vod", seats: "seats" };

/**
 * @param {Kind} kind
 * @returns {boolean} whether it carries several sounds side by side
 */
export function severalBuses(kind) {
  return kind === "udp" || kind === "recording";
}

/**
 * @param {Output} output
 * @returns {Kind}
 */
export function kindOf(output) {
  if (output.seats) return "seats";
  if (output.recording) return "recording";
  return output.url.startsWith("udp:") ? "udp" : "stream";
}

/**
 * @param {OutputForm} form
 * @returns {Command} that makes it
 */
export function outputCommand(form) {
  const id = form.output ? { output: form.output } : {};
  const { kind, url, backup, rendition, bus, buses } = form;
  switch (kind) {
    case "seats": return { type: "output.create", ...id, recording: true, seats: true };
    case "recording": return { type: "output.create", ...id, recording: true, rendition, bus: buses[0] ?? bus, buses };
    case "udp": return { type: "output.create", ...id, url, rendition, bus: buses[0] ?? bus, buses };
    case "stream": return { type: "output.create", ...id, url, rendition, bus, ...(backup ? { backup } : {}) };
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
  const { kind, output, url, backup, rendition, bus, buses } = form;
  /** @type {Command} */
  const command = { type: "output.update", output, rendition, ...(severalBuses(kind) ? { buses } : { bus }), ...(url ? { url } : {}) };
  if (backup_off) command.backup = "";
  else if (backup) command.backup = backup;
  return command;
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
 * @param {import("../shared/types.js").DirectorState} state
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
    if (status.state === "failed") found.failed.push(t("{output} has stopped. {why}", { output: id, why: refusalText({ code: status.code, detail: status.reason }) }));
    else if (away || diskTime(status.remaining_s).little) found.shaky.push(id);
  }
  return found;
}
