/**
 * What goes out: which language, the microphone, cough, hand-over, "slower please"; own and partner's meters.
 * A button that stays pressed keeps its name: "Microphone, pressed" says more than "Microphone off, pressed".
 */

import { html } from "../shared/html.js";
import { Icon } from "../shared/icon.js";
import { languageName, sayError } from "../shared/i18n.js";
import { Meter } from "../shared/meter.js";
import { ofSeat } from "../shared/names.js";
import * as model from "./model.js";
import * as sound from "./sound.js";

const { t } = model;

export function Speaking() {
  const state = model.state.value;
  const booth = state?.booth;
  const on = state?.seat?.on === true;
  const into = model.into.value;
  const slower = state?.status.slower === true;
  const role = model.handover.value.role;
  const problem = sound.problem.value;
  return html`<section class="column panel" aria-labelledby="speaking-title">
    <div class="panel-head"><h2 id="speaking-title">${t("speak.title")}</h2></div>
    ${booth ? null : html`<p class="note warn" data-role="no-booth">${t("booth.no-booth")}</p>`}
    <div class="choices tongues" role="group" aria-label=${t("speak.into")}>
      <span class="soft" aria-hidden="true">${t("speak.into")} <kbd>L</kbd></span>
      ${(booth?.languages ?? []).map((tag) => html`<button key=${tag} class="choice tall" data-action="into" data-language=${tag}
        aria-pressed=${tag === into} onClick=${() => model.speakInto(tag)}>${languageName(tag, model.language.value)}</button>`)}
    </div>
    <button class="speak" data-action="speak" aria-pressed=${on} disabled=${!booth} onClick=${model.toggleSpeak}>
      <${Icon} name=${on ? "microphone" : "microphone-off"} size=${30} /><span>${t("speak.microphone")}</span> <kbd>M</kbd>
      <span class="speak-hint" aria-hidden="true">${t(on ? "speak.on-hint" : "speak.off-hint")}</span></button>
    <${Cough} />
    <div class="pair">
      ${role === "taking" ? null : html`<button class="tall" data-action="handover" disabled=${!booth || (role === "none" && !on)} onClick=${model.handOver}>
        ${t(role === "giving" ? "handover.cancel" : "handover.offer")} <kbd>H</kbd></button>`}
      <button class="tall toggle" data-action="slower" aria-pressed=${slower} disabled=${!booth} onClick=${model.slower}>
        ${t("speak.slower")} <kbd>S</kbd></button>
    </div>
    <div class="levels">
      <div class="level"><p><strong>${t("booth.you")}</strong> <span class="soft clip">${state?.seat?.name ?? ""}</span></p>
        <${Meter} level_db=${model.level_db.value} label=${t("speak.level")} role="own-level" /></div>
      ${model.partners.value.map((one) => html`<${PartnerLevel} key=${one.seat} partner=${one} />`)}
      ${model.partners.value.length === 0 && booth ? html`<p class="hint" data-role="no-partner">${t("speak.no-partner")}</p>` : null}
    </div>
    <div aria-live="assertive" class="warnings">
      ${state?.seat?.muted ? html`<p class="note warn" data-role="studio-muted">${t("live.muted-by-studio")}</p>` : null}
      ${problem ? html`<div class="note warn" data-role="media-problem" data-code=${problem}>
        <p>${sayError(model.language.value, { code: problem })}</p>
        <button class="small" data-action="ask-again" onClick=${() => void sound.ask()}>${t("prepare.again")}</button></div>` : null}
      ${model.error.value ? html`<p class="note bad" data-role="error">${model.errorText()}</p>` : null}
    </div>
  </section>`;
}

/** Held by a pointer, by its key, or, where nothing can be held (a screen reader's press), switched. */
function Cough() {
  const held = model.held.value;
  const byKey = (/** @type {KeyboardEvent} */ event, /** @type {import("./cough.js").CoughEvent} */ what) => {
    if (event.code !== "Space" && event.key !== "Enter") return;
    // Kept from the page's own keys, and from the click that a button makes of them.
    event.preventDefault();
    event.stopPropagation();
    if (!event.repeat) model.cough(what);
  };
  return html`<button class="cough toggle off" data-action="cough" aria-pressed=${held} disabled=${!model.state.value?.booth}
      onPointerDown=${(/** @type {PointerEvent} */ event) => {
        if (event.button !== 0) return;
        // So that it ends where the finger leaves the button, too.
        /** @type {Element} */ (event.currentTarget).setPointerCapture(event.pointerId);
        model.cough({ press: "pointer" });
      }}
      onPointerUp=${() => model.cough({ release: "pointer" })} onPointerCancel=${() => model.cough({ release: "pointer" })}
      onLostPointerCapture=${() => model.cough({ release: "pointer" })}
      onKeyDown=${(/** @type {KeyboardEvent} */ event) => byKey(event, { press: "key" })}
      onKeyUp=${(/** @type {KeyboardEvent} */ event) => byKey(event, { release: "key" })}
      onClick=${(/** @type {MouseEvent} */ event) => { if (event.detail === 0) model.cough("latch"); }}
      onContextMenu=${(/** @type {Event} */ event) => event.preventDefault()}>
    ${t("speak.cough")} <kbd>${t("help.space")}</kbd><kbd>C</kbd></button>`;
}

/** @param {{partner: import("./model.js").Partner}} props */
function PartnerLevel({ partner }) {
  const here = partner.connection === "connected";
  const state = !here ? "absent" : !partner.on ? "off" : partner.cough ? "cough" : "on";
  return html`<div class="level" data-role="partner" data-seat=${partner.seat} data-state=${state}>
    <p><strong class="clip">${partner.name || t("speak.partner")}</strong>
      <span class=${state === "on" ? "badge program" : "badge"}>${t(`speak.partner-${state}`)}</span></p>
    <${Meter} level_db=${model.partner_db.value[ofSeat(partner.seat)] ?? -100} label=${`${t("speak.partner")}: ${partner.name}`} role="partner-level" />
  </div>`;
}
