/** Pure: the form of a source → the command that makes or changes it. What each kind has, `shared/kinds.js` says. */

import { SOURCE_KINDS } from "../../shared/kinds.js";
import { accountFields } from "../sessions/account.js";

/** @typedef {import("../../shared/types.js").Command} Command */
/** @typedef {import("../../shared/types.js").Source} Source */
/** @typedef {import("../../shared/kinds.js").SourceKind} Kind */

/**
 * @typedef {{kind: Kind, title: string, media: string, url: string, user: string, password: string, insecure: boolean, pattern: string, tone: boolean, loop: boolean, in_s: number,
 *   out_s: number, sounds: string, auto_play: boolean, auto_take: boolean, presenter: string}} SourceForm in_s, out_s: seconds; out_s 0: the end;
 *   sounds: as {@link soundChoices} has them
 */

export const KINDS = /** @type {Kind[]} */ (Object.keys(SOURCE_KINDS));

/** A clip's: field of the command, word and reason in English, for `t`. */
export const SWITCHES = /** @type {const} */ ([
  ["loop", "Loop", "Plays again and again"],
  ["auto_play", "Play on take", "Begins at its in point when its scene is taken"],
  ["auto_take", "Take at end", "At its end, on air, what is in preview is taken"],
]);

/**
 * @param {Kind} [kind] none: any
 * @returns {string} what a file dialog offers; the studio looks into the file itself
 */
export function acceptOf(kind) {
  return (kind ? [kind] : KINDS).map((one) => SOURCE_KINDS[one].accept).filter(Boolean).join(",");
}

/**
 * @param {Kind} kind
 * @param {string} field of the command
 * @returns {boolean} whether it means something for the kind
 */
export function has(kind, field) {
  return SOURCE_KINDS[kind].fields.includes(field);
}

/**
 * @param {Source} [source] to change; none: a new one
 * @returns {SourceForm}
 */
export function formOf(source) {
  return {
    kind: /** @type {Kind} */ (source?.kind ?? "bars"), title: source?.title ?? "", media: source?.media ?? "", url: "", user: "", password: "", insecure: source?.insecure ?? false,
    pattern: source?.pattern || "bars", tone: source?.tone ?? false, loop: source?.loop ?? false, in_s: source?.in_s ?? 0,
    out_s: source?.out_s ?? 0, sounds: source?.sounds ?? "", auto_play: source?.auto_play ?? true, auto_take: source?.auto_take ?? false, presenter: source?.presenter ?? "",
  };
}

/**
 * @param {SourceForm} form
 * @returns {Record<string, unknown>} the fields that mean something for its kind, but what it is made of: file and address
 */
function own(form) {
  const made_of = ["media", "url", "user", "password"];
  return Object.fromEntries(Object.entries(form).filter(([name]) => has(form.kind, name) && !made_of.includes(name)));
}

/**
 * @param {SourceForm} form
 * @returns {Command} that makes it
 */
export function sourceCommand(form) {
  /** @type {Command} */
  const command = { type: "source.create", kind: form.kind, title: form.title, ...own(form) };
  if (has(form.kind, "media")) command.media = form.media;
  if (has(form.kind, "url")) Object.assign(command, { url: form.url }, accountFields(form));
  if (command.presenter === "") delete command.presenter;
  return command;
}

/**
 * Only what was changed is sent: what somebody else changes meanwhile stays. Of a pull's address nothing is known here: one
 * that is typed replaces it, with the account that is typed.
 *
 * @param {string} id
 * @param {Source} source as the form began
 * @param {SourceForm} form
 * @returns {Command}
 */
export function sourceChange(id, source, form) {
  /** @type {Record<string, unknown>} */
  const was = { ...formOf(source) };
  const changed = Object.entries({ title: form.title, ...own(form) }).filter(([name, value]) => value !== was[name]);
  const moved = has(form.kind, "url") && (form.url || form.user || form.password) ? { url: form.url, ...accountFields(form) } : {};
  return { type: "source.update", source: id, ...Object.fromEntries(changed), ...moved };
}

/**
 * @param {string} name of a file
 * @returns {string} a title: without the ending, words apart
 */
export function titleOf(name) {
  return name.replace(/\.[A-Za-z0-9]{1,5}$/, "").replaceAll(/[_\s]+/g, " ").trim().slice(0, 120);
}
