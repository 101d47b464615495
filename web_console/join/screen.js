/** Sharing the screen: asking for one, and noticing when its owner ends it. */

import { signal } from "@preact/signals";

/** What is shared; null while nothing is. @type {import("@preact/signals").Signal<MediaStreamTrack|null>} */
export const screen = signal(null);
/** Code of why it could not be shared, "" if nothing is wrong. @type {import("@preact/signals").Signal<string>} */
export const problem = signal("");

/** The studio takes no more; a smaller screen comes as it is. @type {MediaTrackConstraints} */
const PICTURE = { width: { max: 1920 }, height: { max: 1080 }, frameRate: { ideal: 30, max: 30 } };

/** Telephones can't. */
export const can_share = typeof navigator.mediaDevices?.getDisplayMedia === "function";

/** Lets the person choose a screen, a window or a tab. Must follow a press; who chooses nothing shares nothing. */
export async function share() {
  problem.value = "";
  /** @type {MediaStream} */
  let stream;
  try {
    stream = await navigator.mediaDevices.getDisplayMedia({ video: PICTURE, audio: false });
  } catch (thrown) {
    problem.value = verdict(thrown);
    return;
  }
  const track = stream.getVideoTracks()[0];
  if (!track) return;
  // Text has to stay legible: a browser that must save drops pictures, not pixels.
  track.contentHint = "detail";
  // By the browser's own "stop sharing", or because the window was closed.
  track.onended = () => { if (screen.value === track) screen.value = null; };
  screen.value?.stop();
  screen.value = track;
}

export function stop() {
  const track = screen.value;
  screen.value = null;
  track?.stop();
}

/**
 * @param {unknown} thrown
 * @returns {string} "" for a choice that was only cancelled
 */
function verdict(thrown) {
  if (!(thrown instanceof DOMException)) return "media.screen";
  const cancelled = thrown.name === "NotAllowedError" || thrown.name === "AbortError";
  // Where the system itself forbids it (macOS), no choice was ever shown.
  return cancelled && !/system/i.test(thrown.message) ? "" : "media.screen";
}
