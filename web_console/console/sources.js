/** Sources that aren't people. */

import { useState } from "preact/hooks";
import { Question } from "../shared/dialog.js";
import { html } from "../shared/html.js";
import * as model from "./model.js";
import { t } from "./say.js";

export function Sources() {
  const state = model.state.value;
  if (!state || state.order.sources.length === 0) return null;
  return html`<section class="panel sources" aria-labelledby="sources-title" data-role="sources">
    <div class="panel-head"><h2 id="sources-title">${t("Other sources")}</h2></div>
    <ul class="plain-list">${state.order.sources.map((id) => html`<${SourceRow} key=${id} id=${id} />`)}</ul>
  </section>`;
}

/** @param {{id: string}} props */
function SourceRow({ id }) {
  const [asking, setAsking] = useState(false);
  const source = model.state.value?.sources[id];
  if (!source) return null;
  const name = source.title || id;
  return html`<li class="source" data-role="source" data-source=${id}>
    <p class="who"><strong class="clip">${name}</strong><span class="soft">${source.kind}</span></p>
    ${model.can_direct.value ? html`<div class="seat-buttons">
      <button class="small toggle off" data-action="mute" data-source=${id} aria-pressed=${source.muted} aria-label=${t("Mute {name}", { name })}
        onClick=${() => void model.send({ type: "source.mute", source: id, muted: !source.muted })}>${source.muted ? t("Muted") : t("Mute")}</button>
      <button class="small icon quiet" data-action="source-edit" data-source=${id} aria-label=${t("Edit {name}", { name })}
        onClick=${() => { model.dialog.value = { name: "source", id }; }}>✎</button>
      <button class="small icon quiet" data-action="source-delete" data-source=${id} aria-label=${t("Delete {name}", { name })}
        onClick=${() => setAsking(true)}>✕</button>
    </div>` : null}
    ${asking ? html`<${Question} title=${t("Delete {name}?", { name })} text=${t("The source disappears for good.")} yes=${t("Delete")} no=${t("No")}
      onYes=${() => void model.send({ type: "source.delete", source: id })} onClose=${() => setAsking(false)} />` : null}
  </li>`;
}
