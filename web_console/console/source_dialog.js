/** A source that is no person: make one, or name it anew. */

import { useState } from "preact/hooks";
import { Dialog } from "../shared/dialog.js";
import { html } from "../shared/html.js";
import { fields, Refusal } from "./form.js";
import * as model from "./model.js";
import { t } from "./say.js";

/** @param {{id: string|null, onClose: () => void}} props id: the source to name; null makes one */
export function SourceDialog({ id, onClose }) {
  const [refusal, setRefusal] = useState("");
  const source = id ? model.state.value?.sources[id] : undefined;
  /** @param {SubmitEvent} event */
  const submit = async (event) => {
    const title = fields(event)("title");
    const { done, refusal: why } = await model.attempt(
      id ? { type: "source.update", source: id, title } : { type: "source.create", kind: "bars", title },
    );
    if (done) onClose();
    else setRefusal(why);
  };
  return html`<${Dialog} title=${id ? t("Edit {name}", { name: source?.title || id }) : t("Add colour bars")} name="source" onClose=${onClose}>
    <form class="dialog-form" onSubmit=${submit}>
      <label class="field"><span>${t("Title")}</span><input data-first name="title" required maxlength="120" autocomplete="off" defaultValue=${id ? source?.title ?? "" : t("Colour bars")} /></label>
      ${id ? null : html`<p class="hint">${t("A test picture for lines and screens.")}</p>`}
      <${Refusal} refusal=${refusal} />
      <div class="dialog-actions">
        <button type="button" data-action="cancel" onClick=${onClose}>${t("Cancel")}</button>
        <button type="submit" class="primary" data-action="save-source">${id ? t("Save") : t("Add")}</button>
      </div>
    </form>
  <//>`;
}
