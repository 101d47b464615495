/** New scene, or an existing one: its title, its canvases, and who is heard. */

import { useState } from "preact/hooks";
import { Dialog, Question } from "../../shared/dialog.js";
import { html } from "../../shared/html.js";
import { ofSeat, ofSource } from "../../shared/names.js";
import { CanvasFields } from "./canvas_fields.js";
import { canvasesOf, formOf, toggled } from "./compose.js";
import { Refusal } from "../form.js";
import * as model from "../model.js";
import { speakers } from "./onair.js";
import { t } from "../words/say.js";

/** Enter in a figure takes the figure, and doesn't send the form half made. */
function keepFigure(/** @type {KeyboardEvent} */ event) {
  if (event.key !== "Enter" || !(event.target instanceof HTMLInputElement) || event.target.type !== "number") return;
  event.preventDefault();
  event.target.blur();
}

/** @param {{id: string|null, onClose: () => void}} props id: the scene to edit; null makes a new one */
export function SceneDialog({ id, onClose }) {
  const state = model.state.value;
  const scene = id ? state?.scenes[id] : undefined;
  const [form, setForm] = useState(() => formOf(scene));
  const [refusal, setRefusal] = useState("");
  const [asking, setAsking] = useState(false);
  const [canvas, setCanvas] = useState(/** @type {"program"|"wall"} */ ("program"));
  if (!state) return null;
  const set = (/** @type {Partial<typeof form>} */ change) => setForm({ ...form, ...change });
  const voices = [
    ...speakers(state).map((one) => ({ key: ofSeat(one), name: state.seats[one]?.name || one })),
    ...state.order.sources.map((one) => ({ key: ofSource(one), name: state.sources[one]?.title || one })),
  ];
  /** @param {SubmitEvent} event */
  const submit = async (event) => {
    event.preventDefault();
    const content = { title: form.title.trim(), canvases: canvasesOf(form), audio: { follow: form.follow, sources: form.heard.filter((key) => voices.some((one) => one.key === key)) } };
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
    <form class="dialog-form" onSubmit=${submit} onKeyDown=${keepFigure}>
      <label class="field"><span>${t("Title")}</span><input data-first name="title" required maxlength="120" autocomplete="off" value=${form.title}
        onInput=${(/** @type {any} */ event) => set({ title: event.currentTarget.value })} /></label>
      <div class="row" role="group" aria-label=${t("Canvas")}>
        ${/** @type {const} */ ([["program", t("Programme")], ["wall", t("Wall")]]).map(([name, word]) => html`<button type="button" key=${name} class="small scene-canvas"
          data-action="scene-canvas" data-canvas=${name} aria-pressed=${canvas === name} onClick=${() => setCanvas(name)}>${word}</button>`)}
        ${canvas === "wall" ? html`<label class="row"><input type="checkbox" name="wall-own" checked=${form.wall !== null}
          onChange=${() => set({ wall: form.wall ? null : { ...form.program } })} /><span>${t("The wall has its own composition")}</span></label>` : null}
      </div>
      ${canvas === "program" ? html`<${CanvasFields} key="program" canvas="program" form=${form.program} onChange=${(/** @type {typeof form.program} */ program) => set({ program })} />`
        : form.wall ? html`<${CanvasFields} key="wall" canvas="wall" form=${form.wall} onChange=${(/** @type {typeof form.program} */ wall) => set({ wall })} />`
        : html`<p class="empty">${t("The wall shows the same as the programme, laid out for its own shape.")}</p>`}
      <fieldset class="choices"><legend class="legend">${t("Who is heard")}</legend>
        <label class="choice"><input type="radio" name="follow" value="yes" checked=${form.follow} onChange=${() => set({ follow: true })} />
          <span>${t("Who is seen, and who is ticked")}</span></label>
        <label class="choice"><input type="radio" name="follow" value="no" checked=${!form.follow} onChange=${() => set({ follow: false })} />
          <span>${t("Only who is ticked")}</span></label>
      </fieldset>
      ${voices.length === 0 ? null : html`<fieldset class="people short" data-role="heard"><legend class="unseen">${t("Heard besides")}</legend>
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
