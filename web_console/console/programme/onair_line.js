/** What covers the programme, in a line nobody overlooks; and the question before the slate goes. */

import { Question } from "../../shared/dialog.js";
import { html } from "../../shared/html.js";
import * as model from "../model.js";
import { coverOf } from "./onair.js";
import { t } from "../words/say.js";

/** Always there, so that a screen reader hears it when it comes. */
export function CoverLine() {
  const state = model.state.value;
  const cover = state ? coverOf(state) : "";
  const text = cover === "slate" ? t("The slate is on air, on all canvases and without sound. What you take is not seen until it goes.")
    : cover === "black" ? t("Black is on air, without sound. What you take is not seen until it goes.") : "";
  return html`<p class=${text ? "cover-line" : "unseen"} role="alert" data-role="cover" data-cover=${cover}>${text}</p>`;
}

export function SlateQuestion() {
  const asked = model.asking_slate.value && model.state.value?.slate;
  if (!asked) return null;
  return html`<${Question} title=${t("Take the slate off?")} text=${t("Whatever is in programme is seen and heard at once.")}
    yes=${t("Take it off")} no=${t("No")} onYes=${() => void model.send({ type: "program.slate", on: false })}
    onClose=${() => { model.asking_slate.value = false; }} />`;
}
