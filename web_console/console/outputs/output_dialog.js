/** A destination, new or to change while it is stopped: what it is, where it goes, which picture and which sound it carries. */

import { useState } from "preact/hooks";
import { Dialog } from "../../shared/dialog.js";
import { html } from "../../shared/html.js";
import { OUTPUT_KINDS } from "../../shared/kinds.js";
import { accountOf } from "../sessions/account.js";
import { busesOf } from "../sound/channels.js";
import { fields, Refusal } from "../form.js";
import * as model from "../model.js";
import {
  accountIsAlone, addressOf, changedAddress, kindOf, KINDS, outputChange, outputCommand, RENDITIONS, serverOf, severalBuses,
} from "./output_form.js";
import { busName, t } from "../words/say.js";
import { AccountFields, SecretField } from "./secret_field.js";
import { outputName } from "../words/text.js";

/** @param {{id: string|null, onClose: () => void}} props id: the output to change; null makes a new one */
export function OutputDialog({ id, onClose }) {
  const state = model.state.value;
  const output = id ? state?.outputs[id] : undefined;
  const [refusal, setRefusal] = useState("");
  const [kind, setKind] = useState(output ? kindOf(output) : "stream");
  const [chosen, setChosen] = useState(output?.buses ?? ["floor"]);
  const [backup_off, setBackupOff] = useState(false);
  if (!state) return null;
  const buses = busesOf(state);
  /** @param {SubmitEvent} event */
  const submit = async (event) => {
    const field = fields(event);
    const first = changedAddress(output?.url ?? "", field("url"), field("key"));
    // Platforms take the same key at both: a new backup gets the first's where it has none of its own.
    const second = changedAddress(output?.backup ?? "", field("backup"), field("backup_key"));
    const backup = second.url ? addressOf(field("backup"), field("backup_key") || field("key")) : "";
    const form = {
      kind, output: id ?? "", title: field("output"), rendition: field("rendition"), bus: field("bus"),
      ...(kind === "udp" ? { url: field("url") } : first), backup, backup_key: second.key,
      buses: buses.filter((bus) => chosen.includes(bus)), ...accountOf(event),
    };
    if (id && accountIsAlone(form)) {
      setRefusal(t("User and password go with the address: type its key again, too."));
      return;
    }
    const { done, refusal: why } = await model.attempt(id ? outputChange(form, backup_off) : outputCommand(form));
    if (done) onClose();
    else setRefusal(why);
  };
  const several = severalBuses(kind);
  const unchanged = output ? t("unchanged") : "";
  return html`<${Dialog} title=${id ? t("Change {name}", { name: outputName(id, output) }) : t("Add an output")} name="output" onClose=${onClose}>
    <form class="dialog-form" onSubmit=${submit}>
      ${id ? null : html`<fieldset class="choices"><legend class="legend">${t("What")}</legend>
        ${KINDS.map((value) => html`<label class="choice" key=${value}><input type="radio" name="kind" value=${value} checked=${kind === value}
          onChange=${() => setKind(value)} /><span>${t(OUTPUT_KINDS[value].label)}</span></label>`)}
      </fieldset>
      `}
      <label class="field"><span>${t("Name")}</span><input data-first name="output" maxlength="120" defaultValue=${output?.title ?? ""}
        placeholder=${id ?? OUTPUT_KINDS[kind].example} autocomplete="off" /></label>
      ${OUTPUT_KINDS[kind].account ? html`<label class="field"><span>${t("Server")}</span>
        <input name="url" required maxlength="2048" placeholder="rtmps://host/app" defaultValue=${serverOf(output?.url)} autocomplete="off" spellcheck=${false} /></label>
      <${SecretField} name="key" label=${t("Stream key")} placeholder=${unchanged} hint=${t("It is not shown again: the key stays in the studio.")} />
      <label class="field"><span>${t("Backup server, fed at the same time (may be empty)")}</span>
        <input name="backup" maxlength="2048" placeholder="rtmps://host/app" defaultValue=${serverOf(output?.backup)} disabled=${backup_off} autocomplete="off" spellcheck=${false} /></label>
      <${SecretField} name="backup_key" label=${t("Backup's stream key, where it is another one")} placeholder=${output?.backup ? unchanged : ""} disabled=${backup_off} />
      ${output?.backup ? html`<label class="row"><input type="checkbox" name="backup_off" checked=${backup_off} onChange=${() => setBackupOff(!backup_off)} />
        <span>${t("No backup any more")}</span></label>` : null}
      <${AccountFields} hint=${t("Only for servers that ask for an account. Both go with the addresses typed here, and are not shown again.")} />` : null}
      ${kind === "udp" ? html`<label class="field"><span>${t("Address")}</span>
        <input name="url" required maxlength="2048" placeholder="udp://host:port" defaultValue=${output?.url ?? ""} autocomplete="off" spellcheck=${false} /></label>` : null}
      ${kind === "seats" ? html`<p class="hint">${t("One file a seat, without transcoding, on the programme's clock.")}</p>` : html`<div class="columns">
        <label class="field"><span>${t("Picture")}</span><select name="rendition">
          ${RENDITIONS.map(([value, label]) => html`<option key=${value} value=${value} selected=${value === output?.rendition}>${t(label)}</option>`)}</select></label>
        ${several ? null : html`<label class="field"><span>${t("Sound")}</span><select name="bus">
          ${buses.map((bus) => html`<option key=${bus} value=${bus} selected=${bus === output?.bus}>${busName(bus)}</option>`)}</select></label>`}
      </div>`}
      ${several ? html`<fieldset class="choices"><legend class="legend">${t("Sound, a track each")}</legend>
        ${buses.map((bus) => html`<label class="choice" key=${bus}><input type="checkbox" name="buses" value=${bus} checked=${chosen.includes(bus)}
          onChange=${() => setChosen(chosen.includes(bus) ? chosen.filter((one) => one !== bus) : [...chosen, bus])} /><span>${busName(bus)}</span></label>`)}
      </fieldset>` : null}
      <${Refusal} refusal=${refusal} />
      <div class="dialog-actions">
        <button type="button" data-action="cancel" onClick=${onClose}>${t("Cancel")}</button>
        <button type="submit" class="primary" data-action=${id ? "save-output" : "create-output"} disabled=${several && chosen.length === 0}>${id ? t("Save") : t("Add")}</button>
      </div>
    </form>
  <//>`;
}
