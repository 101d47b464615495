/** What directors read. The English text is the key: what nobody has translated stays readable. */

import { signal } from "@preact/signals";
import { KOREAN } from "./korean.js";
import { KOREAN_REFUSALS } from "./korean_refusals.js";

/** @typedef {"en"|"ko"} Language */

const STORED = "studio-console-language";

/** A signal, so that what shows a text is drawn again. */
/** @type {import("@preact/signals").Signal<Language>} */
const language = signal("en");

/** @returns {Language} */
export function spoken() {
  return language.value;
}

/** @param {Language} next of all texts from now on */
export function speak(next) {
  language.value = next;
}

/**
 * @param {string} text in English; `{name}` stands for a value
 * @param {Record<string, string|number>} [values]
 * @returns {string} in the language that is spoken
 */
export function t(text, values) {
  const said = language.value === "ko" ? KOREAN[text] ?? text : text;
  return values ? said.replaceAll(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole)) : said;
}

/**
 * @param {{code: string, detail: string}} error
 * @returns {string} a refusal as a sentence: the server's own, which names names, or ours in another language
 */
export function refusalText({ code, detail }) {
  return (language.value === "ko" ? KOREAN_REFUSALS[code] : "") || detail || t("That did not work.");
}

/**
 * @param {string} tag BCP 47, `floor` or `hall`
 * @returns {string} `English`, `영어`, `Floor`; the tag itself where nobody knows its name
 */
export function busName(tag) {
  if (tag === "floor") return t("Floor");
  if (tag === "hall") return t("Hall");
  try {
    return new Intl.DisplayNames([language.value], { type: "language" }).of(tag) ?? tag;
  } catch {
    return tag;
  }
}

/**
 * @param {string} tag
 * @returns {string} as {@link busName}, "Unknown" for no language
 */
export function languageName(tag) {
  return tag ? busName(tag) : t("Unknown");
}

/**
 * The language chosen before on this machine, else the browser's.
 *
 * @param {readonly string[]} wanted the browser's, the most wanted first
 * @param {{getItem: (key: string) => string|null}} store
 * @returns {Language}
 */
export function firstLanguage(wanted, store) {
  const before = store.getItem(STORED);
  if (before === "ko" || before === "en") return before;
  return wanted[0]?.toLowerCase().startsWith("ko") ? "ko" : "en";
}

/**
 * @param {Language} chosen
 * @param {{setItem: (key: string, value: string) => void}} store
 */
export function remember(chosen, store) {
  store.setItem(STORED, chosen);
}
