/** One place for the view library, so that pages import it by one name. */
import { h } from "preact";
import htm from "htm";

export const html = htm.bind(h);
