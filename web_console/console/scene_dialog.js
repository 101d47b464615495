/** New scene, or an existing one: its title, layout, and who is seen. */

import { useState } from "preact/hooks";
import { Dialog, Question } from "../shared/dialog.js";
import { html } from "../shared/html.js";
import { canvasesOf, capacity, formOf, LAYOUTS, toggled } from "./compose.js";
import { Refusal } from "./form.js";
import * as model from "./model.js";
import { t } from "./say.js";

/** @param {{id: string|null, onClose: () => void}} props id: the scene to edit; null makes a new one */
export function SceneDialog({ id, onClose }) {
  const state = model.state.value;
  const scene = id ? state?.scenes[id] : undefined;
  const [form, setForm] = useState(() => formOf(scene));
  const [refusal, setRefusal] = useState("");
  const [asking, setAsking] = useState(false);
  if (!state) return null;
  const set = (/** @type {Partial<typeof form>} */ change) => setForm({ ...form, ...change });
  const speakers = state.order.seats.filter((one) => state.seats[one]?.role === "speaker");
  const people = [
    ...speakers.flatMap((one) => {
      const name = state.seats[one]?.name || one;
      const shares = state.status.seats[one]?.screen !== undefined;
      return [
        { key: `seat/${one}`, name, kind: state.seats[one]?.title ?? "" },
        { key: `screen/${one}`, name: t("{name} — screen", { name }), kind: shares ? t("shared now") : t("not shared now") },
      ];
    }),
    ...state.order.sources.map((one) => ({ key: `source/${one}`, name: state.sources[one]?.title || one, kind: state.sources[one]?.kind ?? "" })),
  ];
  const most = capacity(form.layout);
  const voices = people.filter(({ key }) => !key.startsWith("screen/"));
  /** @param {SubmitEvent} event */
  const submit = async (event) => {
    event.preventDefault();
    const content = { title: form.title.trim(), canvases: canvasesOf(form, scene), audio: { follow: form.follow, sources: form.heard.filter((key) => voices.some((one) => one.key === key)) } };
    const { done, refusal: why } = await model.attempt(
      id ? { type: "scene.update", scene: id, ...content } : { type: "scene.create", ...content },
    );
    if (done) onClose();
    else setRefusal(why);
  };
  const remove = async () => {
    if (id && (await model.send({ type: "scene.delete", scene: id }))) onClose();
  };
  return html`<${Dialog} title=${id ? t("Edit scene") : t("New scene")} name="scene" onClose=${onClose}>
    <form class="dialog-form" onSubmit=${submit}>
      <label class="field"><span>${t("Title")}</span><input data-first name="title" required maxlength="120" autocomplete="off" value=${form.title}
        onInput=${(/** @type {any} */ event) => set({ title: event.currentTarget.value })} /></label>
      <fieldset class="choices layouts"><legend class="legend">${t("Layout of the programme")}</legend>
        ${LAYOUTS.map(([name, label]) => html`<label class="choice" key=${name}>
          <input type="radio" name="layout" value=${name} checked=${form.layout === name} onChange=${() => set({ layout: name })} />
          <${LayoutSketch} name=${name} /><span>${t(label)}</span></label>`)}
      </fieldset>
      <fieldset class="choices"><legend class="legend">${t("Who is seen")}</legend>
        <label class="choice"><input type="radio" name="who" value="everyone" checked=${form.everyone} onChange=${() => set({ everyone: true })} />
          <span>${t("Everyone on stage")}</span></label>
        <label class="choice"><input type="radio" name="who" value="chosen" checked=${!form.everyone} onChange=${() => set({ everyone: false })} />
          <span>${t("Chosen, in this order")}</span></label>
      </fieldset>
      ${form.everyone ? null : html`<fieldset class="people" data-role="places"><legend class="unseen">${t("Places")}</legend>
        ${people.length === 0 ? html`<p class="empty">${t("Nobody is invited yet.")}</p>` : null}
        ${people.map(({ key, name, kind }) => {
          const place = form.places.indexOf(key);
          return html`<label class="person" key=${key} data-place=${key}>
            <input type="checkbox" checked=${place >= 0} disabled=${place < 0 && form.places.length >= most}
              onChange=${() => set({ places: toggled(form.places, key) })} />
            <span class="who"><strong class="clip">${name}</strong><span class="soft clip">${kind}</span></span>
            ${place >= 0 ? html`<span class="badge figures">${place + 1}</span>` : null}</label>`;
        })}
      </fieldset>`}
      <label class="field"><span>${t("Wall")}</span>
        <select name="wall" value=${form.wall} onChange=${(/** @type {any} */ event) => set({ wall: event.currentTarget.value })}>
          <option value="">${t("As the programme")}</option>
          ${LAYOUTS.map(([name, label]) => html`<option key=${name} value=${name}>${t(label)}</option>`)}
        </select></label>
      <fieldset class="choices"><legend class="legend">${t("Who is heard")}</legend>
        <label class="choice"><input type="radio" name="follow" value="yes" checked=${form.follow} onChange=${() => set({ follow: true })} />
          <span>${t("Who is seen, and who is ticked")}</span></label>
        <label class="choice"><input type="radio" name="follow" value="no" checked=${!form.follow} onChange=${() => set({ follow: false })} />
          <span>${t("Only who is ticked")}</span></label>
      </fieldset>
      ${voices.length === 0 ? null : html`<fieldset class="people" data-role="heard"><legend class="unseen">${t("Heard besides")}</legend>
        ${voices.map(({ key, name }) => html`<label class="person" key=${key} data-heard=${key}>
          <input type="checkbox" checked=${form.heard.includes(key)} onChange=${() => set({ heard: toggled(form.heard, key) })} /><span>${name}</span></label>`)}
      </fieldset>`}
      <${Refusal} refusal=${refusal} />
      <div class="dialog-actions">
        ${id ? html`<button type="button" class="danger push" data-action="scene-delete" data-scene=${id} onClick=${() => setAsking(true)}>${t("Delete")}</button>` : null}
        <button type="button" data-action="cancel" onClick=${onClose}>${t("Cancel")}</button>
        <button type="submit" class="primary" data-action="save-scene">${id ? t("Save") : t("Make the scene")}</button>
      </div>
    </form>
    ${asking ? html`<${Question} title=${t("Delete this scene?")} text=${t("It disappears from the list for good.")} yes=${t("Delete")} no=${t("No")}
      onYes=${() => void remove()} onClose=${() => setAsking(false)} />` : null}
  <//>`;
}

/** @type {Record<string, number[][]>} x, y, w, h of a 16 × 9 sketch */
const SKETCHES = {
  grid: [[0, 0, 5, 4], [5.5, 0, 5, 4], [11, 0, 5, 4], [0, 5, 5, 4], [5.5, 5, 5, 4], [11, 5, 5, 4]],
  solo: [[0, 0, 16, 9]],
  duo: [[0, 1.5, 7.700, 6], [8.300, 1.5, 7.700, 6]],
};

/** @param {{name: string}} props */
function LayoutSketch({ name }) {
  return html`<svg class="sketch" viewBox="0 0 16 9" width="48" height="27" fill="currentColor" aria-hidden="true">
    ${(SKETCHES[name] ?? []).map(([x, y, width, height], index) => html`<rect key=${index} x=${x} y=${y} width=${width} height=${height} rx="0.6" />`)}
  </svg>`;
}
