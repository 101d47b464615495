/** In which language a guest's or interpreter's page is written: chosen on the page, else the seat's, else the browser's. */

import { computed, signal } from "@preact/signals";
import { html } from "./html.js";
import { pickLanguage } from "./i18n.js";

/** @typedef {import("./i18n.js").Language} Language */

const STORED = "studio-page-language";

/** @type {import("@preact/signals").Signal<string>} */
const chosen = signal(localStorage.getItem(STORED) ?? "");

/**
 * @param {() => string|undefined} seatLanguage of the person, "" where the invite names none
 * @returns {import("@preact/signals").ReadonlySignal<Language>}
 */
export function pageLanguage(seatLanguage) {
  return computed(() => pickLanguage(chosen.value, seatLanguage(), navigator.language));
}

/** Named in the language it leads to: a reader who needs it may not read the other. @param {{language: Language}} props */
export function PageLanguageSwitch({ language }) {
  const other = language === "ko" ? "en" : "ko";
  return html`<button type="button" class="small quiet page-language" data-action="page-language" lang=${other} onClick=${() => choose(other)}>
    ${other === "ko" ? "한국어" : "English"}</button>`;
}

/** @param {Language} language */
function choose(language) {
  chosen.value = language;
  localStorage.setItem(STORED, language);
}
