/** Who fills the places that follow the voice, and the quick way to hold one person there. */

import { html } from "../../shared/html.js";
import * as model from "../model.js";
import { speakers } from "../programme/onair.js";
import { t } from "../words/say.js";

export function SpeakerStrip() {
  const state = model.state.value;
  if (!state || !model.can_direct.value) return null;
  const { pin } = state.auto_speaker;
  const name = (/** @type {string|undefined} */ id) => (id ? state.seats[id]?.name || id : t("nobody"));
  const [on_air, next] = [state.speaker, state.preview_speaker];
  return html`<div class="row speaker-strip" role="group" aria-label=${t("Automatic choice of who speaks")}>
    <span class="soft clip" data-role="auto-speaker" data-program=${on_air ?? ""} data-preview=${next ?? ""}
      title=${t("On air: {name}. In preview: {other}.", { name: name(on_air), other: name(next) })}>
      ${t("Speaks:")} ${name(next)}${on_air !== next ? html` <span class="badge program">${name(on_air)}</span>` : null}</span>
    <select class="slim" data-action="speaker-pin" value=${pin} aria-label=${t("Who fills automatic places")} title=${t("Who fills automatic places")}
      onChange=${(/** @type {any} */ event) => void model.send({ type: "speaker.update", pin: event.currentTarget.value || null })}>
      <option value="">${t("By voice")}</option>
      ${speakers(state).map((id) => html`<option key=${id} value=${id}>${name(id)}</option>`)}</select>
    <button class="small" data-action="speaker-edit" onClick=${() => { model.dialog.value = { name: "speaker" }; }}>${t("Auto speaker")}</button>
  </div>`;
}
