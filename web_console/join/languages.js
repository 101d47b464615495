/** Which language the guest hears, and which the guest speaks: at any moment, before and after joining. */

import { html } from "../shared/html.js";
import { languageName } from "../shared/i18n.js";
import * as model from "./model.js";

const { t } = model;
const FLOOR = "floor";

/** Each language by its own name: a guest looks for that one, whatever this page is written in. */
export function Languages() {
  const seat = model.state.value?.seat;
  const languages = model.state.value?.event.languages ?? [];
  if (!seat || languages.length === 0) return null;
  const spoken = seat.language;
  const listen = seat.listen ?? FLOOR;
  // One that the event has no channel for may be spoken all the same.
  const spoken_options = spoken && !languages.includes(spoken) ? [spoken, ...languages] : languages;
  return html`<div class="languages">
    <label class="field"><span>${t("prepare.listen")}</span>
      <select data-role="listen" value=${listen} onChange=${(/** @type {Event} */ event) => void change(event, "listen", listen)}>
        <option value=${FLOOR} selected=${listen === FLOOR}>${t("listen.original")}</option>
        ${languages.map((tag) => html`<option key=${tag} value=${tag} lang=${tag} selected=${tag === listen}>${languageName(tag)}</option>`)}
      </select></label>
    <label class="field"><span>${t("prepare.spoken")}</span>
      <select data-role="language" value=${spoken} onChange=${(/** @type {Event} */ event) => void change(event, "language", spoken)}>
        ${spoken_options.map((tag) => html`<option key=${tag} value=${tag} lang=${tag} selected=${tag === spoken}>${languageName(tag)}</option>`)}
        <option value="" selected=${spoken === ""}>${t("prepare.spoken-other")}</option>
      </select></label>
  </div>`;
}

/**
 * @param {Event} event
 * @param {"listen"|"language"} which
 * @param {string} before shown again if the studio refuses
 */
async function change(event, which, before) {
  const select = /** @type {HTMLSelectElement} */ (event.currentTarget);
  const done = await model.choose(which === "listen" ? { listen: select.value } : { language: select.value });
  if (!done) select.value = before;
}
