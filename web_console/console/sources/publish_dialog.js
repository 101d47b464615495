/** Where a WHIP publisher sends to: address and token, shown once, with what to set in the usual programs. */

import { useRef } from "preact/hooks";
import { Dialog } from "../../shared/dialog.js";
import { html } from "../../shared/html.js";
import { toast } from "../../shared/toasts.js";
import * as model from "../model.js";
import { recipes } from "./publishing.js";
import { t } from "../words/say.js";

/** @param {{id: string, url: string, token: string, onClose: () => void}} props */
export function PublishDialog({ id, url, token, onClose }) {
  const name = model.state.value?.sources[id]?.title || id;
  return html`<${Dialog} title=${t("Send to {name}", { name })} name="publish" onClose=${onClose}>
    <p class="soft">${t("Shown only now. Whoever has the token sends this picture; “New token” makes another.")}</p>
    <${Copied} name="publish-url" label=${t("Address (WHIP)")} text=${url} first />
    <${Copied} name="publish-token" label=${t("Token (Bearer)")} text=${token} />
    ${recipes(url, token).map(({ program, how, text }) => html`<details key=${program} data-role="recipe" data-program=${program}><summary>${program}</summary>
      ${how ? html`<p class="hint">${t(how)}</p>` : null}
      ${text ? html`<${Copied} name=${`publish-${program.toLowerCase()}`} label=${t("Command for {program}", { program })} text=${text} long />` : null}</details>`)}
    <div class="dialog-actions"><button data-action="close" onClick=${onClose}>${t("Done")}</button></div>
  <//>`;
}

/** @param {{name: string, label: string, text: string, first?: boolean, long?: boolean}} props */
function Copied({ name, label, text, first = false, long = false }) {
  const ref = useRef(/** @type {HTMLInputElement|HTMLTextAreaElement|null} */ (null));
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      toast(t("Copied."));
    } catch {
      // No clipboard on a plain-http address: select the text for the keyboard.
      ref.current?.select();
      toast(t("Press Ctrl+C to copy the selected text."));
    }
  };
  const select = (/** @type {any} */ event) => event.currentTarget.select();
  return html`<div class="copied"><label class="field"><span>${label}</span>
      ${long ? html`<textarea ref=${ref} readonly rows="5" spellcheck=${false} data-role=${name} value=${text} onFocus=${select}></textarea>`
        : html`<input ref=${ref} readonly data-role=${name} value=${text} onFocus=${select} />`}</label>
    <button type="button" class=${first ? "primary" : ""} data-first=${first || undefined} data-action="copy" data-what=${name} aria-label=${`${t("Copy")}: ${label}`} onClick=${copy}>${t("Copy")}</button></div>`;
}
