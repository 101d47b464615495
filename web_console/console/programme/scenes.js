/** The scenes as buttons: a press sets the preview; the words say what is on air and what comes next. */

import { html } from "../../shared/html.js";
import * as model from "../model.js";
import { tallyOf } from "./onair.js";
import { t } from "../words/say.js";
import { SpeakerStrip } from "../people/speaker_strip.js";
import { sceneLine } from "../words/text.js";

export function Scenes() {
  const state = model.state.value;
  if (!state) return null;
  const ids = state.order.scenes.filter((id) => state.scenes[id]);
  return html`<section class="panel scenes" aria-labelledby="scenes-title" data-role="scenes">
    <div class="panel-head">
      <h2 id="scenes-title">${t("Scenes")}</h2>
      <span class="soft hint clip scenes-hint">${t("a press or a digit sets the preview")}</span>
      <div class="grow"></div>
      <${SpeakerStrip} />
      ${model.can_direct.value ? html`<button class="small" data-action="scene-new"
        onClick=${() => { model.dialog.value = { name: "scene" }; }}>${t("New scene")}</button>` : null}
    </div>
    ${ids.length === 0 ? html`<p class="empty">${model.can_direct.value ? t("No scene yet. A scene says who is seen, and how: make the first with “New scene”.") : t("No scene yet. A scene says who is seen, and how.")}</p>` : null}
    <ul class="scene-list" tabindex=${ids.length ? 0 : undefined} aria-label=${t("Scenes")}>
      ${ids.map((id, index) => html`<${SceneCard} key=${id} id=${id} index=${index} />`)}
    </ul>
  </section>`;
}

/** @param {{id: string, index: number}} props */
function SceneCard({ id, index }) {
  const state = model.state.value;
  const scene = state?.scenes[id];
  if (!state || !scene) return null;
  const tally = tallyOf(state, id);
  const on_air = tally === "program";
  const next = state.preview === id;
  return html`<li class="scene" data-role="scene" data-scene=${id} data-tally=${tally}>
    <button class="scene-main" data-action="preview" data-scene=${id} disabled=${!model.can_direct.value}
        onClick=${() => model.setPreview(id)}>
      <span class="scene-top">${index < 9 ? html`<kbd>${index + 1}</kbd>` : null}
        ${on_air ? html`<span class="badge program">${t("Programme")}</span>` : null}
        ${next && !on_air ? html`<span class="badge preview">${t("Preview")}</span>` : null}</span>
      <strong class="clip">${scene.title || id}</strong>
      <span class="soft hint clip">${sceneLine(scene)}</span>
    </button>
    ${model.can_direct.value ? html`<button class="quiet small icon scene-edit" data-action="scene-edit" data-scene=${id}
      aria-label=${t("Edit {title}", { title: scene.title || id })} onClick=${() => { model.dialog.value = { name: "scene", id }; }}>✎</button>` : null}
  </li>`;
}
