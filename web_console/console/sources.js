/** Sources that aren't people, and the gain control that both have. */

import { useState } from "preact/hooks";
import { Question } from "../shared/dialog.js";
import { html } from "../shared/html.js";
import * as model from "./model.js";
import { t } from "./say.js";

/** The command's own range (studio.model), narrowed to what a hand sets by ear. */
const MIN_GAIN_DB = -40;
const MAX_GAIN_DB = 20;

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
      <button class="small icon quiet" data-action="source-delete" data-source=${id} aria-label=${t("Delete {name}", { name })}
        onClick=${() => setAsking(true)}>✕</button>
    </div>` : null}
    ${asking ? html`<${Question} title=${t("Delete {name}?", { name })} text=${t("The source disappears for good.")} yes=${t("Delete")} no=${t("No")}
      onYes=${() => void model.send({ type: "source.delete", source: id })} onClose=${() => setAsking(false)} />` : null}
  </li>`;
}

/**
 * @param {{source: string, gain_db: number, name: string}} props
 */
export function Gain({ source, gain_db, name }) {
  const [dragged_db, setDragged] = useState(/** @type {number|null} */ (null));
  const shown_db = dragged_db ?? gain_db;
  return html`<label class="gain"><span class="soft">${t("Gain")}</span>
    <input type="range" data-action="gain" data-source=${source} min=${MIN_GAIN_DB} max=${MAX_GAIN_DB} step="0.5" value=${shown_db}
      aria-label=${t("Gain of {name}", { name })} aria-valuetext=${`${shown_db} dB`}
      onInput=${(/** @type {any} */ event) => setDragged(Number(event.currentTarget.value))}
      onChange=${async (/** @type {any} */ event) => {
        await model.send({ type: "source.gain", source, db: Number(event.currentTarget.value) });
        setDragged(null);
      }} />
    <output class="figures">${shown_db > 0 ? "+" : ""}${shown_db.toFixed(1)} dB</output></label>`;
}
