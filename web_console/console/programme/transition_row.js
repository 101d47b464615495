/** How AUTO goes over, the T-bar, the way back, and the slate. */

import { html } from "../../shared/html.js";
import { TRANSITIONS } from "../../shared/kinds.js";
import * as model from "../model.js";
import { DIRECTION_WORDS, DIRECTIONS, durationMs, MAX_DURATION_S, QUICK_S } from "./onair.js";
import { NumberField } from "../number_field.js";
import { t } from "../words/say.js";
import { Tbar } from "./tbar.js";

const ARROWS = { left: "←", right: "→", up: "↑", down: "↓" };

const update = (/** @type {Record<string, unknown>} */ change) => void model.send({ type: "transition.update", ...change });

/** The figure is taken, and Space cuts again. */
const leaveOnEnter = (/** @type {any} */ event) => { if (event.key === "Enter") event.currentTarget.blur(); };

export function TransitionRow() {
  const state = model.state.value;
  if (!state || !model.can_direct.value) return null;
  const style = state.transition;
  const wants = TRANSITIONS[style.kind].settings;
  return html`<div class="transition-row" role="group" aria-label=${t("Transition")} data-role="transition" data-kind=${style.kind}>
    <select class="slim" data-action="transition-kind" value=${style.kind} aria-label=${t("Kind of transition")} title=${t("Kind of transition")}
      onChange=${(/** @type {any} */ event) => update({ transition: event.currentTarget.value })}>
      ${Object.entries(TRANSITIONS).map(([kind, { label }]) => html`<option key=${kind} value=${kind}>${t(label)}</option>`)}</select>
    ${wants.includes("direction") ? html`<span class="directions" role="group" aria-label=${t("Direction")}>
      ${DIRECTIONS.map((direction) => html`<button key=${direction} class="small icon toggle" data-action="transition-direction" data-direction=${direction}
        aria-pressed=${style.direction === direction} aria-label=${t(DIRECTION_WORDS[direction])} title=${t(DIRECTION_WORDS[direction])}
        onClick=${() => update({ direction })}>${ARROWS[direction]}</button>`)}</span>` : null}
    ${wants.includes("colour") ? html`<input type="color" class="colour" data-action="transition-colour" value=${style.colour} aria-label=${t("Colour of the dip")}
      title=${t("Colour of the dip")} onChange=${(/** @type {any} */ event) => update({ colour: event.currentTarget.value })} />` : null}
    <span class="duration">
      <${NumberField} data-action="transition-duration" min=${0} max=${MAX_DURATION_S} step=${0.1} value=${style.duration_ms / 1000}
        label=${t("Duration in seconds")} onKeyDown=${leaveOnEnter} onSet=${(/** @type {number} */ seconds) => update({ duration_ms: durationMs(seconds) })} />
      <span class="soft" aria-hidden="true">${t("s")}</span>
      ${QUICK_S.map((seconds) => html`<button key=${seconds} class="small icon toggle figures" data-action="transition-quick" data-seconds=${seconds}
        aria-pressed=${style.duration_ms === durationMs(seconds)} aria-label=${t("{seconds} seconds", { seconds })}
        onClick=${() => update({ duration_ms: durationMs(seconds) })}>${seconds}</button>`)}
    </span>
    <${Tbar} />
    <button class="small" data-action="undo" disabled=${!state.undo} onClick=${model.undo} title=${t("What was on air before the last take (U or Ctrl+Z)")}>
      ${t("Undo")}<kbd>U</kbd></button>
    <button class=${state.slate ? "small slate on" : "small slate"} data-action="slate" aria-pressed=${state.slate ?? false} onClick=${model.slate}
      title=${state.slate ? t("Take the slate off? It is asked first (F8)") : t("The slate at once, silent, on everything (F8)")}>${t("SLATE")}<kbd>F8</kbd></button>
  </div>`;
}
