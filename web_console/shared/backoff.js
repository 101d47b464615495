/**
 * Delays between attempts: they double up to a limit, and every client picks its own within the upper half,
 * so that a hundred browsers don't come back in the same instant.
 */
export class Backoff {
  /**
   * @param {{first_ms?: number, limit_ms?: number, random?: () => number}} [options]
   */
  constructor({ first_ms = 250, limit_ms = 1500, random = Math.random } = {}) {
    this.first_ms = first_ms;
    this.limit_ms = limit_ms;
    this.random = random;
    this.attempts = 0;
  }

  /** @returns {number} milliseconds to wait before the next attempt */
  next_ms() {
    const full = Math.min(this.limit_ms, this.first_ms * 2 ** Math.min(this.attempts, 16));
    this.attempts += 1;
    return Math.round(full * (0.5 + 0.5 * this.random()));
  }

  reset() {
    this.attempts = 0;
  }
}
