/** Pages in place of the studio: left, open elsewhere, not possible. Each says what to do. */

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
    <button class="primary big" data-action="takeover" onClick=${() => model.begin({ takeover: true })}>${t("elsewhere.use")}</button>
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
    <h1 class="unseen">${t("page.title")}</h1>
    <p role="status">${model.link.value === "lost" ? t("error.network.lost") : t("page.loading")}</p>
  </main>`;
}
