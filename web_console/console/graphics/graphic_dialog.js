/** A graphic: make one of any kind, or change it, while it is on air, too. */

import { useState } from "preact/hooks";
import { Dialog } from "../../shared/dialog.js";
import { html } from "../../shared/html.js";
import { GRAPHIC_KINDS } from "../../shared/kinds.js";
import { languagesOf } from "../sound/channels.js";
import { fields, Refusal } from "../form.js";
import { ALL, ANCHORS, formOf, graphicChange, graphicCommand, has, KINDS, turnedInto, WAYS } from "./graphic_form.js";
import * as model from "../model.js";
import { languageName, t } from "../words/say.js";
import { acceptOf } from "../sources/source_form.js";
import { UploadField } from "../sources/upload_field.js";

/** @typedef {import("./graphic_form.js").GraphicForm} GraphicForm */
/** @typedef {(change: Partial<GraphicForm>) => void} Set */

/** @param {{id: string|null, onClose: () => void}} props id: the graphic to change; null makes one */
export function GraphicDialog({ id, onClose }) {
  const state = model.state.value;
  const [began] = useState(id ? state?.graphics?.[id] : undefined);
  const [form, setForm] = useState(() => formOf(began));
  const [busy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState("");
  if (!state) return null;
  const set = (/** @type {Partial<GraphicForm>} */ change) => setForm((was) => ({ ...was, ...change }));
  /** @param {SubmitEvent} event */
  const submit = async (event) => {
    const filled = { ...form, title: fields(event)("title") };
    const command = id && began ? graphicChange(id, began, filled, Date.now()) : graphicCommand(filled, Date.now());
    const { done, refusal: why } = await model.attempt(command);
    if (done) onClose();
    else setRefusal(why);
  };
  const { kind } = form;
  const texted = has(kind, "text") && !(has(kind, "seat") && form.seat);
  return html`<${Dialog} title=${id ? t("Edit {name}", { name: began?.title || id }) : t("New graphic")} name="graphic" onClose=${onClose}>
    <form class="dialog-form" onSubmit=${submit}>
      ${id ? null : html`<fieldset class="choices graphic-kinds"><legend class="legend">${t("What")}</legend>
        ${KINDS.map((one) => html`<label class="choice" key=${one}><input type="radio" name="kind" value=${one} checked=${kind === one} data-first=${one === kind || undefined}
          onChange=${() => setForm((was) => turnedInto(was, one))} /><span>${t(GRAPHIC_KINDS[one].label)}</span></label>`)}</fieldset>`}
      ${has(kind, "seat") ? html`<label class="field"><span>${t("Of whom")}</span><select name="seat" value=${form.seat} onChange=${(/** @type {any} */ event) => set({ seat: event.currentTarget.value })}>
        <option value="" selected=${!form.seat}>${t("Nobody here: as written below")}</option>
        ${state.order.seats.filter((seat) => state.seats[seat]?.role === "speaker").map((seat) => html`<option key=${seat} value=${seat}
          selected=${seat === form.seat}>${state.seats[seat]?.name || seat}</option>`)}</select></label>` : null}
      ${has(kind, "link") ? html`<label class="field"><span>${t("Link of the code")}</span>
        <input name="link" required maxlength="1000" value=${form.link} placeholder="https://…" autocomplete="off" spellcheck=${false}
          onInput=${(/** @type {any} */ event) => set({ link: event.currentTarget.value })} /></label>` : null}
      ${has(kind, "media") ? html`<${PictureChoice} form=${form} set=${set} onBusy=${setBusy} />` : null}
      ${has(kind, "until") ? html`<${UntilFields} form=${form} set=${set} />` : null}
      ${texted ? html`<${Texts} form=${form} set=${set} languages=${languagesOf(state)} />` : null}
      ${has(kind, "zone") ? html`<label class="field"><span>${t("Time zone; empty for the studio's")}</span>
        <input name="zone" maxlength="64" list="graphic-zones" value=${form.zone} placeholder="Asia/Seoul" autocomplete="off" spellcheck=${false}
          onInput=${(/** @type {any} */ event) => set({ zone: event.currentTarget.value })} />
        <datalist id="graphic-zones">${Intl.supportedValuesOf("timeZone").map((zone) => html`<option key=${zone} value=${zone}></option>`)}</datalist></label>` : null}
      <div class="graphic-place">
        ${has(kind, "anchor") ? html`<fieldset class="anchors"><legend class="legend">${t("Place")}</legend><div class="anchor-grid">
          ${ANCHORS.map(([anchor, word]) => html`<label class="anchor" key=${anchor} title=${t(word)}><input type="radio" name="anchor" value=${anchor} checked=${form.anchor === anchor}
            aria-label=${t(word)} onChange=${() => set({ anchor })} /></label>`)}</div></fieldset>` : null}
        <div class="grow graphic-side">
          <fieldset class="row wrap"><legend class="legend">${t("Shown on")}</legend>
            <label class="row"><input type="checkbox" name="program" checked=${form.program} onChange=${() => set({ program: !form.program })} /><span>${t("Programme")}</span></label>
            <label class="row"><input type="checkbox" name="wall" checked=${form.wall} onChange=${() => set({ wall: !form.wall })} /><span>${t("Wall")}</span></label></fieldset>
          <label class="field"><span>${t("Size: {percent} %", { percent: Math.round(100 * form.size) })}</span>
            <input type="range" name="size" min="0.25" max="4" step="0.05" value=${form.size} onInput=${(/** @type {any} */ event) => set({ size: event.currentTarget.valueAsNumber })} /></label>
          <label class="field"><span>${t("Name in the list; may be empty")}</span><input name="title" maxlength="120" autocomplete="off" value=${form.title}
            data-first=${id ? true : undefined} onInput=${(/** @type {any} */ event) => set({ title: event.currentTarget.value })} /></label>
        </div>
      </div>
      <${Refusal} refusal=${refusal} />
      <div class="dialog-actions">
        <button type="button" data-action="cancel" onClick=${onClose}>${t("Cancel")}</button>
        <button type="submit" class="primary" data-action="save-graphic" disabled=${busy || (kind === "picture" && !form.media)}>${id ? t("Save") : t("Make the graphic")}</button>
      </div>
    </form>
  <//>`;
}

/** All languages first: where a language's own is empty, that is shown. @param {{form: GraphicForm, set: Set, languages: string[]}} props */
function Texts({ form, set, languages }) {
  const subtext = has(form.kind, "subtext");
  const label = { "lower-third": t("Name"), ticker: t("Text"), title: t("Title"), card: t("Title") }[/** @type {string} */ (form.kind)] ?? t("Text beside it");
  const under = form.kind === "lower-third" ? t("Title and organisation") : t("Line below");
  const write = (/** @type {"text"|"subtext"} */ part, /** @type {string} */ tag) => (/** @type {any} */ event) =>
    set({ [part]: { ...form[part], [tag]: event.currentTarget.value } });
  return html`<fieldset class="namings" data-role="texts"><legend class="legend">${subtext ? `${label} · ${under}` : label}</legend>
    ${[ALL, ...languages].map((tag) => {
      const name = tag === ALL ? t("All languages") : languageName(tag);
      return html`<div class=${subtext ? "naming" : "naming one"} key=${tag}><span>${name}</span>
        <input name=${`text-${tag || "all"}`} lang=${tag || undefined} maxlength="500" autocomplete="off" aria-label=${`${label}: ${name}`} placeholder=${tag === ALL ? "" : form.text[ALL] ?? ""}
          value=${form.text[tag] ?? ""} onInput=${write("text", tag)} />
        ${subtext ? html`<input name=${`subtext-${tag || "all"}`} lang=${tag || undefined} maxlength="500" autocomplete="off" aria-label=${`${under}: ${name}`}
          placeholder=${tag === ALL ? "" : form.subtext[ALL] ?? ""} value=${form.subtext[tag] ?? ""} onInput=${write("subtext", tag)} />` : null}</div>`;
    })}</fieldset>`;
}

/** @param {{form: GraphicForm, set: Set, onBusy: (busy: boolean) => void}} props */
function PictureChoice({ form, set, onBusy }) {
  const [fresh, setFresh] = useState(/** @type {Record<string, import("../../shared/types.js").Medium>} */ ({}));
  const stills = Object.entries({ ...fresh, ...model.state.value?.status.media }).filter(([, one]) => one.kind === "still");
  return html`<fieldset class="file-choice"><legend class="legend">${t("Picture")}</legend>
    <select name="media" aria-label=${t("From the media library")} value=${form.media} onChange=${(/** @type {any} */ event) => set({ media: event.currentTarget.value })}>
      <option value="" selected=${!form.media}>${form.kind === "logo" ? t("The theme's logo") : t("From the media library …")}</option>
      ${stills.map(([id, one]) => html`<option key=${id} value=${id} selected=${id === form.media}>${one.name}</option>`)}</select>
    <${UploadField} accept=${acceptOf("still")} label=${t("Upload a file")} onBusy=${onBusy} onDone=${(/** @type {import("../../shared/types.js").Medium} */ medium) => {
      const id = String(medium.id ?? "");
      setFresh({ ...fresh, [id]: medium });
      if (medium.kind === "still") set({ media: id });
    }} /></fieldset>`;
}

/** @param {{form: GraphicForm, set: Set}} props */
function UntilFields({ form, set }) {
  const number = (/** @type {"minutes"|"seconds"} */ name, /** @type {string} */ label, /** @type {number} */ most) => html`<label class="field"><span>${label}</span>
    <input type="number" name=${name} min="0" max=${most} step="1" defaultValue=${String(form[name])}
      onInput=${(/** @type {any} */ event) => { if (event.currentTarget.valueAsNumber >= 0) set({ [name]: event.currentTarget.valueAsNumber }); }} /></label>`;
  return html`<fieldset class="choices"><legend class="legend">${t("Runs")}</legend>
      ${WAYS.map(([how, word]) => html`<label class="choice" key=${how}><input type="radio" name="how" value=${how} checked=${form.how === how}
        onChange=${() => set({ how })} /><span>${t(word)}</span></label>`)}</fieldset>
    ${form.how === "duration" ? html`<div class="columns two">${number("minutes", t("Minutes"), 1440)}${number("seconds", t("Seconds"), 59)}</div>` : null}
    ${form.how === "clock" ? html`<label class="field"><span>${t("Time of day")}</span><input type="time" name="clock" step="1" required value=${form.clock}
      onInput=${(/** @type {any} */ event) => set({ clock: event.currentTarget.value })} /></label>` : null}`;
}
