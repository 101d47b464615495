/** Chooses a file and brings it into the studio: the limit before, progress and a way out meanwhile, and what went wrong after. */

import { signal } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import { asStudioError } from "../../shared/errors.js";
import { html } from "../../shared/html.js";
import { formatBytes } from "../../shared/levels.js";
import { callJson } from "../../shared/protocol.js";
import * as model from "../model.js";
import { refusalText, t } from "../words/say.js";
import { limitOf, OWN_WORDS, upload } from "./upload.js";

/** Bytes of the largest file the studio takes, once it has said so; 0: not known. */
const limit_bytes = signal(0);

async function askLimit() {
  try {
    if (!limit_bytes.value) limit_bytes.value = limitOf(await callJson("/api/v1/media", { as: model.as }));
  } catch {
    // Then the studio says after the upload what it could have said before.
  }
}

/**
 * @param {{accept: string, label: string, onDone: (medium: import("../../shared/types.js").Medium, file_name: string) => void,
 *   onBusy?: (busy: boolean) => void}} props
 */
export function UploadField({ accept, label, onDone, onBusy }) {
  const [share, setShare] = useState(/** @type {number|null} */ (null));
  const [refusal, setRefusal] = useState({ code: "", text: "" });
  const stop = useRef(/** @type {AbortController|null} */ (null));
  useEffect(() => {
    void askLimit();
    // With the dialog goes its upload.
    return () => stop.current?.abort();
  }, []);
  /** @param {Event} event */
  const chosen = async (event) => {
    const input = /** @type {HTMLInputElement} */ (event.currentTarget);
    const file = input.files?.[0];
    // The same file again is a choice again.
    input.value = "";
    if (!file) return;
    stop.current = new AbortController();
    setRefusal({ code: "", text: "" });
    setShare(0);
    onBusy?.(true);
    try {
      const medium = await upload(file, file.name, {
        as: model.as, limit_bytes: limit_bytes.value, signal: stop.current.signal, onProgress: setShare,
      });
      onDone(medium, file.name);
    } catch (thrown) {
      const error = asStudioError(thrown);
      const own = OWN_WORDS[error.code];
      const large = error.code === "media.too-large" && !error.detail;
      setRefusal({
        code: error.code,
        text: large ? t("{name} has {size}; the studio takes files of {limit} at most.", { name: file.name, size: formatBytes(file.size), limit: formatBytes(limit_bytes.value) })
          : own ? t(own) : refusalText(error),
      });
    } finally {
      setShare(null);
      onBusy?.(false);
    }
  };
  const busy = share !== null;
  return html`<div class="upload" data-role="upload">
    ${busy ? html`<div class="row">
        <progress data-role="upload-progress" max="1" value=${share === 1 ? undefined : share} aria-label=${t("Upload")}></progress>
        <span class="figures soft"><span role="status">${share === 1 ? t("The studio looks into the file…") : ""}</span>${share === 1 ? "" : `${Math.floor(100 * (share ?? 0))} %`}</span>
        <button type="button" class="small" data-action="upload-stop" onClick=${() => stop.current?.abort()}>${t("Stop the upload")}</button></div>`
      : html`<label class="button upload-choose"><input type="file" class="unseen" name="file" data-role="upload-file" accept=${accept} onChange=${chosen} /><span>${label}</span></label>
        <span class="hint">${limit_bytes.value ? t("Up to {limit}.", { limit: formatBytes(limit_bytes.value) }) : ""}</span>`}
    ${refusal.text ? html`<p class="note bad" role="alert" data-role="upload-refusal" data-code=${refusal.code}>${refusal.text}</p>` : null}
  </div>`;
}
