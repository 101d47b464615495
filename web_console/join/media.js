/** Camera and microphone: asking for them, choosing them, turning the camera off, measuring the sound. */

import { signal } from "@preact/signals";
import { remember, remembered } from "../shared/media/devices.js";
import { measureTrack } from "../shared/measure.js";

/** @typedef {import("../shared/media/devices.js").Device} Device */

/** @type {import("@preact/signals").Signal<MediaStreamTrack|null>} */
export const camera = signal(null);
/** @type {import("@preact/signals").Signal<MediaStreamTrack|null>} */
export const microphone = signal(null);
/** @type {import("@preact/signals").Signal<Device[]>} */
export const cameras = signal([]);
/** @type {import("@preact/signals").Signal<Device[]>} */
export const microphones = signal([]);
/** Peak of the last moment, in dBFS. */
export const level_db = signal(-100);
/** The meter works: without any loudspeaker Firefox lets no sound through it, though the studio gets it. */
export const measuring = signal(false);
/** @type {import("@preact/signals").Signal<boolean>} */
export const asking = signal(false);
/** Codes of what is missing: `media.denied`, `media.no-camera` … @type {import("@preact/signals").Signal<string>} */
export const problem = signal("");

/** @type {MediaTrackConstraints} */
const PICTURE = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30, max: 30 } };
/** @type {MediaTrackConstraints} */
const SOUND = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };

const CHOICE_KEY = "studio-devices";
const METER_EVERY_MS = 80;

/**
 * Asks for both, then for either alone: one broken device must not keep a guest from joining with the other.
 */
export async function ask() {
  if (asking.value) return;
  asking.value = true;
  try {
    const choice = remembered(CHOICE_KEY);
    const picture = { ...PICTURE, ...(choice.camera ? { deviceId: { ideal: choice.camera } } : {}) };
    const sound = { ...SOUND, ...(choice.microphone ? { deviceId: { ideal: choice.microphone } } : {}) };
    const both = await get({ video: picture, audio: sound });
    if (both.stream) {
      take(both.stream);
      problem.value = "";
    } else {
      // In this order: on a refusal the browser remembers, so no second question follows.
      const alone = await get({ audio: sound });
      const seen = await get({ video: picture });
      if (alone.stream) take(alone.stream);
      if (seen.stream) take(seen.stream);
      problem.value = verdict(alone.error, seen.error);
    }
    await listDevices();
  } finally {
    asking.value = false;
  }
}

/**
 * @param {string} sound_error   name of the DOMException, "" when there is a microphone
 * @param {string} picture_error
 * @returns {string} code for the dictionary, "" when all is well
 */
function verdict(sound_error, picture_error) {
  const busy = (/** @type {string} */ name) => name === "NotReadableError" || name === "AbortError";
  const denied = (/** @type {string} */ name) => name === "NotAllowedError" || name === "SecurityError";
  if (sound_error && picture_error) {
    if (denied(sound_error) || denied(picture_error)) return "media.denied";
    return busy(sound_error) || busy(picture_error) ? "media.busy" : "media.none";
  }
  if (picture_error) {
    if (busy(picture_error)) return "media.busy";
    return denied(picture_error) ? "media.camera-denied" : "media.no-camera";
  }
  if (sound_error) {
    if (busy(sound_error)) return "media.busy";
    return denied(sound_error) ? "media.microphone-denied" : "media.no-microphone";
  }
  return "";
}

/**
 * @param {MediaStreamConstraints} constraints
 * @returns {Promise<{stream: MediaStream|null, error: string}>}
 */
async function get(constraints) {
  try {
    return { stream: await navigator.mediaDevices.getUserMedia(constraints), error: "" };
  } catch (thrown) {
    return { stream: null, error: thrown instanceof DOMException ? thrown.name : "Error" };
  }
}

/** @param {MediaStream} stream */
function take(stream) {
  for (const track of stream.getTracks()) {
    const holder = track.kind === "video" ? camera : microphone;
    if (track.kind === "audio") track.enabled = holder.value?.enabled ?? true;
    holder.value?.stop();
    holder.value = track;
    // A device pulled out mid-call: forget it, so that the page says so and can ask again.
    track.onended = () => {
      if (holder.value !== track) return;
      holder.value = null;
      problem.value = track.kind === "video" ? "media.no-camera" : "media.no-microphone";
    };
  }
}

async function listDevices() {
  const devices = await navigator.mediaDevices.enumerateDevices();
  /** @param {string} kind */
  const of = (kind) =>
    devices
      .filter((one) => one.kind === kind && one.deviceId)
      .map(({ deviceId, label }, index) => ({ deviceId, label: label || `${index + 1}` }));
  cameras.value = of("videoinput");
  microphones.value = of("audioinput");
}

export function watchDevices() {
  navigator.mediaDevices.addEventListener("devicechange", () => void listDevices());
}

/**
 * @param {"camera"|"microphone"} which
 * @param {string} device_id
 */
export async function choose(which, device_id) {
  remember(CHOICE_KEY, { [which]: device_id });
  const device = { deviceId: { exact: device_id } };
  // Some systems can't open a second device of a kind while the first is open.
  if (which === "camera") camera.value?.stop();
  const { stream, error } = await get(
    which === "camera" ? { video: { ...PICTURE, ...device } } : { audio: { ...SOUND, ...device } },
  );
  if (stream) {
    take(stream);
    problem.value = "";
  } else {
    problem.value = which === "camera" ? verdict("", error) : verdict(error, "");
  }
}

/** The camera's light goes out: a picture that is only blanked would not be trusted. */
export function stopCamera() {
  const track = camera.value;
  camera.value = null;
  track?.stop();
}

export async function startCamera() {
  const choice = remembered(CHOICE_KEY);
  const { stream, error } = await get({
    video: { ...PICTURE, ...(choice.camera ? { deviceId: { ideal: choice.camera } } : {}) },
  });
  if (stream) take(stream);
  problem.value = verdict("", error);
}

export function release() {
  for (const holder of [camera, microphone]) {
    const track = holder.value;
    holder.value = null;
    track?.stop();
  }
}

/** Measures whatever microphone is chosen, for as long as the page lives. */
export function measure() {
  measureTrack(() => microphone.value, (measured_db, works) => {
    level_db.value = measured_db;
    measuring.value = works;
  }, METER_EVERY_MS);
}
