/** The T-bar: the transition by hand. What the hand does is on air while it moves. */

import { useRef } from "preact/hooks";
import { html } from "../../shared/html.js";
import { SEEN_MS, useHand } from "./hand.js";
import * as model from "../model.js";
import { canTake, moveTbar } from "./onair.js";
import { t } from "../words/say.js";

export function Tbar() {
  const { held, move: moveLive, set, letGo: leave } = useHand((position, live) => model.send({ type: "program.tbar", position, ...(live ? { live } : {}) }), SEEN_MS);
  const hand = useRef({ spent: false });
  const state = model.state.value;
  if (!state) return null;
  const position = held ?? state.tbar ?? 0;
  const move = (/** @type {HTMLInputElement} */ lever) => {
    const next = moveTbar(hand.current, lever.valueAsNumber);
    hand.current = next.hand;
    if (next.send === null) {
      // The lever stays where the show is, though the hand that has taken pulls on.
      lever.value = String(position);
      return;
    }
    if (next.hand.spent) set(next.send);
    else moveLive(next.send);
  };
  const letGo = () => {
    hand.current = { spent: false };
    leave();
  };
  return html`<span class="tbar" data-role="tbar" data-between=${String(position > 0)}>
    <span class="soft" aria-hidden="true">${t("T-bar")}</span>
    <input type="range" data-action="tbar" min="0" max="1" step="0.02" value=${position} disabled=${!model.can_direct.value || !canTake(state)}
      aria-label=${t("T-bar, from programme to preview")} aria-valuetext=${`${Math.round(100 * position)} %`}
      title=${t("The transition by hand; at the end the preview is taken")}
      onInput=${(/** @type {any} */ event) => move(event.currentTarget)}
      onPointerUp=${(/** @type {any} */ event) => {
        letGo();
        // No change is reported of a lever that is back where it was.
        event.currentTarget.blur();
      }} onKeyUp=${letGo} onChange=${leave} onBlur=${letGo} />
  </span>`;
}
