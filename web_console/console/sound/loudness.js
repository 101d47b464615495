/** Pure: how fast a meter falls, and loudness in figures and words. */

import { t } from "../words/say.js";

/** 20 dB in 1.7 s, as a peak programme meter falls (IEC 60268-10, type I). */
const FALL_DB_PER_MS = 20 / 1_700;
/** Under the absolute gate of ITU-R BS.1770-4 nothing counts as sound. */
const GATE_LUFS = -70;
/** Deviations that count as met, and as nearly met (EBU R 128: ±1 LU for live programmes). */
const MET_LU = 1;
const NEAR_LU = 3;
/** Highest true peak a bus may have. */
const MAX_TRUE_PEAK_DBTP = -1;

/**
 * @param {number} shown_db what the meter shows
 * @param {number} level_db the newest peak
 * @param {number} elapsed_ms since it showed that
 * @returns {number} what it shows next: up at once, down slowly
 */
export function fall(shown_db, level_db, elapsed_ms) {
  return Math.max(level_db, shown_db - FALL_DB_PER_MS * Math.max(0, elapsed_ms));
}

/**
 * @param {number|undefined} value LUFS, dBTP or dB
 * @returns {string} `−23.1` with a real minus sign; `–` for silence
 */
export function figure(value) {
  if (value === undefined || !(value > GATE_LUFS)) return "–";
  return value.toFixed(1).replace("-", "−");
}

/**
 * @param {number} value dB
 * @returns {string} `+3.5 dB`
 */
export function decibels(value) {
  return `${value > 0 ? "+" : ""}${value.toFixed(1).replace("-", "−")} dB`;
}

/**
 * @param {number|undefined} integrated LUFS
 * @param {number} target_lufs
 * @returns {{level: "none"|"good"|"warn"|"bad", text: string}} text says it without the colour
 */
export function deviation(integrated, target_lufs) {
  if (integrated === undefined || !(integrated > GATE_LUFS)) return { level: "none", text: t("Nothing measured yet") };
  const lu = integrated - target_lufs;
  const size = Math.abs(lu);
  const values = { lu: size.toFixed(1) };
  if (size <= MET_LU) return { level: "good", text: t("On target") };
  return {
    level: size <= NEAR_LU ? "warn" : "bad",
    text: lu > 0 ? t("{lu} LU too loud", values) : t("{lu} LU too quiet", values),
  };
}

/**
 * @param {number|undefined} true_peak dBTP
 * @returns {boolean} whether it went over what a bus may have; a tenth for rounding
 */
export function overPeak(true_peak) {
  return (true_peak ?? GATE_LUFS) > MAX_TRUE_PEAK_DBTP + 0.1;
}

/** @type {Record<string, string>} what is wrong with a sound, and what to do about it */
const SOUND_PROBLEMS = {
  "sound.dc": "Its sound is shifted (DC): switch on the high-pass; the device or its cable is faulty.",
  "sound.hum": "It hums: set the high-pass to 120 Hz; ask to unplug the charger or to change the cable.",
  "sound.clipping": "It is overdriven: ask to turn the microphone's own level down; gain here cannot mend it.",
  "sound.broken": "Its sound cannot be played: ask to reload the page.",
  "sound.zeros": "It sends pure silence: the browser has lost the microphone. Ask to reload the page.",
};

/**
 * @param {string|undefined} code
 * @returns {string} "" for what is no problem of sound
 */
export function soundProblem(code) {
  if (!code?.startsWith("sound.")) return "";
  const text = SOUND_PROBLEMS[code];
  return text ? t(text) : code;
}
