/** A new destination: what it is, where it goes, which picture and which sound it carries. */

import { useState } from "preact/hooks";
import { Dialog } from "../shared/dialog.js";
import { html } from "../shared/html.js";
import { busesOf } from "./channels.js";
import { fields, Refusal } from "./form.js";
import * as model from "./model.js";
import { EXAMPLES, KINDS, outputCommand, RENDITIONS, severalBuses } from "./output_form.js";
import { busName, t } from "./say.js";

/** @param {{onClose: () => void}} props */
export function OutputDialog({ onClose }) {
  const [refusal, setRefusal] = useState("");
  const [kind, setKind] = useState(/** @type {import("./output_form.js").Kind} */ ("stream"));
  const [chosen, setChosen] = useState(["floor"]);
  const state = model.state.value;
  if (!state) return null;
  const buses = busesOf(state);
  /** @param {SubmitEvent} event */
  const submit = async (event) => {
    const field = fields(event);
    const { done, refusal: why } = await model.attempt(outputCommand({
      kind, output: field("output"), url: field("url"), backup: field("backup"), rendition: field("rendition"), bus: field("bus"),
      buses: buses.filter((bus) => chosen.includes(bus)),
    }));
    if (done) onClose();
    else setRefusal(why);
  };
  const several = severalBuses(kind);
  return html`<${Dialog} title=${t("Add an output")} name="output" onClose=${onClose}>
    <form class="dialog-form" onSubmit=${submit}>
      <fieldset class="choices"><legend class="legend">${t("What")}</legend>
        ${KINDS.map(([value, label]) => html`<label class="choice" key=${value}><input type="radio" name="kind" value=${value} checked=${kind === value}
          onChange=${() => setKind(value)} /><span>${t(label)}</span></label>`)}
      </fieldset>
      <label class="field"><span>${t("Short name")}</span><input data-first name="output" maxlength="64" pattern="[A-Za-z0-9][A-Za-z0-9_.\\-]*"
        title=${t("Letters, digits, dot, hyphen and underscore")} placeholder=${EXAMPLES[kind]} autocomplete="off" /></label>
      ${kind === "stream" ? html`<label class="field"><span>${t("Address with stream key")}</span>
        <input name="url" type="password" required maxlength="2048" placeholder="rtmps://…" autocomplete="off" spellcheck=${false} />
        <span class="hint">${t("It is not shown again: the key stays in the studio.")}</span></label>
      <label class="field"><span>${t("Backup address, fed at the same time (may be empty)")}</span>
        <input name="backup" type="password" maxlength="2048" placeholder="rtmps://…" autocomplete="off" spellcheck=${false} /></label>` : null}
      ${kind === "udp" ? html`<label class="field"><span>${t("Address")}</span>
        <input name="url" required maxlength="2048" placeholder="udp://host:port" autocomplete="off" spellcheck=${false} /></label>` : null}
      ${kind === "seats" ? html`<p class="hint">${t("One file a seat, without transcoding, on the programme's clock.")}</p>` : html`<div class="columns">
        <label class="field"><span>${t("Picture")}</span><select name="rendition">
          ${RENDITIONS.map(([value, label]) => html`<option key=${value} value=${value}>${t(label)}</option>`)}</select></label>
        ${several ? null : html`<label class="field"><span>${t("Sound")}</span><select name="bus">
          ${buses.map((bus) => html`<option key=${bus} value=${bus}>${busName(bus)}</option>`)}</select></label>`}
      </div>`}
      ${several ? html`<fieldset class="choices"><legend class="legend">${t("Sound, a track each")}</legend>
        ${buses.map((bus) => html`<label class="choice" key=${bus}><input type="checkbox" name="buses" value=${bus} checked=${chosen.includes(bus)}
          onChange=${() => setChosen(chosen.includes(bus) ? chosen.filter((one) => one !== bus) : [...chosen, bus])} /><span>${busName(bus)}</span></label>`)}
      </fieldset>` : null}
      <${Refusal} refusal=${refusal} />
      <div class="dialog-actions">
        <button type="button" data-action="cancel" onClick=${onClose}>${t("Cancel")}</button>
        <button type="submit" class="primary" data-action="create-output" disabled=${several && chosen.length === 0}>${t("Add")}</button>
      </div>
    </form>
  <//>`;
}
