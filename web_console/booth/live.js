/** In the booth: the lamp, an offer of the microphone, and the three columns below them. */

import { useEffect } from "preact/hooks";
import { html } from "../shared/html.js";
import { languageName } from "../shared/i18n.js";
import { formatClock } from "../shared/levels.js";
import { PageLanguageSwitch } from "../shared/page_language.js";
import { keepAwake } from "../shared/play.js";
import { Listening } from "./listening.js";
import * as model from "./model.js";
import { Side } from "./side.js";
import { Speaking } from "./speaking.js";

const { t } = model;
/** With these the channel is named: it says who is spoken to. */
const NAMES_CHANNEL = new Set(["on_air", "open"]);

export function Live() {
  useEffect(() => keepAwake(), []);
  return html`<main class="live" data-role="booth" data-state=${model.lamp.value}>
    <${Top} />
    <${OnAir} />
    <${Offer} />
    <div class="board">
      <${Listening} />
      <${Speaking} />
      <${Side} />
    </div>
  </main>`;
}

function Top() {
  const state = model.state.value;
  const lost = model.peer_state.value !== "connected" || model.link.value !== "open";
  const quality = lost ? "lost" : model.quality.value;
  const now = new Date(model.now_ms.value);
  const since_ms = model.since_ms.value;
  return html`<header class="top">
    <h1 class="clip">${state?.booth?.title || state?.booth?.id || t("booth.none")}</h1>
    <p class="soft clip grow">${state?.event.title ?? ""}</p>
    <p class="timer" data-role="since"><span class="soft">${t("side.since")}</span>
      <strong class="figures">${since_ms ? formatClock((model.now_ms.value - since_ms) / 1000) : "–"}</strong></p>
    <p class="timer" data-role="clock"><span class="soft">${t("side.clock")}</span>
      <strong class="figures">${formatClock(now.getHours() * 3600 + now.getMinutes() * 60 + now.getSeconds())}</strong></p>
    <p class="line" data-role="connection" data-quality=${quality} role="status">
      <span class="bars" aria-hidden="true"><i></i><i></i><i></i></span>${t(`line.${quality}`)}</p>
    <${PageLanguageSwitch} language=${model.language.value} />
    <button class="small" data-action="devices" onClick=${() => { model.dialog.value = "devices"; }}>${t("booth.devices")}</button>
    <button class="small" data-action="help" onClick=${() => { model.dialog.value = "help"; }}>${t("help.open")} <kbd>?</kbd></button>
    <button class="small" data-action="leave" onClick=${() => { model.dialog.value = "leave"; }}>${t("booth.leave")}</button>
  </header>`;
}

/** The lamp, in words, in a shape and in a colour. */
function OnAir() {
  const lamp = model.lamp.value;
  const channel = NAMES_CHANNEL.has(lamp) ? languageName(model.into.value, model.language.value) : "";
  return html`<div class="lamp" role="status" aria-live="assertive" aria-atomic="true" data-role="on-air" data-state=${lamp}>
    <span class="lamp-shape" aria-hidden="true"></span>
    <p class="lamp-word">${t(`lamp.${lamp}`)}</p>
    <p class="lamp-text">${t(`lamp.${lamp}-text`)} <strong>${channel}</strong></p>
    ${model.state.value?.status.talkback ? html`<p class="lamp-note" data-role="talkback">${t("speak.talkback")}</p>` : null}
  </div>`;
}

/** An offer under way. The seconds are not announced, one by one; that there is an offer is, at once. */
function Offer() {
  const { role, left_s, other } = model.handover.value;
  const name = other?.name || "–";
  const lost = role === "taking" && other?.on === false;
  return html`<div class="offer-place" role="alert">
    ${role === "none" ? null : html`<div class="offer" data-role="offer" data-side=${role}>
      <p class="grow">${role === "taking"
        ? html`<strong>${name}</strong>${" "}${t(lost ? "handover.lost" : "handover.taking")}`
        : html`${t("handover.giving")} <strong>${name}</strong>`}</p>
      <p class="figures" data-role="countdown" aria-hidden="true"><strong>${left_s}</strong> ${t("handover.seconds")}</p>
      ${role === "taking" ? html`<button class="good big" data-action="handover" onClick=${model.handOver}>${t("handover.accept")} <kbd>H</kbd></button>
        <button class="big" data-action="decline" onClick=${model.decline}>${t("handover.decline")} <kbd>D</kbd></button>` : null}
    </div>`}
  </div>`;
}
