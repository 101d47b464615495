/** Which of the right-hand panels is open, as a list of tabs: arrows move, as the pattern for tabs asks. */

import { html } from "../shared/html.js";
import * as model from "./model.js";
import { t } from "./words/say.js";

/** @typedef {"people"|"sources"|"graphics"|"sound"|"booths"|"rundown"} Tab */

const TABS = /** @type {const} */ ([["people", "People"], ["sources", "Sources"], ["graphics", "Graphics"], ["sound", "Sound"], ["booths", "Booths"], ["rundown", "Rundown"]]);

/** @param {{alerts: Partial<Record<Tab, string>>}} props alerts: what is wrong behind a tab, in words */
export function Tabs({ alerts }) {
  const open = model.tab.value;
  const onKey = (/** @type {KeyboardEvent} */ event) => {
    const at = TABS.findIndex(([name]) => name === open);
    const step = { ArrowRight: 1, ArrowLeft: TABS.length - 1 }[event.key];
    const to = event.key === "Home" ? 0 : event.key === "End" ? TABS.length - 1 : step ? (at + step) % TABS.length : -1;
    const next = TABS[to];
    if (!next) return;
    event.preventDefault();
    model.tab.value = next[0];
    document.getElementById(`tab-${next[0]}`)?.focus();
  };
  return html`<div class="tabs" role="tablist" aria-label=${t("Panels")} onKeyDown=${onKey}>
    ${TABS.map(([name, label]) => html`<button key=${name} role="tab" id=${`tab-${name}`} class="tab small" data-action="tab" data-tab=${name}
      aria-selected=${open === name} aria-controls="tab-panel" tabindex=${open === name ? 0 : -1} title=${alerts[name] ?? ""}
      onClick=${() => { model.tab.value = name; }}>${t(label)}${alerts[name] ? html`<span class="alert-dot" role="img" aria-label=${alerts[name]}>!</span>` : null}</button>`)}
  </div>`;
}
