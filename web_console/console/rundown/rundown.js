/** The rundown: what comes when, what is on, and the step to the next. */

import { useState } from "preact/hooks";
import { Dialog } from "../../shared/dialog.js";
import { html } from "../../shared/html.js";
import { clockOf, freshId, moved, nextCue, plannedAt, withCue } from "./cues.js";
import { fields, Refusal } from "../form.js";
import * as model from "../model.js";
import { t } from "../words/say.js";

/** @typedef {import("../../shared/types.js").Cue} Cue */

const go = (/** @type {string|null} */ cue) => void model.send({ type: "rundown.go", cue });

export function Rundown() {
  const state = model.state.value;
  if (!state) return null;
  const cues = state.rundown ?? [];
  const next = nextCue(cues, state.cue);
  return html`<section class="panel rundown" aria-labelledby="rundown-title" data-role="rundown">
    <div class="panel-head">
      <h2 id="rundown-title">${t("Rundown")}</h2>
      <div class="grow"></div>
      ${model.can_direct.value ? html`
        <button class="small good" data-action="cue-next" disabled=${next === null} title=${t("The cue's scene goes into the preview")} onClick=${() => void model.send({ type: "rundown.next" })}>${t("Next cue")}</button>
        <button class="small" data-action="cue-none" disabled=${!state.cue} onClick=${() => go(null)}>${t("No cue")}</button>
        <button class="small" data-action="cue-new" onClick=${() => { model.dialog.value = { name: "cue" }; }}>${t("Add")}</button>` : null}
    </div>
    <div class="panel-body" tabindex="0" role="group" aria-label=${t("Rundown")}>
      ${cues.length === 0 ? html`<p class="empty">${t("Nothing is planned yet. “Add” makes the first cue.")}</p>` : null}
      <ol aria-label=${t("Rundown")}>${cues.map((cue) => html`<${CueRow} key=${cue.cue} cue=${cue} cues=${cues} on=${state.cue === cue.cue} />`)}</ol>
    </div>
  </section>`;
}

/** @param {{cue: Cue, cues: Cue[], on: boolean}} props */
function CueRow({ cue, cues, on }) {
  const state = model.state.value;
  const title = cue.title || cue.cue;
  const people = (cue.people ?? []).map((id) => state?.seats[id]?.name || id).join(", ");
  const set = (/** @type {Cue[]} */ list) => void model.send({ type: "rundown.set", cues: list });
  return html`<li class="cue" data-role="cue" data-cue=${cue.cue} data-on=${String(on)} aria-current=${on ? "step" : undefined}>
    <span class="figures cue-time">${clockOf(cue.planned) || "–"}</span>
    <p class="who"><strong class="clip">${title}</strong>
      <span class="soft clip">${[cue.scene ? model.sceneTitle(cue.scene) : "", people, cue.duration_s ? t("{minutes} min", { minutes: Math.round(cue.duration_s / 60) }) : ""].filter(Boolean).join(" · ")}</span></p>
    ${on ? html`<span class="badge program">${t("On")}</span>` : null}
    ${model.can_direct.value ? html`<div class="seat-buttons">
      ${on ? null : html`<button class="small" data-action="cue-go" data-cue=${cue.cue} aria-label=${t("Go to {title}", { title })} onClick=${() => go(cue.cue)}>${t("Go")}</button>`}
      <button class="small icon quiet" data-action="cue-up" data-cue=${cue.cue} aria-label=${t("{title} up", { title })} disabled=${cues[0] === cue} onClick=${() => set(moved(cues, cue.cue, -1))}>↑</button>
      <button class="small icon quiet" data-action="cue-down" data-cue=${cue.cue} aria-label=${t("{title} down", { title })} disabled=${cues.at(-1) === cue} onClick=${() => set(moved(cues, cue.cue, 1))}>↓</button>
      <button class="small icon quiet" data-action="cue-edit" data-cue=${cue.cue} aria-label=${t("Edit {title}", { title })}
        onClick=${() => { model.dialog.value = { name: "cue", id: cue.cue }; }}>✎</button>
    </div>` : null}
  </li>`;
}

/** @param {{id: string|null, onClose: () => void}} props id: the cue to edit; null makes a new one */
export function CueDialog({ id, onClose }) {
  const state = model.state.value;
  const cues = state?.rundown ?? [];
  const cue = cues.find((one) => one.cue === id);
  const [people, setPeople] = useState(cue?.people ?? []);
  const [refusal, setRefusal] = useState("");
  if (!state) return null;
  const set = async (/** @type {Cue[]} */ list) => {
    const { done, refusal: why } = await model.attempt({ type: "rundown.set", cues: list });
    if (done) onClose();
    else setRefusal(why);
  };
  /** @param {SubmitEvent} event */
  const submit = (event) => {
    const field = fields(event);
    const day_ms = cue?.planned ? cue.planned * 1000 : Date.now();
    void set(withCue(cues, {
      cue: cue?.cue ?? freshId(cues), title: field("title"), planned: plannedAt(field("planned"), day_ms),
      duration_s: Math.round(60 * Number(field("minutes"))), scene: field("scene"), people,
    }));
  };
  const speakers = state.order.seats.filter((one) => state.seats[one]?.role === "speaker");
  return html`<${Dialog} title=${id ? t("Edit cue") : t("New cue")} name="cue" onClose=${onClose}>
    <form class="dialog-form" onSubmit=${submit}>
      <label class="field"><span>${t("Title")}</span><input data-first name="title" required maxlength="120" autocomplete="off" defaultValue=${cue?.title ?? ""} /></label>
      <div class="columns">
        <label class="field"><span>${t("Begins at")}</span><input type="time" name="planned" defaultValue=${clockOf(cue?.planned)} /></label>
        <label class="field"><span>${t("Minutes")}</span><input type="number" name="minutes" min="0" max="1440" step="1" defaultValue=${String(Math.round((cue?.duration_s ?? 0) / 60) || "")} /></label>
        <label class="field"><span>${t("Scene")}</span><select name="scene" defaultValue=${cue?.scene ?? ""}>
          <option value="" selected=${!cue?.scene}>${t("None")}</option>
          ${state.order.scenes.map((one) => html`<option key=${one} value=${one} selected=${cue?.scene === one}>${model.sceneTitle(one)}</option>`)}</select></label>
      </div>
      ${speakers.length === 0 ? null : html`<fieldset><legend class="legend">${t("People")}</legend><div class="people">
        ${speakers.map((one) => html`<label class="person" key=${one}><input type="checkbox" name="person" value=${one} checked=${people.includes(one)}
          onChange=${() => setPeople(people.includes(one) ? people.filter((other) => other !== one) : [...people, one])} /><span>${state.seats[one]?.name || one}</span></label>`)}
      </div></fieldset>`}
      <${Refusal} refusal=${refusal} />
      <div class="dialog-actions">
        ${id ? html`<button type="button" class="danger push" data-action="cue-delete" onClick=${() => void set(cues.filter((one) => one.cue !== id))}>${t("Delete")}</button>` : null}
        <button type="button" data-action="cancel" onClick=${onClose}>${t("Cancel")}</button>
        <button type="submit" class="primary" data-action="save-cue">${id ? t("Save") : t("Add")}</button>
      </div>
    </form>
  <//>`;
}
