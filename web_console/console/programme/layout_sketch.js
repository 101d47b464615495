/** Each layout as a small drawing. */

import { html } from "../../shared/html.js";

/** @type {Record<string, number[][]>} x, y, w, h of a 16 × 9 sketch, later ones above */
const SKETCHES = {
  solo: [[0, 0, 16, 9]],
  duo: [[0, 1.5, 7.7, 6], [8.3, 1.5, 7.7, 6]],
  panel: [[0, 0.6, 10.6, 7.8], [11.2, 0.6, 4.8, 2.2], [11.2, 3.4, 4.8, 2.2], [11.2, 6.2, 4.8, 2.2]],
  grid: [[0, 0, 5, 4], [5.5, 0, 5, 4], [11, 0, 5, 4], [0, 5, 5, 4], [5.5, 5, 5, 4], [11, 5, 5, 4]],
  pip: [[0, 0, 16, 9], [10.4, 5.6, 4.8, 2.7]],
  slides: [[0, 0.6, 11.6, 7.8], [12.2, 2.8, 3.8, 3.4]],
  "slides-panel": [[0, 0.6, 11.6, 7.8], [12.2, 0.6, 3.8, 2.2], [12.2, 3.4, 3.8, 2.2], [12.2, 6.2, 3.8, 2.2]],
  keynote: [[0, 0, 16, 9], [1, 1.2, 8.4, 4.8]],
  group: [0, 1, 2].flatMap((row) => [0, 1, 2, 3, 4].map((column) => [0.2 + 3.2 * column, 0.2 + 2.95 * row, 2.8, 2.7])),
  free: [[0.5, 0.5, 9, 5], [6, 3, 9.5, 5.5], [1.6, 6, 3.6, 2.4]],
};

/** @param {{name: string}} props */
export function LayoutSketch({ name }) {
  return html`<svg class="sketch" viewBox="0 0 16 9" width="48" height="27" aria-hidden="true">
    ${(SKETCHES[name] ?? []).map(([x, y, width, height], index) =>
      html`<rect key=${index} x=${x} y=${y} width=${width} height=${height} rx="0.5" fill="currentColor" stroke="#121722" stroke-width="0.4" />`)}
  </svg>`;
}
