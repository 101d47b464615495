/** Before joining: camera preview, microphone meter, devices, name and title, and the button. */

import { useEffect, useRef, useState } from "preact/hooks";
import { html } from "../shared/html.js";
import { sayError } from "../shared/i18n.js";
import { meterZone } from "../shared/levels.js";
import { Meter } from "../shared/meter.js";
import { PageLanguageSwitch } from "../shared/page_language.js";
import { Languages } from "./languages.js";
import * as media from "./media.js";
import * as model from "./model.js";

const { t } = model;

export function Prepare() {
  const seat = model.state.value?.seat;
  const [name, setName] = useState(seat?.name ?? "");
  const [title, setTitle] = useState(seat?.title ?? "");
  const [heard, setHeard] = useState(false);
  const has_camera = media.camera.value !== null;
  const has_microphone = media.microphone.value !== null;
  const zone = meterZone(media.level_db.value);
  const speaking = zone !== "silent" && media.level_db.value > -45;
  useEffect(() => { if (speaking) setHeard(true); }, [speaking]);

  /** @param {SubmitEvent} event */
  const submit = (event) => {
    event.preventDefault();
    void model.join({ name: name.trim(), title: title.trim() });
  };
  const label = has_camera || !has_microphone
    ? has_microphone || !has_camera ? t("prepare.join") : t("prepare.join-picture")
    : t("prepare.join-sound");

  return html`<main class="prepare" data-role="prepare">
    <header>
      <div class="row"><p class="event grow" data-role="event-title">${model.state.value?.event.title ?? ""}</p>
        <${PageLanguageSwitch} language=${model.language.value} /></div>
      <h1>${t("prepare.heading")}</h1>
      <p class="soft">${t("prepare.intro")}</p>
    </header>
    <section class="look" aria-label=${t("prepare.preview")}>
      <${SelfView} label=${t("prepare.preview")} />
      <div class="sound">
        <${Meter} level_db=${media.level_db.value} label=${t("prepare.level")} role="microphone-level" />
        <p class=${heard ? "hint heard" : "hint"} aria-live="polite">
          ${has_microphone && media.measuring.value ? (heard ? t("prepare.heard") : t("prepare.speak")) : ""}
        </p>
      </div>
    </section>
    <form class="details" onSubmit=${submit}>
      <label class="field"><span>${t("prepare.name")}</span>
        <input name="name" data-role="name" autocomplete="name" required maxlength="80" value=${name}
          onInput=${(/** @type {any} */ event) => setName(event.currentTarget.value)} /></label>
      <label class="field"><span>${t("prepare.title")}</span>
        <input name="title" data-role="title" autocomplete="organization-title" maxlength="120" value=${title}
          onInput=${(/** @type {any} */ event) => setTitle(event.currentTarget.value)} /></label>
      <${Languages} />
      <${Choice} which="camera" label=${t("prepare.camera")} devices=${media.cameras.value} track=${media.camera.value} />
      <${Choice} which="microphone" label=${t("prepare.microphone")} devices=${media.microphones.value}
        track=${media.microphone.value} />
      <div aria-live="assertive">
        ${media.asking.value ? html`<p class="note">${t("prepare.ask")}</p>` : null}
        ${!media.asking.value && media.problem.value ? html`<div class="note warn" data-role="media-problem" data-code=${media.problem.value}>
          <p>${sayError(model.language.value, { code: media.problem.value })}</p>
          <button type="button" class="small" data-action="ask-again" onClick=${() => void media.ask()}>${t("prepare.again")}</button>
        </div>` : null}
        ${model.error.value ? html`<p class="note bad" data-role="error" role="alert">${model.errorText()}</p>` : null}
      </div>
      <button type="submit" class="primary big" data-action="join"
          disabled=${model.busy.value || media.asking.value || !name.trim() || (!has_camera && !has_microphone)}>
        ${model.busy.value ? t("prepare.joining") : label}
      </button>
      <p class="hint">${t("prepare.headphones")}</p>
    </form>
  </main>`;
}

/**
 * @param {{which: "camera"|"microphone", label: string, devices: media.Device[], track: MediaStreamTrack|null}} props
 */
function Choice({ which, label, devices, track }) {
  const chosen = track?.getSettings().deviceId ?? "";
  return html`<label class="field"><span>${label}</span>
    <select data-role=${`${which}-choice`} disabled=${devices.length === 0} value=${chosen}
        onChange=${(/** @type {any} */ event) => void media.choose(which, event.currentTarget.value)}>
      ${devices.length === 0 ? html`<option value="">${t("prepare.none")}</option>` : null}
      ${devices.map((one) => html`<option key=${one.deviceId} value=${one.deviceId} selected=${one.deviceId === chosen}>${one.label}</option>`)}
    </select></label>`;
}

/**
 * The guest's own picture, as in a mirror.
 *
 * @param {{label: string}} props
 */
export function SelfView({ label }) {
  const ref = useRef(/** @type {HTMLVideoElement|null} */ (null));
  const track = media.camera.value;
  useEffect(() => {
    const video = ref.current;
    if (!video) return;
    video.srcObject = track ? new MediaStream([track]) : null;
    if (track) video.play().catch(() => {});
  }, [track]);
  return html`<div class="self">
    <video ref=${ref} data-role="self" class="mirror" muted playsinline aria-label=${label} hidden=${!track}></video>
    ${track ? null : html`<p class="no-picture">${t("prepare.no-picture")}</p>`}
  </div>`;
}
