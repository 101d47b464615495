/** One person: the plate, the language, what the person hears, where the microphone stands, the booth. */

import { useState } from "preact/hooks";
import { Dialog } from "../../shared/dialog.js";
import { html } from "../../shared/html.js";
import { ofSeat } from "../../shared/names.js";
import { boothIds } from "../booths/booth_view.js";
import { languagesOf, spokenChoices } from "../sound/channels.js";
import { partsOf } from "../programme/compose.js";
import { fields, Refusal } from "../form.js";
import * as model from "../model.js";
import { busName, languageName, spoken, t } from "../words/say.js";
import { seatChange } from "./seat_form.js";

/** As an id is (studio/show/fields.py). */
const PART = "[A-Za-z0-9][A-Za-z0-9_.\\-]*";

/** @param {{id: string, onClose: () => void}} props */
export function SeatDialog({ id, onClose }) {
  const [refusal, setRefusal] = useState("");
  const state = model.state.value;
  const seat = state?.seats[id];
  if (!state || !seat) return null;
  const languages = languagesOf(state);
  const missing = state.status.glyphs?.[ofSeat(id)] ?? "";
  const [speaks, interprets] = [seat.role === "speaker", seat.role === "interpreter"];
  const partChoices = [...new Set(["host", "moderator", "panelist", ...partsOf(state, [])])];
  /** @param {SubmitEvent} event */
  const submit = async (event) => {
    const { done, refusal: why } = await model.attempt(seatChange(id, seat, fields(event), languages));
    if (done) onClose();
    else setRefusal(why);
  };
  return html`<${Dialog} title=${t("Edit {name}", { name: seat.name || id })} name="seat" onClose=${onClose}>
    <form class="dialog-form" onSubmit=${submit}>
      <label class="field"><span>${t("Name")}</span><input data-first name="name" required maxlength="80" defaultValue=${seat.name} autocomplete="off" /></label>
      <label class="field"><span>${t("Title and organisation")}</span><input name="title" maxlength="120" defaultValue=${seat.title} autocomplete="off" /></label>
      ${missing ? html`<p class="note warn" role="status" data-role="glyphs">${t("No font has these characters; they would be boxes on the plate: {missing}", { missing })}</p>` : null}
      ${speaks ? html`<fieldset class="namings" data-role="namings"><legend class="legend">${t("On plates, by language; where empty, as above")}</legend>
        ${languages.map((tag) => html`<div class="naming" key=${tag} lang=${tag}><span lang=${spoken()}>${languageName(tag)}</span>
          <input name=${`name-${tag}`} maxlength="80" autocomplete="off" defaultValue=${seat.names?.[tag]?.name ?? ""} aria-label=${t("Name in {language}", { language: languageName(tag) })} placeholder=${seat.name} />
          <input name=${`title-${tag}`} maxlength="120" autocomplete="off" defaultValue=${seat.names?.[tag]?.title ?? ""} aria-label=${t("Title in {language}", { language: languageName(tag) })} placeholder=${seat.title} /></div>`)}
      </fieldset>
      <label class="field"><span>${t("Part in the show: places of scenes can ask for it")}</span>
        <input name="part" list="seat-parts" maxlength="64" pattern=${PART} title=${t("Letters, digits, dot, hyphen and underscore")} defaultValue=${seat.part ?? ""} autocomplete="off" spellcheck=${false} />
        <datalist id="seat-parts">${partChoices.map((part) => html`<option key=${part} value=${part}></option>`)}</datalist></label>` : null}
      <label class="field"><span>${t("Language (ko, en, …)")}</span>
        <input name="language" maxlength="35" list="seat-languages" defaultValue=${seat.language} autocomplete="off" spellcheck=${false} />
        <datalist id="seat-languages">${spokenChoices(state, seat.language).filter(Boolean).map((tag) => html`<option key=${tag} value=${tag}>${languageName(tag)}</option>`)}</datalist></label>
      ${speaks || interprets ? html`<div class="columns">
        <label class="field"><span>${t("Hears")}</span><select name="listen">
          ${["floor", ...languages].map((bus) => html`<option key=${bus} value=${bus} selected=${bus === (seat.listen || "floor")}>${busName(bus)}</option>`)}</select></label>
        ${interprets ? html`<label class="field"><span>${t("Booth")}</span><select name="booth">
          <option value="" selected=${!seat.booth}>${t("No booth")}</option>
          ${boothIds(state).map((one) => html`<option key=${one} value=${one} selected=${one === seat.booth}>${state.booths?.[one]?.title || one}</option>`)}</select></label>` : null}
      </div>` : null}
      ${speaks ? html`<label class="row"><input type="checkbox" name="hall" defaultChecked=${seat.hall ?? false} />
        <span>${t("The microphone stands in the hall, which must not hear it")}</span></label>` : null}
      <${Refusal} refusal=${refusal} />
      <div class="dialog-actions">
        <button type="button" data-action="cancel" onClick=${onClose}>${t("Cancel")}</button>
        <button type="submit" class="primary" data-action="save-seat">${t("Save")}</button>
      </div>
    </form>
  <//>`;
}
