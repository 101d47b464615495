/**
 * One request at a time, and of those that come meanwhile only the latest: what a hand on a fader needs.
 *
 * @template T
 * @param {(value: T) => Promise<unknown>} send never rejects
 * @returns {(value: T) => Promise<void>} resolves once nothing waits any more
 */
export function latest(send) {
  /** @type {{value: T}|null} */
  let waiting = null;
  /** @type {Promise<void>|null} */
  let running = null;
  const drain = async () => {
    while (waiting) {
      const { value } = waiting;
      waiting = null;
      await send(value);
    }
    running = null;
  };
  return (value) => {
    waiting = { value };
    running ??= drain();
    return running;
  };
}
