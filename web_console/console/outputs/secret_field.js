/** A field whose value can be looked at while it is being typed, and never again. */

import { useState } from "preact/hooks";
import { html } from "../../shared/html.js";
import { t } from "../words/say.js";

/**
 * @param {{name: string, label: string, placeholder?: string, hint?: string, disabled?: boolean, required?: boolean, maxlength?: number}} props
 */
export function SecretField({ name, label, placeholder = "", hint = "", disabled = false, required = false, maxlength = 1024 }) {
  const [shown, setShown] = useState(false);
  const id = `secret-${name}`;
  return html`<div class="field"><label class="legend" for=${id}>${label}</label>
    <div class="row"><input id=${id} name=${name} type=${shown ? "text" : "password"} maxlength=${maxlength} placeholder=${placeholder} disabled=${disabled}
        required=${required} autocomplete="off" spellcheck=${false} />
      <button type="button" class="small toggle" data-action="show-key" aria-pressed=${shown} aria-label=${t("Show {what}", { what: label })}
        onClick=${() => setShown(!shown)}>${t("Show")}</button></div>
    ${hint ? html`<span class="hint">${hint}</span>` : null}</div>`;
}

/** The account that a server asks for. @param {{hint: string}} props */
export function AccountFields({ hint }) {
  return html`<div class="field"><div class="columns two">
    <label class="field"><span>${t("User (may be empty)")}</span><input name="user" maxlength="256" autocomplete="off" spellcheck=${false} /></label>
    <${SecretField} name="password" label=${t("Password")} maxlength=${256} />
  </div><span class="hint">${hint}</span></div>`;
}
