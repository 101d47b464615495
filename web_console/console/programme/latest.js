/**
 * One request at a time, and of those that come meanwhile only the latest: what a hand on a fader needs.
 *
 * @template T
 * @param {(value: T) => Promise<unknown>} send never rejects
 * @param {number} least_ms from one request to the next
 * @returns {(value: T) => Promise<void>} resolves once nothing waits any more
 */
export function latest(send, least_ms = 0) {
  /** @type {{value: T}|null} */
  let waiting = null;
  /** @type {Promise<void>|null} */
  let running = null;
  const drain = async () => {
    while (waiting) {
      const { value } = waiting;
      waiting = null;
      const sent = send(value);
      if (least_ms > 0) await new Promise((resolve) => setTimeout(resolve, least_ms));
      await sent;
    }
    running = null;
  };
  return (value) => {
    waiting = { value };
    running ??= drain();
    return running;
  };
}
