/** What the desk does to one source: delay, high-pass, gate, leveller, compressor. */

import { useState } from "preact/hooks";
import { Dialog } from "../../shared/dialog.js";
import { html } from "../../shared/html.js";
import { channels, stripCommand, stripForm, typedForm } from "./channels.js";
import { fields, Refusal } from "../form.js";
import * as model from "../model.js";
import { t } from "../words/say.js";

/** @typedef {import("./channels.js").StripForm} StripForm */

/** @param {{source: string, onClose: () => void}} props source: `seat/<id>` or `source/<id>` */
export function StripDialog({ source, onClose }) {
  const state = model.state.value;
  const channel = state ? channels(state).find((one) => one.key === source) : undefined;
  const [form, setForm] = useState(() => stripForm(channel?.strip ?? {}));
  const [refusal, setRefusal] = useState("");
  const [fresh, setFresh] = useState(0);
  const set = (/** @type {Partial<StripForm>} */ change) => setForm({ ...form, ...change });
  /** @param {SubmitEvent} event */
  const submit = async (event) => {
    const field = fields(event);
    const { done, refusal: why } = await model.attempt(stripCommand(source, typedForm(form, field)));
    if (done) onClose();
    else setRefusal(why);
  };
  /**
   * @param {keyof StripForm} name
   * @param {string} label
   * @param {string} unit
   * @param {[number, number, number]} range lowest, highest, step
   * @param {boolean} off
   */
  const number = (name, label, unit, [min, max, step], off) => html`<label class="strip-number"><span class="unseen">${label}</span>
    <input type="number" name=${name} min=${min} max=${max} step=${step} required defaultValue=${form[name]} disabled=${off} aria-label=${label} /><span class="soft">${unit}</span></label>`;
  /**
   * @param {"highpass"|"gate"|"leveller"|"compressor"} name
   * @param {string} label
   */
  const check = (name, label) => html`<label class="strip-part"><input type="checkbox" name=${name} checked=${form[name]}
    onChange=${() => set({ [name]: !form[name] })} /><span>${label}</span></label>`;
  return html`<${Dialog} title=${t("Filters of {name}", { name: channel?.name ?? source })} name="strip" onClose=${onClose}>
    <form class="dialog-form strip-form" key=${fresh} onSubmit=${submit}>
      <div class="strip-row"><span class="strip-part">${t("Delay")}</span>${number("delay_ms", t("Delay in milliseconds"), "ms", [0, 500, 1], false)}
        <span class="hint">${t("0 – 500: brings the sound to a late picture.")}</span></div>
      <div class="strip-row">${check("highpass", t("High-pass"))}${number("highpass_hz", t("High-pass in hertz"), "Hz", [20, 400, 1], !form.highpass)}
        <span class="hint">${t("Takes rumble and hum away.")}</span></div>
      <div class="strip-row">${check("gate", t("Gate"))}${number("gate_db", t("Gate in decibels"), "dB", [-99, 0, 1], !form.gate)}
        <span class="hint">${t("Shuts below this level.")}</span></div>
      <div class="strip-row">${check("leveller", t("Leveller"))}<span></span>
        <span class="hint">${t("Brings the voice slowly to −23 LUFS.")}</span></div>
      <div class="strip-row">${check("compressor", t("Compressor"))}${number("compressor_db", t("Compressor's threshold in decibels"), "dB", [-60, -1, 1], !form.compressor)}
        ${number("ratio", t("Compressor's ratio"), ": 1", [1, 20, 0.5], !form.compressor)}</div>
      <${Refusal} refusal=${refusal} />
      <div class="dialog-actions">
        <button type="button" class="push" data-action="strip-off" onClick=${() => { setForm(stripForm({})); setFresh(fresh + 1); }}>${t("All off")}</button>
        <button type="button" data-action="cancel" onClick=${onClose}>${t("Cancel")}</button>
        <button type="submit" class="primary" data-action="save-strip">${t("Save")}</button>
      </div>
    </form>
  <//>`;
}
