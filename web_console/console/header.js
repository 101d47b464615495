/** The line on top: what this is, the time, what records, and how the machine is doing. */

import { html } from "../shared/html.js";
import { formatClock } from "../shared/levels.js";
import * as model from "./model.js";
import { spoken, t } from "./say.js";
import { health, loadLine, TROUBLE_MS } from "./text.js";

const LINKS = { connecting: "Connecting", open: "Connected", lost: "Reconnecting", refused: "Session ended" };

export function Header() {
  const state = model.state.value;
  const now_ms = model.now_ms.value;
  const recordings = state
    ? state.order.outputs.filter((id) => state.outputs[id]?.recording && state.outputs[id]?.running)
    : [];
  return html`<header class="top">
    <h1 class="clip" data-role="event-title">${state?.event.title || "Summit Studio"}</h1>
    <div class="grow"></div>
    ${recordings.map((id) => html`<${Recording} key=${id} id=${id} now_ms=${now_ms} />`)}
    ${state ? html`<${Health} status=${state.status} />` : null}
    <p class="figures clock" data-role="clock"><span class="unseen">${t("Time")} </span>${new Date(now_ms).toTimeString().slice(0, 8)}</p>
    <p class="link-lamp" data-role="link" data-state=${model.link.value} role="status">${t(LINKS[model.link.value])}</p>
    <button class="small quiet" data-action="help" onClick=${() => { model.dialog.value = { name: "help" }; }}>${t("Keys")}</button>
    <button class="small quiet" data-action="language" lang=${spoken() === "ko" ? "en" : "ko"}
      onClick=${model.switchLanguage}>${spoken() === "ko" ? "English" : "한국어"}</button>
  </header>`;
}

/** Says what the mixer leaves out and why. Always there, so that a screen reader hears it when it comes. */
export function Overload() {
  const load = model.state.value?.status.mixer.load;
  const line = loadLine(load);
  return html`<p class=${line ? "overload-line" : "unseen"} role="status" data-role="overload"
    data-step=${load?.step ?? 0}>${line}</p>`;
}

/** @param {{id: string, now_ms: number}} props */
function Recording({ id, now_ms }) {
  const live = model.state.value?.status.outputs[id]?.state === "live";
  const since = model.started_ms.value[id];
  return html`<p class=${live ? "rec live figures" : "rec figures"} data-role="recording" data-output=${id} title=${id}>
    <span class="rec-dot" aria-hidden="true"></span>REC ${since ? formatClock((now_ms - since) / 1000) : ""}</p>`;
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
