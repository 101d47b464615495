/** The keys, and what each does. */

import { Dialog } from "../shared/dialog.js";
import { html } from "../shared/html.js";
import { t } from "./words/say.js";

/** @returns {[keys: string, what: string][]} */
const keys = () => [
  ["1 – 9", t("The scene goes to preview")],
  ["Space", t("CUT: preview and programme change places at once")],
  ["Enter", t("AUTO: the same by the transition that is set")],
  ["U / Ctrl+Z", t("Undo: what was on air before the last take")],
  ["F8", t("Panic slate, at once and silent, wherever the focus is; once more asks whether it shall go")],
  ["Page Up / Down", t("Slides: the page before, the next one")],
  ["Esc", t("Takes the focus out of a field, so that the keys are for the programme again")],
  ["T", t("Held: talk to everybody")],
  ["← → ↑ ↓", t("On the T-bar: the transition by hand; Home is back, End takes")],
  ["← → ↑ ↓", t("On a free rectangle: moves it; with Shift sizes it; with Alt in small steps; Page Up and Page Down bring it to the front and back")],
];

/** @param {{onClose: () => void}} props */
export function HelpDialog({ onClose }) {
  return html`<${Dialog} title=${t("Keys")} name="help" onClose=${onClose}>
    <p class="hint">${t("But for the slate, keys do nothing while somebody types or a dialog is open.")}</p>
    <dl class="keys">${keys().map(([key, what]) => html`<div key=${what}><dt><kbd>${key}</kbd></dt><dd>${what}</dd></div>`)}</dl>
    <div class="dialog-actions"><button data-first data-action="close" onClick=${onClose}>${t("Done")}</button></div>
  <//>`;
}
