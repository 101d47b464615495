/** Pure: a scene's form ↔ the canvases a command carries. */

import { LAYOUTS } from "../../shared/kinds.js";
import { AUTO, ofPart, ofScreen, ofSeat, ofSource, partOf, screenOf, seatOf, soundOf, sourceOf } from "../../shared/names.js";
import { firstBox, isWhole, kept, WHOLE } from "./boxes.js";

/** @typedef {import("../../shared/types.js").Box} Box */
/** @typedef {import("../../shared/types.js").Place} Place */
/** @typedef {import("../../shared/types.js").SceneCanvas} SceneCanvas */

/**
 * @typedef {{row: number, key: string, fit: ""|"cover"|"contain", crop: Box|null, box: Box|null}} PlaceForm
 *   `key`: `seat/<id>`, `screen/<seat id>`, `source/<id>`, `part/<part>` or `auto`; `row` is its own in its form
 * @typedef {{layout: string, everyone: boolean, places: PlaceForm[], plates: boolean, background: string, graphics: string[]}} CanvasForm
 * @typedef {{title: string, program: CanvasForm, wall: CanvasForm|null, follow: boolean, heard: string[]}} SceneForm
 *   `wall`: null follows the programme; `follow`: who is seen is heard; `heard`: `seat/<id>` or `source/<id>`, besides
 */

/**
 * @param {import("../../shared/types.js").Scene|undefined} scene
 * @returns {SceneForm}
 */
export function formOf(scene) {
  const wall = scene?.canvases.wall;
  return {
    title: scene?.title ?? "",
    program: canvasForm(scene?.canvases.program),
    wall: wall ? canvasForm(wall) : null,
    follow: scene?.audio?.follow ?? true,
    heard: (scene?.audio?.sources ?? []).map(soundOf),
  };
}

/**
 * @param {SceneForm} form
 * @returns {{program: Partial<SceneCanvas>, wall?: Partial<SceneCanvas>}} what is as it always is stays unsaid
 */
export function canvasesOf(form) {
  const program = canvasOf(form.program);
  return form.wall ? { program, wall: canvasOf(form.wall) } : { program };
}

/**
 * @param {SceneCanvas|undefined} canvas
 * @returns {CanvasForm}
 */
function canvasForm(canvas) {
  return {
    layout: canvas?.layout ?? "grid",
    everyone: !canvas?.places,
    places: (canvas?.places ?? []).map((place, row) => ({
      row, key: keyOf(place), fit: place.fit || "", crop: place.crop ? kept({ ...WHOLE, ...place.crop }) : null, box: place.box ?? null,
    })),
    plates: canvas?.plates ?? true,
    background: canvas?.background ?? "",
    graphics: canvas?.graphics ?? [],
  };
}

/**
 * @param {CanvasForm} form
 * @returns {Partial<SceneCanvas>} as a command takes it: what is left out is as usual
 */
function canvasOf(form) {
  /** @type {Partial<SceneCanvas>} */
  const canvas = { layout: form.layout };
  const free = form.layout === "free";
  // Nobody has drawn a rectangle for everyone.
  if (!form.everyone || free) {
    canvas.places = form.places.slice(0, capacity(form.layout)).map((place, index) => {
      const made = placeOf(place.key);
      if (free) made.box = place.box ?? firstBox(index);
      if (place.crop && !isWhole(place.crop)) made.crop = place.crop;
      if (place.fit) made.fit = place.fit;
      return made;
    });
  }
  if (form.graphics.length > 0) canvas.graphics = form.graphics;
  if (!form.plates) canvas.plates = false;
  if (form.background) canvas.background = form.background;
  return canvas;
}

/**
 * @param {string} layout
 * @returns {number}
 */
export function capacity(layout) {
  return LAYOUTS[layout]?.capacity ?? 49;
}

/**
 * @template T
 * @param {T[]} list
 * @param {T} one
 * @returns {T[]} with it added at the end, or taken out
 */
export function toggled(list, one) {
  return list.includes(one) ? list.filter((other) => other !== one) : [...list, one];
}

/**
 * @param {PlaceForm[]} places
 * @param {string} key
 * @returns {PlaceForm[]} with a place more, at the end
 */
export function withPlace(places, key) {
  const row = 1 + Math.max(-1, ...places.map((one) => one.row));
  return [...places, { row, key, fit: "", crop: null, box: firstBox(places.length) }];
}

/**
 * @param {PlaceForm[]} places
 * @param {string} key
 * @returns {PlaceForm[]} with a place more, or without any of this key
 */
export function togglePlace(places, key) {
  return places.some((one) => one.key === key) ? places.filter((one) => one.key !== key) : withPlace(places, key);
}

/**
 * @param {PlaceForm[]} places
 * @param {number} row
 * @param {Partial<PlaceForm>} change
 * @returns {PlaceForm[]}
 */
export function changedPlace(places, row, change) {
  return places.map((one) => (one.row === row ? { ...one, ...change } : one));
}

/**
 * @param {PlaceForm[]} places
 * @param {number} row
 * @param {number} to its new index, held to the list
 * @returns {PlaceForm[]}
 */
export function placeMoved(places, row, to) {
  const from = places.findIndex((one) => one.row === row);
  const place = places[from];
  if (!place) return places;
  const rest = places.filter((one) => one.row !== row);
  rest.splice(Math.min(Math.max(to, 0), rest.length), 0, place);
  return rest;
}

/**
 * @param {import("../../shared/types.js").DirectorState} state
 * @param {PlaceForm[]} places
 * @returns {string[]} parts that people have, or places ask for
 */
export function partsOf(state, places) {
  const asked = places.map((one) => partOf(one.key)).filter(Boolean);
  return [...new Set([...Object.values(state.seats).map((seat) => seat.part ?? ""), ...asked])].filter(Boolean).sort();
}

/**
 * @param {string} typed
 * @returns {string} the part as an id, "" when nothing of it can be one: `Panel list` → `Panel-list`
 */
export function partId(typed) {
  return typed.trim().replaceAll(/[^A-Za-z0-9_.-]+/g, "-").replaceAll(/^[^A-Za-z0-9]+|-+$/g, "").slice(0, 64);
}

/**
 * @param {Place} place
 * @returns {string}
 */
function keyOf(place) {
  if (place.auto) return AUTO;
  if (place.part) return ofPart(place.part);
  if (place.source) return ofSource(place.source);
  return place.screen ? ofScreen(place.seat ?? "") : ofSeat(place.seat ?? "");
}

/**
 * @param {string} key as {@link PlaceForm} has it
 * @returns {Place}
 */
function placeOf(key) {
  if (key === AUTO) return { auto: true };
  if (partOf(key)) return { part: partOf(key) };
  if (screenOf(key)) return { seat: screenOf(key), screen: true };
  return seatOf(key) ? { seat: seatOf(key) } : { source: sourceOf(key) };
}
