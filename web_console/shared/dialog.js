/** A modal dialog: the browser's own, which holds the focus and closes with Escape. */

import { useLayoutEffect, useRef } from "preact/hooks";
import { html } from "./html.js";

/**
 * @param {{title: string, onClose: () => void, children?: any, name: string}} props
 */
export function Dialog({ title, onClose, children, name }) {
  const ref = useRef(/** @type {HTMLDialogElement|null} */ (null));
  // With the page, not after it: a key that follows at once is for the dialog.
  useLayoutEffect(() => {
    const dialog = ref.current;
    if (!dialog) return undefined;
    dialog.showModal();
    const first = /** @type {HTMLElement|null} */ (dialog.querySelector("[data-first]"));
    first?.focus();
    return () => dialog.close();
  }, []);
  return html`<dialog ref=${ref} data-role=${`dialog-${name}`} aria-labelledby=${`dialog-${name}-title`}
      onClose=${(/** @type {Event} */ event) => {
        // One that was taken away reports its closing late, when another may be open in its place.
        if (event.target === ref.current && ref.current?.isConnected) onClose();
      }}>
    <div class="dialog-body">
      <h2 id=${`dialog-${name}-title`}>${title}</h2>
      ${children}
    </div>
  </dialog>`;
}

/**
 * A question before something that can't be taken back. "No" has the focus: Enter does no harm.
 *
 * @param {{title: string, text: string, yes: string, no?: string, onYes: () => void, onClose: () => void}} props
 */
export function Question({ title, text, yes, no = "No", onYes, onClose }) {
  return html`<${Dialog} title=${title} name="question" onClose=${onClose}>
    <p class="soft">${text}</p>
    <div class="dialog-actions">
      <button data-first type="button" data-action="no" onClick=${onClose}>${no}</button>
      <button type="button" class="danger" data-action="yes" onClick=${() => { onClose(); onYes(); }}>${yes}</button>
    </div>
  <//>`;
}
