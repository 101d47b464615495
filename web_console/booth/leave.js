/** The question before leaving. */

import { Question } from "../shared/dialog.js";
import { html } from "../shared/html.js";
import * as model from "./model.js";

const { t } = model;

export function Leave() {
  const on = model.state.value?.seat?.on === true;
  return html`<${Question} title=${t("booth.leave-question")} text=${t(on ? "booth.leave-text-on" : "booth.leave-text")}
    yes=${t("booth.leave")} no=${t("leave.no")} onYes=${model.leave} onClose=${() => { model.dialog.value = ""; }} />`;
}
