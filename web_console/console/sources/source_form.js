/** Pure: the form of a source → the command that makes or changes it. */

import { accountFields } from "../sessions/account.js";

/** @typedef {import("../../shared/types.js").Command} Command */
/** @typedef {import("../../shared/types.js").Source} Source */
/** @typedef {"bars"|"still"|"clip"|"slides"|"pull"|"whip"} Kind */

/**
 * @typedef {{kind: Kind, title: string, media: string, url: string, user: string, password: string, insecure: boolean, pattern: string, tone: boolean, loop: boolean, in_s: number,
 *   out_s: number, sounds: string, auto_play: boolean, auto_take: boolean, presenter: string}} SourceForm in_s, out_s: seconds; out_s 0: the end;
 *   sounds: as {@link soundChoices} has them
 */

/** @type {readonly Kind[]} */
export const KINDS = ["clip", "still", "slides", "bars", "pull", "whip"];

/** As studio/show/model.py names them; the words are English, for `t`. */
export const PATTERNS = /** @type {const} */ ([
  ["bars", "Colour bars"], ["grid", "Grid and circles"], ["ramp", "Grey ramp"], ["white", "White"], ["black", "Black"],
  ["sync", "Flash and beep, once a second"],
]);

/** In English, for `t`. @type {Record<Kind, string>} */
export const HINTS = {
  bars: "A test picture for lines and screens.",
  still: "PNG, JPEG, WebP, GIF, or a phone's HEIC or AVIF.",
  clip: "MP4, MOV, MKV or WebM, with its sound; or sound alone: WAV, MP3, M4A, FLAC or Ogg.",
  slides: "A PDF, a page a slide. A password has to be taken off before.",
  pull: "The studio fetches a stream: of a camera in the hall, or of another studio. It tries again until it comes.",
  whip: "OBS, FFmpeg 8 or GStreamer sends a camera to this studio. Address and token are shown once, after “Add”.",
};

/** A clip's: field of the command, word and reason in English, for `t`. */
export const SWITCHES = /** @type {const} */ ([
  ["loop", "Loop", "Plays again and again"],
  ["auto_play", "Play on take", "Begins at its in point when its scene is taken"],
  ["auto_take", "Take at end", "At its end, on air, what is in preview is taken"],
]);

const CLIPS = ".mp4,.mov,.mkv,.webm,.m4v,.mts,.m2ts,.ts,.mpg,.avi,.mxf,.wmv,.wav,.mp3,.m4a,.flac,.ogg,.opus,.aif,.aiff";
const STILLS = ".png,.jpg,.jpeg,.webp,.gif,.heic,.heif,.avif";

/** What a file dialog offers; the studio looks into the file itself. @type {Partial<Record<Kind|"any", string>>} */
export const ACCEPT = {
  clip: `${CLIPS},video/*,audio/*`, still: `${STILLS},image/*`, slides: ".pdf,application/pdf",
  any: `${CLIPS},${STILLS},.pdf,video/*,audio/*,image/*,application/pdf`,
};

/**
 * @param {Kind} kind
 * @returns {boolean} whether it is made of an uploaded file
 */
export function ofFile(kind) {
  return kind === "clip" || kind === "still" || kind === "slides";
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
 * @returns {Record<string, unknown>} the fields that mean something for its kind
 */
function own(form) {
  switch (form.kind) {
    case "bars": return { pattern: form.pattern, tone: form.tone };
    case "clip": return { loop: form.loop, in_s: form.in_s, out_s: form.out_s, sounds: form.sounds, auto_play: form.auto_play, auto_take: form.auto_take };
    case "pull": return { insecure: form.insecure };
    case "slides": return { presenter: form.presenter };
    default: return {};
  }
}

/**
 * @param {SourceForm} form
 * @returns {Command} that makes it
 */
export function sourceCommand(form) {
  /** @type {Command} */
  const command = { type: "source.create", kind: form.kind, title: form.title, ...own(form) };
  if (ofFile(form.kind)) command.media = form.media;
  if (form.kind === "pull") Object.assign(command, { url: form.url }, accountFields(form));
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
  const moved = form.kind === "pull" && (form.url || form.user || form.password) ? { url: form.url, ...accountFields(form) } : {};
  return { type: "source.update", source: id, ...Object.fromEntries(changed), ...moved };
}

/**
 * @param {string} name of a file
 * @returns {string} a title: without the ending, words apart
 */
export function titleOf(name) {
  return name.replace(/\.[A-Za-z0-9]{1,5}$/, "").replaceAll(/[_\s]+/g, " ").trim().slice(0, 120);
}
