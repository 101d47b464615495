/** The keys, on one page; and the switch for who works with a screen reader's own keys. */

import { Dialog } from "../shared/dialog.js";
import { html } from "../shared/html.js";
import * as model from "./model.js";

const { t } = model;

/** Which key, and the text that tells what it does. @type {[keys: string[], text: string][]} */
const KEYS = [
  [["space", "C"], "cough"], [["M"], "speak"], [["H"], "handover"], [["D"], "decline"], [["R"], "relay"],
  [["1–9"], "preselect"], [["L"], "language"], [["+", "−"], "volume"], [["S"], "slower"], [["T"], "notes"], [["?"], "help"],
];

export function Help() {
  const close = () => { model.dialog.value = ""; };
  return html`<${Dialog} title=${t("help.title")} name="help" onClose=${close}>
    <dl class="keys">
      ${KEYS.map(([keys, text]) => html`<div key=${text}>
        <dt>${keys.map((key) => html`<kbd key=${key}>${key === "space" ? t("help.space") : key}</kbd>`)}</dt>
        <dd>${t(`help.${text}`)}</dd></div>`)}
    </dl>
    <p class="hint">${t("help.hint")}</p>
    <label class="row"><input type="checkbox" data-role="keys-on" checked=${model.preferences.value.keys}
      onChange=${(/** @type {any} */ event) => model.prefer({ keys: event.currentTarget.checked })} />${t("help.switch")}</label>
    <div class="dialog-actions"><button type="button" class="primary" data-first data-action="close" onClick=${close}>${t("booth.close")}</button></div>
  <//>`;
}
