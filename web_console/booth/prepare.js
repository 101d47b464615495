/** Before the booth: microphone, headphones, a test of both. The same choice again in a dialog later. */

import { useEffect, useState } from "preact/hooks";
import { Dialog } from "../shared/dialog.js";
import { html } from "../shared/html.js";
import { Icon } from "../shared/icon.js";
import { languageName, sayError } from "../shared/i18n.js";
import { Meter } from "../shared/meter.js";
import { PageLanguageSwitch } from "../shared/page_language.js";
import { keepAwake } from "../shared/play.js";
import * as model from "./model.js";
import { soundsOpen } from "./rules.js";
import * as sound from "./sound.js";

const { t } = model;
/** Above this it is a voice, not the room, in dBFS. */
const HEARD_DB = -45;

export function Prepare() {
  const booth = model.state.value?.booth;
  const languages = (booth?.languages ?? []).map((tag) => languageName(tag, model.language.value)).join(" – ");
  useEffect(() => keepAwake(), []);
  return html`<main class="prepare" data-role="prepare">
    <header>
      <div class="row"><p class="event grow" data-role="event-title">${model.state.value?.event.title ?? ""}</p>
        <${PageLanguageSwitch} language=${model.language.value} /></div>
      <h1>${t("booth.heading")}</h1>
      <p class="soft">${t("booth.intro")}</p>
      <p data-role="booth"><strong>${booth ? booth.title || booth.id : t("booth.none")}</strong> <span class="soft">${languages}</span></p>
    </header>
    <form class="details" onSubmit=${(/** @type {SubmitEvent} */ event) => { event.preventDefault(); void model.begin(); }}>
      <${Headset} />
      ${model.error.value ? html`<p class="note bad" data-role="error" role="alert">${model.errorText()}</p>` : null}
      <button type="submit" class="primary big" data-action="join" disabled=${sound.asking.value || !sound.microphone.value}>
        ${t("booth.join")}</button>
    </form>
  </main>`;
}

/** Microphone and headphones, each with its test. */
function Headset() {
  const [heard, setHeard] = useState(false);
  const loud = model.level_db.value > HEARD_DB;
  useEffect(() => { if (loud) setHeard(true); }, [loud]);
  const open = soundsOpen(sound.outputLabel());
  return html`
    <${Choice} role="microphone-choice" label=${t("booth.microphone")} devices=${sound.microphones.value}
      chosen=${sound.microphone.value?.getSettings().deviceId ?? ""} onChoose=${sound.chooseMicrophone} />
    <div class="sound">
      <${Meter} level_db=${model.level_db.value} label=${t("prepare.level")} role="microphone-level" />
      <p class=${heard ? "hint heard" : "hint"} aria-live="polite">
        ${sound.microphone.value && model.measuring.value ? t(heard ? "prepare.heard" : "prepare.speak") : ""}</p>
    </div>
    <div class="outputs">
      ${sound.can_choose_output
        ? html`<${Choice} role="output-choice" label=${t("booth.output")} chosen=${sound.output.value} onChoose=${sound.chooseOutput}
            devices=${[{ deviceId: "", label: t("booth.output-system") }, ...sound.outputs.value]} />`
        : html`<p class="hint">${t("booth.output-fixed")}</p>`}
      <button type="button" data-action="test" onClick=${() => void sound.playTone()}><${Icon} name="sound" />${t("booth.test")}</button>
    </div>
    <div aria-live="assertive" class="warnings">
      ${sound.asking.value ? html`<p class="note">${t("booth.ask")}</p>` : null}
      ${!sound.asking.value && sound.problem.value ? html`<div class="note warn" data-role="media-problem" data-code=${sound.problem.value}>
        <p>${sayError(model.language.value, { code: sound.problem.value })}</p>
        <button type="button" class="small" data-action="ask-again" onClick=${() => void sound.ask()}>${t("prepare.again")}</button>
      </div>` : null}
      ${sound.tone_failed.value ? html`<p class="note warn" data-role="tone-failed">${t("booth.tone-failed")}</p>` : null}
    </div>
    <p class=${open ? "note warn" : "hint"} data-role="headset">${t(open ? "booth.loudspeaker" : "booth.headset")}</p>`;
}

/**
 * @param {{role: string, label: string, devices: sound.Device[], chosen: string, onChoose: (id: string) => unknown}} props
 */
function Choice({ role, label, devices, chosen, onChoose }) {
  return html`<label class="field"><span>${label}</span>
    <select data-role=${role} disabled=${devices.length === 0} value=${chosen}
        onChange=${(/** @type {any} */ event) => void onChoose(event.currentTarget.value)}>
      ${devices.length === 0 ? html`<option value="">${t("prepare.none")}</option>` : null}
      ${devices.map((one) => html`<option key=${one.deviceId} value=${one.deviceId} selected=${one.deviceId === chosen}>${one.label}</option>`)}
    </select></label>`;
}

/** The same, while the booth goes on. */
export function Devices() {
  const close = () => { model.dialog.value = ""; };
  return html`<${Dialog} title=${t("booth.devices")} name="devices" onClose=${close}>
    <${Headset} />
    <div class="dialog-actions"><button type="button" class="primary" data-first data-action="close" onClick=${close}>${t("booth.close")}</button></div>
  <//>`;
}
