/** How places are filled by who speaks: what the choice changes, how soon, and who is never chosen. */

import { useState } from "preact/hooks";
import { Dialog } from "../../shared/dialog.js";
import { html } from "../../shared/html.js";
import { toggled } from "../programme/compose.js";
import { fields, Refusal } from "../form.js";
import * as model from "../model.js";
import { speakerChange, speakers } from "../programme/onair.js";
import { t } from "../words/say.js";

/** @param {{onClose: () => void}} props */
export function SpeakerDialog({ onClose }) {
  const state = model.state.value;
  const [was] = useState(() => state?.auto_speaker ?? null);
  const [form, setForm] = useState(was);
  const [refusal, setRefusal] = useState("");
  if (!state || !was || !form) return null;
  const people = speakers(state);
  const name = (/** @type {string} */ id) => state.seats[id]?.name || id;
  /** @param {SubmitEvent} event */
  const submit = async (event) => {
    const field = fields(event);
    const ms = (/** @type {string} */ of) => Math.round(1000 * Number(field(of)));
    const command = speakerChange(was, { ...form, hold_ms: ms("hold"), least_ms: ms("least"), exclude: form.exclude.filter((id) => people.includes(id)) });
    if (!command) { onClose(); return; }
    const { done, refusal: why } = await model.attempt(command);
    if (done) onClose();
    else setRefusal(why);
  };
  return html`<${Dialog} title=${t("Automatic choice of who speaks")} name="speaker" onClose=${onClose}>
    <form class="dialog-form" onSubmit=${submit}>
      <p class="hint">${t("It fills the places of a scene that are set to “Who speaks”.")}</p>
      <fieldset class="choices"><legend class="legend">${t("The choice changes")}</legend>
        <label class="choice"><input data-first type="radio" name="to" value="preview" checked=${form.to === "preview"} onChange=${() => setForm({ ...form, to: "preview" })} />
          <span>${t("What is in preview: you take it")}</span></label>
        <label class="choice"><input type="radio" name="to" value="program" checked=${form.to === "program"} onChange=${() => setForm({ ...form, to: "program" })} />
          <span>${t("What is on air, by itself")}</span></label>
      </fieldset>
      <div class="columns">
        <label class="field"><span>${t("Speaks for, in seconds")}</span>
          <input type="number" name="hold" required min="0.2" max="10" step="0.1" defaultValue=${String(was.hold_ms / 1000)} /></label>
        <label class="field"><span>${t("Stays at least, in seconds")}</span>
          <input type="number" name="least" required min="0" max="60" step="0.1" defaultValue=${String(was.least_ms / 1000)} /></label>
        <label class="field"><span>${t("Always")}</span><select name="pin" value=${form.pin} onChange=${(/** @type {any} */ event) => setForm({ ...form, pin: event.currentTarget.value })}>
          <option value="">${t("By voice")}</option>
          ${people.map((id) => html`<option key=${id} value=${id}>${name(id)}</option>`)}</select></label>
      </div>
      ${people.length === 0 ? null : html`<fieldset><legend class="legend">${t("Never chosen")}</legend><div class="people" data-role="excluded">
        ${people.map((id) => html`<label class="person" key=${id} data-excluded=${id}><input type="checkbox" checked=${form.exclude.includes(id)}
          onChange=${() => setForm({ ...form, exclude: toggled(form.exclude, id) })} /><span>${name(id)}</span></label>`)}
      </div></fieldset>`}
      <${Refusal} refusal=${refusal} />
      <div class="dialog-actions">
        <button type="button" data-action="cancel" onClick=${onClose}>${t("Cancel")}</button>
        <button type="submit" class="primary" data-action="save-speaker">${t("Save")}</button>
      </div>
    </form>
  <//>`;
}
