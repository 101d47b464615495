/** Who is signed in, and how a session is ended. */

import { useEffect, useState } from "preact/hooks";
import { Dialog, Question } from "../../shared/dialog.js";
import { asStudioError } from "../../shared/errors.js";
import { html } from "../../shared/html.js";
import { call, callJson } from "../../shared/protocol.js";
import { Refusal } from "../form.js";
import * as model from "../model.js";
import { refusalText, t } from "../words/say.js";
import { sessionLine, holderName } from "./sessions.js";

/** @typedef {import("./sessions.js").Session} Session */

const REFRESH_MS = 3_000;
const PATH = "/api/v1/sessions";

/** @param {{onClose: () => void}} props */
export function SessionsDialog({ onClose }) {
  const [list, setList] = useState(/** @type {Session[]|null} */ (null));
  const [refusal, setRefusal] = useState("");
  const [asking, setAsking] = useState(/** @type {Session|null} */ (null));
  /** @param {() => boolean} wanted whether the dialog is still open */
  const refresh = async (wanted) => {
    try {
      const { sessions } = await callJson(PATH, { as: model.as });
      if (!wanted()) return;
      setList(sessions);
      setRefusal("");
    } catch (thrown) {
      if (wanted()) setRefusal(refusalText(asStudioError(thrown)));
    }
  };
  useEffect(() => {
    let open = true;
    let timer = 0;
    const again = async () => {
      await refresh(() => open);
      if (open) timer = setTimeout(again, REFRESH_MS);
    };
    void again();
    return () => { open = false; clearTimeout(timer); };
  }, []);
  const end = async (/** @type {Session} */ session) => {
    try {
      await call(`${PATH}/${encodeURIComponent(session.id)}`, { as: model.as, method: "DELETE" });
    } catch (thrown) {
      model.complain(thrown);
    }
    await refresh(() => true);
  };
  const seats = model.state.value?.seats ?? {};
  return html`<${Dialog} title=${t("Sessions")} name="sessions" onClose=${onClose}>
    <p class="hint">${t("Everybody whose link was opened and is still good. Ended sessions need their link once more.")}</p>
    <${Refusal} refusal=${refusal} />
    ${list ? html`<ul class="people" aria-label=${t("Sessions")} tabindex="0">${list.map((one) => html`<${Row} key=${one.id} session=${one} seats=${seats} onEnd=${setAsking} />`)}</ul>`
      : html`<p role="status">${t("Loading…")}</p>`}
    <div class="dialog-actions"><button data-first data-action="close" onClick=${onClose}>${t("Done")}</button></div>
  <//>
  ${asking ? html`<${Question} title=${t("End the session of {name}?", { name: holderName(asking, seats) })} yes=${t("End")} no=${t("No")}
    text=${consequence(asking)}
    onYes=${() => void end(asking)} onClose=${() => setAsking(null)} />` : null}`;
}

/** @param {Session} session */
function consequence({ yours, seat }) {
  if (yours) return t("This is your own: this console ends at once, and its link has to be opened again.");
  return seat ? t("Its pages close at once, on air, too. While its link is valid it opens a new session; “New link” ends that as well.")
    : t("Its pages close at once. Whoever has the console's link can open them again.");
}

/** @param {{session: Session, seats: Readonly<Record<string, {name: string}>>, onEnd: (session: Session) => void}} props */
function Row({ session, seats, onEnd }) {
  const name = holderName(session, seats);
  return html`<li class="person session" data-role="session" data-session=${session.id} data-seat=${session.seat ?? ""}>
    <p class="who"><strong class="clip" title=${name}>${name}</strong>
      <span class="soft figures">${sessionLine(session, model.now_ms.value)}</span></p>
    ${session.yours ? html`<span class="badge ready" data-role="session-yours">${t("This one")}</span>` : null}
    <button class="small" data-action="session-end" aria-label=${t("End the session of {name}", { name })} onClick=${() => onEnd(session)}>${t("End")}</button>
  </li>`;
}
