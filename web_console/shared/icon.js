/** The few symbols of the pages, as strokes in the colour of their text. */

import { html } from "./html.js";

/** @type {Record<string, string>} */
const PATHS = {
  microphone: "M12 15a3 3 0 0 0 3-3V6a3 3 0 0 0-6 0v6a3 3 0 0 0 3 3Zm6-3a6 6 0 0 1-12 0M12 18v3",
  "microphone-off": "M12 15a3 3 0 0 0 3-3V6a3 3 0 0 0-6 0v6a3 3 0 0 0 3 3Zm6-3a6 6 0 0 1-12 0M12 18v3M4 3l16 18",
  camera: "M3 7h12v10H3zM15 11l6-4v10l-6-4",
  "camera-off": "M3 7h12v10H3zM15 11l6-4v10l-6-4M3 3l18 18",
  screen: "M3 5h18v11H3zM12 16v4M8 20h8",
  sound: "M4 9v6h4l5 4V5L8 9zM16 9a4 4 0 0 1 0 6M18.500 6.500a8 8 0 0 1 0 11",
};

/** @param {{name: string, size?: number}} props size in pixels */
export function Icon({ name, size = 20 }) {
  return html`<svg class="symbol" viewBox="0 0 24 24" width=${size} height=${size} fill="none" stroke="currentColor"
    stroke-width="2" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true"><path d=${PATHS[name]} /></svg>`;
}
