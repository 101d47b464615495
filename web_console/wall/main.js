/**
 * The LED wall: one picture, edge to edge, no controls. It never gives up: a wall has nobody beside it to press
 * a button. A press anywhere (or the space bar) turns the sound on and off; it starts muted.
 */

import { keepAwake, play } from "../shared/play.js";
import { Peer } from "../shared/media/rtc.js";
import { sessionName, tabClient } from "../shared/session.js";

/** How long a refused wall (its link expired, say) waits before it asks again. */
const REFUSED_RETRY_MS = 5_000;

const WORDS = {
  idle: "Connecting", connecting: "Connecting", reconnecting: "Reconnecting", closed: "Disconnected",
  connected: "Connected", refused: "This wall's link is no longer valid",
};

const video = /** @type {HTMLVideoElement} */ (document.querySelector('[data-role="wall"]'));
const dot = /** @type {HTMLElement} */ (document.querySelector('[data-role="link"] span'));

let sound = false;

/** @param {import("../shared/media/rtc.js").PeerState} state */
function show(state) {
  // While it reconnects, the wall is black: a frozen face would be worse.
  document.body.dataset.link = state;
  dot.textContent = WORDS[state];
}

async function toggleSound() {
  sound = !sound;
  video.muted = !sound;
  document.body.dataset.sound = String(sound);
  await video.play().catch(() => {});
}

async function main() {
  show("connecting");
  const peer = new Peer({
    kind: "wall",
    as: sessionName("wall"),
    client: await tabClient(),
    onState(state) {
      show(state);
      if (state === "refused") setTimeout(() => peer.start(), REFUSED_RETRY_MS);
    },
    onStream: (stream) => void play(video, stream, { sound }),
  });
  document.addEventListener("click", () => void toggleSound());
  document.addEventListener("keydown", (event) => {
    if (event.code === "Space" && !event.repeat) void toggleSound();
  });
  keepAwake();
  peer.start();
}

void main();
