/** The interpreters' booths: who works there, who is on air into what, and the line of text to each. */

import { useState } from "preact/hooks";
import { html } from "../../shared/html.js";
import { Meter } from "../../shared/meter.js";
import { ofSeat } from "../../shared/names.js";
import { boothAlerts, boothIds, boothState, handoverOf, interpretersOf, intoOf, notesOf, unassigned } from "./booth_view.js";
import { LiveMeter } from "../sound/live_meters.js";
import { soundProblem } from "../sound/loudness.js";
import * as model from "../model.js";
import { busName, t } from "../words/say.js";
import { TalkToSeat } from "../sound/talk_buttons.js";

const nameOf = (/** @type {string} */ id) => model.state.value?.seats[id]?.name || id;

/** Says in words what must not be missed. Always there, so that a screen reader hears it when it comes. */
export function BoothAlarm() {
  const state = model.state.value;
  const { lost, slower } = state ? boothAlerts(state) : { lost: [], slower: [] };
  const text = [
    ...lost.map((booth) => t("{booth}: the interpreter's connection is lost. The floor is heard in full.", { booth })),
    ...slower.map((booth) => t("{booth} asks the speaker to slow down.", { booth })),
  ].join(" ");
  return html`<p class=${text ? "overload-line booth-alarm" : "unseen"} role="alert" data-role="booth-alarm">${text}</p>`;
}

export function Booths() {
  const state = model.state.value;
  if (!state) return null;
  const ids = boothIds(state);
  const loose = unassigned(state);
  const both_open = state.event.both_open ?? false;
  return html`<section class="panel booths" aria-labelledby="booths-title" data-role="booths">
    <div class="panel-head">
      <h2 id="booths-title">${t("Booths")}</h2>
      <div class="grow"></div>
      ${model.can_direct.value ? html`<button class="small toggle" data-action="both-open" aria-pressed=${both_open}
          title=${t("Two interpreters may be open into one language at once, and are mixed")}
          onClick=${() => void model.send({ type: "show.update", both_open: !both_open })}>${t("Both open")}</button>
        <button class="small" data-action="booth-new" onClick=${() => { model.dialog.value = { name: "booth" }; }}>${t("New booth")}</button>` : null}
    </div>
    <div class="panel-body" tabindex="0" role="group" aria-label=${t("Booths")}>
      ${ids.length === 0 ? html`<p class="empty">${t("No booth yet. A booth is where interpreters work between two languages.")}</p>` : null}
      <ul aria-label=${t("Booths")}>${ids.map((id) => html`<${BoothRow} key=${id} id=${id} />`)}</ul>
      ${loose.length === 0 ? null : html`<h3 class="group">${t("Interpreters without a booth")}</h3>
        <ul>${loose.map((id) => html`<li class="interpreter" key=${id}><strong class="clip grow">${nameOf(id)}</strong><${BoothChoice} seat=${id} /></li>`)}</ul>`}
    </div>
  </section>`;
}

/** @param {{id: string}} props */
function BoothRow({ id }) {
  const state = model.state.value;
  const booth = state?.booths?.[id];
  if (!state || !booth) return null;
  const status = state.status.booths?.[id];
  const shown = boothState(status?.state);
  const people = interpretersOf(state, id);
  const offer = handoverOf(state, id, model.now_ms.value);
  const title = booth.title || id;
  return html`<li class="booth" data-role="booth" data-booth=${id} data-state=${status?.state ?? "off"}>
    <div class="channel-line">
      <span class=${`badge ${shown.badge}`} data-role="booth-state">${t(shown.word)}</span>
      <p class="who"><strong class="clip" title=${title}>${title}</strong>
        <span class="soft clip" data-role="booth-languages">${booth.languages.map(busName).join(" ↔ ")}</span></p>
      ${model.can_direct.value ? html`
        <button class="small" data-action="invite-interpreter" data-booth=${id} aria-label=${t("Invite an interpreter to {booth}", { booth: title })}
          onClick=${() => { model.dialog.value = { name: "interpreter", id }; }}>${t("Invite")}</button>
        <button class="small icon quiet" data-action="booth-edit" data-booth=${id} aria-label=${t("Edit {booth}", { booth: title })}
          onClick=${() => { model.dialog.value = { name: "booth", id }; }}>✎</button>` : null}
    </div>
    ${status?.slower ? html`<p class="seat-problem" role="status" data-role="slower">${t("Asks the speaker to slow down.")}</p>` : null}
    ${status?.problem ? html`<p class="seat-problem" role="status" data-role="booth-problem">${soundProblem(status.problem) || boothProblem(status.problem)}</p>` : null}
    ${offer ? html`<p class="channel-line" role="status" data-role="handover"><span class="grow">${t("{giver} offers the microphone to {taker}: {left_s} s",
        { giver: nameOf(offer.giver), taker: nameOf(offer.taker), left_s: offer.left_s })}</span>
      ${model.can_direct.value ? html`<button class="small" data-action="handover-accept" data-booth=${id}
        onClick=${() => void model.send({ type: "booth.handover", booth: id, action: "accept", seat: offer.taker })}>${t("Accept")}</button>
      <button class="small" data-action="handover-cancel" data-booth=${id}
        onClick=${() => void model.send({ type: "booth.handover", booth: id, action: "cancel", seat: offer.giver })}>${t("Cancel")}</button>` : null}</p>` : null}
    ${people.length === 0 ? html`<p class="empty">${t("Nobody works here yet: “Invite” makes a link.")}</p>` : null}
    <ul aria-label=${t("Interpreters of {booth}", { booth: title })}>${people.map((seat) => html`<${InterpreterRow} key=${seat} seat=${seat} booth=${id} partners=${people.length - 1} />`)}</ul>
    <${Notes} booth=${id} title=${title} />
  </li>`;
}

/** @param {string} code */
function boothProblem(code) {
  if (code === "booth.lost" || code === "media.lost") return t("The connection is lost.");
  return code === "media.silent" ? t("Nothing arrives any more") : code;
}

/** @param {{seat: string, booth: string, partners: number}} props */
function InterpreterRow({ seat, booth, partners }) {
  const state = model.state.value;
  const who = state?.seats[seat];
  if (!state || !who) return null;
  const name = who.name || seat;
  const status = state.status.seats[seat];
  const connection = status?.connection ?? "absent";
  const on = who.on ?? false;
  const idle = !model.can_direct.value;
  const languages = state.booths?.[booth]?.languages ?? [];
  const into = intoOf(state, seat);
  return html`<li class="interpreter" data-role="interpreter" data-seat=${seat} data-on=${String(on)} data-connection=${connection}>
    <div class="channel-line">
      <span class="connection" data-connection=${connection} role="img" aria-label=${t(CONNECTIONS[connection] ?? connection)} title=${t(CONNECTIONS[connection] ?? connection)}></span>
      <strong class="clip grow" title=${name}>${name}</strong>
      ${on ? html`<button class="small toggle" data-action="booth-cough" data-role="cough" data-seat=${seat} aria-pressed=${who.cough ?? false} disabled=${idle}
        title=${t("Hold this microphone shut, as its cough key does")}
        onClick=${() => void model.send({ type: "booth.cough", booth, seat, on: !who.cough })}>${t("Cough")}<span class="unseen"> ${name}</span></button>` : null}
      <select class="slim" data-action="into" data-seat=${seat} value=${into} disabled=${idle} aria-label=${t("Language that {name} speaks into", { name })}
        onChange=${(/** @type {any} */ event) => void model.send({ type: "booth.into", booth, seat, into: event.currentTarget.value })}>
        ${languages.map((tag) => html`<option key=${tag} value=${tag}>${busName(tag)}</option>`)}</select>
      <button class="small toggle off" data-action="booth-speak" data-seat=${seat} aria-pressed=${on} disabled=${idle}
        onClick=${() => void model.send({ type: "booth.speak", booth, seat, on: !on, ...(on ? {} : { into }) })}>${!on ? t("Speak") : connection === "connected" ? t("On air") : t("Open")}<span class="unseen"> ${name}</span></button>
    </div>
    <div class="channel-line">
      <span class="grow">${on || connection === "connected"
        ? html`<${LiveMeter} of="sources" id=${ofSeat(seat)} label=${t("Sound of {name}", { name })} />`
        : html`<${Meter} level_db=${-100} label=${t("Sound of {name}", { name })} />`}</span>
      <label class="target"><span class="soft">${t("hears")}</span><select class="slim" data-action="relay" data-seat=${seat} value=${who.listen ?? "floor"}
        disabled=${idle} aria-label=${t("What {name} hears", { name })}
        onChange=${(/** @type {any} */ event) => void model.send({ type: "booth.relay", booth, seat, bus: event.currentTarget.value })}>
        ${["floor", ...(state.event.languages ?? [])].map((bus) => html`<option key=${bus} value=${bus}>${busName(bus)}</option>`)}</select></label>
      ${idle ? null : html`<${TalkToSeat} seat=${seat} name=${name} />
        ${on && partners > 0 ? html`<button class="small" data-action="handover-offer" data-seat=${seat}
          onClick=${() => void model.send({ type: "booth.handover", booth, seat, action: "offer" })}>${t("Hand over")}</button>` : null}`}
    </div>
    ${soundProblem(status?.problem) ? html`<p class="seat-problem" data-role="sound-problem" data-code=${status?.problem}>${soundProblem(status?.problem)}</p>` : null}
  </li>`;
}

/** @type {Record<string, string>} */
const CONNECTIONS = { absent: "Not here", connecting: "Connecting…", connected: "Connected" };

/** @param {{seat: string}} props for an interpreter whose booth was deleted */
function BoothChoice({ seat }) {
  const state = model.state.value;
  if (!state || !model.can_direct.value) return null;
  return html`<select class="slim" data-action="booth-of" data-seat=${seat} value="" aria-label=${t("Booth of {name}", { name: nameOf(seat) })}
    onChange=${(/** @type {any} */ event) => void model.send({ type: "seat.update", seat, booth: event.currentTarget.value })}>
    <option value="">${t("No booth")}</option>
    ${boothIds(state).map((id) => html`<option key=${id} value=${id}>${state.booths?.[id]?.title || id}</option>`)}</select>`;
}

/** @param {{booth: string, title: string}} props */
function Notes({ booth, title }) {
  const [text, setText] = useState("");
  const state = model.state.value;
  if (!state) return null;
  const notes = notesOf(state, booth);
  const submit = async (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    if (text.trim() && (await model.send({ type: "booth.note", booth, text: text.trim() }))) setText("");
  };
  return html`<div class="notes">
    ${notes.length === 0 ? null : html`<ol class="note-list" aria-label=${t("Messages with {booth}", { booth: title })} aria-live="polite" data-role="notes" tabindex="0">
      ${notes.map((note, at) => html`<li key=${`${note.at}-${at}`} class=${note.seat ? "from-booth" : "from-director"}>
        <span class="soft figures">${new Date(note.at * 1000).toTimeString().slice(0, 5)} ${note.seat ? nameOf(note.seat) : t("Director")}</span> ${note.text}</li>`)}</ol>`}
    ${model.can_direct.value ? html`<form class="channel-line" onSubmit=${submit}>
      <input name="note" data-role="note-text" data-booth=${booth} maxlength="300" autocomplete="off" value=${text} aria-label=${t("Message to {booth}", { booth: title })}
        placeholder=${t("Message to the booth")} onInput=${(/** @type {any} */ event) => setText(event.currentTarget.value)} />
      <button class="small" type="submit" data-action="note-send" data-booth=${booth}>${t("Send")}</button>
      <button class="small" type="button" data-action="booth-slower" data-booth=${booth} title=${t("Ask the speaker to slow down, for this booth")}
        onClick=${() => void model.send({ type: "booth.slower", booth })}>${t("Slower")}</button>
    </form>` : null}
  </div>`;
}
