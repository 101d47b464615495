/** Everything with a picture or a sound that is no person: its state, and what can be done with it. */

import { useState } from "preact/hooks";
import { Question } from "../../shared/dialog.js";
import { html } from "../../shared/html.js";
import { SOURCE_KINDS } from "../../shared/kinds.js";
import { ClipTransport } from "./clip_transport.js";
import { kindWord, problemOf, sourceLine, stateOf, stateWord, tallyOfSource } from "./material.js";
import * as model from "../model.js";
import { t } from "../words/say.js";
import { SlidesControl } from "./slides_control.js";

export function Sources() {
  const state = model.state.value;
  if (!state) return null;
  const ids = state.order.sources.filter((id) => state.sources[id]);
  return html`<section class="panel sources" aria-labelledby="sources-title" data-role="sources">
    <div class="panel-head"><h2 id="sources-title">${t("Sources")}</h2><div class="grow"></div>
      ${model.can_direct.value ? html`<button class="small primary" data-action="source-add"
        onClick=${() => { model.dialog.value = { name: "source" }; }}>${t("Add a source")}</button>` : null}</div>
    <div class="panel-body" tabindex="0" role="group" aria-label=${t("Sources")}>
      ${ids.length === 0 ? html`<p class="empty">${t("No source yet. “Add a source” takes a clip, a picture, slides, the hall's cameras or a test picture.")}</p>` : null}
      <ul aria-label=${t("Sources")}>${ids.map((id) => html`<${SourceRow} key=${id} id=${id} />`)}</ul>
    </div>
  </section>`;
}

/** @param {{id: string}} props */
function SourceRow({ id }) {
  const [asking, setAsking] = useState("");
  const state = model.state.value;
  const source = state?.sources[id];
  if (!state || !source) return null;
  const status = state.status.sources?.[id];
  const now = stateOf(source, status);
  const shown = stateWord(now);
  const tally = tallyOfSource(state, id);
  const name = source.title || id;
  const problem = problemOf(status);
  const row = SOURCE_KINDS[source.kind];
  const renew = async () => {
    const done = await model.send({ type: "source.token", source: id });
    model.showPublishing(id, done?.result);
  };
  return html`<li class="source" data-role="source" data-source=${id} data-kind=${source.kind} data-state=${now} data-tally=${tally}>
    <div class="seat-main">
      <span class=${`badge ${shown.badge}`} data-role="source-state">${shown.word}</span>
      <p class="who"><strong class="clip">${source.insecure ? html`<span class="badge program" data-role="insecure" title=${t("The server's certificate is not verified")}>${t("Insecure")}</span> ` : null}${name}</strong>
        <span class="soft clip">${[kindWord(source.kind), source.url ?? "", tally === "program" ? t("On air") : tally === "preview" ? t("in preview") : ""].filter(Boolean).join(" · ")}</span></p>
      ${model.can_direct.value ? html`<div class="seat-buttons">
        <button class="small toggle off" data-action="mute" data-source=${id} aria-pressed=${source.muted} aria-label=${t("Mute {name}", { name })}
          onClick=${() => void model.send({ type: "source.mute", source: id, muted: !source.muted })}>${source.muted ? t("Muted") : t("Mute")}</button>
        <button class="small icon quiet" data-action="source-edit" data-source=${id} aria-label=${t("Edit {name}", { name })}
          onClick=${() => { model.dialog.value = { name: "source", id }; }}>✎</button>
        <button class="small icon quiet" data-action="source-delete" data-source=${id} aria-label=${t("Delete {name}", { name })}
          onClick=${() => setAsking("delete")}>✕</button>
      </div>` : null}
    </div>
    <p class="seat-line figures"><span class="soft" data-role="source-line">${sourceLine(status, source.kind)}</span>
      ${problem ? html`<span class="seat-problem" data-role="source-problem" data-code=${status?.code ?? ""}>${problem}</span>` : null}</p>
    ${row.published && model.can_direct.value ? html`<button class="small new-token" data-action="source-token" data-source=${id} onClick=${() => setAsking("token")}
      aria-label=${t("New token for {name}", { name })}>${t("New token")}</button>` : null}
    ${row.seekable ? html`<${ClipTransport} id=${id} source=${source} status=${status} />` : null}
    ${row.paged ? html`<${SlidesControl} id=${id} source=${source} status=${status} />` : null}
    ${asking === "delete" ? html`<${Question} title=${t("Delete {name}?", { name })} yes=${t("Delete")} no=${t("No")}
      text=${source.media ? t("The source disappears for good; its file stays in the media library.") : t("The source disappears for good.")}
      onYes=${() => void model.send({ type: "source.delete", source: id })} onClose=${() => setAsking("")} />` : null}
    ${asking === "token" ? html`<${Question} title=${t("New token for {name}?", { name })} yes=${t("Make a new token")} no=${t("No")}
      text=${t("Whoever sends with the old one is cut off.")} onYes=${() => void renew()} onClose=${() => setAsking("")} />` : null}
  </li>`;
}
