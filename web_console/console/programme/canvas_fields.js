/** One canvas of a scene: layout, who is where, plates, background, graphics. */

import { useEffect, useState } from "preact/hooks";
import { html } from "../../shared/html.js";
import { LAYOUTS } from "../../shared/kinds.js";
import { withSession } from "../../shared/protocol.js";
import { firstBox } from "./boxes.js";
import { BoxEditor } from "./box_editor.js";
import { changedPlace, placeMoved, toggled } from "./compose.js";
import { LayoutSketch } from "./layout_sketch.js";
import * as model from "../model.js";
import { choicesOf, PlaceChooser, PlaceList } from "./place_list.js";
import { t } from "../words/say.js";

/** @typedef {import("./compose.js").CanvasForm} CanvasForm */

/** Before its picture is there. @type {Record<string, number>} */
const ASPECTS = { program: 16 / 9, wall: 32 / 9 };

/** @param {{canvas: "program"|"wall", form: CanvasForm, onChange: (form: CanvasForm) => void}} props */
export function CanvasFields({ canvas, form, onChange }) {
  const state = model.state.value;
  if (!state) return null;
  const set = (/** @type {Partial<CanvasForm>} */ change) => onChange({ ...form, ...change });
  const setPlaces = (/** @type {import("./compose.js").PlaceForm[]} */ places) => set({ places });
  const free = form.layout === "free";
  const chosen = free || !form.everyone;
  return html`<div class="canvas-fields" data-role="canvas" data-canvas=${canvas}>
    <fieldset class="choices layouts"><legend class="legend">${t("Layout")}</legend>
      ${Object.entries(LAYOUTS).map(([name, { label }]) => html`<label class="choice" key=${name}>
        <input type="radio" name="layout" value=${name} checked=${form.layout === name} onChange=${() => set({ layout: name })} />
        <${LayoutSketch} name=${name} /><span>${t(label)}</span></label>`)}
    </fieldset>
    ${free ? null : html`<fieldset class="choices"><legend class="legend">${t("Who is seen")}</legend>
      <label class="choice"><input type="radio" name="who" value="everyone" checked=${form.everyone} onChange=${() => set({ everyone: true })} />
        <span>${t("Everyone on stage")}</span></label>
      <label class="choice"><input type="radio" name="who" value="chosen" checked=${!form.everyone} onChange=${() => set({ everyone: false })} />
        <span>${t("Chosen, in this order")}</span></label>
    </fieldset>`}
    ${free ? html`<${FreeLayout} canvas=${canvas} places=${form.places} onChange=${setPlaces} />` : null}
    ${chosen ? html`<div class="places-columns">
      <${PlaceChooser} layout=${form.layout} places=${form.places} onChange=${setPlaces} />
      <${PlaceList} layout=${form.layout} places=${form.places} onChange=${setPlaces} /></div>` : null}
    <div class="columns">
      <label class="field"><span>${t("Background")}</span>
        <select name="background" value=${form.background} onChange=${(/** @type {any} */ event) => set({ background: event.currentTarget.value })}>
          <option value="">${t("The theme's")}</option>
          ${form.background && !state.sources[form.background] ? html`<option value=${form.background}>${form.background}</option>` : null}
          ${state.order.sources.map((id) => html`<option key=${id} value=${id}>${state.sources[id]?.title || id}</option>`)}</select></label>
      <label class="row plates"><input type="checkbox" name="plates" checked=${form.plates} onChange=${() => set({ plates: !form.plates })} />
        <span>${t("Name plates")}</span></label>
    </div>
    <${GraphicChoice} chosen=${form.graphics} onChange=${(/** @type {string[]} */ graphics) => set({ graphics })} />
  </div>`;
}

/** @param {{chosen: string[], onChange: (graphics: string[]) => void}} props */
function GraphicChoice({ chosen, onChange }) {
  const state = model.state.value;
  const graphics = state?.graphics ?? {};
  const ids = [...(state?.order.graphics ?? Object.keys(graphics)), ...chosen].filter((id, at, all) => all.indexOf(id) === at);
  if (ids.length === 0) return null;
  return html`<fieldset><legend class="legend">${t("Graphics of this scene, later ones above")}</legend><div class="people short" data-role="scene-graphics">
    ${ids.map((id) => html`<label class="person" key=${id} data-graphic=${id}><input type="checkbox" checked=${chosen.includes(id)} onChange=${() => onChange(toggled(chosen, id))} />
      <span class="who"><strong class="clip">${graphics[id]?.title || id}</strong></span>
      ${chosen.includes(id) ? html`<span class="badge figures">${chosen.indexOf(id) + 1}</span>` : null}</label>`)}
  </div></fieldset>`;
}

/**
 * @param {{canvas: "program"|"wall", places: import("./compose.js").PlaceForm[],
 *   onChange: (places: import("./compose.js").PlaceForm[]) => void}} props
 */
function FreeLayout({ canvas, places, onChange }) {
  const state = model.state.value;
  const aspect = useAspect(canvas);
  if (!state || places.length === 0) return null;
  const names = new Map(choicesOf(state, places).map((one) => [one.key, one.name]));
  const items = places.map((place, at) => ({ row: place.row, label: `${at + 1} ${names.get(place.key) ?? place.key}`, box: place.box ?? firstBox(at) }));
  return html`<fieldset><legend class="legend">${t("Rectangles: drag, or move by arrows; with Shift they size")}</legend>
    <${BoxEditor} name="free" label=${t("Rectangles of the canvas")} aspect=${aspect} safe=${state.theme?.safe ?? 0.05} items=${items}
      onChange=${(/** @type {number} */ row, /** @type {import("./boxes.js").Box} */ box) => onChange(changedPlace(places, row, { box }))}
      onOrder=${(/** @type {number} */ row, /** @type {-1|1} */ by) => onChange(placeMoved(places, row, places.findIndex((one) => one.row === row) + by))} />
  </fieldset>`;
}

/**
 * @param {"program"|"wall"} canvas
 * @returns {number} width over height, of the canvas's own picture once it is there
 */
function useAspect(canvas) {
  const [aspect, setAspect] = useState(ASPECTS[canvas] ?? 16 / 9);
  useEffect(() => {
    setAspect(ASPECTS[canvas] ?? 16 / 9);
    const picture = new Image();
    picture.onload = () => { if (picture.naturalHeight) setAspect(picture.naturalWidth / picture.naturalHeight); };
    picture.src = withSession(`/api/v1/canvases/${canvas}.jpg`, model.as);
    return () => { picture.onload = null; };
  }, [canvas]);
  return aspect;
}
