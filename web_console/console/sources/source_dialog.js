/** A source that is no person: make one of any kind, or change it. */

import { useState } from "preact/hooks";
import { Dialog } from "../../shared/dialog.js";
import { html } from "../../shared/html.js";
import { PATTERNS, SOURCE_KINDS } from "../../shared/kinds.js";
import { accountOf } from "../sessions/account.js";
import { fields, Refusal } from "../form.js";
import { kindWord, soundChoices } from "./material.js";
import { mediumLine } from "./media_library.js";
import * as model from "../model.js";
import { t } from "../words/say.js";
import { AccountFields, SecretField } from "../outputs/secret_field.js";
import { acceptOf, formOf, has, KINDS, sourceChange, sourceCommand, titleOf } from "./source_form.js";
import { UploadField } from "./upload_field.js";

/** @typedef {import("./source_form.js").SourceForm} SourceForm */

/** @param {{id: string|null, onClose: () => void}} props id: the source to change; null makes one */
export function SourceDialog({ id, onClose }) {
  const state = model.state.value;
  const source = id ? state?.sources[id] : undefined;
  const [form, setForm] = useState(() => formOf(source));
  const [began] = useState(source);
  const [busy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState("");
  if (!state) return null;
  const set = (/** @type {Partial<SourceForm>} */ change) => setForm((was) => ({ ...was, ...change }));
  /** @param {SubmitEvent} event */
  const submit = async (event) => {
    const field = fields(event);
    const filled = { ...form, title: field("title"), url: field("url"), ...accountOf(event) };
    const { done, refusal: why } = await model.attempt(id && began ? sourceChange(id, began, filled) : sourceCommand(filled));
    if (!done) { setRefusal(why); return; }
    const made = done.events.find((one) => one.type === "source.created")?.source;
    onClose();
    if (!id && SOURCE_KINDS[form.kind].published) model.showPublishing(String(made ?? ""), done.result);
  };
  const { kind } = form;
  return html`<${Dialog} title=${id ? t("Edit {name}", { name: began?.title || id }) : t("Add a source")} name="source" onClose=${onClose}>
    <form class="dialog-form" onSubmit=${submit}>
      ${id ? null : html`<fieldset class="choices"><legend class="legend">${t("What")}</legend>
        ${KINDS.map((one) => html`<label class="choice" key=${one}><input type="radio" name="kind" value=${one} checked=${kind === one} disabled=${busy}
          onChange=${() => set({ kind: one, media: "", sounds: "" })} /><span>${kindWord(one)}</span></label>`)}
      </fieldset>
      <p class="hint">${t(SOURCE_KINDS[kind].hint)}</p>`}
      ${!id && has(kind, "media") ? html`<${FileChoice} form=${form} set=${set} onBusy=${setBusy} />` : null}
      ${has(kind, "url") ? html`<${SecretField} name="url" label=${t(id ? "New address" : "Address")} required=${!id} maxlength=${2048} placeholder="rtsp://… · rtmp://…"
          hint=${t(id ? "Leave it empty to keep the one there is, with its account." : "It is not shown again: what is secret in it stays in the studio.")} />
        <${AccountFields} hint=${t("Where the camera or the server asks for an account: any characters, and not shown again.")} />` : null}
      ${has(kind, "insecure") ? html`<${Tick} name="insecure" form=${form} set=${set} label=${t("Take any certificate: nobody knows then who sends (rtmps, rtsps)")} />` : null}
      ${has(kind, "pattern") ? html`<label class="field"><span>${t("Pattern")}</span><select name="pattern" value=${form.pattern}
          onChange=${(/** @type {any} */ event) => set({ pattern: event.currentTarget.value })}>
          ${Object.entries(PATTERNS).map(([value, word]) => html`<option key=${value} value=${value} selected=${value === form.pattern}>${t(word)}</option>`)}</select></label>` : null}
      ${has(kind, "tone") ? html`<${Tick} name="tone" form=${form} set=${set} label=${t("With a tone of 1 kHz at −18 dBFS")} />` : null}
      <label class="field"><span>${t("Title")}</span><input data-first name="title" required maxlength="120" autocomplete="off"
        value=${form.title || (has(kind, "pattern") && !id ? t("Colour bars") : "")} onInput=${(/** @type {any} */ event) => set({ title: event.currentTarget.value })} /></label>
      ${has(kind, "in_s") ? html`<${ClipFields} form=${form} set=${set} medium=${state.status.media?.[form.media]} />` : null}
      ${has(kind, "presenter") ? html`<label class="field"><span>${t("Presenter: turns the pages on the own page, too")}</span>
        <select name="presenter" value=${form.presenter} onChange=${(/** @type {any} */ event) => set({ presenter: event.currentTarget.value })}>
          <option value="" selected=${!form.presenter}>${t("No presenter")}</option>
          ${state.order.seats.filter((seat) => state.seats[seat]?.role === "speaker").map((seat) => html`<option key=${seat} value=${seat}
            selected=${seat === form.presenter}>${state.seats[seat]?.name || seat}</option>`)}</select></label>` : null}
      <${Refusal} refusal=${refusal} />
      <div class="dialog-actions">
        <button type="button" data-action="cancel" onClick=${onClose}>${t("Cancel")}</button>
        <button type="submit" class="primary" data-action="save-source" disabled=${busy || (!id && has(kind, "media") && !form.media)}>${id ? t("Save") : t("Add")}</button>
      </div>
    </form>
  <//>`;
}

/** @typedef {(change: Partial<SourceForm>) => void} Set */

/** @param {{name: "tone"|"insecure"|"loop"|"auto_play"|"auto_take", form: SourceForm, set: Set, label: string}} props */
function Tick({ name, form, set, label }) {
  return html`<label class="row"><input type="checkbox" name=${name} checked=${form[name]} onChange=${() => set({ [name]: !form[name] })} /><span>${label}</span></label>`;
}

/**
 * One from the library, or a new one. A file of another kind makes a source of its kind.
 *
 * @param {{form: SourceForm, set: Set, onBusy: (busy: boolean) => void}} props
 */
function FileChoice({ form, set, onBusy }) {
  const [fresh, setFresh] = useState(/** @type {Record<string, import("../../shared/types.js").Medium>} */ ({}));
  const { kind, media } = form;
  // A file that has just come may be in the answer before it is in the state.
  const known = Object.entries({ ...fresh, ...model.state.value?.status.media }).filter(([, one]) => one.kind === kind);
  /**
   * @param {import("../../shared/types.js").Medium} medium
   * @param {string} file_name
   */
  const came = (medium, file_name) => {
    const id = String(medium.id ?? "");
    setFresh({ ...fresh, [id]: medium });
    set({ kind: medium.kind, media: id, sounds: "", ...(form.title ? {} : { title: titleOf(file_name) }) });
  };
  const chosen = known.find(([id]) => id === media)?.[1];
  return html`<fieldset class="file-choice"><legend class="legend">${t("File")}</legend>
    ${known.length > 0 ? html`<select name="media" aria-label=${t("From the media library")} value=${media}
        onChange=${(/** @type {any} */ event) => {
          const id = event.currentTarget.value;
          const name = known.find(([one]) => one === id)?.[1].name ?? "";
          set({ media: id, sounds: "", ...(form.title ? {} : { title: titleOf(name) }) });
        }}>
      <option value="" selected=${!media}>${t("From the media library …")}</option>
      ${known.map(([id, one]) => html`<option key=${id} value=${id} selected=${id === media}>${one.name}</option>`)}</select>` : null}
    <${UploadField} accept=${acceptOf(kind)} label=${t("Upload a file")} onDone=${came} onBusy=${onBusy} />
    ${chosen ? html`<p class="hint figures" role="status" data-role="chosen-file">${chosen.name} · ${mediumLine(chosen)}</p>` : null}
  </fieldset>`;
}

/** @param {{form: SourceForm, set: Set, medium: import("../../shared/types.js").Medium|undefined}} props */
function ClipFields({ form, set, medium }) {
  const duration_s = medium?.duration_s || 0;
  const sounds = medium ? soundChoices(medium, form.sounds) : [];
  const seconds = (/** @type {"in_s"|"out_s"} */ name, /** @type {string} */ label) => html`<label class="field"><span>${label}</span>
    <input type="number" name=${name} min="0" max=${duration_s || 86_400} step="any" defaultValue=${String(form[name])}
      onInput=${(/** @type {any} */ event) => { if (event.currentTarget.valueAsNumber >= 0) set({ [name]: event.currentTarget.valueAsNumber }); }} /></label>`;
  return html`<div class="columns two">${seconds("in_s", t("Begins at, in seconds"))}${seconds("out_s", t("Ends at, in seconds; 0: its end"))}</div>
    ${sounds.length > 0 ? html`<label class="field"><span>${t("Sound track")}</span><select name="sounds" value=${form.sounds}
        onChange=${(/** @type {any} */ event) => set({ sounds: event.currentTarget.value })}>
      ${sounds.map(({ value, text }) => html`<option key=${value} value=${value} selected=${value === form.sounds}>${text}</option>`)}</select></label>` : null}
    <${Tick} name="loop" form=${form} set=${set} label=${t("Plays again and again")} />
    <${Tick} name="auto_play" form=${form} set=${set} label=${t("Begins at its in point when its scene is taken")} />
    <${Tick} name="auto_take" form=${form} set=${set} label=${t("At its end, on air, what is in preview is taken")} />`;
}
