/** Which session this page has (`as`), which tab it is (`client`), and what the server knows of it. */

import { callJson } from "./protocol.js";

const CLIENT_KEY = "studio-client";
/** A page that is being reloaded lets go of its lock a moment after the new one starts. */
const LOCK_WAIT_MS = 1_000;

/**
 * @param {string} fallback the session of a page whose address doesn't name one
 * @returns {string}
 */
export function sessionName(fallback) {
  return new URLSearchParams(globalThis.location.search).get("as") ?? fallback;
}

/** @returns {string} 128 random bits, in hexadecimal */
function newClient() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * This tab's id: the same after a reload, another in another tab, even in a duplicated one, whose session storage
 * the browser copies. A lock tells the two apart, where locks exist.
 *
 * @returns {Promise<string>}
 */
export async function tabClient() {
  const stored = sessionStorage.getItem(CLIENT_KEY);
  if (stored && (await claim(stored))) return stored;
  const fresh = newClient();
  sessionStorage.setItem(CLIENT_KEY, fresh);
  await claim(fresh);
  return fresh;
}

/**
 * @param {string} client
 * @returns {Promise<boolean>} whether this tab now holds the id, until it closes
 */
function claim(client) {
  if (!globalThis.navigator.locks) return Promise.resolve(true);
  return new Promise((resolve) => {
    navigator.locks
      .request(`studio-client-${client}`, { signal: AbortSignal.timeout(LOCK_WAIT_MS) }, () => {
        resolve(true);
        return new Promise(() => {});
      })
      .catch(() => resolve(false));
  });
}

/**
 * @param {string} as
 * @returns {Promise<import("./types.js").Me>}
 */
export function whoAmI(as) {
  return callJson("/api/v1/me", { as, timeout_ms: 2_500 });
}

/**
 * @param {string} as
 * @returns {string} the WebSocket's address
 */
export function socketUrl(as) {
  const url = new URL("/ws", globalThis.location.href);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  url.searchParams.set("as", as);
  return url.href;
}
