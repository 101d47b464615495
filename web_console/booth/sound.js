/** An interpreter's headset: asking for the microphone, choosing microphone and headphones, a test tone. */

import { signal } from "@preact/signals";
import { remember, remembered } from "../shared/media/devices.js";

/** @typedef {import("../shared/media/devices.js").Device} Device */

/** @type {import("@preact/signals").Signal<MediaStreamTrack|null>} */
export const microphone = signal(null);
/** @type {import("@preact/signals").Signal<Device[]>} */
export const microphones = signal([]);
/** @type {import("@preact/signals").Signal<Device[]>} */
export const outputs = signal([]);
/** The output chosen, "" for the system's. */
export const output = signal("");
/** Code of what is wrong with the microphone, "" for nothing. @type {import("@preact/signals").Signal<string>} */
export const problem = signal("");
export const asking = signal(false);
/** The test tone could not be played. */
export const tone_failed = signal(false);

/**
 * A headset needs none of the browser's corrections: each of them cuts into quiet syllables, and the automatic gain
 * lifts breath to the level of speech.
 *
 * @type {MediaTrackConstraints}
 */
const SOUND = { echoCancellation: false, noiseSuppression: false, autoGainControl: false, channelCount: 1 };
const CHOICE_KEY = "studio-headset";
const TONE_HZ = 660;
const TONE_S = 0.8;
/** −20 dBFS: heard, and harmless with the volume turned up. */
const TONE_GAIN = 0.1;

/** Not in Safari, and in Firefox only lately. */
export const can_choose_output = "setSinkId" in HTMLMediaElement.prototype;

export async function ask() {
  if (asking.value) return;
  asking.value = true;
  try {
    const choice = remembered(CHOICE_KEY);
    await open(choice.microphone ? { deviceId: { ideal: choice.microphone } } : {});
    await listDevices();
    if (choice.output && outputs.value.some((one) => one.deviceId === choice.output)) output.value = choice.output;
  } finally {
    asking.value = false;
  }
}

/** @param {MediaTrackConstraints} device */
async function open(device) {
  try {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: { ...SOUND, ...device } });
    const track = stream.getAudioTracks()[0];
    if (!track) return;
    // Whoever coughs while changing the device is still muted.
    track.enabled = microphone.value?.enabled ?? true;
    microphone.value?.stop();
    microphone.value = track;
    problem.value = "";
    track.onended = () => {
      if (microphone.value !== track) return;
      microphone.value = null;
      problem.value = "media.no-microphone";
    };
  } catch (thrown) {
    const name = thrown instanceof DOMException ? thrown.name : "";
    problem.value = name === "NotAllowedError" || name === "SecurityError" ? "media.microphone-denied"
      : name === "NotReadableError" || name === "AbortError" ? "media.busy" : "media.no-microphone";
  }
}

/** @param {string} device_id */
export async function chooseMicrophone(device_id) {
  remember(CHOICE_KEY, { microphone: device_id });
  await open({ deviceId: { exact: device_id } });
}

/** @param {string} device_id "" for the system's */
export function chooseOutput(device_id) {
  remember(CHOICE_KEY, { output: device_id });
  output.value = device_id;
  tone_failed.value = false;
}

async function listDevices() {
  const devices = await navigator.mediaDevices.enumerateDevices();
  /** @param {string} kind */
  const of = (kind) =>
    devices
      .filter((one) => one.kind === kind && one.deviceId)
      .map(({ deviceId, label }, index) => ({ deviceId, label: label || `${index + 1}` }));
  microphones.value = of("audioinput");
  outputs.value = of("audiooutput").filter((one) => one.deviceId !== "default");
}

export function watchDevices() {
  navigator.mediaDevices.addEventListener("devicechange", () => void listDevices());
}

/** @returns {string} the name of the output that plays, as far as it is known */
export function outputLabel() {
  return outputs.value.find((one) => one.deviceId === output.value)?.label ?? "";
}

/**
 * Lets an element play on the chosen output. A device that has gone is no reason for silence: then the system's.
 *
 * @param {HTMLMediaElement} element
 * @param {string} device_id
 * @returns {Promise<boolean>} false if it plays elsewhere
 */
export async function routeTo(element, device_id) {
  if (!can_choose_output) return device_id === "";
  try {
    await element.setSinkId(device_id);
    return true;
  } catch {
    await element.setSinkId("").catch(() => {});
    return false;
  }
}

/** A short tone on the chosen output, so that one hears where the sound will be. */
export async function playTone() {
  const context = new AudioContext();
  const element = new Audio();
  try {
    const gain = new GainNode(context, { gain: 0 });
    const tone = new OscillatorNode(context, { frequency: TONE_HZ });
    const sink = context.createMediaStreamDestination();
    tone.connect(gain).connect(sink);
    // Faded, or it would click in the ears.
    const start_s = context.currentTime + 0.1;
    gain.gain.setTargetAtTime(TONE_GAIN, start_s, 0.01);
    gain.gain.setTargetAtTime(0, start_s + TONE_S, 0.02);
    element.srcObject = sink.stream;
    tone_failed.value = !(await routeTo(element, output.value));
    await element.play();
    tone.start(start_s);
    tone.stop(start_s + TONE_S + 0.2);
    await new Promise((resolve) => { tone.onended = resolve; });
  } catch {
    tone_failed.value = true;
  } finally {
    element.srcObject = null;
    void context.close();
  }
}

export function release() {
  const track = microphone.value;
  microphone.value = null;
  track?.stop();
}
