/** Rectangles on a picture of the canvas: by mouse, by keys, by figures. */

import { useRef, useState } from "preact/hooks";
import { html } from "../../shared/html.js";
import { movedBox, percent, resizedBox, snapLines, snapMoved, snapResized, withPercent } from "./boxes.js";
import { NumberField } from "../number_field.js";
import { t } from "../words/say.js";

/** @typedef {import("./boxes.js").Box} Box */
/** @typedef {{row: number, label: string, box: Box}} Item */

/** Of a press on an arrow; with Alt a tenth of it. */
const STEP = 0.01;
/** Of the canvas's picture, so that its figures are in sight, too. */
const MAX_HEIGHT = "42vh";
/** @type {Record<string, [number, number]>} */
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/**
 * @param {{items: Item[], aspect: number, safe?: number, name: string, label: string, picture?: string,
 *   onChange: (row: number, box: Box) => void, onOrder?: (row: number, by: -1|1) => void}} props
 *   items: later ones lie above; safe: of each side, 0 for none; onOrder: to the front (1) or back
 */
export function BoxEditor({ items, aspect, safe = 0, name, label, picture = "", onChange, onOrder }) {
  const [chosen, setChosen] = useState(/** @type {number|null} */ (null));
  const [snaps, setSnaps] = useState(true);
  const stage = useRef(/** @type {HTMLDivElement|null} */ (null));
  const drag = useRef(/** @type {{row: number, sizing: boolean, x: number, y: number, box: Box}|null} */ (null));
  const item = items.find((one) => one.row === chosen) ?? items[0];

  const lines = (/** @type {number} */ row) => snapLines(items.filter((one) => one.row !== row).map((one) => one.box), safe || undefined);
  const down = (/** @type {PointerEvent} */ event, /** @type {Item} */ one) => {
    const target = /** @type {HTMLElement} */ (event.currentTarget);
    const sizing = event.target instanceof Element && event.target.classList.contains("box-corner");
    target.setPointerCapture(event.pointerId);
    setChosen(one.row);
    drag.current = { row: one.row, sizing, x: event.clientX, y: event.clientY, box: one.box };
  };
  const move = (/** @type {PointerEvent} */ event) => {
    const held = drag.current;
    const area = stage.current?.getBoundingClientRect();
    if (!held || !area?.width || !area.height) return;
    const [dx, dy] = [(event.clientX - held.x) / area.width, (event.clientY - held.y) / area.height];
    const raw = held.sizing ? resizedBox(held.box, dx, dy) : movedBox(held.box, dx, dy);
    const snapped = held.sizing ? snapResized(raw, lines(held.row)) : snapMoved(raw, lines(held.row));
    onChange(held.row, snaps ? snapped : raw);
  };
  const up = () => { drag.current = null; };
  const key = (/** @type {KeyboardEvent} */ event, /** @type {Item} */ one) => {
    const arrow = ARROWS[event.key];
    if (arrow) {
      const [dx, dy] = arrow.map((way) => way * STEP * (event.altKey ? 0.1 : 1));
      onChange(one.row, event.shiftKey ? resizedBox(one.box, dx ?? 0, dy ?? 0) : movedBox(one.box, dx ?? 0, dy ?? 0));
    } else if (onOrder && (event.key === "PageUp" || event.key === "PageDown")) onOrder(one.row, event.key === "PageUp" ? 1 : -1);
    else return;
    event.preventDefault();
  };
  return html`<div class="box-editor" role="group" aria-label=${label} data-role=${name}>
    <div class="box-stage" ref=${stage} style=${{ aspectRatio: String(aspect), width: `min(100%, ${MAX_HEIGHT} * ${aspect})` }} data-aspect=${aspect.toFixed(3)}>
      ${picture ? html`<img src=${picture} alt="" />` : null}
      ${safe > 0 ? html`<span class="box-safe" aria-hidden="true" style=${{ inset: `${100 * safe}%` }}></span>` : null}
      ${items.map((one, index) => html`<button key=${one.row} type="button" class="box" data-action="box" data-row=${one.row} aria-pressed=${one.row === item?.row}
        style=${{ left: `${100 * one.box.x}%`, top: `${100 * one.box.y}%`, width: `${100 * one.box.w}%`, height: `${100 * one.box.h}%`, zIndex: index + 1 }}
        aria-label=${t("{name}: {x} % from the left, {y} % from above, {w} % wide, {h} % high",
          { name: one.label, x: percent(one.box.x), y: percent(one.box.y), w: percent(one.box.w), h: percent(one.box.h) })}
        onPointerDown=${(/** @type {any} */ event) => down(event, one)} onPointerMove=${move} onPointerUp=${up} onPointerCancel=${up}
        onFocus=${() => setChosen(one.row)} onKeyDown=${(/** @type {any} */ event) => key(event, one)}>
        <span class="clip">${one.label}</span><span class="box-corner" aria-hidden="true"></span></button>`)}
    </div>
    ${item ? html`<div class="row wrap box-figures">
      <strong class="clip" data-role="box-chosen">${item.label}</strong>
      ${figures().map(([side, word, long]) => html`<label class="row" key=${side}><span class="soft">${word}</span>
        <${NumberField} data-action="box-figure" data-side=${side} min=${side === "w" || side === "h" ? 2 : 0} max=${100} step=${0.1} value=${percent(item.box[side])}
          label=${long} onSet=${(/** @type {number} */ value) => onChange(item.row, withPercent(item.box, side, value))} /></label>`)}
      ${onOrder ? html`<button type="button" class="small" data-action="box-front" onClick=${() => onOrder(item.row, 1)} disabled=${items.at(-1) === item}>${t("Forward")}</button>
        <button type="button" class="small" data-action="box-back" onClick=${() => onOrder(item.row, -1)} disabled=${items[0] === item}>${t("Backward")}</button>` : null}
      <label class="row"><input type="checkbox" data-action="box-snap" checked=${snaps} onChange=${() => setSnaps(!snaps)} /><span>${t("Snap")}</span></label>
    </div>` : null}
  </div>`;
}

/** @returns {[side: keyof Box, word: string, long: string][]} */
const figures = () => [
  ["x", "X", t("From the left, per cent")], ["y", "Y", t("From above, per cent")], ["w", t("W"), t("Width, per cent")], ["h", t("H"), t("Height, per cent")],
];
