/** Pure: the show's state in the words of the console. */

/** @typedef {import("../../shared/types.js").DirectorState} DirectorState */

import { formatBitrate, formatBytes } from "../../shared/levels.js";
import { LAYOUTS } from "../../shared/kinds.js";
import { soundProblem } from "../sound/loudness.js";
import { t } from "./say.js";

/** @type {Record<string, {word: string, badge: string}>} */
const SEAT_STATES = {
  absent: { word: "Not here", badge: "" },
  waiting: { word: "Waiting", badge: "warn" },
  ready: { word: "Ready", badge: "ready" },
  next: { word: "Next", badge: "preview" },
  on_air: { word: "On air", badge: "program" },
};

/** @param {string|undefined} state */
export function seatState(state) {
  const known = SEAT_STATES[state ?? "absent"];
  return known ? { ...known, word: t(known.word) } : { word: state ?? "", badge: "" };
}

/** @type {Record<string, string>} */
const PROBLEMS = {
  "video.too-large": "Sends a picture larger than allowed",
  "video.too-small": "Sends a picture too small to show",
  "video.over-limit": "Sends more than it was told to; only a part of its pictures is shown",
  "video.broken": "Sends a picture that cannot be decoded",
  "rtp.garbage": "Sends damaged packets",
  "media.silent": "Nothing arrives any more",
};

/**
 * @param {string|undefined} code stable code of what is wrong with what a guest sends
 * @returns {string}
 */
export function seatProblem(code) {
  const known = PROBLEMS[code ?? ""];
  return known ? t(known) : soundProblem(code) || code || "";
}

/**
 * @param {Partial<import("../../shared/types.js").SeatStatus>|undefined} status
 * @returns {string} `1280×720 · 30 fps · 1.2 Mb/s · 3 lost`, "" without a connection
 */
export function seatLine(status) {
  if (!status || status.connection !== "connected") return status?.connection === "connecting" ? t("Connecting…") : "";
  const parts = [];
  if (status.width && status.height) parts.push(`${status.width}×${status.height}`);
  else parts.push(t("no picture"));
  if (status.fps) parts.push(`${Math.round(status.fps)} fps`);
  if (status.bitrate) parts.push(formatBitrate(status.bitrate));
  if (status.lost) parts.push(t("{count} lost", { count: status.lost }));
  return parts.join(" · ");
}

/** @type {Record<string, {word: string, badge: string}>} */
const OUTPUT_STATES = {
  starting: { word: "Starting", badge: "warn" },
  live: { word: "Live", badge: "program" },
  retrying: { word: "Retrying", badge: "warn" },
  failed: { word: "Failed", badge: "program" },
  stopped: { word: "Stopped", badge: "" },
};

/**
 * @param {import("../../shared/types.js").Output} output
 * @param {Partial<import("../../shared/types.js").OutputStatus>|undefined} status
 */
export function outputState(output, status) {
  const state = status?.state ?? (output.running ? "starting" : "stopped");
  const known = OUTPUT_STATES[state] ?? { word: state, badge: "" };
  return { state, word: output.recording && state === "live" ? t("Recording") : t(known.word), badge: known.badge };
}

/**
 * @param {string} id
 * @param {import("../../shared/types.js").Output|undefined} output
 * @returns {string} what people call it
 */
export function outputName(id, output) {
  return output?.title || id;
}

/**
 * @param {Partial<import("../../shared/types.js").OutputStatus>|undefined} status
 * @returns {string}
 */
export function outputLine(status) {
  if (!status) return "";
  const parts = [];
  if (status.file) parts.push(status.file);
  if (status.bitrate) parts.push(formatBitrate(status.bitrate));
  if (status.bytes) parts.push(formatBytes(status.bytes));
  if (status.dropped) parts.push(t("{count} pictures dropped", { count: status.dropped }));
  return parts.join(" · ");
}

/** For so long the lamp shows that something has just gone wrong; the counts stay. */
export const TROUBLE_MS = 60_000;

/**
 * @typedef {{restarts: number, late_ticks: number, at_ms: number}} Trouble
 *   both counts, and when either last grew while the console was looking (0: never)
 */

/**
 * @param {Pick<DirectorState["status"], "processes"|"mixer">} status
 * @returns {{restarts: number, late_ticks: number}}
 */
function counts({ processes, mixer }) {
  const restarts = Object.values(processes).reduce((sum, one) => sum + one.restarts, 0);
  return { restarts, late_ticks: mixer.late_ticks ?? 0 };
}

/**
 * @param {Trouble|null} before null: the first look, what it finds is history
 * @param {Pick<DirectorState["status"], "processes"|"mixer">} status
 * @param {number} now_ms
 * @returns {Trouble} `before` itself when nothing has changed
 */
export function noteTrouble(before, status, now_ms) {
  const found = counts(status);
  if (!before) return { ...found, at_ms: 0 };
  if (found.restarts === before.restarts && found.late_ticks === before.late_ticks) return before;
  const grew = found.restarts > before.restarts || found.late_ticks > before.late_ticks;
  return { ...found, at_ms: grew ? now_ms : before.at_ms };
}

/**
 * How the machine is doing, the worst first.
 *
 * @param {Pick<DirectorState["status"], "processes"|"mixer">} status
 * @param {boolean} troubled a tick was late or a process died a moment ago
 * @returns {{level: "good"|"warn"|"bad", text: string, restarts: number, late_ticks: number}}
 */
export function health(status, troubled) {
  const { restarts, late_ticks } = counts(status);
  const away = Object.entries(status.processes).filter(([, one]) => one.state !== "running" && one.state !== "stopped");
  if (away.length > 0) {
    return { level: "bad", text: away.map(([name, one]) => `${name} ${one.state}`).join(", "), restarts, late_ticks };
  }
  if (troubled) return { level: "warn", text: t("Running"), restarts, late_ticks };
  return { level: "good", text: t("All running"), restarts, late_ticks };
}

/** @type {Record<string, string>} */
const LOADS = {
  "overload.preset": "The machine is overloaded: the programme is encoded with less effort and looks a little coarser.",
  "overload.wall-rate": "The machine is overloaded: wall, multiview and return pictures run at half the frame rate.",
  "overload.program-rate": "The machine is overloaded: the programme, too, runs at half the frame rate.",
};

/**
 * @param {Partial<import("../../shared/types.js").LoadStatus>|undefined} load
 * @returns {string} what the mixer leaves out and why; "" while it leaves out nothing
 */
export function loadLine(load) {
  if (!load?.code) return "";
  const known = LOADS[load.code];
  const what = known ? t(known) : t("The machine is overloaded ({code}).", { code: load.code });
  return load.reason ? `${what} ${load.reason}` : what;
}

/**
 * @param {string[]} servers URLs of STUN and TURN servers
 * @returns {string} what follows from their silence
 */
export function silentLine(servers) {
  return t("No answer from {servers}: guests behind firewalls may not get in.", { servers: servers.join(", ") });
}

/**
 * @param {DirectorState} state
 * @returns {Record<"waiting"|"stage"|"away"|"others", string[]>} seat ids by where they belong on the console
 */
export function seatGroups(state) {
  /** @type {Record<"waiting"|"stage"|"away"|"others", string[]>} */
  const groups = { waiting: [], stage: [], away: [], others: [] };
  for (const id of state.order.seats) {
    const seat = state.seats[id];
    if (!seat) continue;
    if (seat.role !== "speaker") groups.others.push(id);
    else if (seat.stage) groups.stage.push(id);
    else if ((state.status.seats[id]?.connection ?? "absent") === "absent") groups.away.push(id);
    else groups.waiting.push(id);
  }
  return groups;
}

/**
 * @param {import("../../shared/types.js").Scene} scene
 * @returns {string} `Grid · everyone`
 */
export function sceneLine(scene) {
  const { layout, places } = scene.canvases.program;
  const who = !places ? t("everyone") : places.length === 1 ? t("1 place") : t("{count} places", { count: places.length });
  const label = LAYOUTS[layout]?.label;
  return `${label ? t(label) : layout} · ${who}`;
}

/** So many are named, the rest counted. */
const NAMED = 3;

/**
 * Whether the scene in preview can be taken as it will look on air. A cut is never held up by it.
 *
 * @param {DirectorState} state
 * @returns {{ready: boolean, text: string}} "" when nothing is in preview
 */
export function previewLine(state) {
  if (!state.preview) return { ready: true, text: "" };
  const { waiting = [], missing = [] } = state.status.preview ?? {};
  const connected = (/** @type {string} */ id) => state.status.seats?.[id]?.connection === "connected";
  const away = missing.filter((id) => !connected(id));
  const held = missing.filter(connected);
  const said = [];
  if (away.length > 0) said.push(t("Not here: {names}", { names: named(state, away) }));
  if (held.length > 0) said.push(t("In the green room: {names}", { names: named(state, held) }));
  if (waiting.length > 0) said.push(t("Getting sharp: {names}", { names: named(state, waiting) }));
  return { ready: said.length === 0, text: said.join(" · ") || t("Ready") };
}

/**
 * @param {DirectorState} state
 * @param {string[]} ids of seats
 * @returns {string} the first few by name, the rest counted
 */
function named(state, ids) {
  const names = ids.slice(0, NAMED).map((id) => state.seats[id]?.name || id);
  if (ids.length > NAMED) names.push(t("{count} more", { count: ids.length - NAMED }));
  return names.join(", ");
}

/**
 * @param {DirectorState} state
 * @param {string[]} ids of seats
 * @param {string} wanted what was typed; every word of it must be in the name, the title or the id
 * @returns {string[]} those it fits, whatever the case, accents or composition of the letters
 */
export function seatsFound(state, ids, wanted) {
  const words = plain(wanted).split(/\s+/).filter(Boolean);
  return ids.filter((id) => {
    const seat = state.seats[id];
    const names = Object.values(seat?.names ?? {}).flatMap((one) => [one.name, one.title]);
    const text = plain([id, seat?.name, seat?.title, ...names].join(" "));
    return words.every((word) => text.includes(word));
  });
}

/** @param {string} text without case and marks; Hangul stays in syllables' letters, so that half a syllable finds */
function plain(text) {
  return text.normalize("NFKD").replaceAll(/\p{Mn}/gu, "").toLowerCase();
}

/**
 * @param {string} time of an event, as RFC 3339
 * @returns {number} Unix milliseconds
 */
export function unixMs(time) {
  return Date.parse(time);
}
