/**
 * JSON merge patch, RFC 7396: the same result as the server's state, without mutating what was there.
 *
 * What a patch doesn't touch keeps its identity, so that a view which compares by `===` redraws only what
 * changed.
 *
 * @param {unknown} target any JSON value
 * @param {unknown} patch  an object merges, `null` members delete; anything else replaces
 * @returns {unknown}
 */
export function mergePatch(target, patch) {
  if (!isObject(patch)) return patch;
  /** @type {Record<string, unknown>} */
  const merged = isObject(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key];
    else define(merged, key, mergePatch(Object.hasOwn(merged, key) ? merged[key] : undefined, value));
  }
  return merged;
}

/**
 * An id is chosen by the caller: `__proto__` must become a key like any other.
 * @param {Record<string, unknown>} object
 * @param {string} key
 * @param {unknown} value
 */
function define(object, key, value) {
  Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
}

/**
 * @param {unknown} value
 * @returns {value is Record<string, unknown>}
 */
function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
