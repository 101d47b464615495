/** Which key does what, as a pure function of the key and of where the focus is. */

/**
 * @typedef {{key: string, code: string, repeat?: boolean, ctrlKey?: boolean, metaKey?: boolean,
 *   altKey?: boolean, shiftKey?: boolean}} Key
 * @typedef {{tag: string, editable?: boolean}} Focus the focused element's tag name, in capitals; `BODY` for none
 * @typedef {{type: "preview", index: number} | {type: "page", step: -1|1} | {type: "cut"|"auto"|"undo"|"slate"|"talk"|"release"}} Action
 */

const TYPING = new Set(["INPUT", "SELECT", "TEXTAREA"]);
/** These do something of their own on the space bar and on Enter. */
const PRESSED = new Set(["BUTTON", "A", "SUMMARY", "VIDEO"]);

/**
 * Digits 1–9 set the preview, Space cuts, Enter is AUTO, U or Ctrl+Z takes the last take back, T held talks to all.
 * Page Up and Page Down turn the slides on air or in preview: that is what presentation remotes send.
 * Nothing happens while somebody types or a dialog is open, and a held key counts once. Escape takes the focus
 * out of a field, a list or the T-bar, so that the keys are for the programme again.
 *
 * F8 is the panic slate, and that works everywhere: it types nothing, browsers leave it alone, and it lies apart
 * from the keys of the hand that cuts.
 *
 * @param {Key} key
 * @param {Focus} focus
 * @param {boolean} dialog_open
 * @returns {Action|null}
 */
export function actionFor(key, focus, dialog_open) {
  if (key.repeat || key.altKey) return null;
  const command = key.ctrlKey || key.metaKey;
  if (key.code === "F8" && !command) return { type: "slate" };
  if (key.key === "Escape" && !dialog_open) return { type: "release" };
  if (dialog_open || focus.editable || TYPING.has(focus.tag)) return null;
  if (command) return key.code === "KeyZ" && !key.shiftKey ? { type: "undo" } : null;
  if (key.code === "Space") return PRESSED.has(focus.tag) ? null : { type: "cut" };
  if (key.key === "Enter") return PRESSED.has(focus.tag) ? null : { type: "auto" };
  if (key.key === "PageUp" || key.key === "PageDown") return { type: "page", step: key.key === "PageUp" ? -1 : 1 };
  if (key.code === "KeyU") return { type: "undo" };
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
