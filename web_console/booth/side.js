/** Who is on the programme, what comes next, and the line to the director. */

import { useEffect, useRef, useState } from "preact/hooks";
import { html } from "../shared/html.js";
import { languageName } from "../shared/i18n.js";
import * as model from "./model.js";
import { aroundCue } from "./rules.js";

const { t } = model;
/** The server's limit of a text. */
const NOTE_LENGTH = 300;

export function Side() {
  const on_air = model.state.value?.on_air ?? [];
  return html`<div class="column side">
    <section class="panel" aria-labelledby="on-air-title">
      <div class="panel-head"><h2 id="on-air-title">${t("side.on-air")}</h2></div>
      ${on_air.length === 0 ? html`<p class="hint">${t("side.nobody")}</p>` : html`<ul class="people" data-role="programme-people">
        ${on_air.map((one) => html`<li key=${`${one.name}|${one.title}`}><strong class="clip">${one.name}</strong>
          <span class="badge">${one.language ? languageName(one.language, model.language.value) : t("side.language-unknown")}</span>
          <span class="soft clip">${one.title}</span></li>`)}</ul>`}
    </section>
    <${Rundown} />
    <${Notes} />
  </div>`;
}

function Rundown() {
  const { on, next } = aroundCue(model.state.value?.rundown ?? [], model.state.value?.cue);
  return html`<section class="panel" aria-labelledby="rundown-title" data-role="rundown">
    <div class="panel-head"><h2 id="rundown-title">${t("side.rundown")}</h2></div>
    ${!on && next.length === 0 ? html`<p class="hint">${t("side.rundown-empty")}</p>` : html`<ol class="cues">
      ${on ? html`<${CueLine} key=${on.cue} cue=${on} mark=${t("side.now")} />` : null}
      ${next.map((cue, index) => html`<${CueLine} key=${cue.cue} cue=${cue} mark=${index === 0 ? t("side.next") : ""} />`)}
    </ol>`}
  </section>`;
}

/** @param {{cue: import("../shared/types.js").Cue, mark: string}} props */
function CueLine({ cue, mark }) {
  const planned = cue.planned
    ? new Date(cue.planned * 1000).toLocaleTimeString(model.language.value, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }) : "";
  const people = (cue.people ?? []).join(", ");
  return html`<li data-role="cue" data-cue=${cue.cue}>
    <span class="figures cue-time">${planned}</span>
    <p class="cue-what"><span class="cue-mark">${mark}</span>${mark ? " " : ""}<strong>${cue.title}</strong>
      ${people ? html`<span class="soft cue-people">${people}</span>` : null}</p></li>`;
}

function Notes() {
  const [text, setText] = useState("");
  const list = useRef(/** @type {HTMLDivElement|null} */ (null));
  const notes = model.state.value?.notes ?? [];
  const newest = notes.at(-1);
  useEffect(() => { if (list.current) list.current.scrollTop = list.current.scrollHeight; }, [newest]);
  const partner = (/** @type {string} */ seat) => model.partners.value.find((one) => one.seat === seat)?.name ?? seat;
  const from = (/** @type {string} */ seat) => (!seat ? t("side.director") : seat === model.me.value ? t("booth.you") : partner(seat));
  /** @param {SubmitEvent} event */
  const submit = async (event) => {
    event.preventDefault();
    const wanted = text.trim();
    if (wanted && await model.writeNote(wanted)) setText((now) => (now.trim() === wanted ? "" : now));
  };
  return html`<section class="panel notes" aria-labelledby="notes-title">
    <div class="panel-head"><h2 id="notes-title">${t("side.notes")}</h2></div>
    <div class="note-list" ref=${list} data-role="notes" role="log" aria-live="polite" aria-labelledby="notes-title" tabindex="0">
      ${notes.length === 0 ? html`<p class="hint">${t("side.notes-empty")}</p>` : null}
      ${notes.map((note, index) => html`<p key=${`${note.at}-${index}`} data-role="note" class=${note.seat ? "" : "from-director"}>
        <strong>${from(note.seat)}</strong> ${note.text}</p>`)}
    </div>
    <form class="write" onSubmit=${submit}>
      <input data-role="note-text" aria-label=${t("side.write")} placeholder=${t("side.write")} maxlength=${NOTE_LENGTH} autocomplete="off" value=${text}
        disabled=${!model.state.value?.booth} onInput=${(/** @type {any} */ event) => setText(event.currentTarget.value)}
        onKeyDown=${(/** @type {any} */ event) => { if (event.key === "Escape" && !event.isComposing) event.currentTarget.blur(); }} />
      <button class="small" data-action="send-note" disabled=${!text.trim()}>${t("side.send")} <kbd>T</kbd></button>
    </form>
  </section>`;
}
