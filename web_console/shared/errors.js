/** Errors a page can name: each has a stable `code`; the sentence for people is in `i18n.js`. */

export class StudioError extends Error {
  /**
   * @param {string} code   stable: `seat.in-use`, `link.expired`, `network.lost` …
   * @param {string} detail one sentence, already fit for people
   * @param {number} [status] the HTTP status, 0 where there was none
   * @param {number} [retry_after_ms] how long the server asks us to wait; 0 where it doesn't say
   */
  constructor(code, detail, status = 0, retry_after_ms = 0) {
    super(detail || code);
    this.name = "StudioError";
    this.code = code;
    this.detail = detail;
    this.status = status;
    this.retry_after_ms = retry_after_ms;
  }

  /** Whether trying again by itself can help: the server or the network was away, not the request wrong. */
  get passing() {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

/**
 * A problem document (RFC 9457), as far as it is one.
 *
 * @param {unknown} problem the parsed body, or anything
 * @param {number} status   the HTTP status; a WebSocket refusal carries it inside the document
 * @param {number} [retry_after_ms]
 * @returns {StudioError}
 */
export function errorFromProblem(problem, status, retry_after_ms = 0) {
  const document_ = /** @type {Record<string, unknown>} */ (
    typeof problem === "object" && problem !== null ? problem : {}
  );
  const code = typeof document_.code === "string" ? document_.code : `http.${status || 0}`;
  const detail =
    typeof document_.detail === "string" && document_.detail
      ? document_.detail
      : typeof document_.title === "string"
        ? document_.title
        : "";
  const inside = typeof document_.status === "number" ? document_.status : 0;
  return new StudioError(code, detail, status || inside, retry_after_ms);
}

/**
 * Whatever was thrown, as a StudioError: a failed fetch is the network's, an abort a timeout.
 *
 * @param {unknown} thrown
 * @returns {StudioError}
 */
export function asStudioError(thrown) {
  if (thrown instanceof StudioError) return thrown;
  const name = thrown instanceof Error || thrown instanceof DOMException ? thrown.name : "";
  if (name === "TimeoutError" || name === "AbortError") {
    return new StudioError("network.timeout", "The studio did not answer in time.");
  }
  if (thrown instanceof TypeError) {
    return new StudioError("network.lost", "The studio cannot be reached.");
  }
  return new StudioError("page.failed", thrown instanceof Error ? thrown.message : "Something failed on this page.");
}
