/** Plays a clip: play and pause, where it is, how long it still runs, from where to where, and what happens at its ends. */

import { useEffect, useRef, useState } from "preact/hooks";
import { html } from "../../shared/html.js";
import { latest } from "../programme/latest.js";
import { clipTimes, formatTime, seekBy } from "./material.js";
import * as model from "../model.js";
import { t } from "../words/say.js";
import { SWITCHES } from "./source_form.js";

/** So long what the hand has set is shown, if the player doesn't say sooner that it is there. */
const HELD_MS = 1_500;
/** As near as the player has to come. */
const NEAR_S = 0.3;

/** @param {{id: string, source: import("../../shared/types.js").Source, status: Partial<import("../../shared/types.js").SourceStatus>|undefined}} props */
export function ClipTransport({ id, source, status }) {
  const times = clipTimes(source, status);
  const direct = model.can_direct.value;
  const name = source.title || id;
  const update = (/** @type {Record<string, unknown>} */ change) => void model.send({ type: "source.update", source: id, ...change });
  return html`<div class="transport-clip" data-role="clip" data-source=${id}>
    <div class="clip-line">
      ${direct ? html`<button class=${times.playing ? "play" : "play good"} data-action=${times.playing ? "pause" : "play"} data-source=${id}
        aria-label=${times.playing ? t("Pause {name}", { name }) : t("Play {name}", { name })}
        onClick=${() => void model.send({ type: times.playing ? "source.pause" : "source.play", source: id })}>${times.playing ? "❚❚" : "▶"}</button>` : null}
      <${SeekBar} id=${id} name=${name} times=${times} fps=${status?.fps || 25} />
      <p class="remaining figures" data-role="remaining" data-seconds=${times.remaining_s.toFixed(1)} data-last=${String(times.last)}
        aria-label=${t("{time} left", { time: times.remaining })}>−${times.remaining}</p>
    </div>
    <p class="unseen" role="alert">${times.last ? t("{name} ends in less than 10 seconds", { name }) : ""}</p>
    ${direct ? html`<div class="row wrap clip-switches">
      <button class="small" data-action="in-here" data-source=${id} onClick=${() => update({ in_s: rounded(times.position_s) })}
        aria-label=${`${t("In")} ${formatTime(times.in_s)}: ${t("{name} begins here", { name })}`}>${t("In")} <span class="figures soft">${formatTime(times.in_s)}</span></button>
      <button class="small" data-action="out-here" data-source=${id} disabled=${times.position_s <= times.in_s} onClick=${() => update({ out_s: rounded(times.position_s) })}
        aria-label=${`${t("Out")} ${formatTime(times.out_s)}: ${t("{name} ends here", { name })}`}>${t("Out")} <span class="figures soft">${formatTime(times.out_s)}</span></button>
      <button class="small icon quiet" data-action="whole" data-source=${id} disabled=${!source.in_s && !source.out_s} onClick=${() => update({ in_s: 0, out_s: 0 })}
        aria-label=${t("{name} from its beginning to its end", { name })}>↺</button>
      ${SWITCHES.map(([field, word, why]) => html`<button key=${field} class="small toggle" data-action=${field} data-source=${id} title=${t(why)}
        aria-pressed=${source[field] ?? field === "auto_play"} aria-label=${`${t(word)}: ${name}`}
        onClick=${() => update({ [field]: !(source[field] ?? field === "auto_play") })}>${t(word)}</button>`)}
    </div>` : null}
  </div>`;
}

const rounded = (/** @type {number} */ seconds) => Math.round(seconds * 1000) / 1000;

/**
 * What the hand has set stays until the player is there: it would jump back and forth.
 *
 * @param {{id: string, name: string, fps: number, times: ReturnType<typeof clipTimes>}} props
 */
function SeekBar({ id, name, times, fps }) {
  const [held, setHeld] = useState(/** @type {number|null} */ (null));
  const timer = useRef(/** @type {ReturnType<typeof setTimeout>|undefined} */ (undefined));
  const send = useRef(latest((/** @type {number} */ position_s) => model.send({ type: "source.seek", source: id, position_s })));
  useEffect(() => () => clearTimeout(timer.current), []);
  useEffect(() => { if (held !== null && Math.abs(times.position_s - held) < NEAR_S) setHeld(null); }, [times.position_s]);
  const seek = (/** @type {number} */ position_s) => {
    setHeld(position_s);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => setHeld(null), HELD_MS);
    void send.current(position_s);
  };
  const at = held ?? times.position_s;
  const said = t("{time} of {length}", { time: formatTime(at), length: formatTime(times.duration_s) });
  return html`<div class="seek">
    <input type="range" data-action="seek" data-source=${id} min="0" max=${times.duration_s || 1} step="0.04" value=${at}
      disabled=${!model.can_direct.value || !times.duration_s} aria-label=${t("Position in {name}", { name })} aria-valuetext=${said}
      onInput=${(/** @type {any} */ event) => seek(event.currentTarget.valueAsNumber)}
      onKeyDown=${(/** @type {KeyboardEvent} */ event) => {
        const to = seekBy(event.key, event.shiftKey, { ...times, position_s: at, out_s: times.duration_s }, fps);
        if (to === null) return;
        event.preventDefault();
        seek(event.key === "End" ? times.out_s : to);
      }} />
    <span class="figures soft" data-role="position" data-seconds=${times.position_s.toFixed(2)}>${said}</span>
  </div>`;
}
