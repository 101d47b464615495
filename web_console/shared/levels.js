/** Pure arithmetic of meters and figures. */

/** The lowest level a meter shows, in dBFS. */
export const METER_FLOOR_DB = -60;

/**
 * @param {number} level_db peak in dBFS
 * @returns {number} 0 … 1 of the meter's length; the upper half is the last 20 dB
 */
export function meterFraction(level_db) {
  if (!(level_db > METER_FLOOR_DB)) return 0;
  if (level_db >= 0) return 1;
  return level_db >= -20 ? 1 + level_db / 40 : (0.5 * (level_db - METER_FLOOR_DB)) / (-20 - METER_FLOOR_DB);
}

/**
 * @param {number} level_db
 * @returns {"silent"|"good"|"loud"|"clip"}
 */
export function meterZone(level_db) {
  if (level_db <= METER_FLOOR_DB) return "silent";
  if (level_db < -9) return "good";
  return level_db < -1 ? "loud" : "clip";
}

/**
 * @param {Float32Array} samples full scale is ±1
 * @returns {number} peak in dBFS, −100 for silence
 */
export function peakDb(samples) {
  let peak = 0;
  for (const sample of samples) peak = Math.max(peak, Math.abs(sample));
  return peak < 1e-5 ? -100 : 20 * Math.log10(peak);
}

/**
 * @param {number} bits_per_second
 * @returns {string} `6.0 Mb/s`
 */
export function formatBitrate(bits_per_second) {
  if (bits_per_second >= 999_500) return `${(bits_per_second / 1e6).toFixed(1)} Mb/s`;
  return `${Math.round(bits_per_second / 1000)} kb/s`;
}

/**
 * @param {number} bytes
 * @returns {string} `1.2 GB`
 */
export function formatBytes(bytes) {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${value >= 100 || unit === 0 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/**
 * @param {number} seconds
 * @returns {string} `01:02:03`
 */
export function formatClock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  return [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60]
    .map((part) => String(part).padStart(2, "0"))
    .join(":");
}
