/** Pure: a scene's form ↔ the canvases a command carries. */

import { sourceKey } from "./channels.js";

/** @typedef {import("../shared/types.js").Place} Place */
/** @typedef {import("../shared/types.js").SceneCanvas} SceneCanvas */

/** Layouts and how many places each has (mixer/layout.py). */
export const LAYOUTS = /** @type {const} */ ([["grid", "Grid", 49], ["solo", "Solo", 1], ["duo", "Duo", 2]]);

/**
 * @typedef {{title: string, layout: string, everyone: boolean, places: string[], wall: string, follow: boolean,
 *   heard: string[]}} SceneForm
 *   `places`: `seat/<id>`, `screen/<seat id>` or `source/<id>`, in order; `wall`: "" follows the programme, else a layout;
 *   `follow`: who is seen is heard; `heard`: `seat/<id>` or `source/<id>`, besides
 */

/**
 * @param {import("../shared/types.js").Scene|undefined} scene
 * @returns {SceneForm}
 */
export function formOf(scene) {
  const program = scene?.canvases.program;
  return {
    title: scene?.title ?? "",
    layout: program?.layout ?? "grid",
    everyone: !program?.places,
    places: (program?.places ?? []).map(keyOf),
    wall: scene?.canvases.wall?.layout ?? "",
    follow: scene?.audio?.follow ?? true,
    heard: (scene?.audio?.sources ?? []).map(sourceKey),
  };
}

/**
 * The wall's own people, set through the API, stay as they are when the form only changes the rest.
 *
 * @param {SceneForm} form
 * @param {import("../shared/types.js").Scene|undefined} scene the one being edited
 * @returns {{program: SceneCanvas, wall?: SceneCanvas}}
 */
export function canvasesOf(form, scene) {
  /** @type {SceneCanvas} */
  const program = { layout: form.layout };
  if (!form.everyone) program.places = form.places.slice(0, capacity(form.layout)).map(placeOf);
  if (!form.wall) return { program };
  /** @type {SceneCanvas} */
  const wall = { layout: form.wall };
  const before = scene?.canvases.wall;
  if (before) {
    if (before.places) wall.places = before.places.slice(0, capacity(form.wall));
  } else if (program.places) wall.places = program.places.slice(0, capacity(form.wall));
  return { program, wall };
}

/**
 * @param {string} layout
 * @returns {number}
 */
export function capacity(layout) {
  return LAYOUTS.find(([name]) => name === layout)?.[2] ?? 49;
}

/**
 * @param {string[]} places
 * @param {string} place
 * @returns {string[]} with the place added at the end, or taken out
 */
export function toggled(places, place) {
  return places.includes(place) ? places.filter((one) => one !== place) : [...places, place];
}

/**
 * @param {Place} place
 * @returns {string}
 */
function keyOf(place) {
  if ("source" in place) return `source/${place.source}`;
  return `${place.screen ? "screen" : "seat"}/${place.seat}`;
}

/**
 * @param {string} key `seat/a`, `screen/a` or `source/b`
 * @returns {Place}
 */
function placeOf(key) {
  const id = key.slice(key.indexOf("/") + 1);
  if (key.startsWith("screen/")) return { seat: id, screen: true };
  return key.startsWith("seat/") ? { seat: id } : { source: id };
}
