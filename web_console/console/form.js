/** What all forms of the console share. */

import { html } from "../shared/html.js";

/**
 * @param {SubmitEvent} event
 * @returns {(name: string) => string} a field's trimmed value
 */
export function fields(event) {
  event.preventDefault();
  const data = new FormData(/** @type {HTMLFormElement} */ (event.currentTarget));
  return (name) => String(data.get(name) ?? "").trim();
}

/** @param {{refusal: string}} props */
export function Refusal({ refusal }) {
  return refusal ? html`<p class="note bad" role="alert" data-role="refusal">${refusal}</p>` : null;
}
