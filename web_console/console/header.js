/** The line on top: what this is, the time, what records, and how the machine is doing. */

import { html } from "../shared/html.js";
import { formatClock } from "../shared/levels.js";
import * as model from "./model.js";
import { outputLamps } from "./outputs/output_form.js";
import { refusalText, spoken, t } from "./words/say.js";
import { health, loadLine, outputName, silentLine, TROUBLE_MS } from "./words/text.js";

const LINKS = { connecting: "Connecting", open: "Connected", lost: "Reconnecting", refused: "Session ended" };

export function Header() {
  const state = model.state.value;
  const now_ms = model.now_ms.value;
  return html`<header class="top">
    <h1 class="clip" data-role="event-title">${state?.event.title || "Summit Studio"}</h1>
    <div class="grow"></div>
    ${state ? outputLamps(state).map((lamp) => html`<${OutputLamp} key=${`${lamp.kind}/${lamp.ids.join()}`} lamp=${lamp} now_ms=${now_ms} />`) : null}
    ${state ? html`<${Health} status=${state.status} />` : null}
    <p class="figures clock" data-role="clock"><span class="unseen">${t("Time")} </span>${new Date(now_ms).toTimeString().slice(0, 8)}</p>
    <p class="link-lamp" data-role="link" data-state=${model.link.value} role="status">${t(LINKS[model.link.value])}</p>
    ${model.can_direct.value ? html`<button class="small quiet" data-action="sessions" onClick=${() => { model.dialog.value = { name: "sessions" }; }}>${t("Sessions")}</button>` : null}
    <button class="small quiet" data-action="help" onClick=${() => { model.dialog.value = { name: "help" }; }}>${t("Keys")}</button>
    <button class="small quiet" data-action="language" lang=${spoken() === "ko" ? "en" : "ko"}
      onClick=${model.switchLanguage}>${spoken() === "ko" ? "English" : "한국어"}</button>
  </header>`;
}

/** What is wrong with the studio itself, and somebody must look after. Always there, for screen readers. */
export function Alarms() {
  const alarms = model.state.value?.status.alarms ?? [];
  return html`<div role="alert" data-role="alarms">${alarms.map(({ code, text }) =>
    html`<p key=${code} class="lost-line" data-role="alarm" data-code=${code}>${refusalText({ code, detail: text })}</p>`)}</div>`;
}

/** Says what the mixer leaves out and why. Always there, so that a screen reader hears it when it comes. */
export function Overload() {
  const load = model.state.value?.status.mixer.load;
  const line = loadLine(load);
  return html`<p class=${line ? "overload-line" : "unseen"} role="status" data-role="overload"
    data-step=${load?.step ?? 0}>${line}</p>`;
}

/** Names the STUN and TURN servers that don't answer the studio. Always there, as the line above. */
export function SilentServers() {
  const silent = model.state.value?.status.ice?.silent ?? [];
  return html`<p class=${silent.length ? "overload-line" : "unseen"} role="status"
    data-role="ice-silent">${silent.length ? silentLine(silent) : ""}</p>`;
}

/**
 * One that is running, or several of a kind together. A press leads to the outputs, whatever panel is open.
 *
 * @param {{lamp: import("./outputs/output_form.js").OutputLamp, now_ms: number}} props
 */
function OutputLamp({ lamp, now_ms }) {
  const { kind, ids, live } = lamp;
  const one = ids.length === 1 ? ids[0] : undefined;
  const since = one ? model.started_ms.value[one] : undefined;
  const time = kind === "recording" && since ? formatClock((now_ms - since) / 1000) : "";
  const all_live = live === ids.length;
  const names = ids.map((id) => outputName(id, model.state.value?.outputs[id])).join(", ");
  return html`<button class=${all_live ? "rec live figures" : live > 0 || lamp.state === "starting" ? "rec figures" : "rec troubled figures"}
      data-role=${kind === "recording" ? "recording" : "live-stream"} data-action="show-outputs" data-output=${ids.join(" ")} data-state=${lamp.state}
      title=${names} aria-label=${`${names}: ${lamp.word}`} onClick=${() => { model.tab.value = "people"; }}>
    <span class="rec-dot" aria-hidden="true"></span>
    <span class="clip">${lamp.label} ${one ? (kind === "recording" ? time : names) : all_live ? ids.length : `${live}/${ids.length}`}</span>
    ${all_live ? null : html`<span>${lamp.word}</span>`}</button>`;
}

/** @param {{status: import("../shared/types.js").DirectorState["status"]}} props */
function Health({ status }) {
  const troubled = model.now_ms.value - (model.trouble.value?.at_ms ?? 0) < TROUBLE_MS;
  const { level, text, restarts, late_ticks } = health(status, troubled);
  return html`<p class="health" data-role="health" data-level=${level} role="status">
    <span class="lamp-dot" aria-hidden="true"></span>
    <span>${text}</span>
    <span class="soft figures">${late_ticks === 1 ? t("1 late tick") : t("{count} late ticks", { count: late_ticks })} · ${restarts === 1 ? t("1 restart") : t("{count} restarts", { count: restarts })}</span>
  </p>`;
}
