/** The console as data: the show's state, the session, and what the director can do. No markup. */

import { computed, signal } from "@preact/signals";
import { Backoff } from "../shared/backoff.js";
import { asStudioError } from "../shared/errors.js";
import { callJson, ShowSocket } from "../shared/protocol.js";
import { Peer } from "../shared/media/rtc.js";
import { sessionName, socketUrl, tabClient, whoAmI } from "../shared/session.js";
import { toast } from "../shared/toasts.js";
import { takeMeters, whenWatched } from "./sound/live_meters.js";
import { slidesAtHand } from "./sources/material.js";
import { publishingOf } from "./sources/publishing.js";
import { firstLanguage, refusalText, remember, speak, spoken, t } from "./words/say.js";
import { noteTrouble, unixMs } from "./words/text.js";

/** @typedef {import("../shared/types.js").DirectorState} DirectorState */
/** @typedef {import("../shared/types.js").Command} Command */

/** @type {import("@preact/signals").Signal<DirectorState|null>} */
export const state = signal(null);
/** @type {import("@preact/signals").Signal<"connecting"|"open"|"lost"|"refused">} */
export const link = signal("connecting");
/** Why the session has ended, as a sentence. */
export const ended = signal("");
/** @type {import("@preact/signals").Signal<string>} */
export const role = signal("director");
/** @type {import("@preact/signals").Signal<import("../shared/media/rtc.js").PeerState>} */
export const video_state = signal("idle");
/** @type {import("@preact/signals").Signal<MediaStream|null>} */
export const multiview = signal(null);
/** When each output was started, in Unix milliseconds, as far as the log tells. */
/** @type {import("@preact/signals").Signal<Record<string, number>>} */
export const started_ms = signal({});
/** @type {import("@preact/signals").Signal<import("./words/text.js").Trouble|null>} */
export const trouble = signal(null);
/** The wall clock, a tick a second. */
export const now_ms = signal(Date.now());
/** Which dialog is open, and for what. */
/** @type {import("@preact/signals").Signal<{name: string, id?: string, link?: string, token?: string}|null>} */
export const dialog = signal(null);

/** True while the page asks whether the slate is to go, over whatever dialog is open. */
export const asking_slate = signal(false);

/** @type {import("@preact/signals").Signal<import("./tabs.js").Tab>} */
export const tab = signal("people");

const WALL_SHOWN = "studio-console-wall";
export const wall_shown = signal(localStorage.getItem(WALL_SHOWN) === "yes");

export function toggleWall() {
  wall_shown.value = !wall_shown.value;
  localStorage.setItem(WALL_SHOWN, wall_shown.value ? "yes" : "no");
}

export function switchLanguage() {
  speak(spoken() === "ko" ? "en" : "ko");
  remember(spoken(), localStorage);
}

export const can_direct = computed(() => role.value === "director");

export const as = sessionName("console");
/** How far back the log is searched for the start of what runs. */
const LOG_DEPTH = 1_000;

/** @type {ShowSocket|null} */
let socket = null;

export async function start() {
  speak(firstLanguage(navigator.languages, localStorage));
  let asked_for_starts = false;
  socket = new ShowSocket({
    url: socketUrl(as),
    // Few consoles, and a director who waits: ask often.
    backoff: new Backoff({ first_ms: 150, limit_ms: 400 }),
    check: () => whoAmI(as),
    onState(next, revision) {
      state.value = next;
      if (!next.slate) asking_slate.value = false;
      trouble.value = noteTrouble(trouble.value, next.status, Date.now());
      if (!asked_for_starts) {
        asked_for_starts = true;
        void learnStarts(revision);
      }
    },
    onEvent(event) {
      if (event.type === "output.started") {
        started_ms.value = { ...started_ms.value, [String(event.output)]: Date.now() };
      }
    },
    onMeters: takeMeters,
    onLink(next, refused) {
      link.value = next;
      if (next === "lost") asked_for_starts = false;
      if (next === "refused") ended.value = refused ? refusalText(refused) : t("Open the console's link again.");
    },
  });
  socket.start();
  whenWatched((on) => socket?.watchMeters(on));
  setInterval(() => { now_ms.value = Date.now(); }, 1000);
  try {
    role.value = (await whoAmI(as)).role;
  } catch {
    // The socket reports what is wrong with the session, and retries.
  }
  if (role.value !== "director") return;
  const peer = new Peer({
    kind: "multiview",
    as,
    client: await tabClient(),
    onState(next, refused) {
      video_state.value = next;
      if (next === "refused" && refused) {
        complain(refused);
        setTimeout(() => { if (link.value !== "refused") peer.start(); }, 5_000);
      }
    },
    onStream: (stream) => { multiview.value = stream; },
  });
  peer.start();
}

/** @param {number} revision */
async function learnStarts(revision) {
  try {
    const { events } = await callJson("/api/v1/events", {
      as, parameters: { after: String(Math.max(0, revision - LOG_DEPTH)), limit: String(LOG_DEPTH) },
    });
    /** @type {Record<string, number>} */
    const found = {};
    for (const { time, event } of events) {
      if (event.type === "output.started") found[event.output] = unixMs(time);
    }
    started_ms.value = { ...found, ...started_ms.value };
  } catch {
    // Without the log the clock of what was started before this page opened stays away; nothing else does.
  }
}

/**
 * Sends a command; a refusal becomes a toast.
 *
 * @param {Command} command
 * @returns {Promise<import("../shared/types.js").Done|null>} null when it was refused
 */
export async function send(command) {
  try {
    if (!socket) return null;
    return await socket.command(command);
  } catch (thrown) {
    complain(thrown);
    return null;
  }
}

/** @param {unknown} thrown what is said in a corner, in the director's language */
export function complain(thrown) {
  toast(refusalText(asStudioError(thrown)), { bad: true });
}

/**
 * For dialogs, which show the refusal beside the field.
 *
 * @param {Command} command
 * @returns {Promise<{done: import("../shared/types.js").Done|null, refusal: string}>}
 */
export async function attempt(command) {
  try {
    if (!socket) return { done: null, refusal: t("Not connected.") };
    return { done: await socket.command(command), refusal: "" };
  } catch (thrown) {
    return { done: null, refusal: refusalText(asStudioError(thrown)) };
  }
}

export function cut() {
  if (state.value?.preview) void send({ type: "program.cut" });
}

export function auto() {
  if (state.value?.preview) void send({ type: "program.auto" });
}

/** Whether there is anything to take back the studio says: a hand is faster than the state of what it just did. */
export function undo() {
  void send({ type: "program.undo" });
}

/** The slate comes at once; to take it off is asked, for a key that was pressed in panic is pressed twice. */
export function slate() {
  if (state.value?.slate) asking_slate.value = true;
  else void send({ type: "program.slate", on: true });
}

/**
 * @param {string} source slides
 * @param {-1|1} step
 */
export function turnPage(source, step) {
  void send({ type: "source.page", source, step });
}

/**
 * What a presentation remote does: it turns the slides on air, else those in preview.
 *
 * @param {-1|1} step
 * @returns {boolean} false: there are none
 */
export function turnSlides(step) {
  const source = state.value ? slidesAtHand(state.value) : null;
  if (source) turnPage(source, step);
  return source !== null;
}

/**
 * Shows once where a WHIP publisher sends to.
 *
 * @param {string} id of the source
 * @param {unknown} result of the command that made its token
 */
export function showPublishing(id, result) {
  const found = publishingOf(result, globalThis.location.origin);
  if (found) dialog.value = { name: "publish", id, link: found.url, token: found.token };
}

/** @param {string} scene */
export function setPreview(scene) {
  void send({ type: "preview.set", scene });
}

export function toggleBlack() {
  void send({ type: "program.fade_to_black", on: !state.value?.black });
}

/**
 * @param {string} id of a scene
 * @returns {string} what people call it
 */
export function sceneTitle(id) {
  return state.value?.scenes[id]?.title || id;
}
