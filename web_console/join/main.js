/** The guest's page. */

import { render } from "preact";
// Makes components follow the signals they read.
import "@preact/signals";
import { html } from "../shared/html.js";
import { notices } from "../shared/notices.js";
import { Live } from "./live.js";
import * as model from "./model.js";
import { Prepare } from "./prepare.js";

const { Left, Elsewhere, Blocked, Loading } = notices(model, "page.title");
const PAGES = { loading: Loading, prepare: Prepare, joined: Live, left: Left, elsewhere: Elsewhere, blocked: Blocked };

function App() {
  return html`<${PAGES[model.stage.value]} />`;
}

const root = document.getElementById("app");
if (root) render(html`<${App} />`, root);
void model.start();
