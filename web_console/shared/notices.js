/** In place of a page: left, open elsewhere, not possible, loading. Each says what to do. */

import { html } from "./html.js";

/**
 * @typedef {{t: (key: string) => string, comeBack: () => unknown, begin: (options: {takeover: boolean}) => unknown,
 *   error: {value: {code?: string} | null}, errorText: () => string, link: {value: string}}} Model
 */

/**
 * @param {Model} model of the page
 * @param {string} title key of the page's name
 */
export function notices(model, title) {
  const { t } = model;
  return {
    Left: () => html`<main class="notice" data-role="left">
      <h1>${t("left.heading")}</h1>
      <p>${t("left.text")}</p>
      <button class="primary big" data-action="join-again" onClick=${() => void model.comeBack()}>${t("left.again")}</button>
    </main>`,

    Elsewhere: () => html`<main class="notice" data-role="elsewhere">
      <h1>${t("elsewhere.heading")}</h1>
      <p role="alert">${t("elsewhere.text")}</p>
      <button class="primary big" data-action="takeover" onClick=${() => void model.begin({ takeover: true })}>${t("elsewhere.use")}</button>
    </main>`,

    Blocked: () => html`<main class="notice" data-role="blocked" data-code=${model.error.value?.code ?? ""}>
      <h1>${t("error.heading")}</h1>
      <p role="alert" data-role="error">${model.errorText()}</p>
    </main>`,

    Loading: () => html`<main class="notice quiet" data-role="loading">
      <h1 class="unseen">${t(title)}</h1>
      <p role="status">${model.link.value === "lost" ? t("error.network.lost") : t("page.loading")}</p>
    </main>`,
  };
}
