/** Buttons that talk: held with the mouse, a finger or a key, or latched. */

import { html } from "../../shared/html.js";
import * as model from "../model.js";
import { t } from "../words/say.js";
import { same, talksTo, target } from "./talk.js";
import { latch, line, press, release, talk } from "./talkback.js";

/** @typedef {import("./talk.js").Target} Target */

/**
 * @param {Target} to
 * @returns {Record<string, unknown>} handlers of a button that talks while it is held
 */
function held(to) {
  const isKey = (/** @type {KeyboardEvent} */ event) => event.code === "Space" || event.code === "Enter";
  return {
    onPointerDown: (/** @type {PointerEvent} */ event) => {
      if (event.button !== 0) return;
      /** @type {HTMLElement} */ (event.currentTarget).setPointerCapture(event.pointerId);
      press(to);
    },
    onPointerUp: release,
    onPointerCancel: release,
    onLostPointerCapture: release,
    onKeyDown: (/** @type {KeyboardEvent} */ event) => {
      if (!isKey(event)) return;
      event.preventDefault();
      if (!event.repeat) press(to);
    },
    onKeyUp: (/** @type {KeyboardEvent} */ event) => { if (isKey(event)) release(); },
    onBlur: release,
    onContextMenu: (/** @type {Event} */ event) => event.preventDefault(),
  };
}

/** To everybody: hold, or latch; says whether the guests hear it now. */
export function TalkToAll() {
  if (!model.can_direct.value) return null;
  const to = target(talk.value);
  const on = same(to, "all");
  return html`<div class="talk row">
    <button class="small talk-button" data-action="talk-all" data-talking=${String(on)} aria-pressed=${on} ...${held("all")}
      title=${t("Hold to talk to everybody (T)")}>${t("Talk to all")}<kbd>T</kbd></button>
    <button class="small toggle off" data-action="talk-latch" aria-pressed=${same(talk.value.latched, "all")}
      onClick=${() => latch("all")} title=${t("Talk to everybody without holding")}>${t("Latch")}</button>
    <${TalkState} />
  </div>`;
}

/** @param {{seat: string, name: string}} props */
export function TalkToSeat({ seat, name }) {
  const on = same(target(talk.value), [seat]);
  return html`<button class="small icon talk-button" data-action="talk" data-seat=${seat} data-talking=${String(on)} aria-pressed=${on}
    aria-label=${t("Hold to talk to {name}", { name })} title=${t("Hold to talk to {name}", { name })} ...${held([seat])}>☊</button>`;
}

function TalkState() {
  const state = model.state.value;
  const to = target(talk.value);
  const heard = state !== null && (state.talk ?? null) !== null;
  let text = "";
  if (to && line.value === "asking") text = t("Allow the microphone");
  else if (to && line.value === "connecting") text = t("Connecting…");
  else if (heard && state) text = t("Heard by {who}", { who: whoHears(state) });
  return html`<span class=${text ? "talk-state" : "unseen"} role="status" data-role="talk-state" data-on=${String(heard)}>${text}</span>`;
}

/**
 * @param {import("../../shared/types.js").DirectorState} state
 * @returns {string}
 */
function whoHears(state) {
  const named = state.order.seats.filter((id) => Array.isArray(state.talk) && state.talk.length > 0 && talksTo(state, id));
  return named.length > 0 ? named.map((id) => state.seats[id]?.name || id).join(", ") : t("all");
}
