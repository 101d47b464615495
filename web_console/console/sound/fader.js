/** A level to set: by sliding, by typing, by keys. What the hand does is heard while it moves. */

import { html } from "../../shared/html.js";
import { HEARD_MS, useHand } from "../programme/hand.js";
import { decibels } from "./loudness.js";
import * as model from "../model.js";
import { NumberField } from "../number_field.js";
import { t } from "../words/say.js";

/** As `source.gain` takes it. */
const MIN_GAIN_DB = -60;
const MAX_GAIN_DB = 20;

/** @param {{source: string, gain_db: number, name: string}} props source: `seat/<id>` or `source/<id>` */
export function Fader({ source, gain_db, name }) {
  const { held, move, set, letGo } = useHand((db, live) => model.send({ type: "source.gain", source, db, ...(live ? { live } : {}) }), HEARD_MS, source);
  const shown_db = held ?? gain_db;
  return html`<span class="fader">
    <input type="range" data-action="fader" data-source=${source} min=${MIN_GAIN_DB} max=${MAX_GAIN_DB} step="0.5" value=${shown_db}
      aria-label=${t("Gain of {name}", { name })} aria-valuetext=${decibels(shown_db)}
      onInput=${(/** @type {any} */ event) => move(event.currentTarget.valueAsNumber)} onChange=${letGo} onBlur=${letGo}
      onDblClick=${() => set(0)} disabled=${!model.can_direct.value} />
    <${NumberField} data-action="gain-db" data-source=${source} min=${MIN_GAIN_DB} max=${MAX_GAIN_DB} step=${0.5} value=${shown_db}
      label=${t("Gain of {name} in decibels", { name })} onSet=${set} disabled=${!model.can_direct.value} />
    <span class="soft" aria-hidden="true">dB</span></span>`;
}
