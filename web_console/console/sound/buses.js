/** What the buses carry: level, loudness by ITU-R BS.1770-4, true peak, and how far it is from the target. */

import { useMemo } from "preact/hooks";
import { html } from "../../shared/html.js";
import { busesOf, targetOf } from "./channels.js";
import { LiveFigure, LiveMeter } from "./live_meters.js";
import { deviation, figure, overPeak } from "./loudness.js";
import * as model from "../model.js";
import { NumberField } from "../number_field.js";
import { busName, spoken, t } from "../words/say.js";

/** @typedef {import("../../shared/types.js").Meters["buses"][string]} Meter */

/** As `bus.update` takes it. */
const MIN_LUFS = -36;
const MAX_LUFS = -9;

const momentary = (/** @type {Meter} */ meter) => meter[2];
const shortTerm = (/** @type {Meter} */ meter) => meter[3];
const integrated = (/** @type {Meter} */ meter) => meter[4];
const truePeak = (/** @type {Meter} */ meter) => meter[5];
const markPeak = (/** @type {number|undefined} */ value) => ({ level: overPeak(value) ? "bad" : "none", text: "" });

export function Buses() {
  const state = model.state.value;
  if (!state) return null;
  const all = busesOf(state);
  return html`<h3 class="group">${t("Buses")} <span class="figures">${all.length}</span></h3>
    <ul aria-label=${t("Buses")}>${all.map((bus) => html`<${BusRow} key=${bus} bus=${bus} />`)}</ul>`;
}

/** @param {{bus: string}} props */
function BusRow({ bus }) {
  const state = model.state.value;
  const target_lufs = state ? targetOf(state, bus) : 0;
  const mark = useMemo(() => (/** @type {number|undefined} */ value) => deviation(value, target_lufs), [target_lufs, spoken()]);
  if (!state) return null;
  const name = busName(bus);
  const idle = !model.can_direct.value;
  return html`<li class="channel" data-role="bus" data-bus=${bus}>
    <div class="channel-line">
      <strong class="clip">${name}</strong>${name === bus || bus === "floor" || bus === "hall" ? null : html`<span class="soft">${bus}</span>`}
      <span class="grow"></span>
      ${bus === "hall" ? html`<${HallBus} />` : null}
      <label class="target"><span class="soft">${t("Target")}</span><${NumberField} data-action="target" data-bus=${bus} min=${MIN_LUFS} max=${MAX_LUFS}
        step=${0.5} value=${target_lufs} disabled=${idle} label=${t("Target of {name} in LUFS", { name })}
        onSet=${(/** @type {number} */ asked) => void model.send({ type: "bus.update", bus, target_lufs: asked })} /><span class="soft">LUFS</span></label>
      <button class="small" data-action="bus-reset" data-bus=${bus} disabled=${idle}
        title=${t("Begin the integrated loudness and the true peak anew")}
        onClick=${() => void model.send({ type: "bus.reset", bus })}>${t("Reset")}<span class="unseen"> ${name}</span></button>
    </div>
    <${LiveMeter} of="buses" id=${bus} label=${t("Level of {name}", { name })} />
    <div class="loudness">
      <${LiveFigure} bus=${bus} name="M" read=${momentary} title=${t("Momentary loudness in LUFS")} />
      <${LiveFigure} bus=${bus} name="S" read=${shortTerm} title=${t("Short-term loudness in LUFS")} />
      <${LiveFigure} bus=${bus} name="I" read=${integrated} title=${t("Integrated loudness in LUFS")} />
      <${LiveFigure} bus=${bus} name="TP" read=${truePeak} mark=${markPeak} title=${t("Highest true peak in dBTP")} />
      <${LiveFigure} bus=${bus} name="" read=${integrated} mark=${mark} title=${t("Integrated loudness against {target} LUFS", { target: figure(target_lufs) })} />
    </div>
  </li>`;
}

/** What the loudspeakers of the hall carry; without the hall's own microphones, whatever it is. */
function HallBus() {
  const state = model.state.value;
  if (!state) return null;
  return html`<label class="target"><span class="soft">${t("hears")}</span>
    <select class="slim" data-action="hall-bus" value=${state.hall_bus ?? "floor"} disabled=${!model.can_direct.value}
      aria-label=${t("What the hall hears")}
      onChange=${(/** @type {any} */ event) => void model.send({ type: "hall.update", bus: event.currentTarget.value })}>
      ${busesOf(state).filter((one) => one !== "hall").map((one) => html`<option key=${one} value=${one}>${busName(one)}</option>`)}</select></label>`;
}
