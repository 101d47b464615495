/** Where the programme goes: streams and recordings, their health and reason, start and stop. */

import { useState } from "preact/hooks";
import { Question } from "../shared/dialog.js";
import { html } from "../shared/html.js";
import * as model from "./model.js";
import { outputLine, outputState } from "./text.js";

export function Outputs() {
  const state = model.state.value;
  if (!state) return null;
  const ids = state.order.outputs.filter((id) => state.outputs[id]);
  return html`<section class="panel outputs" aria-labelledby="outputs-title" data-role="outputs">
    <div class="panel-head">
      <h2 id="outputs-title">Outputs</h2>
      <div class="grow"></div>
      ${model.can_direct.value ? html`<button class="small" data-action="output-new"
        onClick=${() => { model.dialog.value = { name: "output" }; }}>Add</button>` : null}
    </div>
    <div class="panel-body" tabindex="0" role="group" aria-label="Outputs">
      ${ids.length === 0 ? html`<p class="empty">Nothing is streamed or recorded. “Add” makes a destination.</p>` : null}
      <ul aria-label="Outputs">${ids.map((id) => html`<${OutputRow} key=${id} id=${id} />`)}</ul>
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
  const retry_in_s = Math.ceil(status?.retry_in_s ?? 0);
  const command = (/** @type {string} */ type) => void model.send({ type, output: id });
  return html`<li class="output" data-role="output" data-output=${id} data-state=${shown.state}>
    <div class="seat-main">
      <span class=${`badge ${shown.badge}`} data-role="output-state">${shown.word}</span>
      <p class="who"><strong class="clip">${id}</strong>
        <span class="soft clip">${output.recording ? "Recording" : output.url}</span></p>
      ${model.can_direct.value ? html`<div class="seat-buttons">
        ${output.running
          ? html`<button class="small" data-action="stop" data-output=${id} aria-label=${`Stop ${id}`} onClick=${() => setAsking("stop")}>Stop</button>`
          : html`<button class="small good" data-action="start" data-output=${id} aria-label=${`Start ${id}`} onClick=${() => command("output.start")}>Start</button>
              <button class="small icon quiet" data-action="output-delete" data-output=${id} aria-label=${`Delete ${id}`}
                onClick=${() => setAsking("delete")}>✕</button>`}
      </div>` : null}
    </div>
    <p class="seat-line figures"><span class="soft" data-role="output-line">${outputLine(status)}</span>
      ${status?.reason ? html`<span class="seat-problem" data-role="reason" data-code=${status.code}>${status.reason}${retry_in_s > 0 ? ` Next try in ${retry_in_s} s.` : ""}</span>` : null}</p>
    ${asking === "stop" ? html`<${Question} title=${`Stop ${id}?`} yes="Stop"
      text=${output.recording ? "The recording ends here and its file is closed." : "The audience of this stream sees it end."}
      onYes=${() => command("output.stop")} onClose=${() => setAsking("")} />` : null}
    ${asking === "delete" ? html`<${Question} title=${`Delete ${id}?`} yes="Delete"
      text="The destination and its stream key are forgotten. Recorded files stay." onYes=${() => command("output.delete")}
      onClose=${() => setAsking("")} />` : null}
  </li>`;
}
