/** The files that were uploaded: what each is, who uses it, and away with it. */

import { useState } from "preact/hooks";
import { Question } from "../../shared/dialog.js";
import { html } from "../../shared/html.js";
import { SOURCE_KINDS } from "../../shared/kinds.js";
import { formatBytes } from "../../shared/levels.js";
import { call } from "../../shared/protocol.js";
import { conversionText, formatTime, kindWord, mediumWarning, trackLines, usersOf } from "./material.js";
import * as model from "../model.js";
import { t } from "../words/say.js";
import { acceptOf } from "./source_form.js";
import { UploadField } from "./upload_field.js";

/** @typedef {import("../../shared/types.js").Medium} Medium */

/**
 * @param {Medium} medium
 * @returns {string} `Clip · 12.4 MB · 1920×1080 · 0:42 · 25 fps`
 */
export function mediumLine(medium) {
  const { kind, bytes, width, height, duration_s, fps, sound, pages } = medium;
  return [
    kindWord(kind), formatBytes((bytes ?? 0) + (medium.conversion?.bytes ?? 0)), width && height ? `${width}×${height}` : "", duration_s ? formatTime(duration_s) : "",
    medium.colour ? t("{colour} made SDR", { colour: medium.colour }) : "", medium.fields ? t("deinterlaced") : "", medium.orientation ? t("turned") : "",
    medium.alpha ? t("transparent") : "",
    fps ? `${Math.round(fps * 100) / 100} fps` : "", SOURCE_KINDS[kind].sounds && !sound ? t("no sound") : "", pages ? t("{count} pages", { count: pages }) : "",
  ].filter(Boolean).join(" · ");
}

export function MediaLibrary() {
  const state = model.state.value;
  if (!state) return null;
  const media = Object.entries(state.status.media ?? {});
  const bytes = media.reduce((sum, [, one]) => sum + (one.bytes ?? 0) + (one.conversion?.bytes ?? 0), 0);
  return html`<section class="panel library" aria-labelledby="library-title" data-role="library">
    <div class="panel-head"><h2 id="library-title">${t("Media library")}</h2>
      <span class="soft figures">${media.length > 0 ? `${media.length} · ${formatBytes(bytes)}` : ""}</span><div class="grow"></div></div>
    <div class="panel-body" tabindex="0" role="group" aria-label=${t("Media library")}>
      ${model.can_direct.value ? html`<${UploadField} accept=${acceptOf()} label=${t("Upload a file")} onDone=${() => {}} />` : null}
      ${media.length === 0 ? html`<p class="empty">${t("Nothing is uploaded yet.")}</p>` : null}
      <ul aria-label=${t("Media library")}>${media.map(([id, medium]) => html`<${MediumRow} key=${id} id=${id} medium=${medium} />`)}</ul>
    </div>
  </section>`;
}

/** How far a clip's conversion is. @param {{medium: Medium}} props */
function Converting({ medium }) {
  const text = conversionText(medium);
  const { state, share = 0, code = "" } = medium.conversion ?? {};
  if (!text) return null;
  return html`<span class=${state === "failed" ? "seat-problem" : "soft converting"} data-role="conversion" data-state=${state} data-code=${code}>
    <span role="status">${text}</span>
    ${state === "running" ? html`<progress max="1" value=${share} aria-label=${t("Converting {name}", { name: medium.name })}></progress>
      <span class="figures">${Math.floor(100 * share)} %</span>` : null}</span>`;
}

/** @param {{id: string, medium: Medium}} props */
function MediumRow({ id, medium }) {
  const [asking, setAsking] = useState(false);
  const state = model.state.value;
  if (!state) return null;
  const users = usersOf(state, id);
  const used = users.length > 0 ? t("Used by {names}.", { names: users.join(", ") }) : "";
  const remove = async () => {
    try {
      await call(`/api/v1/media/${encodeURIComponent(id)}`, { as: model.as, method: "DELETE" });
    } catch (thrown) {
      model.complain(thrown);
    }
  };
  return html`<li class="medium" data-role="medium" data-media=${id} data-kind=${medium.kind}>
    <p class="who"><strong class="clip">${medium.name}</strong><span class="soft clip figures">${mediumLine(medium)}</span>
      <${Converting} medium=${medium} />
      ${trackLines(medium).map((line) => html`<span key=${line} class="soft clip figures" data-role="track">${line}</span>`)}
      ${used ? html`<span class="soft clip">${used}</span>` : null}
      ${(medium.warnings ?? []).map((code) => html`<span key=${code} class="seat-problem" data-code=${code}>${mediumWarning(code)}</span>`)}</p>
    ${model.can_direct.value ? html`<button class="small icon quiet" data-action="media-delete" data-media=${id} aria-label=${t("Delete {name}", { name: medium.name })}
      onClick=${() => setAsking(true)}>✕</button>` : null}
    ${asking ? html`<${Question} title=${t("Delete {name}?", { name: medium.name })} yes=${t("Delete")} no=${t("No")}
      text=${`${t("The file is removed from this machine.")} ${used}`.trim()} onYes=${() => void remove()} onClose=${() => setAsking(false)} />` : null}
  </li>`;
}
