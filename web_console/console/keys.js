/** Which key does what, as a pure function of the key and of where the focus is. */

/**
 * @typedef {{key: string, code: string, repeat?: boolean, ctrlKey?: boolean, metaKey?: boolean,
 *   altKey?: boolean}} Key
 * @typedef {{tag: string, editable?: boolean}} Focus the focused element's tag name, in capitals; `BODY` for none
 * @typedef {{type: "preview", index: number} | {type: "cut"} | {type: "talk"}} Action
 */

const TYPING = new Set(["INPUT", "SELECT", "TEXTAREA"]);
/** These do something of their own on the space bar. */
const PRESSED_BY_SPACE = new Set(["BUTTON", "A", "SUMMARY", "VIDEO"]);

/**
 * Digits 1–9 set the preview, Space cuts, T held talks to all. Nothing happens while somebody types or a dialog is open, and a held key
 * counts once.
 *
 * @param {Key} key
 * @param {Focus} focus
 * @param {boolean} dialog_open
 * @returns {Action|null}
 */
export function actionFor(key, focus, dialog_open) {
  if (dialog_open || key.repeat || key.ctrlKey || key.metaKey || key.altKey) return null;
  if (focus.editable || TYPING.has(focus.tag)) return null;
  if (key.code === "Space") return PRESSED_BY_SPACE.has(focus.tag) ? null : { type: "cut" };
  if (isTalkKey(key)) return { type: "talk" };
  // By what is printed on the key where possible, by its place on layouts that shift their digits.
  const digit = /^[1-9]$/.exec(key.key)?.[0] ?? /^(?:Digit|Numpad)([1-9])$/.exec(key.code)?.[1];
  return digit ? { type: "preview", index: Number(digit) - 1 } : null;
}

/**
 * @param {Key} key
 * @returns {boolean} by its place: with a Korean layout the same key gives another letter
 */
export function isTalkKey({ code }) {
  return code === "KeyT";
}
