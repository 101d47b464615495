/** A figure to type. What is half typed stays as it is, though the page is drawn again four times a second. */

import { useEffect, useState } from "preact/hooks";
import { html } from "../shared/html.js";

/**
 * @param {{value: number, min: number, max: number, step: number, label: string, onSet: (value: number) => void,
 *   disabled?: boolean, [attribute: string]: unknown}} props onSet: with what lies between min and max; else the old comes back
 */
export function NumberField({ value, min, max, step, label, onSet, disabled = false, ...more }) {
  const [typed, setTyped] = useState(/** @type {string|null} */ (null));
  useEffect(() => setTyped(null), [value]);
  return html`<input type="number" ...${more} min=${min} max=${max} step=${step} value=${typed ?? String(value)} aria-label=${label} disabled=${disabled}
    onInput=${(/** @type {any} */ event) => setTyped(event.currentTarget.value)}
    onChange=${(/** @type {any} */ event) => {
      const asked = event.currentTarget.valueAsNumber;
      // Not the nearest that is allowed: "45" for "4.5" must not become the loudest there is.
      if (asked >= min && asked <= max) onSet(asked);
      else setTyped(null);
    }}
    onBlur=${() => setTyped(null)} />`;
}
