/** The director's console. */

import { effect } from "@preact/signals";
import { render } from "preact";
import { html } from "../shared/html.js";
import { Toasts } from "../shared/toasts.js";
import { Dialogs } from "./dialogs.js";
import { Header, Overload } from "./header.js";
import { actionFor } from "./keys.js";
import * as model from "./model.js";
import { Monitor } from "./monitor.js";
import { Outputs } from "./outputs.js";
import { Scenes } from "./scenes.js";
import { Seats } from "./seats.js";
import { Sources } from "./sources.js";

function App() {
  const link = model.link.value;
  if (link === "refused") return html`<main class="over-all"><h1>Your session has ended</h1><p role="alert">${model.ended.value}</p></main>`;
  const ready = model.state.value !== null;
  return html`
    <${Header} />
    ${ready && link !== "open" ? html`<p class="lost-line" role="alert" data-role="lost">
      The connection to the studio is interrupted. The programme goes on; the console comes back by itself.</p>` : null}
    <${Overload} />
    ${ready ? html`<main class="board" data-role="board">
      <div class="left"><${Monitor} /><${Scenes} /></div>
      <div class="right"><${Seats} /><${Sources} /><${Outputs} /></div>
    </main>` : html`<main class="over-all"><p role="status">Connecting to the studio…</p></main>`}
    <${Dialogs} />
    <${Toasts} />`;
}

/** After a press with the mouse the focus leaves the button, so that Space cuts instead of pressing it again. */
function releaseFocus(/** @type {MouseEvent} */ event) {
  const target = event.target instanceof Element ? event.target.closest("button") : null;
  if (event.detail > 0 && target && !target.closest("dialog")) target.blur();
}

function onKey(/** @type {KeyboardEvent} */ event) {
  if (!model.can_direct.value) return;
  const focused = document.activeElement;
  const action = actionFor(
    event,
    { tag: focused?.tagName ?? "BODY", editable: focused instanceof HTMLElement && focused.isContentEditable },
    document.querySelector("dialog[open]") !== null,
  );
  if (!action) return;
  event.preventDefault();
  if (action.type === "cut") {
    model.cut();
    return;
  }
  const scene = model.state.value?.order.scenes[action.index];
  if (scene) model.setPreview(scene);
}

document.addEventListener("click", releaseFocus);
document.addEventListener("keydown", onKey);
effect(() => {
  const title = model.state.value?.event.title;
  document.title = title ? `${title} · Console` : "Console";
});
const root = document.getElementById("app");
if (root) render(html`<${App} />`, root);
void model.start();
