/** The director's microphone to one guest or all: asked for once, open only during a talk. */

import { signal } from "@preact/signals";
import { Peer } from "../../shared/media/rtc.js";
import { tabClient } from "../../shared/session.js";
import { toast } from "../../shared/toasts.js";
import { latest } from "../programme/latest.js";
import * as model from "../model.js";
import { t } from "../words/say.js";
import { QUIET, same, stepTalk, target } from "./talk.js";

/** @typedef {import("./talk.js").Target} Target */

/** @type {import("@preact/signals").Signal<import("./talk.js").Talk>} */
export const talk = signal(QUIET);
/** `off` until the first press; `ready`: a press is heard at once. */
/** @type {import("@preact/signals").Signal<"off"|"asking"|"connecting"|"ready">} */
export const line = signal("off");

/** @type {Peer|null} */
let peer = null;
/** @type {MediaStreamTrack|null} */
let microphone = null;
/** What the studio was last told. */
/** @type {Target|null} */
let told = null;

const tell = latest(async (/** @type {Target|null} */ to) => {
  if (same(to, told)) return;
  if (await model.send({ type: "talkback.set", to })) told = to;
  else if (to) talk.value = QUIET;
  if (microphone) microphone.enabled = told !== null;
});

/** @param {import("./talk.js").TalkEvent} event */
function dispatch(event) {
  talk.value = stepTalk(talk.value, event);
  void settle();
}

async function settle() {
  const to = target(talk.value);
  // Shut at once, whatever the studio says to it.
  if (!to && microphone) microphone.enabled = false;
  if (to && line.value === "off") await open();
  const now = target(talk.value);
  if (!now || line.value === "ready") await tell(now);
}

async function open() {
  line.value = "asking";
  try {
    const stream = await navigator.mediaDevices.getUserMedia({
      audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true },
    });
    microphone = stream.getAudioTracks()[0] ?? null;
  } catch (thrown) {
    const denied = thrown instanceof DOMException && thrown.name === "NotAllowedError";
    toast(denied
      ? t("The browser blocks the microphone: allow it beside the address, and press again.")
      : t("No microphone was found: connect one, and press again."), { bad: true });
  }
  if (!microphone) {
    line.value = "off";
    talk.value = QUIET;
    return;
  }
  const track = microphone;
  track.enabled = false;
  track.onended = () => {
    toast(t("The talkback microphone is gone."), { bad: true });
    shut();
  };
  line.value = "connecting";
  peer = new Peer({
    kind: "talkback",
    as: model.as,
    client: await tabClient(),
    tracks: () => ({ audio: track, video: null, screen: null }),
    onState(state, refused) {
      if (state === "refused") {
        if (refused) model.complain(refused);
        shut();
        return;
      }
      const ready = state === "connected";
      // A line that breaks during a talk doesn't go on by itself: nobody would expect it.
      if (!ready && line.value === "ready") dispatch({ type: "lost" });
      if (peer) line.value = ready ? "ready" : "connecting";
      if (ready) void settle();
    },
    onStream: () => {},
  });
  peer.start();
}

function shut() {
  const last = peer;
  peer = null;
  line.value = "off";
  microphone?.stop();
  microphone = null;
  if (last && last.state !== "closed") last.stop();
  dispatch({ type: "lost" });
}

/** @param {Target} to */
export function press(to) {
  dispatch({ type: "press", to });
}

export function release() {
  if (talk.value.held) dispatch({ type: "release" });
}

/** @param {Target} to */
export function latch(to) {
  dispatch({ type: "latch", to });
}

/** Whatever takes the page from the director's eyes shuts the microphone. */
export function guardTalkback() {
  globalThis.addEventListener("blur", release);
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") dispatch({ type: "lost" });
  });
  globalThis.addEventListener("pagehide", () => dispatch({ type: "lost" }));
  model.link.subscribe((link) => {
    if (link === "open") {
      // Told while the studio was away: what it still believes is taken back.
      if (told && !target(talk.value)) void settle();
    } else if (target(talk.value)) dispatch({ type: "lost" });
  });
}
