/** The director's console. */

import { effect } from "@preact/signals";
import { render } from "preact";
import { html } from "../shared/html.js";
import { Toasts } from "../shared/toasts.js";
import { boothAlerts } from "./booths/booth_view.js";
import { BoothAlarm, Booths } from "./booths/booths.js";
import { channels } from "./sound/channels.js";
import { Desk } from "./sound/desk.js";
import { Dialogs } from "./dialogs.js";
import { glyphList } from "./graphics/graphic_form.js";
import { GlyphReport, GraphicsPanel, ThemePanel } from "./graphics/graphics.js";
import { Alarms, Header, Overload, SilentServers } from "./header.js";
import { actionFor, isTalkKey } from "./keys.js";
import { soundProblem } from "./sound/loudness.js";
import { sourceAlerts } from "./sources/material.js";
import { MediaLibrary } from "./sources/media_library.js";
import * as model from "./model.js";
import { Monitor } from "./programme/monitor.js";
import { CoverLine, SlateQuestion } from "./programme/onair_line.js";
import { outputAlerts } from "./outputs/output_form.js";
import { OutputAlarm, Outputs } from "./outputs/outputs.js";
import { Rundown } from "./rundown/rundown.js";
import { spoken, t } from "./words/say.js";
import { Scenes } from "./programme/scenes.js";
import { Seats } from "./people/seats.js";
import { Sources } from "./sources/sources.js";
import { Tabs } from "./tabs.js";
import { guardTalkback, press, release } from "./sound/talkback.js";

/** @type {Record<import("./tabs.js").Tab, () => unknown>} */
const PANELS = {
  people: () => html`<${Seats} /><${Outputs} />`,
  sources: () => html`<${Sources} /><${MediaLibrary} />`,
  graphics: () => html`<${GraphicsPanel} /><${GlyphReport} /><${ThemePanel} />`,
  sound: () => html`<${Desk} />`,
  booths: () => html`<${Booths} />`,
  rundown: () => html`<${Rundown} />`,
};

/** @returns {Partial<Record<import("./tabs.js").Tab, string>>} what is wrong behind a tab that may be closed */
function alerts() {
  const state = model.state.value;
  if (!state) return {};
  const loud = channels(state).filter((one) => soundProblem(one.problem)).map((one) => one.name);
  const { lost, slower } = boothAlerts(state);
  const booths = [...lost, ...slower];
  const { failed, shaky } = outputAlerts(state);
  const people = [...failed, ...(shaky.length > 0 ? [t("Trouble with {names}", { names: shaky.join(", ") })] : [])];
  const away = sourceAlerts(state);
  const glyphs = glyphList(state).length;
  return {
    ...(people.length > 0 ? { people: people.join(" ") } : {}),
    ...(away.length > 0 ? { sources: t("Nothing comes from {names}", { names: away.join(", ") }) } : {}),
    ...(glyphs > 0 ? { graphics: t("Missing characters: {count}", { count: glyphs }) } : {}),
    ...(loud.length > 0 ? { sound: t("Trouble with the sound of {names}", { names: loud.join(", ") }) } : {}),
    ...(booths.length > 0 ? { booths: t("{names} needs you", { names: booths.join(", ") }) } : {}),
  };
}

function App() {
  const link = model.link.value;
  if (link === "refused") return html`<main class="over-all"><h1>${t("Your session has ended")}</h1><p role="alert">${model.ended.value}</p></main>`;
  const ready = model.state.value !== null;
  return html`
    <${Header} />
    ${ready && link !== "open" ? html`<p class="lost-line" role="alert" data-role="lost">
      ${t("The connection to the studio is interrupted. The programme goes on; the console comes back by itself.")}</p>` : null}
    <${CoverLine} />
    <${Alarms} />
    <${Overload} />
    <${SilentServers} />
    <${OutputAlarm} />
    <${BoothAlarm} />
    ${ready ? html`<main class="board" data-role="board">
      <div class="left"><${Monitor} /><${Scenes} /></div>
      <div class="right"><${Tabs} alerts=${alerts()} />
        <div class="tab-panel" id="tab-panel" role="tabpanel" aria-labelledby=${`tab-${model.tab.value}`}>${PANELS[model.tab.value]()}</div></div>
    </main>` : html`<main class="over-all"><p role="status">${t("Connecting to the studio…")}</p></main>`}
    <${Dialogs} />
    <${SlateQuestion} />
    <${Toasts} dismiss_label=${t("Dismiss")} />`;
}

/** After a press with the mouse the focus leaves the button, so that Space cuts instead of pressing it again. */
function releaseFocus(/** @type {MouseEvent} */ event) {
  const target = event.target instanceof Element ? event.target.closest("button") : null;
  if (event.detail > 0 && target && !target.closest("dialog")) target.blur();
}

/** Of a list or a fader, too, once the mouse has set it: they would keep Space and the digits to themselves. */
let by_pointer = false;
function releaseControl(/** @type {Event} */ event) {
  const target = event.target;
  const sets = target instanceof HTMLSelectElement || (target instanceof HTMLInputElement && ["range", "color"].includes(target.type));
  if (by_pointer && sets && !target.closest("dialog")) target.blur();
}

const release_focus = () => { if (document.activeElement instanceof HTMLElement) document.activeElement.blur(); };
const ACTIONS = { cut: model.cut, auto: model.auto, undo: model.undo, slate: model.slate, release: release_focus };

function onKey(/** @type {KeyboardEvent} */ event) {
  if (!model.can_direct.value) return;
  const focused = document.activeElement;
  const action = actionFor(
    event,
    { tag: focused?.tagName ?? "BODY", editable: focused instanceof HTMLElement && focused.isContentEditable },
    document.querySelector("dialog[open]") !== null,
  );
  if (!action) return;
  if (action.type === "page") {
    // Without slides the key scrolls, as everywhere.
    if (model.turnSlides(action.step)) event.preventDefault();
    return;
  }
  event.preventDefault();
  if (action.type === "talk") {
    press("all");
    return;
  }
  if (action.type !== "preview") {
    ACTIONS[action.type]();
    return;
  }
  const scene = model.state.value?.order.scenes[action.index];
  if (scene) model.setPreview(scene);
}

document.addEventListener("click", releaseFocus);
document.addEventListener("change", releaseControl);
document.addEventListener("pointerdown", () => { by_pointer = true; }, { capture: true });
document.addEventListener("keydown", () => { by_pointer = false; }, { capture: true });
document.addEventListener("keydown", onKey);
document.addEventListener("keyup", (event) => { if (isTalkKey(event)) release(); });
guardTalkback();
effect(() => {
  document.documentElement.lang = spoken();
  const title = model.state.value?.event.title;
  document.title = title ? `${title} · ${t("Console")}` : t("Console");
});
const root = document.getElementById("app");
if (root) render(html`<${App} />`, root);
void model.start();
