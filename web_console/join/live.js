/** Joined: the large state, the programme with sound, own picture, mute, camera, leave. */

import { useEffect, useRef, useState } from "preact/hooks";
import { Question } from "../shared/dialog.js";
import { html } from "../shared/html.js";
import { Icon } from "../shared/icon.js";
import { Meter } from "../shared/meter.js";
import { PageLanguageSwitch } from "../shared/page_language.js";
import { keepAwake, play } from "../shared/play.js";
import { sayError } from "../shared/i18n.js";
import { Languages } from "./languages.js";
import * as media from "./media.js";
import * as model from "./model.js";
import { SelfView } from "./prepare.js";
import * as screen from "./screen.js";
import { Slides } from "./slides.js";

const { t } = model;

export function Live() {
  const [leaving, setLeaving] = useState(false);
  const shown = model.shown_state.value;
  const muted = model.self_muted.value;
  const sharing = screen.screen.value !== null;
  const seat = model.state.value?.seat;
  const lost = model.peer_state.value !== "connected" || model.link.value !== "open";
  useEffect(() => keepAwake(), []);

  return html`<main class="live" data-state=${shown}>
    <h1 class="unseen">${model.state.value?.event.title ?? t("page.title")}</h1>
    <div class="lamp" role="status" aria-live="assertive">
      <p class="lamp-word" data-role="state" data-state=${shown}>${t(`state.${shown}`)}</p>
      <p class="lamp-text">${t(`state.${shown}-text`)}</p>
    </div>
    <div class="corner"><${PageLanguageSwitch} language=${model.language.value} /></div>
    <div class="stage">
      <${Programme} />
      <aside>
        <figure class="own">
          <${SelfView} label=${t("live.self")} />
          <figcaption>
            <strong class="clip">${seat?.name ?? t("live.self")}</strong>
            <span class="soft clip">${seat?.title ?? ""}</span>
            <${Meter} level_db=${media.level_db.value} label=${t("prepare.level")} role="microphone-level" />
          </figcaption>
        </figure>
        <${Languages} />
        <div class="notes" aria-live="polite">
          ${sharing ? html`<p class="note sharing" data-role="sharing"><${Icon} name="screen" />${t("live.sharing")}</p>` : null}
          ${muted ? html`<p class="note warn" data-role="self-muted">${t("live.muted-note")}</p>` : null}
          ${seat?.muted ? html`<p class="note warn" data-role="studio-muted">${t("live.muted-by-studio")}</p>` : null}
          ${media.problem.value ? html`<p class="note warn" data-role="media-problem">${media.problem.value === "media.no-camera" ? t("live.no-camera")
            : sayError(model.language.value, { code: media.problem.value })}</p>` : null}
          ${screen.problem.value ? html`<p class="note warn" data-role="screen-problem">${sayError(model.language.value, { code: screen.problem.value })}</p>` : null}
          ${model.error.value ? html`<p class="note bad" data-role="error">${model.errorText()}</p>` : null}
        </div>
      </aside>
    </div>
    <${Slides} />
    <footer class="bar">
      <${Line} lost=${lost} />
      <div class="bar-buttons">
        <button class="toggle off" data-action="mute" aria-pressed=${muted} onClick=${model.toggleMute}>
          <${Icon} name=${muted ? "microphone-off" : "microphone"} />${muted ? t("live.unmute") : t("live.mute")}
        </button>
        <button class="toggle off" data-action="camera" aria-pressed=${model.camera_off.value} onClick=${() => void model.toggleCamera()}>
          <${Icon} name=${model.camera_off.value ? "camera-off" : "camera"} />
          ${model.camera_off.value ? t("live.camera-on") : t("live.camera-off")}
        </button>
        ${screen.can_share ? html`<button class="toggle" data-action="share" aria-pressed=${sharing} onClick=${() => void model.toggleShare()}>
          <${Icon} name="screen" />${sharing ? t("live.share-stop") : t("live.share")}
        </button>` : null}
      </div>
      <button data-action="leave" onClick=${() => setLeaving(true)}>${t("live.leave")}</button>
    </footer>
    ${leaving ? html`<${Question} title=${t("leave.question")} text=${t("leave.text")} yes=${t("leave.yes")} no=${t("leave.no")}
      onYes=${model.leave} onClose=${() => setLeaving(false)} />` : null}
  </main>`;
}

function Programme() {
  const ref = useRef(/** @type {HTMLVideoElement|null} */ (null));
  const [blocked, setBlocked] = useState(false);
  const stream = model.programme.value;
  const connected = model.peer_state.value === "connected";
  const attempt = (/** @type {MediaStream} */ wanted) => {
    const video = ref.current;
    if (!video) return;
    void play(video, wanted, { sound: true }).then((how) => setBlocked(how === "muted"));
  };
  useEffect(() => { if (stream) attempt(stream); }, [stream]);
  return html`<section class="programme" aria-label=${t("live.programme")}>
    <video ref=${ref} data-role="programme" playsinline autoplay aria-label=${t("live.programme")}
      class=${connected ? "" : "faded"}></video>
    <${Hints} />
    ${stream ? null : html`<p class="soft no-picture">${t("live.waiting-picture")}</p>`}
    ${blocked && stream ? html`<button class="primary big over" data-action="unmute" onClick=${() => attempt(stream)}>
      <${Icon} name="sound" />${t("live.sound-on")}</button>` : null}
  </section>`;
}

/** What the people behind the scenes ask or say: over the picture the guest looks at, calm, and gone by itself. */
function Hints() {
  const status = model.state.value?.status;
  return html`<div class="hints" aria-live="polite">
    ${status?.slower ? html`<div class="hint-lamp" data-role="slower"><p class="hint-word">${t("live.slower")}</p>
      <p>${t("live.slower-text")}</p></div>` : null}
    ${status?.talkback ? html`<div class="hint-lamp" data-role="talkback"><p class="hint-word"><${Icon} name="sound" size=${26} />${t("live.talkback")}</p></div>` : null}
  </div>`;
}

/** @param {{lost: boolean}} props */
function Line({ lost }) {
  const quality = lost ? "lost" : model.quality.value;
  return html`<p class="line" data-role="connection" data-quality=${quality} role="status">
    <span class="bars" aria-hidden="true"><i></i><i></i><i></i></span>${t(`line.${quality}`)}</p>`;
}
