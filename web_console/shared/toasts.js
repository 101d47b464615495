/** Short messages in a corner: errors as alerts, confirmations as status. */

import { signal } from "@preact/signals";
import { html } from "./html.js";

const SHOWN_MS = 9_000;
const MOST = 4;

/** @typedef {{id: number, text: string, bad: boolean}} Toast */

/** @type {import("@preact/signals").Signal<Toast[]>} */
const toasts = signal([]);
let last_id = 0;

/**
 * @param {string} text
 * @param {{bad?: boolean}} [options]
 */
export function toast(text, { bad = false } = {}) {
  last_id += 1;
  const id = last_id;
  // The same message again replaces the old one: a held key must not fill the screen.
  const others = toasts.value.filter((one) => one.text !== text);
  toasts.value = [...others, { id, text, bad }].slice(-MOST);
  setTimeout(() => dismiss(id), SHOWN_MS);
}

/** @param {number} id */
function dismiss(id) {
  toasts.value = toasts.value.filter((one) => one.id !== id);
}

/** @param {{dismiss_label?: string}} props */
export function Toasts({ dismiss_label = "Dismiss" }) {
  return html`<div class="toasts" data-role="toasts">
    ${toasts.value.map((one) => html`
      <div key=${one.id} class=${one.bad ? "toast" : "toast info"} role=${one.bad ? "alert" : "status"}>
        <p class="grow">${one.text}</p>
        <button class="quiet small icon" data-action="dismiss" aria-label=${dismiss_label} onClick=${() => dismiss(one.id)}>✕</button>
      </div>`)}
  </div>`;
}
