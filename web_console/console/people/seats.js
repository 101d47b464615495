/** Everybody who is invited: who waits, who is on stage, who isn't here, and what can be done with each. */

import { useState } from "preact/hooks";
import { Question } from "../../shared/dialog.js";
import { html } from "../../shared/html.js";
import { Icon } from "../../shared/icon.js";
import { Meter } from "../../shared/meter.js";
import { ofSeat } from "../../shared/names.js";
import { Fader } from "../sound/fader.js";
import * as model from "../model.js";
import { busName, languageName, spoken, t } from "../words/say.js";
import { TalkToSeat } from "../sound/talk_buttons.js";
import { seatGroups, seatLine, seatProblem, seatsFound, seatState } from "../words/text.js";

const GROUPS = /** @type {const} */ ([
  ["waiting", "Green room"], ["stage", "On stage"], ["away", "Not here yet"], ["others", "Others"],
]);

export function Seats() {
  const [wanted, setWanted] = useState("");
  const state = model.state.value;
  if (!state) return null;
  const groups = seatGroups(state);
  for (const [group] of GROUPS) groups[group] = seatsFound(state, groups[group], wanted);
  const found = GROUPS.reduce((sum, [group]) => sum + groups[group].length, 0);
  const empty = state.order.seats.length === 0;
  return html`<section class="panel seats" aria-labelledby="seats-title" data-role="seats">
    <div class="panel-head">
      <h2 id="seats-title">${t("People")}</h2>
      <input type="search" class="slim search" data-role="seat-search" value=${wanted} placeholder=${t("Search")} aria-label=${t("Search people")}
        onInput=${(/** @type {any} */ event) => setWanted(event.currentTarget.value)} />
      ${model.can_direct.value ? html`<button class="small primary" data-action="invite"
        onClick=${() => { model.dialog.value = { name: "invite" }; }}>${t("Invite")}</button>` : null}
    </div>
    <div class="panel-body" tabindex="0" role="group" aria-label=${t("People")}>
      ${empty ? html`<p class="empty">${t("Nobody is invited yet. “Invite” makes a personal link with a QR code.")}</p>` : null}
      <p class=${wanted && found === 0 ? "empty" : "unseen"} role="status" data-role="seats-found">${wanted ? found === 0 ? t("Nobody of that name.") : t("{count} found", { count: found }) : ""}</p>
      ${GROUPS.map(([group, title]) => groups[group].length === 0 ? null : html`
        <h3 class="group" key=${group}>${t(title)} <span class="figures">${groups[group].length}</span></h3>
        <ul key=${`${group}-list`} aria-label=${t(title)}>${groups[group].map((id) => html`<${SeatRow} key=${id} id=${id} />`)}</ul>`)}
    </div>
  </section>`;
}

/** @param {{id: string}} props */
function SeatRow({ id }) {
  const [asking, setAsking] = useState(false);
  const [open, setOpen] = useState(false);
  const state = model.state.value;
  const seat = state?.seats[id];
  if (!state || !seat) return null;
  const status = state.status.seats[id];
  const speaks = seat.role === "speaker";
  const shown = speaks
    ? seatState(status?.state)
    : { word: status?.connection === "connected" ? t("Connected") : t("Not here"), badge: "" };
  const problem = seatProblem(status?.problem) || (status?.picture === "slate" ? t("Picture has stopped") : "");
  const hushed = seat.self_muted && status?.connection === "connected" ? t("Has muted the own microphone") : "";
  const line = speaks ? seatLine(status) : "";
  const name = seat.name || id;
  const here = (status?.connection ?? "absent") !== "absent";
  return html`<li class="seat" data-role="seat" data-seat=${id} data-state=${status?.state ?? "absent"}
      data-connection=${status?.connection ?? "absent"}>
    <div class="seat-main">
      <span class=${`badge ${shown.badge}`} data-role="seat-state">${shown.word}</span>
      <p class="who"><strong class="clip">${name}</strong><span class="soft clip">${seat.title}</span></p>
      ${model.can_direct.value ? html`<div class="seat-buttons">
        ${speaks ? html`
          ${seat.stage
            ? html`<button class="small wide" data-action="hold" data-seat=${id} onClick=${() => void model.send({ type: "seat.hold", seat: id })}
                aria-label=${t("Hold {name}", { name })}>${t("Hold")}</button>`
            : html`<button class=${here ? "small wide good" : "small wide"} data-action="admit" data-seat=${id} onClick=${() => void model.send({ type: "seat.admit", seat: id })}
                aria-label=${t("Admit {name}", { name })}>${t("Admit")}</button>`}
          <button class="small icon toggle off" data-action="mute" data-seat=${id} aria-pressed=${seat.muted} aria-label=${t("Mute {name}", { name })}
            title=${seat.muted ? t("Muted") : t("Mute")} onClick=${() => void model.send({ type: "source.mute", source: ofSeat(id), muted: !seat.muted })}>
            <${Icon} name=${seat.muted ? "microphone-off" : "microphone"} size=${16} /></button>
          ${here ? html`<${TalkToSeat} seat=${id} name=${name} />` : null}` : null}
        <button class="small icon quiet" data-action="more" data-seat=${id} aria-expanded=${open} aria-label=${t("More about {name}", { name })}
          onClick=${() => setOpen(!open)}>${open ? "▴" : "▾"}</button>
        <button class="small icon quiet" data-action="remove" data-seat=${id} aria-label=${t("Remove {name}", { name })}
          onClick=${() => setAsking(true)}>✕</button>
      </div>` : null}
    </div>
    ${speaks && status?.connection === "connected" ? html`<${Meter} level_db=${status.level_db} label=${t("Sound of {name}", { name })} />` : null}
    ${line || problem || hushed ? html`<p class="seat-line figures" data-role="uplink"><span class="soft">${line}</span>
      ${hushed ? html`<span class="soft" data-role="self-muted">${hushed}</span>` : null}
      ${problem ? html`<span class="seat-problem" data-role="problem">${problem}</span>` : null}</p>` : null}
    ${open ? html`<${More} id=${id} speaks=${speaks} />` : null}
    ${asking ? html`<${Question} title=${t("Remove {name}?", { name })} yes=${t("Remove")} no=${t("No")}
      text=${t("The connection ends, the link stops working, and the place disappears from all scenes. This cannot be undone.")}
      onYes=${() => void model.send({ type: "seat.remove", seat: id })} onClose=${() => setAsking(false)} />` : null}
  </li>`;
}

/** @param {{id: string, speaks: boolean}} props */
function More({ id, speaks }) {
  const [asking, setAsking] = useState("");
  const seat = model.state.value?.seats[id];
  if (!seat) return null;
  const name = seat.name || id;
  const renew = async () => {
    const done = await model.send({ type: "seat.invite", seat: id });
    const link = done?.result?.link;
    if (link) model.dialog.value = { name: "link", id, link };
  };
  const expires = seat.expires ? t("Link valid until {time}.", { time: new Date(seat.expires * 1000).toLocaleString(spoken(), { dateStyle: "medium", timeStyle: "short" }) }) : "";
  return html`<div class="more">
    ${speaks ? html`<div class="row"><span class="soft">${t("Gain")}</span><${Fader} source=${ofSeat(id)} gain_db=${seat.gain_db} name=${name} /></div>` : null}
    <p class="hint">${[
      seat.invited ? expires : t("No valid link."),
      seat.language ? t("Speaks {language}.", { language: languageName(seat.language) }) : "",
      speaks || seat.role === "interpreter" ? t("Hears {bus}.", { bus: busName(seat.listen ?? "floor") }) : "",
    ].filter(Boolean).join(" ")}</p>
    <div class="row wrap">
      <button class="small" data-action="seat-edit" data-seat=${id} onClick=${() => { model.dialog.value = { name: "seat", id }; }}>${t("Edit")}</button>
      <button class="small" data-action="new-link" data-seat=${id} onClick=${() => setAsking("renew")}>${t("New link")}</button>
      ${seat.invited ? html`<button class="small" data-action="revoke" data-seat=${id} onClick=${() => setAsking("revoke")}>${t("Withdraw link")}</button>` : null}
    </div>
    ${asking === "renew" ? html`<${Question} title=${t("New link for {name}?", { name })} yes=${t("Make a new link")} no=${t("No")}
      text=${t("The old link and whoever uses it now are cut off.")} onYes=${() => void renew()} onClose=${() => setAsking("")} />` : null}
    ${asking === "revoke" ? html`<${Question} title=${t("Withdraw the link of {name}?", { name })} yes=${t("Withdraw")} no=${t("No")}
      text=${t("Whoever uses it now is cut off. The seat stays.")} onYes=${() => void model.send({ type: "seat.revoke", seat: id })}
      onClose=${() => setAsking("")} />` : null}
  </div>`;
}
