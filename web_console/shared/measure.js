/** The level of a track, measured in this page for as long as the page lives. */

import { peakDb } from "./levels.js";

const SAMPLES = 4096;

/**
 * @param {() => MediaStreamTrack|null} current which track to measure now; asked each time
 * @param {(level_db: number, measuring: boolean) => void} onLevel peak in dBFS, −100 for silence or a disabled track.
 *   `measuring`: the meter works; without any loudspeaker Firefox lets no sound through it, though the studio gets it
 * @param {number} every_ms
 */
export function measureTrack(current, onLevel, every_ms) {
  /** @type {AudioContext|null} */
  let context = null;
  /** @type {MediaStreamTrack|null} */
  let measured = null;
  /** @type {AnalyserNode|null} */
  let analyser = null;
  /** @type {MediaStreamAudioSourceNode|null} */
  let source = null;
  const samples = new Float32Array(SAMPLES);
  setInterval(() => {
    const track = current();
    if (track !== measured) {
      source?.disconnect();
      measured = track;
      analyser = source = null;
      if (track) {
        context ??= new AudioContext();
        analyser = new AnalyserNode(context, { fftSize: SAMPLES });
        source = context.createMediaStreamSource(new MediaStream([track]));
        source.connect(analyser);
      }
    }
    if (context?.state === "suspended") void context.resume();
    analyser?.getFloatTimeDomainData(samples);
    onLevel(analyser && track?.enabled ? peakDb(samples) : -100, analyser !== null && context?.state === "running");
  }, every_ms);
}
