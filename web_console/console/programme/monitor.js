/** The multiview, the two buses in words, and the buttons that act on the programme. */

import { useEffect, useRef, useState } from "preact/hooks";
import { html } from "../../shared/html.js";
import { Meter } from "../../shared/meter.js";
import { play } from "../../shared/play.js";
import { withSession } from "../../shared/protocol.js";
import * as model from "../model.js";
import { busesOf } from "../sound/channels.js";
import { clipOnAir } from "../sources/material.js";
import { coverOf, tallyOf } from "./onair.js";
import { busName, t } from "../words/say.js";
import { TalkToAll } from "../sound/talk_buttons.js";
import { previewLine } from "../words/text.js";
import { TransitionRow } from "./transition_row.js";

export function Monitor() {
  const [sound, setSound] = useState(false);
  const state = model.state.value;
  if (!state) return null;
  const floor_db = state.status.mixer.levels?.floor ?? -100;
  const { preview, program, black } = state;
  const { take } = state.status;
  const cover = coverOf(state);
  const coming = previewLine(state);
  const clip = clipOnAir(state);
  return html`<section class="monitor" aria-label=${t("Monitor")}>
    <${Multiview} sound=${sound} />
    ${model.wall_shown.value ? html`<${Wall} />` : null}
    <div class="sound-strip">
      <span class="soft">${t("Programme sound")}</span>
      <${Meter} level_db=${floor_db} label=${t("Programme sound")} role="programme-level" />
      <span class="figures soft level-figure">${floor_db > -100 ? `${Math.round(floor_db)} dB` : t("silent")}</span>
      ${model.can_direct.value ? html`<div class="row">
        <select class="slim" data-action="monitor-bus" value=${state.monitor_bus ?? "floor"} aria-label=${t("What you hear")} title=${t("What you hear")}
          onChange=${(/** @type {any} */ event) => void model.send({ type: "monitor.set", bus: event.currentTarget.value })}>
          ${busesOf(state).map((bus) => html`<option key=${bus} value=${bus}>${busName(bus)}</option>`)}</select>
        <button class="small toggle" data-action="monitor" aria-pressed=${sound}
          onClick=${() => setSound(!sound)}>${sound ? t("Listening") : t("Listen")}</button>
        <button class="small toggle" data-action="show-wall" aria-pressed=${model.wall_shown.value} onClick=${model.toggleWall}
          title=${t("The LED wall's picture, below the monitor")}>${t("Wall")}</button>
        ${(state.solo ?? []).length > 0 ? html`<span class="badge warn" data-role="solo-on">${t("Solo")}</span>` : null}
        <${TalkToAll} /></div>` : null}
    </div>
    <div class="buses">
      <div class=${tallyOf(state, preview) === "program" ? "bus preview leaving" : "bus preview"} data-role="preview" data-scene=${preview ?? ""}
          data-tally=${tallyOf(state, preview)} aria-live="polite">
        <span class="bus-name">${t("Preview")}</span>
        <strong class="clip">${preview ? model.sceneTitle(preview) : t("Nothing")}</strong>
        <span class="bus-note clip" data-role="preview-ready" data-ready=${String(coming.ready)}>${coming.text}</span>
      </div>
      <div class="transport">
        <button class="cut" data-action="cut" disabled=${!preview || !model.can_direct.value} onClick=${model.cut}
          data-ready=${String(coming.ready)}
          title=${coming.ready ? t("Preview goes to programme (Space)") : `${t("Cuts at once (Space).")} ${coming.text}`}>CUT<kbd>Space</kbd></button>
        <button class="auto" data-action="auto" disabled=${!preview || !model.can_direct.value} onClick=${model.auto} data-taking=${String(Boolean(take))}
          title=${t("Preview goes to programme by the transition, {seconds} s (Enter)", { seconds: state.transition.duration_ms / 1000 })}>AUTO<kbd>Enter</kbd>
          ${take ? html`<span key=${take.ends_at_ms} class="progress" role="progressbar" data-role="take" aria-label=${t("Transition")}
            style=${`animation-duration: ${take.duration_ms}ms`}></span>` : null}</button>
        <button class=${black ? "black on" : "black"} data-action="fade-to-black" aria-pressed=${black}
          disabled=${!model.can_direct.value} onClick=${model.toggleBlack} title=${t("Fade programme and wall to black")}>
          ${black ? t("BLACK") : t("Fade to black")}</button>
      </div>
      <div class="bus program" data-role="program" data-scene=${program ?? ""} aria-live="polite">
        ${clip ? html`<span class="air-remaining figures" aria-hidden="true" data-role="air-remaining" data-last=${String(clip.last)}>−${clip.remaining}</span>` : null}
        <span class="bus-name">${t("Programme")}</span>
        <strong class="clip" data-role="on-air" data-cover=${cover}>${cover === "slate" ? t("Slate") : black ? t("Black") : program ? model.sceneTitle(program) : t("Nothing")}</strong>
      </div>
    </div>
    <${TransitionRow} />
  </section>`;
}

/** @param {{sound: boolean}} props */
function Multiview({ sound }) {
  const ref = useRef(/** @type {HTMLVideoElement|null} */ (null));
  const stream = model.multiview.value;
  const connected = model.video_state.value === "connected";
  useEffect(() => {
    if (ref.current && stream) void play(ref.current, stream, { sound });
  }, [stream, sound]);
  if (!model.can_direct.value) return html`<${Still} />`;
  return html`<div class="multiview">
    <video ref=${ref} data-role="multiview" data-state=${model.video_state.value} playsinline autoplay muted
      aria-label=${t("Preview, programme and all cameras")} class=${connected ? "" : "faded"}></video>
    ${connected ? null : html`<p class="multiview-note" role="status">${t("Connecting to the multiview…")}</p>`}
  </div>`;
}

/** For those who may look but not direct. */
function Still() {
  return html`<div class="multiview"><${Canvas} name="multiview" label=${t("Preview, programme and all cameras")} /></div>`;
}

function Wall() {
  return html`<div class="multiview wall-picture"><${Canvas} name="wall" label=${t("The LED wall's picture")} />
    <p class="picture-label">${t("Wall")}</p></div>`;
}

/**
 * A canvas as a still, a new one each second.
 *
 * @param {{name: string, label: string}} props
 */
function Canvas({ name, label }) {
  const second = Math.floor(model.now_ms.value / 1000);
  return html`<img data-role=${name} alt=${label} src=${withSession(`/api/v1/canvases/${name}.jpg`, model.as, { t: String(second) })} />`;
}
