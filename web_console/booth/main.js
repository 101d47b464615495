/** The interpreter's page. */

import { render } from "preact";
// Makes components follow the signals they read.
import "@preact/signals";
import { html } from "../shared/html.js";
import { notices } from "../shared/notices.js";
import { Toasts } from "../shared/toasts.js";
import { Help } from "./help.js";
import { actionFor, isCoughKey } from "./keys.js";
import { Live } from "./live.js";
import * as model from "./model.js";
import { Devices, Prepare } from "./prepare.js";
import { Leave } from "./leave.js";

const { Left, Elsewhere, Blocked, Loading } = notices(model, "booth.page");
const PAGES = { loading: Loading, prepare: Prepare, joined: Live, left: Left, elsewhere: Elsewhere, blocked: Blocked };
const DIALOGS = { help: Help, devices: Devices, leave: Leave };

function App() {
  const open = model.dialog.value;
  return html`<${PAGES[model.stage.value]} />
    ${open ? html`<${DIALOGS[open]} />` : null}
    <${Toasts} dismiss_label=${model.t("booth.dismiss")} />`;
}

/** @type {Record<string, () => void>} */
const ACTIONS = {
  cough: () => model.cough({ press: "key" }),
  held: () => {},
  speak: model.toggleSpeak,
  handover: model.handOver,
  decline: model.decline,
  relay: model.toggleRelay,
  language: model.switchLanguage,
  slower: model.slower,
  notes: () => /** @type {HTMLElement|null} */ (document.querySelector('[data-role="note-text"]'))?.focus(),
  louder: () => model.changeVolume(1),
  quieter: () => model.changeVolume(-1),
  help: () => { model.dialog.value = "help"; },
};

function onKey(/** @type {KeyboardEvent} */ event) {
  if (model.stage.value !== "joined") return;
  const focused = document.activeElement;
  const action = actionFor(
    event,
    {
      tag: focused?.tagName ?? "BODY",
      type: focused instanceof HTMLInputElement ? focused.type : "",
      editable: focused instanceof HTMLElement && focused.isContentEditable,
    },
    document.querySelector("dialog[open]") !== null,
  );
  // Switched off, only the help answers: how else would one find the switch?
  if (!action || (!model.preferences.value.keys && action !== "help")) return;
  event.preventDefault();
  if (typeof action === "string") {
    ACTIONS[action]?.();
    return;
  }
  const bus = model.state.value?.event.languages?.[action.preselect];
  if (bus) model.preselect(bus);
}

function onKeyUp(/** @type {KeyboardEvent} */ event) {
  // Wherever the focus has gone meanwhile: a key that is up holds nothing.
  if (isCoughKey(event)) model.cough({ release: "key" });
}

/** After a press with the mouse the focus leaves the button, so that Space mutes instead of pressing it again. */
function releaseFocus(/** @type {MouseEvent} */ event) {
  const target = event.target instanceof Element ? event.target.closest("button, input[type=range]") : null;
  if (event.detail > 0 && target instanceof HTMLElement && !target.closest("dialog")) target.blur();
}

document.addEventListener("keydown", onKey);
document.addEventListener("keyup", onKeyUp);
document.addEventListener("click", releaseFocus);
globalThis.addEventListener("blur", () => model.cough("away"));
document.addEventListener("visibilitychange", () => { if (document.hidden) model.cough("away"); });
const root = document.getElementById("app");
if (root) render(html`<${App} />`, root);
void model.start();
