/** What the interpreter sees and hears: the programme picture; floor or relay; how loud. */

import { useEffect, useRef, useState } from "preact/hooks";
import { html } from "../shared/html.js";
import { Icon } from "../shared/icon.js";
import { languageName } from "../shared/i18n.js";
import { Meter } from "../shared/meter.js";
import { play } from "../shared/play.js";
import * as model from "./model.js";
import { FLOOR } from "./rules.js";
import * as sound from "./sound.js";

const { t } = model;

/** @param {string} bus */
function busName(bus) {
  return bus === FLOOR ? t("listen.floor") : languageName(bus, model.language.value);
}

export function Listening() {
  const languages = model.state.value?.event.languages ?? [];
  const listen = model.listen.value;
  const relay = model.relay.value;
  const on_relay = listen !== FLOOR;
  const assigned = Boolean(model.state.value?.booth);
  return html`<section class="column" aria-labelledby="listening-title">
    <${Picture} />
    <div class="panel">
      <div class="panel-head"><h2 id="listening-title">${t("listen.title")}</h2>
        <p class="hear" data-role="hears" data-bus=${listen} role="status"><span class="soft">${t("listen.hear")}</span> <strong>${busName(listen)}</strong></p></div>
      <${Meter} level_db=${model.heard_db.value} label=${t("listen.level")} role="heard-level" />
      <div class="pair">
        <button class="tall toggle" data-action="relay" aria-pressed=${on_relay} disabled=${!assigned || (!relay && !on_relay)} onClick=${model.toggleRelay}>
          ${t("listen.relay")}: ${relay ? busName(relay) : "–"} <kbd>R</kbd></button>
        <label class="volume"><span class="soft">${t("listen.volume")} <kbd>−</kbd><kbd>+</kbd></span>
          <input type="range" data-role="volume" min="0" max="1" step="0.05" value=${model.preferences.value.volume}
            aria-valuetext=${`${Math.round(100 * model.preferences.value.volume)} %`}
            onInput=${(/** @type {any} */ event) => model.prefer({ volume: Number(event.currentTarget.value) })} /></label>
      </div>
      <div class="choices" role="group" aria-label=${t("listen.preselect")}>
        <span class="soft" aria-hidden="true">${t("listen.preselect")}</span>
        ${languages.map((tag, index) => html`<button key=${tag} class="small choice" data-action="preselect" data-bus=${tag}
          aria-pressed=${tag === relay} onClick=${() => model.preselect(tag)}>${busName(tag)}${index < 9 ? html` <kbd>${index + 1}</kbd>` : null}</button>`)}
      </div>
    </div>
  </section>`;
}

/** The programme, as fresh as the line allows, with the sound of the bus that is heard. */
function Picture() {
  const ref = useRef(/** @type {HTMLVideoElement|null} */ (null));
  const [blocked, setBlocked] = useState(false);
  const stream = model.programme.value;
  const volume = model.preferences.value.volume;
  const output = sound.output.value;
  const attempt = (/** @type {MediaStream} */ wanted) => {
    const video = ref.current;
    if (!video) return;
    void play(video, wanted, { sound: true }).then((how) => setBlocked(how === "muted"));
  };
  useEffect(() => { if (ref.current) ref.current.volume = volume; }, [volume]);
  useEffect(() => {
    if (ref.current) void sound.routeTo(ref.current, output);
  }, [output]);
  useEffect(() => { if (stream) attempt(stream); }, [stream]);
  return html`<div class="programme">
    <video ref=${ref} data-role="programme" playsinline autoplay aria-label=${t("live.programme")} tabindex="-1"
      class=${model.peer_state.value === "connected" ? "" : "faded"}></video>
    ${stream ? null : html`<p class="soft no-picture">${t("live.waiting-picture")}</p>`}
    ${blocked && stream ? html`<button class="primary big over" data-action="unmute" onClick=${() => attempt(stream)}>
      <${Icon} name="sound" />${t("live.sound-on")}</button>` : null}
  </div>`;
}
