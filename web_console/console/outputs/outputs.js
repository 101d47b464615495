/** Where the programme goes: streams and recordings, their health and reason, start and stop. */

import { useState } from "preact/hooks";
import { Question } from "../../shared/dialog.js";
import { html } from "../../shared/html.js";
import * as model from "../model.js";
import { carries, diskTime, outputAlerts } from "./output_form.js";
import { refusalText, t } from "../words/say.js";
import { outputLine, outputName, outputState } from "../words/text.js";

/** Says which output has ended by itself: nobody may find that out after the show. Always there, for screen readers. */
export function OutputAlarm() {
  const state = model.state.value;
  const text = state ? outputAlerts(state).failed.join(" ") : "";
  return html`<p class=${text ? "lost-line" : "unseen"} role="alert" data-role="output-alarm">${text}</p>`;
}

export function Outputs() {
  const state = model.state.value;
  if (!state) return null;
  const ids = state.order.outputs.filter((id) => state.outputs[id]);
  return html`<section class="panel outputs" aria-labelledby="outputs-title" data-role="outputs">
    <div class="panel-head">
      <h2 id="outputs-title">${t("Outputs")}</h2>
      <div class="grow"></div>
      ${model.can_direct.value ? html`<button class="small" data-action="output-new"
        onClick=${() => { model.dialog.value = { name: "output" }; }}>${t("Add")}</button>` : null}
    </div>
    <div class="panel-body" tabindex="0" role="group" aria-label=${t("Outputs")}>
      ${ids.length === 0 ? html`<p class="empty">${t("Nothing is streamed or recorded. “Add” makes a destination.")}</p>` : null}
      <ul aria-label=${t("Outputs")}>${ids.map((id) => html`<${OutputRow} key=${id} id=${id} />`)}</ul>
    </div>
  </section>`;
}

/** @param {{id: string}} props */
function OutputRow({ id }) {
  const [asking, setAsking] = useState("");
  const state = model.state.value;
  const output = state?.outputs[id];
  if (!state || !output) return null;
  const status = state.status.outputs[id];
  const shown = outputState(output, status);
  const disk = diskTime(status?.remaining_s);
  const name = outputName(id, output);
  const command = (/** @type {import("../../shared/types.js").CommandType} */ type) => void model.send({ type, output: id });
  return html`<li class="output" data-role="output" data-output=${id} data-state=${shown.state}>
    <div class="seat-main">
      <span class=${`badge ${shown.badge}`} data-role="output-state">${shown.word}</span>
      <p class="who"><strong class="clip" title=${id}>${name}</strong>
        <span class="soft clip">${output.recording ? t("Recording") : output.url}</span>
        <span class="soft clip" data-role="carries">${carries(output)}</span></p>
      ${model.can_direct.value ? html`<div class="seat-buttons">
        ${output.running && waits(status) ? html`<button class="small" data-action="retry" data-output=${id} aria-label=${t("Try {name} again now", { name: id })}
          onClick=${() => command("output.retry")}>${t("Retry now")}</button>` : null}
        ${output.running
          ? html`<button class="small" data-action="stop" data-output=${id} aria-label=${t("Stop {name}", { name })} onClick=${() => setAsking("stop")}>${t("Stop")}</button>`
          : html`<button class="small good" data-action="start" data-output=${id} aria-label=${t("Start {name}", { name })} onClick=${() => command("output.start")}>${t("Start")}</button>
              ${output.seats ? null : html`<button class="small icon quiet" data-action="output-edit" data-output=${id} aria-label=${t("Change {name}", { name })}
                onClick=${() => { model.dialog.value = { name: "output", id }; }}>✎</button>`}
              <button class="small icon quiet" data-action="output-delete" data-output=${id} aria-label=${t("Delete {name}", { name })}
                onClick=${() => setAsking("delete")}>✕</button>`}
      </div>` : null}
    </div>
    <p class="seat-line figures"><span class="soft" data-role="output-line">${outputLine(status)}</span>
      ${status?.reason ? html`<span class="seat-problem" data-role="reason" data-code=${status.code}>${refusalText({ code: status.code, detail: status.reason })}${nextTry(status)}</span>` : null}
      ${output.running && disk.text ? html`<span class=${disk.little ? "seat-problem" : "soft"} role=${disk.little ? "alert" : undefined} data-role="disk-time">${disk.text}</span>` : null}</p>
    ${output.backup ? html`<${Backup} output=${output} status=${status?.backup} />` : null}
    ${asking === "stop" ? html`<${Question} title=${t("Stop {name}?", { name })} yes=${t("Stop")} no=${t("No")}
      text=${output.recording ? t("The recording ends here and its file is closed.") : t("The audience of this stream sees it end.")}
      onYes=${() => command("output.stop")} onClose=${() => setAsking("")} />` : null}
    ${asking === "delete" ? html`<${Question} title=${t("Delete {name}?", { name })} yes=${t("Delete")} no=${t("No")}
      text=${t("The destination and its stream key are forgotten. Recorded files stay.")} onYes=${() => command("output.delete")}
      onClose=${() => setAsking("")} />` : null}
  </li>`;
}

/**
 * The second ingest of a stream, which fails and comes back by itself.
 *
 * @param {{output: import("../../shared/types.js").Output, status: import("../../shared/types.js").BackupStatus|undefined}} props
 */
function Backup({ output, status }) {
  const shown = outputState(output, status);
  return html`<p class="seat-line figures" data-role="backup" data-state=${shown.state}>
    <span class="soft">${t("Backup")} ${output.backup}: ${shown.word}</span><span class="soft">${outputLine(status)}</span>
    ${status?.reason ? html`<span class="seat-problem" data-role="backup-reason" data-code=${status.code}>${refusalText({ code: status.code, detail: status.reason })}${nextTry(status)}</span>` : null}</p>`;
}

/**
 * Whether it, or its backup, pauses before another attempt or makes one.
 *
 * @param {import("../../shared/types.js").OutputStatus|undefined} status
 */
function waits(status) {
  return [status, status?.backup].some((each) => each && (each.state === "retrying" || each.retry_in_s > 0));
}

/** @param {{retry_in_s?: number}} status */
function nextTry({ retry_in_s }) {
  const seconds = Math.ceil(retry_in_s ?? 0);
  return seconds > 0 ? ` ${t("Next try in {seconds} s.", { seconds })}` : "";
}
