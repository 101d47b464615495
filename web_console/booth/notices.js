/** In place of the booth: loading, left, open elsewhere, not possible. And the question before leaving. */

import { Question } from "../shared/dialog.js";
import { html } from "../shared/html.js";
import * as model from "./model.js";

const { t } = model;

export function Left() {
  return html`<main class="notice" data-role="left">
    <h1>${t("left.heading")}</h1>
    <p>${t("left.text")}</p>
    <button class="primary big" data-action="join-again" onClick=${() => void model.comeBack()}>${t("left.again")}</button>
  </main>`;
}

export function Elsewhere() {
  return html`<main class="notice" data-role="elsewhere">
    <h1>${t("elsewhere.heading")}</h1>
    <p role="alert">${t("elsewhere.text")}</p>
    <button class="primary big" data-action="takeover" onClick=${() => void model.begin({ takeover: true })}>${t("elsewhere.use")}</button>
  </main>`;
}

export function Blocked() {
  return html`<main class="notice" data-role="blocked" data-code=${model.error.value?.code ?? ""}>
    <h1>${t("error.heading")}</h1>
    <p role="alert" data-role="error">${model.errorText()}</p>
  </main>`;
}

export function Loading() {
  return html`<main class="notice quiet" data-role="loading">
    <h1 class="unseen">${t("booth.page")}</h1>
    <p role="status">${model.link.value === "lost" ? t("error.network.lost") : t("page.loading")}</p>
  </main>`;
}

export function Leave() {
  const on = model.state.value?.seat?.on === true;
  return html`<${Question} title=${t("booth.leave-question")} text=${t(on ? "booth.leave-text-on" : "booth.leave-text")}
    yes=${t("booth.leave")} no=${t("leave.no")} onYes=${model.leave} onClose=${() => { model.dialog.value = ""; }} />`;
}
