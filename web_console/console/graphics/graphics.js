/** What lies over the picture: shown and taken off by one press each; the theme; and what no font can write. */

import { useState } from "preact/hooks";
import { Question } from "../../shared/dialog.js";
import { html } from "../../shared/html.js";
import { GRAPHIC_KINDS } from "../../shared/kinds.js";
import { AIR, glyphList, graphicLine, onAirOf } from "./graphic_form.js";
import * as model from "../model.js";
import { t } from "../words/say.js";

export function GraphicsPanel() {
  const state = model.state.value;
  if (!state) return null;
  const graphics = state.graphics ?? {};
  const ids = (state.order.graphics ?? Object.keys(graphics)).filter((id) => graphics[id]);
  return html`<section class="panel graphics" aria-labelledby="graphics-title" data-role="graphics">
    <div class="panel-head"><h2 id="graphics-title">${t("Graphics")}</h2><div class="grow"></div>
      ${model.can_direct.value ? html`<button class="small primary" data-action="graphic-new"
        onClick=${() => { model.dialog.value = { name: "graphic" }; }}>${t("New graphic")}</button>` : null}</div>
    <div class="panel-body" tabindex="0" role="group" aria-label=${t("Graphics")}>
      ${ids.length === 0 ? html`<p class="empty">${t("No graphic yet. “New graphic” makes a lower third, a title, a clock, a QR code and more.")}</p>` : null}
      <ul aria-label=${t("Graphics")}>${ids.map((id) => html`<${GraphicRow} key=${id} id=${id} />`)}</ul>
    </div>
  </section>`;
}

/** @param {{id: string}} props */
function GraphicRow({ id }) {
  const [asking, setAsking] = useState(false);
  const state = model.state.value;
  const graphic = state?.graphics?.[id];
  if (!state || !graphic) return null;
  const now = onAirOf(state, id);
  const name = graphic.title || id;
  const kind = GRAPHIC_KINDS[graphic.kind]?.label ?? graphic.kind;
  const line = graphicLine(state, graphic);
  const missing = state.status.glyphs?.[`graphic/${id}`] ?? "";
  return html`<li class="graphic" data-role="graphic" data-graphic=${id} data-air=${now}>
    <div class="seat-main">
      <span class=${`badge ${AIR[now].badge}`} data-role="graphic-state">${t(AIR[now].word)}</span>
      <p class="who"><strong class="clip">${name}</strong><span class="soft clip">${[t(kind), line === name ? "" : line].filter(Boolean).join(" · ")}</span></p>
      ${model.can_direct.value ? html`<div class="seat-buttons">
        <button class=${graphic.on ? "small wide danger" : "small wide good"} data-action=${graphic.on ? "graphic-hide" : "graphic-show"} data-graphic=${id}
          aria-pressed=${Boolean(graphic.on)} aria-label=${graphic.on ? t("Hide {name}", { name }) : t("Show {name}", { name })}
          onClick=${() => void model.send({ type: "graphic.show", graphic: id, on: !graphic.on })}>${graphic.on ? t("Hide") : t("Show")}</button>
        <button class="small icon quiet" data-action="graphic-edit" data-graphic=${id} aria-label=${t("Edit {name}", { name })}
          onClick=${() => { model.dialog.value = { name: "graphic", id }; }}>✎</button>
        <button class="small icon quiet" data-action="graphic-delete" data-graphic=${id} aria-label=${t("Delete {name}", { name })}
          onClick=${() => setAsking(true)}>✕</button>
      </div>` : null}
    </div>
    ${missing ? html`<p class="seat-line"><span class="seat-problem">${t("No font has: {missing}", { missing })}</span></p>` : null}
    ${asking ? html`<${Question} title=${t("Delete {name}?", { name })} yes=${t("Delete")} no=${t("No")}
      text=${graphic.on ? t("It is on air and disappears there, too.") : t("The graphic disappears for good.")}
      onYes=${() => void model.send({ type: "graphic.delete", graphic: id })} onClose=${() => setAsking(false)} />` : null}
  </li>`;
}

/** Colours, fonts, logo: which theme is worn, another, and the same read anew from its folder. */
export function ThemePanel() {
  const state = model.state.value;
  const worn = state?.theme?.name ?? "";
  const [chosen, setChosen] = useState("");
  if (!state) return null;
  const names = [...new Set([...(state.status.themes ?? []), ...(worn ? [worn] : [])])];
  const wanted = names.includes(chosen) ? chosen : worn;
  const wear = (/** @type {string} */ theme) => void model.send({ type: "theme.set", theme });
  return html`<section class="panel theme" aria-labelledby="theme-title" data-role="theme" data-theme=${worn}>
    <div class="panel-head"><h2 id="theme-title">${t("Theme")}</h2>
      ${model.can_direct.value ? html`
        <select class="slim" data-action="theme" aria-label=${t("Theme")} value=${wanted} onChange=${(/** @type {any} */ event) => setChosen(event.currentTarget.value)}>
          ${names.map((name) => html`<option key=${name} value=${name} selected=${name === wanted}>${name}</option>`)}</select>
        <button class="small" data-action="theme-set" disabled=${!wanted || wanted === worn} onClick=${() => wear(wanted)}>${t("Use it now")}</button>
        <div class="grow"></div>
        <button class="small" data-action="theme-again" disabled=${!worn} title=${t("Reads its folder again: what was changed there shows on the next tick")}
          onClick=${() => wear(worn)}>${t("Read again")}</button>` : html`<strong>${worn}</strong>`}
    </div>
  </section>`;
}

/** Names and texts with characters that would be boxes on air, each with the way to mend it. */
export function GlyphReport() {
  const state = model.state.value;
  const found = state ? glyphList(state) : [];
  const refused = Object.entries(state?.status.fonts ?? {}).filter(([, reason]) => reason);
  if (found.length + refused.length === 0) return null;
  return html`<section class="panel glyphs" aria-labelledby="glyphs-title" data-role="glyphs">
    <div class="panel-head"><h2 id="glyphs-title">${t("Missing characters")}</h2><span class="badge warn figures" data-role="glyph-count">${found.length}</span></div>
    ${found.length > 0 ? html`<p class="empty">${t("No font of the studio has these; on air they would be empty boxes. A font file put into the folder fonts of the studio's data is used at once.")}</p>` : null}
    ${refused.map(([file, reason]) => html`<p key=${file} class="note warn" role="status" data-role="font-refused" title=${reason}>${t("The font {file} is not used: it is damaged, no font, or too large.", { file })}</p>`)}
    <ul class="panel-body" aria-label=${t("Missing characters")}>${found.map(({ key, kind, id, name, missing, codes }) => html`<li key=${key} class="seat-main glyph" data-role="glyph" data-of=${key}>
      <p class="who"><strong class="clip">${name}</strong><span class="seat-problem">${missing} ${codes}</span></p>
      ${model.can_direct.value ? html`<button class="small icon quiet" data-action="glyph-edit" data-of=${key} aria-label=${t("Edit {name}", { name })}
        onClick=${() => { model.dialog.value = { name: kind, id }; }}>✎</button>` : null}</li>`)}</ul>
  </section>`;
}
