/** Dialogs about people and outputs: invite, show a link, edit a name, add an output. */

import { useEffect, useRef, useState } from "preact/hooks";
import { Dialog } from "../shared/dialog.js";
import { html } from "../shared/html.js";
import { call } from "../shared/protocol.js";
import { toast, toastError } from "../shared/toasts.js";
import * as model from "./model.js";
import { SceneDialog } from "./scene_dialog.js";

const close = () => { model.dialog.value = null; };

export function Dialogs() {
  const open = model.dialog.value;
  switch (open?.name) {
    case "invite": return html`<${InviteDialog} />`;
    case "link": return html`<${LinkDialog} id=${open.id ?? ""} link=${open.link ?? ""} />`;
    case "seat": return html`<${SeatDialog} id=${open.id ?? ""} />`;
    case "output": return html`<${OutputDialog} />`;
    case "scene": return html`<${SceneDialog} id=${open.id ?? null} onClose=${close} />`;
    default: return null;
  }
}

/**
 * @param {SubmitEvent} event
 * @returns {(name: string) => string} a field's trimmed value
 */
function fields(event) {
  event.preventDefault();
  const data = new FormData(/** @type {HTMLFormElement} */ (event.currentTarget));
  return (name) => String(data.get(name) ?? "").trim();
}

/** @param {{refusal: string}} props */
export function Refusal({ refusal }) {
  return refusal ? html`<p class="note bad" role="alert" data-role="refusal">${refusal}</p>` : null;
}

function InviteDialog() {
  const [refusal, setRefusal] = useState("");
  const [role, setRole] = useState("speaker");
  /** @param {SubmitEvent} event */
  const submit = async (event) => {
    const field = fields(event);
    const { done, refusal: why } = await model.attempt({
      type: "seat.create", name: field("name"), title: field("title"), role, language: field("language"),
      ttl_s: Number(field("days")) * 86_400,
    });
    if (!done) { setRefusal(why || "Not connected."); return; }
    const seat = done.events.find((one) => one.type === "seat.created")?.seat;
    model.dialog.value = { name: "link", id: String(seat ?? ""), link: done.result?.link ?? "" };
  };
  return html`<${Dialog} title="New invite" name="invite" onClose=${close}>
    <form class="dialog-form" onSubmit=${submit}>
      <label class="field"><span>Name</span><input data-first name="name" required maxlength="80" autocomplete="off" /></label>
      <label class="field"><span>Title and organisation</span><input name="title" maxlength="120" autocomplete="off" /></label>
      <div class="columns">
        <label class="field"><span>Role</span><select name="role" value=${role} onChange=${(/** @type {any} */ event) => setRole(event.currentTarget.value)}>
          <option value="speaker">Speaker</option><option value="wall">LED wall</option><option value="viewer">Viewer of the console</option>
        </select></label>
        <label class="field"><span>Language</span><select name="language">
          <option value="ko">Korean</option><option value="en">English</option><option value="">Other</option>
        </select></label>
        <label class="field"><span>Link valid for</span><select name="days">
          <option value="1">1 day</option><option value="7" selected>7 days</option><option value="30">30 days</option>
        </select></label>
      </div>
      <${Refusal} refusal=${refusal} />
      <div class="dialog-actions">
        <button type="button" data-action="cancel" onClick=${close}>Cancel</button>
        <button type="submit" class="primary" data-action="create-invite">Make the link</button>
      </div>
    </form>
  <//>`;
}

/** @param {{id: string, link: string}} props */
function LinkDialog({ id, link }) {
  const ref = useRef(/** @type {HTMLDivElement|null} */ (null));
  const name = model.state.value?.seats[id]?.name || id;
  useEffect(() => { void drawQr(link, ref.current, `QR code of the link for ${name}`); }, [link]);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(link);
      toast("Link copied.");
    } catch {
      // No clipboard on a plain-http address: select the text for the keyboard.
      /** @type {HTMLInputElement|null} */ (document.querySelector('[data-role="link-text"]'))?.select();
      toast("Press Ctrl+C to copy the selected link.");
    }
  };
  return html`<${Dialog} title=${`Link for ${name}`} name="link" onClose=${close}>
    <p class="soft">Personal, and shown only now. Whoever has it takes this place.</p>
    <div class="link-box">
      <div class="qr" ref=${ref} data-role="qr"></div>
      <div class="link-side">
        <label class="field"><span>Link</span>
          <input readonly data-role="link-text" value=${link} onFocus=${(/** @type {any} */ event) => event.currentTarget.select()} /></label>
        <button data-first class="primary" data-action="copy" onClick=${copy}>Copy link</button>
        <p class="hint">Or let a telephone scan the code.</p>
      </div>
    </div>
    <div class="dialog-actions"><button data-action="close" onClick=${close}>Done</button></div>
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
    toastError(thrown);
  }
}

/** @param {{id: string}} props */
function SeatDialog({ id }) {
  const [refusal, setRefusal] = useState("");
  const seat = model.state.value?.seats[id];
  /** @param {SubmitEvent} event */
  const submit = async (event) => {
    const field = fields(event);
    const { done, refusal: why } = await model.attempt({
      type: "seat.update", seat: id, name: field("name"), title: field("title"), language: field("language"),
    });
    if (done) close();
    else setRefusal(why || "Not connected.");
  };
  if (!seat) return null;
  return html`<${Dialog} title="Edit name" name="seat" onClose=${close}>
    <form class="dialog-form" onSubmit=${submit}>
      <label class="field"><span>Name</span><input data-first name="name" required maxlength="80" defaultValue=${seat.name} autocomplete="off" /></label>
      <label class="field"><span>Title and organisation</span><input name="title" maxlength="120" defaultValue=${seat.title} autocomplete="off" /></label>
      <label class="field"><span>Language (ko, en, …)</span><input name="language" maxlength="16" defaultValue=${seat.language} autocomplete="off" /></label>
      <${Refusal} refusal=${refusal} />
      <div class="dialog-actions">
        <button type="button" data-action="cancel" onClick=${close}>Cancel</button>
        <button type="submit" class="primary" data-action="save-seat">Save</button>
      </div>
    </form>
  <//>`;
}

function OutputDialog() {
  const [refusal, setRefusal] = useState("");
  const [kind, setKind] = useState("stream");
  /** @param {SubmitEvent} event */
  const submit = async (event) => {
    const field = fields(event);
    const id = field("output");
    const common = { type: "output.create", ...(id ? { output: id } : {}), rendition: field("rendition") };
    const { done, refusal: why } = await model.attempt(kind === "recording"
      ? { ...common, recording: true, buses: ["floor"] }
      : { ...common, url: field("url"), bus: "floor" });
    if (done) close();
    else setRefusal(why || "Not connected.");
  };
  return html`<${Dialog} title="Add an output" name="output" onClose=${close}>
    <form class="dialog-form" onSubmit=${submit}>
      <fieldset class="choices"><legend class="legend">What</legend>
        ${[["stream", "Live stream (RTMP or RTMPS)"], ["recording", "Recording on this machine"]].map(([value, label]) => html`
          <label class="choice" key=${value}><input type="radio" name="kind" value=${value} checked=${kind === value}
            onChange=${() => setKind(value ?? "stream")} /><span>${label}</span></label>`)}
      </fieldset>
      <label class="field"><span>Short name</span><input data-first name="output" maxlength="64" pattern="[A-Za-z0-9][A-Za-z0-9_.\\-]*"
        title="Letters, digits, dot, hyphen and underscore" placeholder=${kind === "stream" ? "youtube-ko" : "vod"} autocomplete="off" /></label>
      ${kind === "stream" ? html`<label class="field"><span>Address with stream key</span>
        <input name="url" type="password" required maxlength="2048" placeholder="rtmps://…" autocomplete="off" spellcheck=${false} />
        <span class="hint">It is not shown again: the key stays in the studio.</span></label>` : null}
      <label class="field"><span>Picture</span><select name="rendition">
        <option value="program">Programme</option><option value="wall">Wall</option></select></label>
      <${Refusal} refusal=${refusal} />
      <div class="dialog-actions">
        <button type="button" data-action="cancel" onClick=${close}>Cancel</button>
        <button type="submit" class="primary" data-action="create-output">Add</button>
      </div>
    </form>
  <//>`;
}
