/** The presenter's own slides: back and on, by large buttons and by keys. */

import { useEffect } from "preact/hooks";
import { html } from "../shared/html.js";
import * as model from "./model.js";
import { slideStep } from "./slide_keys.js";

const { t } = model;

/** Those that keys turn are the first; a presenter of two has buttons for both. */
export function Slides() {
  const decks = model.state.value?.slides ?? [];
  const first = decks[0]?.source ?? "";
  useEffect(() => {
    if (!first) return undefined;
    const turn = (/** @type {KeyboardEvent} */ event) => {
      const step = slideStep(event, document.activeElement?.tagName ?? "BODY", document.querySelector("dialog[open]") !== null);
      if (step === 0) return;
      event.preventDefault();
      void model.turnSlide(first, step);
    };
    document.addEventListener("keydown", turn);
    return () => document.removeEventListener("keydown", turn);
  }, [first]);
  if (decks.length === 0) return null;
  const sure = model.link.value === "open";
  return html`<section class="slides" aria-label=${t("slides.yours")} data-role="slides">
    ${decks.map(({ source, title, page, pages }) => html`<div class="deck" key=${source} data-source=${source}>
      <button data-action="slide-back" disabled=${!sure || page <= 1} aria-label=${`${t("slides.back")}: ${title}`} onClick=${() => void model.turnSlide(source, -1)}>◀ <span>${t("slides.back")}</span></button>
      <p><strong class="clip">${title}</strong><span class="figures" role="status" data-role="slide-page" data-page=${page}>${t("slides.page").replace("{page}", String(page)).replace("{pages}", String(pages || "?"))}</span></p>
      <button class="primary" data-action="slide-on" disabled=${!sure || (pages > 0 && page >= pages)} aria-label=${`${t("slides.on")}: ${title}`} onClick=${() => void model.turnSlide(source, 1)}><span>${t("slides.on")}</span> ▶</button>
    </div>`)}
    ${model.slide_problem.value ? html`<p class="note warn" role="alert" data-role="slide-problem">${t("slides.failed")}</p>` : null}
  </section>`;
}
