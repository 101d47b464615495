/** The booth's page as signals: what it knows, and what an interpreter can do. No markup. */

import { computed, effect, signal } from "@preact/signals";
import { Backoff } from "../shared/backoff.js";
import { obstacle } from "../shared/media/devices.js";
import { asStudioError, StudioError } from "../shared/errors.js";
import { say, sayError, sayRefusal } from "../shared/i18n.js";
import { pageLanguage } from "../shared/page_language.js";
import { measureTrack } from "../shared/measure.js";
import { ShowSocket } from "../shared/protocol.js";
import { Peer } from "../shared/media/rtc.js";
import { sessionName, socketUrl, tabClient, whoAmI } from "../shared/session.js";
import { toast } from "../shared/toasts.js";
import { FREE, owed, stepCough } from "./cough.js";
import * as rules from "./rules.js";
import * as sound from "./sound.js";

/** @typedef {import("../shared/types.js").InterpreterState} InterpreterState */
/** @typedef {import("../shared/types.js").Partner} Partner */
/** @typedef {"loading"|"prepare"|"joined"|"left"|"elsewhere"|"blocked"} Stage */

const JOINED_KEY = "studio-booth-joined";
const SINCE_KEY = "studio-booth-since";
const PREFERENCES_KEY = "studio-booth-preferences";
const METER_EVERY_MS = 50;
const TICK_MS = 250;
/** Older than this, a partner's level is no level: the studio is away. */
const STALE_MS = 1_000;

/** @type {import("@preact/signals").Signal<Stage>} */
export const stage = signal("loading");
/** @type {import("@preact/signals").Signal<InterpreterState|null>} */
export const state = signal(null);
/** @type {import("@preact/signals").Signal<"connecting"|"open"|"lost"|"refused">} */
export const link = signal("connecting");
/** @type {import("@preact/signals").Signal<import("../shared/media/rtc.js").PeerState>} */
export const peer_state = signal("idle");
/** @type {import("@preact/signals").Signal<"good"|"fair"|"poor">} */
export const quality = signal("good");
/** @type {import("@preact/signals").Signal<StudioError|null>} */
export const error = signal(null);
/** @type {import("@preact/signals").Signal<MediaStream|null>} */
export const programme = signal(null);
/** Own seat's id. */
export const me = signal("");
/** Peaks in dBFS: the own microphone, what is heard, and the partners' by seat. */
export const level_db = signal(-100);
export const heard_db = signal(-100);
/** @type {import("@preact/signals").Signal<Record<string, number>>} */
export const partner_db = signal({});
/** The meter of the microphone works. */
export const measuring = signal(false);
/** This machine's time in Unix milliseconds, four times a second. */
export const now_ms = signal(Date.now());
/** Since when the own microphone is on air, 0 for not. */
export const since_ms = signal(Number(sessionStorage.getItem(SINCE_KEY)) || 0);
/** @type {import("@preact/signals").Signal<"help"|"devices"|"leave"|"">} */
export const dialog = signal("");
/** @type {import("@preact/signals").Signal<import("./cough.js").Holds>} */
export const holds = signal(FREE);
/** When the booth's offer ends, in Unix seconds of this machine; 0 without one. */
const offer_ends_s = signal(0);

/** @type {import("@preact/signals").Signal<{volume: number, relay: string, keys: boolean}>} */
export const preferences = signal({ volume: 0.8, relay: "", keys: true, ...remembered() });

/** @returns {object} */
function remembered() {
  try {
    return JSON.parse(localStorage.getItem(PREFERENCES_KEY) ?? "{}");
  } catch {
    return {};
  }
}

/** @param {Partial<{volume: number, relay: string, keys: boolean}>} changed */
export function prefer(changed) {
  preferences.value = { ...preferences.value, ...changed };
  localStorage.setItem(PREFERENCES_KEY, JSON.stringify(preferences.value));
}

export const language = pageLanguage(() => state.value?.seat?.language);
export const held = computed(() => holds.value.length > 0);
export const lamp = computed(() => rules.lampOf({
  state: state.value, link: link.value, peer: peer_state.value, held: held.value,
}));
/** The other interpreters of the booth. @type {import("@preact/signals").ReadonlySignal<Partner[]>} */
export const partners = computed(() => state.value?.partners ?? (state.value?.partner ? [state.value.partner] : []));
export const handover = computed(() => {
  const offered = state.value?.booth?.handover ?? null;
  const left_s = offered ? Math.ceil(offer_ends_s.value - now_ms.value / 1000) : 0;
  const role = rules.handoverRole(offered, me.value, left_s);
  const other = partners.value.find((one) => one.seat === (role === "taking" ? offered?.giver : offered?.taker));
  return { role, left_s, other };
});
export const into = computed(() => state.value?.seat?.into || state.value?.booth?.languages[0] || "");
export const listen = computed(() => state.value?.seat?.listen || rules.FLOOR);
export const relay = computed(() => rules.preselected(
  state.value?.event.languages ?? [], state.value?.booth?.languages ?? [], into.value, preferences.value.relay,
));

/**
 * @param {string} key
 * @returns {string} the text in the interpreter's language
 */
export function t(key) {
  return say(language.value, key);
}

/** @returns {string} the current error as a sentence, or "" */
export function errorText() {
  return error.value ? sayError(language.value, error.value) : "";
}

/** @type {ShowSocket|null} */
let socket = null;
/** @type {Peer|null} */
let peer = null;
let meters_ms = 0;
/** This page has shut the microphone by a cough, and the studio hasn't confirmed its end. */
let cough_told = false;

export async function start() {
  const as = sessionName("seat");
  const reason = obstacle();
  if (reason) {
    block(new StudioError(reason, ""));
    return;
  }
  socket = new ShowSocket({
    url: socketUrl(as),
    // Few booths, and each second without a lamp counts.
    backoff: new Backoff({ first_ms: 150, limit_ms: 600 }),
    check: () => whoAmI(as),
    onState: (next) => takeState(next),
    onMeters: (meters) => {
      meters_ms = performance.now();
      partner_db.value = Object.fromEntries(Object.entries(meters.sources).map(([source, [peak]]) => [source, peak]));
    },
    onLink(next, refused) {
      link.value = next;
      if (next === "open") settleCough();
      if (next === "refused" && refused) block(refused);
    },
  });
  socket.start();
  peer = new Peer({
    kind: "booth",
    as,
    client: await tabClient(),
    tracks: () => ({ audio: sound.microphone.value, video: null, screen: null }),
    onState: (next, refused) => peerChanged(next, refused),
    onStream: (stream) => { programme.value = stream; },
    onQuality: (next) => { quality.value = next; },
  });
  effect(() => {
    document.documentElement.lang = language.value;
    const title = state.value?.booth?.title || t("booth.page");
    document.title = lamp.value === "on_air" ? `● ${t("lamp.on_air")} · ${title}` : title;
  });
  effect(() => void peer?.replaceTrack("audio", sound.microphone.value).catch(() => {}));
  // At once, and not when the studio has heard of it: nothing may get out while the command travels.
  effect(() => { if (sound.microphone.value) sound.microphone.value.enabled = !held.value; });
  effect(() => {
    const since = rules.onAirSince(since_ms.peek(), state.value?.seat?.on === true, Date.now());
    since_ms.value = since;
    sessionStorage.setItem(SINCE_KEY, String(since));
  });
  effect(() => { socket?.watchMeters(stage.value === "joined"); });
  setInterval(tick, TICK_MS);
  measureTrack(() => sound.microphone.value, (measured_db, works) => {
    level_db.value = measured_db;
    measuring.value = works;
  }, METER_EVERY_MS);
  measureTrack(() => programme.value?.getAudioTracks()[0] ?? null, (db) => { heard_db.value = db; }, METER_EVERY_MS);
  sound.watchDevices();
  await sound.ask();
  // A reload returns to the booth by itself, if the browser still lets us have the microphone.
  const joined = sessionStorage.getItem(JOINED_KEY) === as && sound.microphone.value !== null;
  if (joined && /** @type {Stage} */ (stage.value) !== "blocked") void begin();
}

function tick() {
  now_ms.value = Date.now();
  if (performance.now() - meters_ms > STALE_MS && Object.keys(partner_db.value).length > 0) partner_db.value = {};
}

/** @param {InterpreterState} next */
function takeState(next) {
  const before = state.value;
  const offered = next.booth?.handover;
  const known = before?.booth?.handover;
  if (!offered) offer_ends_s.value = 0;
  else if (offered.until !== known?.until || offered.giver !== known.giver) {
    const fresh = before !== null && link.value === "open";
    offer_ends_s.value = rules.offerEnds(offered, Date.now() / 1000, fresh);
  }
  now_ms.value = Date.now();
  state.value = next;
  if (stage.value === "loading") stage.value = "prepare";
  // The studio has lost us (its shard died) before we noticed ourselves; a fresh snapshot doesn't count, for a
  // control that has just restarted doesn't know its peers yet.
  const told = link.value === "open" && before?.status.connection === "connected" && next.status.connection === "absent";
  if (told && peer_state.value === "connected") peer?.renew();
}

/**
 * @param {import("../shared/media/rtc.js").PeerState} next
 * @param {StudioError|null} refused
 */
function peerChanged(next, refused) {
  peer_state.value = next;
  if (next === "connected") {
    error.value = null;
    void learnSeat();
  } else if (refused) error.value = refused;
  if (next === "refused" && refused) {
    programme.value = null;
    if (refused.status === 409) stage.value = "elsewhere";
    else block(refused);
  }
}

/** @param {StudioError} reason */
function block(reason) {
  error.value = reason;
  stage.value = "blocked";
  if (reason.code.startsWith("page.")) return;
  sessionStorage.removeItem(JOINED_KEY);
  socket?.stop();
  if (peer_state.value !== "idle") peer?.stop();
  sound.release();
}

/** @param {{takeover?: boolean}} [options] */
export async function begin({ takeover = false } = {}) {
  error.value = null;
  stage.value = "joined";
  sessionStorage.setItem(JOINED_KEY, sessionName("seat"));
  peer?.start({ takeover });
  await learnSeat();
}

async function learnSeat() {
  if (me.value) return;
  try {
    me.value = (await whoAmI(sessionName("seat"))).seat ?? "";
  } catch {
    // Asked again with the next connection; until then no offer is shown as ours.
  }
}

export function leave() {
  sessionStorage.removeItem(JOINED_KEY);
  if (state.value?.seat?.on) void send({ type: "booth.speak", on: false });
  peer?.stop();
  programme.value = null;
  sound.release();
  stage.value = "left";
}

export async function comeBack() {
  stage.value = "prepare";
  await sound.ask();
}

/**
 * A command about the own booth; a refusal becomes a toast.
 *
 * @param {import("../shared/types.js").Command} command without the booth
 * @returns {Promise<boolean>} whether it was done
 */
async function send(command) {
  const booth = state.value?.booth?.id;
  if (!socket || !booth) return false;
  try {
    await socket.command({ ...command, booth });
    return true;
  } catch (thrown) {
    toast(sayRefusal(language.value, asStudioError(thrown)), { bad: true });
    return false;
  }
}

export function toggleSpeak() {
  const on = state.value?.seat?.on !== true;
  // Into the language that this page shows: the floor may have changed its own meanwhile.
  void send({ type: "booth.speak", on, ...(on && into.value ? { into: into.value } : {}) });
}

/** @param {import("./cough.js").CoughEvent} event */
export function cough(event) {
  const before = held.value;
  holds.value = stepCough(holds.value, event);
  if (held.value === before) return;
  if (state.value?.seat?.on) void tellCough(held.value);
  else cough_told = false;
}

/** @param {boolean} on */
async function tellCough(on) {
  cough_told ||= on;
  if (await send({ type: "booth.cough", on }) && !on) cough_told = false;
}

/** After a break the studio may have missed the end of a cough, or its beginning. */
function settleCough() {
  const seat = state.value?.seat;
  const on = seat?.on ? owed(held.value, seat.cough === true, cough_told) : null;
  if (on !== null) void tellCough(on);
}

/** Offers, withdraws or accepts: whatever one press can mean now. */
export function handOver() {
  const action = { none: "offer", giving: "cancel", taking: "accept" }[handover.value.role];
  void send({ type: "booth.handover", action });
}

export function decline() {
  if (handover.value.role === "taking") void send({ type: "booth.handover", action: "cancel" });
}

export function toggleRelay() {
  void send({ type: "booth.relay", bus: rules.relayTarget(listen.value, relay.value) });
}

/** @param {string} bus */
export function preselect(bus) {
  prefer({ relay: bus });
  // Who listens to a relay now means this one.
  if (listen.value !== rules.FLOOR && listen.value !== bus) void send({ type: "booth.relay", bus });
}

/** @param {string} tongue */
export function speakInto(tongue) {
  if (tongue) void send({ type: "booth.into", into: tongue });
}

export function switchLanguage() {
  speakInto(rules.nextLanguage(state.value?.booth?.languages ?? [], into.value));
}

export function slower() {
  void send({ type: "booth.slower" });
}

/**
 * @param {string} text
 * @returns {Promise<boolean>} false: keep it in the field
 */
export function writeNote(text) {
  return send({ type: "booth.note", text });
}

/** @param {1|-1} direction */
export function changeVolume(direction) {
  prefer({ volume: rules.stepVolume(preferences.value.volume, direction) });
}
