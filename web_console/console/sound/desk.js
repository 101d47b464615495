/** The sound desk: a channel for each source that is heard or will be, and the buses they go to. */

import { html } from "../../shared/html.js";
import { Buses } from "./buses.js";
import { soundOf } from "../../shared/names.js";
import { channels, spokenChoices, stripParts } from "./channels.js";
import { Fader } from "./fader.js";
import { LiveMeter } from "./live_meters.js";
import { soundProblem } from "./loudness.js";
import * as model from "../model.js";
import { languageName, t } from "../words/say.js";

/** @typedef {import("./channels.js").Channel} Channel */

/** @type {Record<import("./channels.js").Group, string>} */
const GROUPS = { on_air: "On air", next: "Next", interpreter: "Interpreters", source: "Other sources", more: "Listened to" };

export function Desk() {
  const state = model.state.value;
  if (!state) return null;
  const all = channels(state);
  const soloed = all.filter((one) => one.solo);
  const clearSolo = () => {
    for (const source of state.solo ?? []) void model.send({ type: "source.solo", source: soundOf(source), on: false });
  };
  return html`<section class="panel desk" aria-labelledby="desk-title" data-role="desk">
    <div class="panel-head">
      <h2 id="desk-title">${t("Sound")}</h2>
      <div class="grow"></div>
      ${soloed.length > 0 ? html`<button class="small" data-action="solo-clear" onClick=${clearSolo}>${t("Clear solo")}</button>` : null}
      ${model.can_direct.value ? html`<button class="small" data-action="source-new"
          onClick=${() => { model.dialog.value = { name: "source" }; }}>${t("Add colour bars")}</button>
        <button class="small" data-action="event-edit" onClick=${() => { model.dialog.value = { name: "event" }; }}>${t("Languages")}</button>` : null}
    </div>
    <div class="panel-body" tabindex="0" role="group" aria-label=${t("Sound")}>
      ${all.length === 0 ? html`<p class="empty">${t("Nobody is on air or next. Channels appear with a scene.")}</p>` : null}
      ${Object.entries(GROUPS).map(([group, title]) => {
        const members = all.filter((one) => one.group === group);
        return members.length === 0 ? null : html`<h3 class="group" key=${group}>${t(title)} <span class="figures">${members.length}</span></h3>
          <ul key=${`${group}-list`} aria-label=${t(title)}>${members.map((one) => html`<${ChannelRow} key=${one.key} channel=${one} />`)}</ul>`;
      })}
      <${Buses} />
    </div>
  </section>`;
}

/** @param {{channel: Channel}} props */
function ChannelRow({ channel }) {
  const state = model.state.value;
  if (!state) return null;
  const { key, id, kind, name, muted, solo, hall, strip } = channel;
  const problem = soundProblem(channel.problem);
  const parts = stripParts(strip);
  const idle = !model.can_direct.value;
  const update = (/** @type {Record<string, unknown>} */ change) =>
    void model.send(kind === "seat" ? { type: "seat.update", seat: id, ...change } : { type: "source.update", source: id, ...change });
  const interprets = channel.group === "interpreter";
  return html`<li class="channel" data-role="channel" data-source=${key} data-group=${channel.group}>
    <div class="channel-line">
      <strong class="clip grow" title=${name}>${name}</strong>
      ${interprets
        ? html`<span class="soft">${channel.language ? t("into {language}", { language: languageName(channel.language) }) : ""}</span>`
        : html`<select class="slim" data-action="language-of" data-source=${key} value=${channel.language} disabled=${idle}
            aria-label=${t("Language that {name} speaks", { name })}
            onChange=${(/** @type {any} */ event) => update({ language: event.currentTarget.value })}>
            ${spokenChoices(state, channel.language).map((tag) => html`<option key=${tag} value=${tag}>${languageName(tag)}</option>`)}</select>
          <button class="small toggle" data-action="hall-microphone" data-source=${key} aria-pressed=${hall} disabled=${idle}
            title=${t("The microphone stands in the hall, which must not hear it")}
            onClick=${() => update({ hall: !hall })}>${t("Hall")}<span class="unseen"> ${name}</span></button>`}
    </div>
    <${LiveMeter} of="sources" id=${key} label=${t("Sound of {name}", { name })} />
    <div class="channel-line">
      <${Fader} source=${key} gain_db=${channel.gain_db} name=${name} />
      <button class="small icon toggle off" data-action="channel-mute" data-source=${key} aria-pressed=${muted} disabled=${idle} title=${t("Mute")}
        onClick=${() => void model.send({ type: "source.mute", source: key, muted: !muted })}>
        <span aria-hidden="true">M</span><span class="unseen">${t("Mute {name}", { name })}</span></button>
      <button class="small icon toggle" data-action="solo" data-source=${key} aria-pressed=${solo} disabled=${idle} title=${t("Solo")}
        onClick=${() => void model.send({ type: "source.solo", source: key, on: !solo })}>
        <span aria-hidden="true">S</span><span class="unseen">${t("Solo {name}, to your ears only", { name })}</span></button>
      <button class="small" data-action="strip" data-source=${key} disabled=${idle} title=${t("High-pass, gate, leveller, compressor, delay")}
        onClick=${() => { model.dialog.value = { name: "strip", id: key }; }}>${t("Strip")}<span class="unseen"> ${name}</span>${parts > 0 ? html` <span class="badge ready figures">${parts}</span>` : null}</button>
    </div>
    ${problem ? html`<p class="seat-problem channel-problem" role="status" data-role="sound-problem" data-code=${channel.problem}>${problem}</p>` : null}
  </li>`;
}
