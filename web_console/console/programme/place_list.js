/** The places of a canvas: who may fill them, in which order, and what of each picture is shown. */

import { useRef, useState } from "preact/hooks";
import { html } from "../../shared/html.js";
import { AUTO, ofPart, ofScreen, ofSeat, ofSource, partOf } from "../../shared/names.js";
import { kept, MIN_CROP, WHOLE } from "./boxes.js";
import { BoxEditor } from "./box_editor.js";
import { capacity, changedPlace, partId, partsOf, placeMoved, togglePlace, withPlace } from "./compose.js";
import * as model from "../model.js";
import { speakers } from "./onair.js";
import { t } from "../words/say.js";

/** @typedef {import("./compose.js").PlaceForm} PlaceForm */
/** @typedef {{key: string, name: string, kind: string}} Choice */

const SOURCE_ASPECT = 16 / 9;

/**
 * @param {import("../../shared/types.js").DirectorState} state
 * @param {PlaceForm[]} places
 * @returns {Choice[]} all that can fill a place
 */
export function choicesOf(state, places) {
  return [
    { key: AUTO, name: t("Who speaks"), kind: t("automatic") },
    ...partsOf(state, places).map((part) => ({ key: ofPart(part), name: t("Next on stage as “{part}”", { part }), kind: t("by part") })),
    ...speakers(state).flatMap((id) => {
      const name = state.seats[id]?.name || id;
      const shares = state.status.seats[id]?.screen !== undefined;
      return [
        { key: ofSeat(id), name, kind: state.seats[id]?.title ?? "" },
        { key: ofScreen(id), name: t("{name} — screen", { name }), kind: shares ? t("shared now") : t("not shared now") },
      ];
    }),
    ...state.order.sources.map((id) => ({ key: ofSource(id), name: state.sources[id]?.title || id, kind: state.sources[id]?.kind ?? "" })),
  ];
}

/** @param {{layout: string, places: PlaceForm[], onChange: (places: PlaceForm[]) => void}} props */
export function PlaceChooser({ layout, places, onChange }) {
  const [part, setPart] = useState("");
  const state = model.state.value;
  if (!state) return null;
  const full = places.length >= capacity(layout);
  const asked = partId(part);
  const addPart = () => { onChange(withPlace(places, ofPart(asked))); setPart(""); };
  return html`<fieldset class="place-chooser"><legend class="legend">${t("Who can be seen")}</legend>
    <div class="people" data-role="places">
      ${choicesOf(state, places).map(({ key, name, kind }) => {
        const count = places.filter((one) => one.key === key).length;
        return html`<div class="person-line" key=${key}><label class="person" data-place=${key}>
          <input type="checkbox" checked=${count > 0} disabled=${count === 0 && full} onChange=${() => onChange(togglePlace(places, key))} />
          <span class="who"><strong class="clip">${name}</strong><span class="soft clip">${kind}</span></span>
          ${count > 0 ? html`<span class="badge figures">${places.map((one, at) => (one.key === key ? at + 1 : 0)).filter(Boolean).join(" · ")}</span>` : null}</label>
          ${partOf(key) && count > 0 ? html`<button type="button" class="small" data-action="place-more" data-key=${key} disabled=${full}
            aria-label=${t("One more place for {name}", { name })} onClick=${() => onChange(withPlace(places, key))}>+</button>` : null}</div>`;
      })}
    </div>
    <div class="row"><input data-action="part-name" value=${part} list="parts" maxlength="64" autocomplete="off" spellcheck=${false} aria-label=${t("A part in the show")}
        placeholder=${t("A part: host, panelist, …")} onInput=${(/** @type {any} */ event) => setPart(event.currentTarget.value)}
        onKeyDown=${(/** @type {KeyboardEvent} */ event) => { if (event.key === "Enter") { event.preventDefault(); if (asked && !full) addPart(); } }} />
      <datalist id="parts">${["host", "moderator", "panelist", ...partsOf(state, places)].filter((one, at, all) => all.indexOf(one) === at)
        .map((one) => html`<option key=${one} value=${one}></option>`)}</datalist>
      <button type="button" class="small" data-action="part-add" disabled=${!asked || full} onClick=${addPart}>${t("Add a part")}</button></div>
  </fieldset>`;
}

/** @param {{layout: string, places: PlaceForm[], onChange: (places: PlaceForm[]) => void}} props */
export function PlaceList({ layout, places, onChange }) {
  const [cropping, setCropping] = useState(/** @type {number|null} */ (null));
  const dragged = useRef(/** @type {number|null} */ (null));
  const state = model.state.value;
  if (!state) return null;
  const choices = choicesOf(state, places);
  const most = capacity(layout);
  const set = (/** @type {number} */ row, /** @type {Partial<PlaceForm>} */ change) => onChange(changedPlace(places, row, change));
  return html`<fieldset><legend class="legend">${t("Places, in this order")}</legend>
    ${places.length === 0 ? html`<p class="empty">${t("None yet: tick who is seen.")}</p>` : null}
    ${places.length > most ? html`<p class="note warn" role="status">${t("This layout has room for {count}; the others are not shown.", { count: most })}</p>` : null}
    <ol class="place-list">${places.map((place, at) => {
      const name = choices.find((one) => one.key === place.key)?.name ?? place.key;
      const number = at + 1;
      return html`<li key=${place.row} class=${at >= most ? "place beyond" : "place"} data-role="place" data-key=${place.key} data-row=${place.row} draggable=${cropping !== place.row}
          onDragStart=${(/** @type {DragEvent} */ event) => { dragged.current = place.row; event.dataTransfer?.setData("text/plain", place.key); }}
          onDragOver=${(/** @type {DragEvent} */ event) => { if (dragged.current !== null) event.preventDefault(); }}
          onDrop=${(/** @type {DragEvent} */ event) => { event.preventDefault(); if (dragged.current !== null) onChange(placeMoved(places, dragged.current, at)); dragged.current = null; }}
          onDragEnd=${() => { dragged.current = null; }}>
        <div class="row">
          <span class="grip" aria-hidden="true">⋮⋮</span><span class="badge figures">${number}</span>
          <select class="slim grow" data-action="place-what" value=${place.key} aria-label=${t("What fills place {number}", { number })}
            onChange=${(/** @type {any} */ event) => set(place.row, { key: event.currentTarget.value })}>
            ${choices.some((one) => one.key === place.key) ? null : html`<option value=${place.key}>${place.key}</option>`}
            ${choices.map((one) => html`<option key=${one.key} value=${one.key}>${one.name}</option>`)}</select>
          <select class="slim" data-action="place-fit" value=${place.fit} aria-label=${t("How {name} fits its place", { name })}
            onChange=${(/** @type {any} */ event) => set(place.row, { fit: event.currentTarget.value })}>
            <option value="">${t("Fit: layout's")}</option><option value="cover">${t("Fill")}</option><option value="contain">${t("Whole picture")}</option></select>
          <button type="button" class="small toggle" data-action="place-crop" aria-expanded=${cropping === place.row} aria-pressed=${place.crop !== null}
            aria-label=${t("Crop {name}", { name })} onClick=${() => setCropping(cropping === place.row ? null : place.row)}>${t("Crop")}</button>
          <button type="button" class="small icon quiet" data-action="place-up" aria-label=${t("{title} up", { title: name })} disabled=${at === 0} onClick=${() => onChange(placeMoved(places, place.row, at - 1))}>↑</button>
          <button type="button" class="small icon quiet" data-action="place-down" aria-label=${t("{title} down", { title: name })} disabled=${number === places.length} onClick=${() => onChange(placeMoved(places, place.row, at + 1))}>↓</button>
          <button type="button" class="small icon quiet" data-action="place-remove" aria-label=${t("Take {name} out", { name })} onClick=${() => onChange(places.filter((one) => one.row !== place.row))}>✕</button>
        </div>
        ${cropping === place.row ? html`<div class="crop">
          <${BoxEditor} name="crop" label=${t("What is shown of {name}", { name })} aspect=${SOURCE_ASPECT}
            items=${[{ row: place.row, label: name, box: place.crop ?? WHOLE }]} onChange=${(/** @type {number} */ row, /** @type {import("./boxes.js").Box} */ crop) => set(row, { crop: kept(crop, MIN_CROP) })} />
          <button type="button" class="small" data-action="crop-none" disabled=${place.crop === null} onClick=${() => set(place.row, { crop: null })}>${t("No crop")}</button></div>` : null}
      </li>`;
    })}</ol>
  </fieldset>`;
}
