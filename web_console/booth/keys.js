/** Which key does what in the booth, as a pure function of the key and of where the focus is. */

/**
 * @typedef {{key: string, code: string, repeat?: boolean, ctrlKey?: boolean, metaKey?: boolean,
 *   altKey?: boolean}} Key
 * @typedef {{tag: string, type?: string, editable?: boolean}} Focus the focused element's tag name, in capitals;
 *   `BODY` for none. `type`: of an input
 * @typedef {"cough"|"speak"|"handover"|"decline"|"relay"|"language"|"slower"|"notes"|"louder"|"quieter"|"help"
 *   |"held"|{preselect: number}} Action
 */

const TYPING = new Set(["INPUT", "SELECT", "TEXTAREA"]);
/** These do something of their own on the space bar. */
const PRESSED_BY_SPACE = new Set(["BUTTON", "A", "SUMMARY"]);

/** @type {Record<string, Action>} */
const LETTERS = {
  c: "cough", m: "speak", h: "handover", d: "decline", r: "relay", l: "language", s: "slower", t: "notes",
};

/**
 * The letter of a key: as printed where it is a Latin one, by its place where another script is typed. An
 * interpreter who has just written Korean must not have to switch the keyboard back before she can cough.
 *
 * @param {Key} key
 * @returns {string} lower case, "" for another key
 */
function letterOf(key) {
  if (/^[a-z]$/i.test(key.key)) return key.key.toLowerCase();
  return /^[\x20-\x7f]$/.test(key.key) ? "" : (/^Key([A-Z])$/.exec(key.code)?.[1] ?? "").toLowerCase();
}

/** @param {Key} key @returns {boolean} whether this key holds the cough button, wherever the focus is */
export function isCoughKey(key) {
  return key.code === "Space" || letterOf(key) === "c";
}

/**
 * What a pressed key means. Nothing while somebody types or a dialog is open, nor with a modifier.
 *
 * @param {Key} key
 * @param {Focus} focus
 * @param {boolean} dialog_open
 * @returns {Action|null} `held`: a cough key that repeats, to be swallowed, or the page would scroll
 */
export function actionFor(key, focus, dialog_open) {
  if (dialog_open || key.ctrlKey || key.metaKey || key.altKey) return null;
  // A slider takes the arrows and nothing else of ours.
  const typing = TYPING.has(focus.tag) && focus.type !== "range";
  if (focus.editable || typing) return null;
  if (key.code === "Space" && PRESSED_BY_SPACE.has(focus.tag)) return null;
  if (isCoughKey(key)) return key.repeat ? "held" : "cough";
  if (key.key === "+" || key.key === "=") return "louder";
  if (key.key === "-") return "quieter";
  if (key.repeat) return null;
  if (key.key === "?") return "help";
  const digit = /^[1-9]$/.exec(key.key)?.[0];
  if (digit) return { preselect: Number(digit) - 1 };
  return LETTERS[letterOf(key)] ?? null;
}
