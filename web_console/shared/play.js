/**
 * Plays a stream in an element, with sound if the browser allows it without a gesture, else muted.
 *
 * @param {HTMLVideoElement} video
 * @param {MediaStream} stream
 * @param {{sound: boolean}} options
 * @returns {Promise<"sound"|"muted">} `muted` although sound was wanted: a press on the page is needed
 */
export async function play(video, stream, { sound }) {
  if (video.srcObject !== stream) video.srcObject = stream;
  video.muted = !sound;
  try {
    await video.play();
  } catch (thrown) {
    if (sound && thrown instanceof DOMException && thrown.name === "NotAllowedError") {
      video.muted = true;
      await video.play().catch(() => {});
      return "muted";
    }
    // Another stream took this one's place before it began: its own call to play() tells how that went.
  }
  return video.muted ? "muted" : "sound";
}

/**
 * Keeps the screen on for as long as the page is looked at; does nothing where the browser can't.
 */
export function keepAwake() {
  const ask = () => {
    if (document.visibilityState === "visible") navigator.wakeLock?.request("screen").catch(() => {});
  };
  document.addEventListener("visibilitychange", ask);
  ask();
}
