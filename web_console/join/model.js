/** The guest's page as data: what it knows, and what can be done. No markup. */

import { computed, effect, signal } from "@preact/signals";
import { obstacle } from "../shared/media/devices.js";
import { asStudioError, StudioError } from "../shared/errors.js";
import { say, sayError } from "../shared/i18n.js";
import { pageLanguage } from "../shared/page_language.js";
import { ShowSocket } from "../shared/protocol.js";
import { Peer } from "../shared/media/rtc.js";
import { sessionName, socketUrl, tabClient, whoAmI } from "../shared/session.js";
import * as media from "./media.js";
import * as screen from "./screen.js";

/** @typedef {import("../shared/types.js").SpeakerState} SpeakerState */
/** @typedef {"loading"|"prepare"|"joined"|"left"|"elsewhere"|"blocked"} Stage */

const JOINED_KEY = "studio-joined";

/** @type {import("@preact/signals").Signal<Stage>} */
export const stage = signal("loading");
/** @type {import("@preact/signals").Signal<SpeakerState|null>} */
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
/** Own microphone switched off by the guest. */
export const self_muted = signal(false);
/** No picture is sent: switched off by the guest, or there is no camera. */
export const camera_off = computed(() => media.camera.value === null);
export const busy = signal(false);
/** The last page that was to be turned wasn't. */
export const slide_problem = signal(false);

export const language = pageLanguage(() => state.value?.seat?.language);

/**
 * The last that the studio said of this guest while it knew of the connection: a control that has just restarted
 * learns of its guests a moment later, and a guest on air must not read "waiting" meanwhile.
 * @type {import("@preact/signals").Signal<"waiting"|"next"|"on_air">}
 */
const place = signal("waiting");

/** Large state: what the guest most needs to know. */
export const shown_state = computed(() => {
  if (peer_state.value === "reconnecting") return "lost";
  if (peer_state.value !== "connected") return "connecting";
  return place.value;
});

/**
 * @param {string} key
 * @returns {string} the text in the guest's language
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
/** The studio is just being told whether the guest is muted. */
let settling = false;

export async function start() {
  const as = sessionName("seat");
  const reason = obstacle();
  if (reason) {
    block(new StudioError(reason, ""));
    return;
  }
  socket = new ShowSocket({
    url: socketUrl(as),
    check: () => whoAmI(as),
    onState: (next) => takeState(next),
    onLink(next, refused) {
      link.value = next;
      if (next === "open") void settleMute();
      if (next === "refused" && refused) block(refused);
    },
  });
  socket.start();
  peer = new Peer({
    kind: "guest",
    as,
    client: await tabClient(),
    tracks: () => ({ audio: media.microphone.value, video: media.camera.value, screen: screen.screen.value }),
    onState: (next, refused) => peerChanged(next, refused),
    onStream: (stream) => { programme.value = stream; },
    onQuality: (next) => { quality.value = next; },
  });
  effect(() => {
    document.documentElement.lang = language.value;
    document.title = state.value?.event.title ? `${state.value.event.title} · ${t("page.title")}` : t("page.title");
  });
  media.watchDevices();
  media.measure();
  // Another camera or microphone, or none: the connection goes on with what there is.
  effect(() => void peer?.replaceTrack("video", media.camera.value).catch(() => {}));
  effect(() => void peer?.replaceTrack("audio", media.microphone.value).catch(() => {}));
  effect(() => void peer?.replaceTrack("screen", screen.screen.value).catch(() => {}));
  effect(() => { if (media.microphone.value) media.microphone.value.enabled = !self_muted.value; });
  await media.ask();
  // A reload returns to the seat by itself, if the browser still lets us have camera and microphone.
  if (sessionStorage.getItem(JOINED_KEY) === as && (media.camera.value || media.microphone.value)) {
    if (/** @type {Stage} */ (stage.value) !== "blocked") begin();
  }
}

/** @param {SpeakerState} next */
function takeState(next) {
  const before = state.value?.status.connection;
  state.value = next;
  if (next.status.connection === "connected") place.value = next.status.state ?? "waiting";
  if (stage.value === "loading") stage.value = "prepare";
  if (next.status.uplink) void peer?.setTarget("video", next.status.uplink);
  if (next.status.screen_uplink) void peer?.setTarget("screen", next.status.screen_uplink);
  // The studio has lost us (its shard died) before we noticed ourselves. What a fresh snapshot says doesn't count:
  // a control that has just restarted doesn't know its guests yet, and they go on undisturbed.
  const told = link.value === "open" && before === "connected" && next.status.connection === "absent";
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
    void settleMute();
  } else if (refused) error.value = refused;
  if (next === "refused" && refused) {
    programme.value = null;
    screen.stop();
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
  media.release();
  screen.stop();
}

/**
 * @param {{name: string, title: string}} who as typed
 */
export async function join({ name, title }) {
  const seat = state.value?.seat;
  busy.value = true;
  try {
    if (seat && (name !== seat.name || title !== seat.title)) await updateSeat({ name, title });
    begin();
  } catch (thrown) {
    error.value = asStudioError(thrown);
  } finally {
    busy.value = false;
  }
}

/** @param {Partial<{name: string, title: string, language: string, listen: string, self_muted: boolean}>} fields of the own seat */
async function updateSeat(fields) {
  const me = await whoAmI(sessionName("seat"));
  await socket?.command({ type: "seat.update", seat: me.seat, ...fields });
}

/**
 * What this guest hears, or speaks, from now on.
 *
 * @param {{listen: string} | {language: string}} chosen
 * @returns {Promise<boolean>} false: nothing has changed, and `error` tells why
 */
export async function choose(chosen) {
  try {
    await updateSeat(chosen);
    error.value = null;
    return true;
  } catch (thrown) {
    error.value = asStudioError(thrown);
    return false;
  }
}

/**
 * Of slides whose presenter this guest is.
 *
 * @param {string} source
 * @param {-1|1} step
 */
export async function turnSlide(source, step) {
  try {
    await socket?.command({ type: "source.page", source, step });
    slide_problem.value = false;
  } catch {
    slide_problem.value = true;
  }
}

/** @param {{takeover?: boolean}} [options] */
export function begin({ takeover = false } = {}) {
  error.value = null;
  stage.value = "joined";
  sessionStorage.setItem(JOINED_KEY, sessionName("seat"));
  peer?.start({ takeover });
}

export function leave() {
  sessionStorage.removeItem(JOINED_KEY);
  peer?.stop();
  programme.value = null;
  media.release();
  screen.stop();
  stage.value = "left";
}

export async function comeBack() {
  stage.value = "prepare";
  self_muted.value = false;
  await media.ask();
}

export async function toggleCamera() {
  if (camera_off.value) await media.startCamera();
  else media.stopCamera();
}

export async function toggleShare() {
  if (screen.screen.value) screen.stop();
  else await screen.share();
}

export function toggleMute() {
  self_muted.value = !self_muted.value;
  void settleMute();
}

/**
 * The studio is told, or it would take the silence for a broken microphone; told again after each break, when it may
 * still believe what this page, or another one of this seat, said before.
 */
async function settleMute() {
  if (settling) return;
  settling = true;
  try {
    // The change is here before the answer; a press that came meanwhile is sent, too.
    while (state.value?.seat && stage.value === "joined" && (state.value.seat.self_muted === true) !== self_muted.value) {
      await updateSeat({ self_muted: self_muted.value });
    }
  } catch {
    // The microphone is shut or open whatever the studio knows; with the next connection it is told again.
  } finally {
    settling = false;
  }
}
