/** Dialogs about booths and languages: make or edit a booth, invite an interpreter, the event's languages. */

import { useState } from "preact/hooks";
import { Dialog, Question } from "../../shared/dialog.js";
import { html } from "../../shared/html.js";
import { languagesOf, parseLanguages } from "../sound/channels.js";
import { fields, Refusal } from "../form.js";
import * as model from "../model.js";
import { busName, t } from "../words/say.js";

const DAY_S = 86_400;

/** @param {{id: string|null, onClose: () => void}} props id: the booth to edit; null makes a new one */
export function BoothDialog({ id, onClose }) {
  const state = model.state.value;
  const booth = id ? state?.booths?.[id] : undefined;
  const known = state ? languagesOf(state) : [];
  const [chosen, setChosen] = useState(booth?.languages ?? known.slice(0, 2));
  const [refusal, setRefusal] = useState("");
  const [asking, setAsking] = useState(false);
  if (!state) return null;
  /** @param {SubmitEvent} event */
  const submit = async (event) => {
    const content = { title: fields(event)("title"), languages: known.filter((tag) => chosen.includes(tag)) };
    const { done, refusal: why } = await model.attempt(
      id ? { type: "booth.update", booth: id, ...content } : { type: "booth.create", ...content },
    );
    if (done) onClose();
    else setRefusal(why);
  };
  const remove = async () => {
    if (id && (await model.send({ type: "booth.delete", booth: id }))) onClose();
  };
  return html`<${Dialog} title=${id ? t("Edit booth") : t("New booth")} name="booth" onClose=${onClose}>
    <form class="dialog-form" onSubmit=${submit}>
      <label class="field"><span>${t("Title")}</span><input data-first name="title" required maxlength="120" autocomplete="off" defaultValue=${booth?.title ?? ""} /></label>
      <fieldset class="choices"><legend class="legend">${t("Interprets between")}</legend>
        ${known.map((tag) => html`<label class="choice" key=${tag}><input type="checkbox" name="language" value=${tag} checked=${chosen.includes(tag)}
          onChange=${() => setChosen(chosen.includes(tag) ? chosen.filter((one) => one !== tag) : [...chosen, tag])} /><span>${busName(tag)}</span></label>`)}
      </fieldset>
      <p class="hint">${t("Two languages or more. The event's languages are set under “Languages” in the sound panel.")}</p>
      <${Refusal} refusal=${refusal} />
      <div class="dialog-actions">
        ${id ? html`<button type="button" class="danger push" data-action="booth-delete" data-booth=${id} onClick=${() => setAsking(true)}>${t("Delete")}</button>` : null}
        <button type="button" data-action="cancel" onClick=${onClose}>${t("Cancel")}</button>
        <button type="submit" class="primary" data-action="save-booth" disabled=${chosen.length < 2}>${id ? t("Save") : t("Make the booth")}</button>
      </div>
    </form>
    ${asking ? html`<${Question} title=${t("Delete this booth?")} text=${t("Its interpreters keep their links and wait for another booth.")}
      yes=${t("Delete")} no=${t("No")} onYes=${() => void remove()} onClose=${() => setAsking(false)} />` : null}
  <//>`;
}

/** @param {{booth: string, onClose: () => void}} props */
export function InterpreterDialog({ booth, onClose }) {
  const [refusal, setRefusal] = useState("");
  const made = model.state.value?.booths?.[booth];
  const title = made?.title || booth;
  /** @param {SubmitEvent} event */
  const submit = async (event) => {
    const field = fields(event);
    const { done, refusal: why } = await model.attempt({
      type: "seat.create", name: field("name"), role: "interpreter", booth, language: field("language"), ttl_s: Number(field("days")) * DAY_S,
    });
    if (!done) { setRefusal(why); return; }
    const seat = done.events.find((one) => one.type === "seat.created")?.seat;
    model.dialog.value = { name: "link", id: String(seat ?? ""), link: done.result?.link ?? "" };
  };
  return html`<${Dialog} title=${t("Invite an interpreter to {booth}", { booth: title })} name="interpreter" onClose=${onClose}>
    <form class="dialog-form" onSubmit=${submit}>
      <label class="field"><span>${t("Name")}</span><input data-first name="name" required maxlength="80" autocomplete="off" /></label>
      <div class="columns">
        <label class="field"><span>${t("Speaks into")}</span><select name="language">
          ${(made?.languages ?? []).map((tag) => html`<option key=${tag} value=${tag}>${busName(tag)}</option>`)}</select></label>
        <label class="field"><span>${t("Link valid for")}</span><select name="days">
          <option value="1">${t("1 day")}</option><option value="7" selected>${t("7 days")}</option><option value="30">${t("30 days")}</option></select></label>
      </div>
      <${Refusal} refusal=${refusal} />
      <div class="dialog-actions">
        <button type="button" data-action="cancel" onClick=${onClose}>${t("Cancel")}</button>
        <button type="submit" class="primary" data-action="create-interpreter">${t("Make the link")}</button>
      </div>
    </form>
  <//>`;
}

/** @param {{onClose: () => void}} props the event's title and its languages, each with a bus of its own */
export function EventDialog({ onClose }) {
  const state = model.state.value;
  const [typed, setTyped] = useState(() => (state ? languagesOf(state).join(", ") : ""));
  const [refusal, setRefusal] = useState("");
  if (!state) return null;
  const tags = parseLanguages(typed);
  /** @param {SubmitEvent} event */
  const submit = async (event) => {
    const title = fields(event)("title");
    const { done, refusal: why } = await model.attempt({ type: "show.update", ...(title ? { title } : {}), languages: tags });
    if (done) onClose();
    else setRefusal(why);
  };
  return html`<${Dialog} title=${t("Event and languages")} name="event" onClose=${onClose}>
    <form class="dialog-form" onSubmit=${submit}>
      <label class="field"><span>${t("Title of the event")}</span><input name="title" maxlength="120" autocomplete="off" defaultValue=${state.event.title} /></label>
      <label class="field"><span>${t("Languages, as tags: ko, en, ja, zh-Hant")}</span>
        <input data-first name="languages" required maxlength="400" autocomplete="off" spellcheck=${false} value=${typed}
          onInput=${(/** @type {any} */ event) => setTyped(event.currentTarget.value)} /></label>
      <p class="hint" data-role="language-names" aria-live="polite">${t("A bus each: {names}.", { names: tags.map(nameOr).join(", ") || "–" })}</p>
      <${Refusal} refusal=${refusal} />
      <div class="dialog-actions">
        <button type="button" data-action="cancel" onClick=${onClose}>${t("Cancel")}</button>
        <button type="submit" class="primary" data-action="save-event" disabled=${tags.length === 0}>${t("Save")}</button>
      </div>
    </form>
  <//>`;
}

/** @param {string} tag as typed, perhaps half */
function nameOr(tag) {
  const name = busName(tag);
  return name === tag ? tag : `${name} (${tag})`;
}
