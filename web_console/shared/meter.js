/** A level meter: a bar whose length and colour follow the level; screen readers are told the number. */

import { html } from "./html.js";
import { METER_FLOOR_DB, meterFraction, meterZone } from "./levels.js";

/**
 * @param {{level_db: number, label: string, role?: string}} props level_db: peak in dBFS
 */
export function Meter({ level_db, label, role = "level" }) {
  const shown_db = Math.round(Math.max(METER_FLOOR_DB, Math.min(0, Number.isFinite(level_db) ? level_db : METER_FLOOR_DB)));
  return html`<div class="meter" data-role=${role} data-zone=${meterZone(level_db)} role="meter" aria-label=${label}
      aria-valuemin=${METER_FLOOR_DB} aria-valuemax="0" aria-valuenow=${shown_db} aria-valuetext=${`${shown_db} dB`}>
    <div class="meter-bar" style=${{ transform: `scaleX(${meterFraction(level_db).toFixed(3)})` }}></div>
  </div>`;
}
