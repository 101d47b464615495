/** Which dialog is open; and those about links: invite, show a link. */

import { useEffect, useRef, useState } from "preact/hooks";
import { Dialog } from "../shared/dialog.js";
import { html } from "../shared/html.js";
import { call } from "../shared/protocol.js";
import { toast } from "../shared/toasts.js";
import { BoothDialog, EventDialog, InterpreterDialog } from "./booths/booth_dialogs.js";
import { languagesOf, spokenChoices } from "./sound/channels.js";
import { fields, Refusal } from "./form.js";
import * as model from "./model.js";
import { GraphicDialog } from "./graphics/graphic_dialog.js";
import { OutputDialog } from "./outputs/output_dialog.js";
import { HelpDialog } from "./help_dialog.js";
import { PublishDialog } from "./sources/publish_dialog.js";
import { CueDialog } from "./rundown/rundown.js";
import { languageName, t } from "./words/say.js";
import { SceneDialog } from "./programme/scene_dialog.js";
import { SeatDialog } from "./people/seat_dialog.js";
import { SessionsDialog } from "./sessions/sessions_dialog.js";
import { SourceDialog } from "./sources/source_dialog.js";
import { SpeakerDialog } from "./people/speaker_dialog.js";
import { StripDialog } from "./sound/strip_dialog.js";

const close = () => { model.dialog.value = null; };

export function Dialogs() {
  const open = model.dialog.value;
  switch (open?.name) {
    case "invite": return html`<${InviteDialog} />`;
    case "link": return html`<${LinkDialog} id=${open.id ?? ""} link=${open.link ?? ""} />`;
    case "seat": return html`<${SeatDialog} id=${open.id ?? ""} onClose=${close} />`;
    case "source": return html`<${SourceDialog} id=${open.id ?? null} onClose=${close} />`;
    case "publish": return html`<${PublishDialog} id=${open.id ?? ""} url=${open.link ?? ""} token=${open.token ?? ""} onClose=${close} />`;
    case "graphic": return html`<${GraphicDialog} id=${open.id ?? null} onClose=${close} />`;
    case "output": return html`<${OutputDialog} id=${open.id ?? null} onClose=${close} />`;
    case "strip": return html`<${StripDialog} source=${open.id ?? ""} onClose=${close} />`;
    case "booth": return html`<${BoothDialog} id=${open.id ?? null} onClose=${close} />`;
    case "interpreter": return html`<${InterpreterDialog} booth=${open.id ?? ""} onClose=${close} />`;
    case "event": return html`<${EventDialog} onClose=${close} />`;
    case "cue": return html`<${CueDialog} id=${open.id ?? null} onClose=${close} />`;
    case "scene": return html`<${SceneDialog} id=${open.id ?? null} onClose=${close} />`;
    case "speaker": return html`<${SpeakerDialog} onClose=${close} />`;
    case "sessions": return html`<${SessionsDialog} onClose=${close} />`;
    case "help": return html`<${HelpDialog} onClose=${close} />`;
    default: return null;
  }
}

function InviteDialog() {
  const [refusal, setRefusal] = useState("");
  const [role, setRole] = useState("speaker");
  const state = model.state.value;
  // The event's languages first: most who are invited speak one of them.
  const choices = state ? [...new Set([...languagesOf(state), ...spokenChoices(state, "")])] : [];
  /** @param {SubmitEvent} event */
  const submit = async (event) => {
    const field = fields(event);
    const { done, refusal: why } = await model.attempt({
      type: "seat.create", name: field("name"), title: field("title"), role, language: field("language"),
      ttl_s: Number(field("days")) * 86_400,
    });
    if (!done) { setRefusal(why); return; }
    const seat = done.events.find((one) => one.type === "seat.created")?.seat;
    model.dialog.value = { name: "link", id: String(seat ?? ""), link: done.result?.link ?? "" };
  };
  return html`<${Dialog} title=${t("New invite")} name="invite" onClose=${close}>
    <form class="dialog-form" onSubmit=${submit}>
      <label class="field"><span>${t("Name")}</span><input data-first name="name" required maxlength="80" autocomplete="off" /></label>
      <label class="field"><span>${t("Title and organisation")}</span><input name="title" maxlength="120" autocomplete="off" /></label>
      <div class="columns">
        <label class="field"><span>${t("Role")}</span><select name="role" value=${role} onChange=${(/** @type {any} */ event) => setRole(event.currentTarget.value)}>
          <option value="speaker">${t("Speaker")}</option><option value="wall">${t("LED wall")}</option><option value="viewer">${t("Viewer of the console")}</option>
        </select></label>
        <label class="field"><span>${t("Spoken language")}</span><select name="language">
          ${choices.map((tag) => html`<option key=${tag} value=${tag}>${languageName(tag)}</option>`)}
        </select></label>
        <label class="field"><span>${t("Link valid for")}</span><select name="days">
          <option value="1">${t("1 day")}</option><option value="7" selected>${t("7 days")}</option><option value="30">${t("30 days")}</option>
        </select></label>
      </div>
      <${Refusal} refusal=${refusal} />
      <div class="dialog-actions">
        <button type="button" data-action="cancel" onClick=${close}>${t("Cancel")}</button>
        <button type="submit" class="primary" data-action="create-invite">${t("Make the link")}</button>
      </div>
    </form>
  <//>`;
}

/** @param {{id: string, link: string}} props */
function LinkDialog({ id, link }) {
  const ref = useRef(/** @type {HTMLDivElement|null} */ (null));
  const name = model.state.value?.seats[id]?.name || id;
  useEffect(() => { void drawQr(link, ref.current, t("QR code of the link for {name}", { name })); }, [link]);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(link);
      toast(t("Link copied."));
    } catch {
      // No clipboard on a plain-http address: select the text for the keyboard.
      /** @type {HTMLInputElement|null} */ (document.querySelector('[data-role="link-text"]'))?.select();
      toast(t("Press Ctrl+C to copy the selected link."));
    }
  };
  return html`<${Dialog} title=${t("Link for {name}", { name })} name="link" onClose=${close}>
    <p class="soft">${t("Personal, and shown only now. Whoever has it takes this place.")}</p>
    <div class="link-box">
      <div class="qr" ref=${ref} data-role="qr"></div>
      <div class="link-side">
        <label class="field"><span>${t("Link")}</span>
          <input readonly data-role="link-text" value=${link} onFocus=${(/** @type {any} */ event) => event.currentTarget.select()} /></label>
        <button data-first class="primary" data-action="copy" onClick=${copy}>${t("Copy link")}</button>
        <p class="hint">${t("Or let a telephone scan the code.")}</p>
      </div>
    </div>
    <div class="dialog-actions"><button data-action="close" onClick=${close}>${t("Done")}</button></div>
  <//>`;
}

/**
 * @param {string} text
 * @param {HTMLElement|null} holder
 * @param {string} label
 */
async function drawQr(text, holder, label) {
  try {
    const response = await call("/api/v1/qr", {
      as: model.as, method: "POST", type: "application/json", body: JSON.stringify({ text }), accept: "image/svg+xml",
    });
    const parsed = new DOMParser().parseFromString(await response.text(), "image/svg+xml").documentElement;
    if (parsed.localName !== "svg" || !holder) return;
    // Without a view box the drawing would be cut off instead of scaled.
    if (!parsed.hasAttribute("viewBox")) {
      parsed.setAttribute("viewBox", `0 0 ${parsed.getAttribute("width")} ${parsed.getAttribute("height")}`);
    }
    parsed.setAttribute("role", "img");
    parsed.setAttribute("aria-label", label);
    holder.replaceChildren(document.adoptNode(parsed));
  } catch (thrown) {
    model.complain(thrown);
  }
}
