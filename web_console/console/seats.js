/** Everybody who is invited: who waits, who is on stage, who isn't here, and what can be done with each. */

import { useState } from "preact/hooks";
import { Question } from "../shared/dialog.js";
import { html } from "../shared/html.js";
import { Icon } from "../shared/icon.js";
import { Meter } from "../shared/meter.js";
import * as model from "./model.js";
import { Gain } from "./sources.js";
import { seatGroups, seatLine, seatProblem, seatState } from "./text.js";

const GROUPS = /** @type {const} */ ([
  ["waiting", "Green room"], ["stage", "On stage"], ["away", "Not here yet"], ["others", "Walls and viewers"],
]);

export function Seats() {
  const state = model.state.value;
  if (!state) return null;
  const groups = seatGroups(state);
  const empty = state.order.seats.length === 0;
  return html`<section class="panel seats" aria-labelledby="seats-title" data-role="seats">
    <div class="panel-head">
      <h2 id="seats-title">People</h2>
      <div class="grow"></div>
      ${model.can_direct.value ? html`<button class="small primary" data-action="invite"
        onClick=${() => { model.dialog.value = { name: "invite" }; }}>Invite</button>` : null}
    </div>
    <div class="panel-body" tabindex="0" role="group" aria-label="People">
      ${empty ? html`<p class="empty">Nobody is invited yet. “Invite” makes a personal link with a QR code.</p>` : null}
      ${GROUPS.map(([group, title]) => groups[group].length === 0 ? null : html`
        <h3 class="group" key=${group}>${title} <span class="figures">${groups[group].length}</span></h3>
        <ul key=${`${group}-list`} aria-label=${title}>${groups[group].map((id) => html`<${SeatRow} key=${id} id=${id} />`)}</ul>`)}
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
    : { word: status?.connection === "connected" ? "Connected" : "Not here", badge: "" };
  const problem = seatProblem(status?.problem) || (status?.picture === "slate" ? "Picture has stopped" : "");
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
                aria-label=${`Hold ${name}`}>Hold</button>`
            : html`<button class=${here ? "small wide good" : "small wide"} data-action="admit" data-seat=${id} onClick=${() => void model.send({ type: "seat.admit", seat: id })}
                aria-label=${`Admit ${name}`}>Admit</button>`}
          <button class="small icon toggle off" data-action="mute" data-seat=${id} aria-pressed=${seat.muted} aria-label=${`Mute ${name}`}
            title=${seat.muted ? "Muted" : "Mute"} onClick=${() => void model.send({ type: "source.mute", source: `seat/${id}`, muted: !seat.muted })}>
            <${Icon} name=${seat.muted ? "microphone-off" : "microphone"} size=${16} /></button>` : null}
        <button class="small icon quiet" data-action="more" data-seat=${id} aria-expanded=${open} aria-label=${`More about ${name}`}
          onClick=${() => setOpen(!open)}>${open ? "▴" : "▾"}</button>
        <button class="small icon quiet" data-action="remove" data-seat=${id} aria-label=${`Remove ${name}`}
          onClick=${() => setAsking(true)}>✕</button>
      </div>` : null}
    </div>
    ${speaks && status?.connection === "connected" ? html`<${Meter} level_db=${status.level_db} label=${`Sound of ${name}`} />` : null}
    ${line || problem ? html`<p class="seat-line figures" data-role="uplink"><span class="soft">${line}</span>
      ${problem ? html`<span class="seat-problem" data-role="problem">${problem}</span>` : null}</p>` : null}
    ${open ? html`<${More} id=${id} speaks=${speaks} />` : null}
    ${asking ? html`<${Question} title=${`Remove ${name}?`} yes="Remove"
      text="The connection ends, the link stops working, and the place disappears from all scenes. This cannot be undone."
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
  const expires = seat.expires ? `Link valid until ${new Date(seat.expires * 1000).toLocaleString([], { dateStyle: "medium", timeStyle: "short" })}.` : "";
  return html`<div class="more">
    ${speaks ? html`<${Gain} source=${`seat/${id}`} gain_db=${seat.gain_db} name=${name} />` : null}
    <p class="hint">${seat.invited ? expires : "No valid link."} ${seat.language ? `Language: ${seat.language}.` : ""}</p>
    <div class="row wrap">
      <button class="small" data-action="seat-edit" data-seat=${id} onClick=${() => { model.dialog.value = { name: "seat", id }; }}>Edit name</button>
      <button class="small" data-action="new-link" data-seat=${id} onClick=${() => setAsking("renew")}>New link</button>
      ${seat.invited ? html`<button class="small" data-action="revoke" data-seat=${id} onClick=${() => setAsking("revoke")}>Withdraw link</button>` : null}
    </div>
    ${asking === "renew" ? html`<${Question} title=${`New link for ${name}?`} yes="Make a new link"
      text="The old link and whoever uses it now are cut off." onYes=${() => void renew()} onClose=${() => setAsking("")} />` : null}
    ${asking === "revoke" ? html`<${Question} title=${`Withdraw the link of ${name}?`} yes="Withdraw"
      text="Whoever uses it now is cut off. The seat stays." onYes=${() => void model.send({ type: "seat.revoke", seat: id })}
      onClose=${() => setAsking("")} />` : null}
  </div>`;
}
