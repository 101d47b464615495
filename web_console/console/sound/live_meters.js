/**
 * The meters that move 20 times a second. Messages are kept, not drawn: one loop of the display's frames draws all
 * that are on the page, past Preact, by transforms alone. Without a meter on the page the studio sends none.
 */

import { useEffect, useRef } from "preact/hooks";
import { html } from "../../shared/html.js";
import { METER_FLOOR_DB, meterFraction, meterZone } from "../../shared/levels.js";
import { fall, figure } from "./loudness.js";

/** @typedef {import("../../shared/types.js").Meters} Meters */
/** @typedef {(meters: Meters|null, now_ms: number) => void} Draw */

/** Older than this, a level is no level: the studio is away. */
const STALE_MS = 1_000;
const FIGURES_EVERY_MS = 200;
const SPOKEN_EVERY_MS = 1_000;
const SILENT_DB = -100;

/** @type {Meters|null} */
let newest = null;
let newest_ms = 0;
/** @type {Set<Draw>} */
const drawn = new Set();
let frame = 0;
/** @type {(on: boolean) => void} */
let watch = () => {};

/** @param {(on: boolean) => void} tell called with whether anybody looks */
export function whenWatched(tell) {
  watch = tell;
  if (drawn.size > 0) watch(true);
}

/** @param {Meters} meters */
export function takeMeters(meters) {
  newest = meters;
  newest_ms = performance.now();
}

/** @param {number} now_ms */
function step(now_ms) {
  const meters = now_ms - newest_ms < STALE_MS ? newest : null;
  for (const draw of drawn) draw(meters, now_ms);
  frame = drawn.size > 0 ? requestAnimationFrame(step) : 0;
}

/**
 * Calls `draw` with each frame while the component is on the page.
 *
 * @param {Draw} draw
 * @param {unknown[]} inputs what it depends on
 */
export function useFrames(draw, inputs) {
  useEffect(() => {
    drawn.add(draw);
    watch(true);
    if (!frame) frame = requestAnimationFrame(step);
    return () => {
      drawn.delete(draw);
      if (drawn.size === 0) watch(false);
    };
  }, inputs);
}

/**
 * @param {{of: "sources"|"buses", id: string, label: string}} props id as the meters' messages have it
 */
export function LiveMeter({ of, id, label }) {
  const ref = useRef(/** @type {HTMLDivElement|null} */ (null));
  const shown = useRef({ db: SILENT_DB, ms: 0, spoken_ms: 0, bar: "", hold: "" });
  useFrames((meters, now_ms) => {
    const node = ref.current;
    const [bar, hold] = /** @type {HTMLElement[]} */ ([...(node?.children ?? [])]);
    if (!node || !bar || !hold) return;
    const [level_db = SILENT_DB, hold_db = SILENT_DB] = meters?.[of][id] ?? [];
    const last = shown.current;
    last.db = Math.max(SILENT_DB, fall(last.db, level_db, now_ms - last.ms));
    last.ms = now_ms;
    const bar_now = `scaleX(${meterFraction(last.db).toFixed(3)})`;
    const hold_now = `translateX(${(100 * meterFraction(hold_db)).toFixed(1)}%)`;
    if (bar_now !== last.bar) {
      bar.style.transform = last.bar = bar_now;
      node.dataset.zone = meterZone(last.db);
    }
    if (hold_now !== last.hold) hold.style.transform = last.hold = hold_now;
    if (now_ms - last.spoken_ms < SPOKEN_EVERY_MS) return;
    last.spoken_ms = now_ms;
    const said_db = Math.round(Math.max(METER_FLOOR_DB, Math.min(0, hold_db)));
    node.setAttribute("aria-valuenow", String(said_db));
    node.setAttribute("aria-valuetext", `${said_db} dB`);
  }, [of, id]);
  return html`<div ref=${ref} class="live-meter" data-role="live-meter" data-meter=${id} role="meter" aria-label=${label}
    aria-valuemin=${METER_FLOOR_DB} aria-valuemax="0" aria-valuenow=${METER_FLOOR_DB}>
    <div class="live-bar"></div><div class="live-hold"></div></div>`;
}

/**
 * A figure of a bus that is written five times a second.
 *
 * @param {{bus: string, name: string, read: (meter: Meters["buses"][string]) => number|undefined, title: string,
 *   mark?: (value: number|undefined) => {level: string, text: string}}} props
 *   read: what to show; mark: how to colour it and what to say in place of the figure
 */
export function LiveFigure({ bus, name, read, title, mark }) {
  const ref = useRef(/** @type {HTMLElement|null} */ (null));
  const last_ms = useRef(-FIGURES_EVERY_MS);
  useFrames((meters, now_ms) => {
    if (!ref.current || now_ms - last_ms.current < FIGURES_EVERY_MS) return;
    last_ms.current = now_ms;
    const meter = meters?.buses[bus];
    const value = meter ? read(meter) : undefined;
    const marked = mark?.(value);
    const text = marked?.text || figure(value);
    if (ref.current.textContent !== text) ref.current.textContent = text;
    if (marked) ref.current.dataset.level = marked.level;
  }, [bus, read, mark]);
  return html`<span class="live-figure" title=${title}><span class="soft">${name}</span>
    <span ref=${ref} class="figures" data-role="loudness" data-figure=${name} data-bus=${bus}>–</span></span>`;
}
