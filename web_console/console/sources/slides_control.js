/** Turns slides at the console, and says who else may. */

import { html } from "../../shared/html.js";
import { pagesOf } from "./material.js";
import * as model from "../model.js";
import { NumberField } from "../number_field.js";
import { t } from "../words/say.js";

/** @param {{id: string, source: import("../../shared/types.js").Source, status: Partial<import("../../shared/types.js").SourceStatus>|undefined}} props */
export function SlidesControl({ id, source, status }) {
  const state = model.state.value;
  if (!state) return null;
  const { page, pages } = pagesOf(source, status);
  const name = source.title || id;
  const said = t("Page {page} of {pages}", { page, pages: pages || "?" });
  if (!model.can_direct.value) return html`<p class="slides-line figures" data-role="page">${said}</p>`;
  const speakers = state.order.seats.filter((seat) => state.seats[seat]?.role === "speaker");
  return html`<div class="row wrap slides-line" data-role="slides" data-source=${id}>
    <button data-action="page-back" data-source=${id} disabled=${page <= 1} aria-label=${t("Previous page of {name}", { name })} title=${t("Previous page (Page Up)")}
      onClick=${() => model.turnPage(id, -1)}>◀</button>
    <button data-action="page-on" data-source=${id} disabled=${pages > 0 && page >= pages} aria-label=${t("Next page of {name}", { name })} title=${t("Next page (Page Down)")}
      onClick=${() => model.turnPage(id, 1)}>▶</button>
    <strong class="figures" data-role="page" data-page=${page} data-pages=${pages} aria-live="polite">${said}</strong>
    ${pages > 1 ? html`<${NumberField} data-action="page-set" data-source=${id} value=${page} min=${1} max=${pages} step=${1} label=${t("Page of {name}", { name })}
      onSet=${(/** @type {number} */ to) => void model.send({ type: "source.page", source: id, page: Math.round(to) })} />` : null}
    <div class="grow"></div>
    <select class="slim" data-action="presenter" data-source=${id} aria-label=${t("Who turns the pages of {name}, too", { name })} value=${source.presenter ?? ""}
        onChange=${(/** @type {any} */ event) => void model.send({ type: "source.update", source: id, presenter: event.currentTarget.value })}>
      <option value="" selected=${!source.presenter}>${t("No presenter")}</option>
      ${speakers.map((seat) => html`<option key=${seat} value=${seat} selected=${seat === source.presenter}>${state.seats[seat]?.name || seat}</option>`)}
    </select>
  </div>`;
}
