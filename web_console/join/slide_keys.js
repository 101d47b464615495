/** Pure: which key turns a presenter's slide; remotes send Page Up and Page Down. */

/** @type {Record<string, -1|1>} */
const STEPS = { PageDown: 1, PageUp: -1, ArrowRight: 1, ArrowLeft: -1, ArrowDown: 1, ArrowUp: -1 };
const OWN_KEYS = new Set(["INPUT", "SELECT", "TEXTAREA", "VIDEO"]);

/**
 * @param {{key: string, repeat?: boolean, ctrlKey?: boolean, metaKey?: boolean, altKey?: boolean, shiftKey?: boolean}} key
 * @param {string} tag of the focused element, in capitals
 * @param {boolean} dialog_open
 * @returns {-1|0|1} 0: none
 */
export function slideStep(key, tag, dialog_open) {
  if (dialog_open || key.repeat || key.ctrlKey || key.metaKey || key.altKey || key.shiftKey || OWN_KEYS.has(tag)) return 0;
  return STEPS[key.key] ?? 0;
}
