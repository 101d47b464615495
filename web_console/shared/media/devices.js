/** What every page that uses a camera or a microphone needs to know of the browser and of the choice made last time. */

/** @typedef {{deviceId: string, label: string}} Device */
/** @typedef {{camera?: string, microphone?: string, output?: string}} Choice */

/** @returns {"page.insecure"|"page.unsupported"|""} why this browser can't take part at all */
export function obstacle() {
  if (!globalThis.isSecureContext) return "page.insecure";
  if (!navigator.mediaDevices?.getUserMedia || !("RTCPeerConnection" in globalThis)) return "page.unsupported";
  return "";
}

/**
 * @param {string} key the page's own place in the browser's store
 * @returns {Choice} the devices chosen last time
 */
export function remembered(key) {
  try {
    return JSON.parse(localStorage.getItem(key) ?? "{}");
  } catch {
    return {};
  }
}

/**
 * @param {string} key
 * @param {Choice} choice joins what is remembered already
 */
export function remember(key, choice) {
  localStorage.setItem(key, JSON.stringify({ ...remembered(key), ...choice }));
}
