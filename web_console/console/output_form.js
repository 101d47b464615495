/** Pure: a destination's form → the command that makes it; and what a destination carries, in words. */

import { formatClock } from "../shared/levels.js";
import { busName, t } from "./say.js";

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
 * @param {OutputForm} form
 * @returns {import("../shared/types.js").Command}
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
 * @param {import("../shared/types.js").Output} output
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
