/** User and password of a server or a camera: from a form into a command. What the studio keeps of them never comes back. */

/** @typedef {{user: string, password: string}} Account "" for none */

/**
 * @param {SubmitEvent} event
 * @returns {Account} a password may begin and end with spaces
 */
export function accountOf(event) {
  const data = new FormData(/** @type {HTMLFormElement} */ (event.currentTarget));
  return { user: String(data.get("user") ?? "").trim(), password: String(data.get("password") ?? "") };
}

/**
 * @param {Account} account
 * @returns {Record<string, string>} the fields of a command: those that were typed
 */
export function accountFields({ user, password }) {
  return { ...(user ? { user } : {}), ...(password ? { password } : {}) };
}
