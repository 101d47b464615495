/** A file on its way into the studio: with progress, and a way to stop it. `fetch` tells nothing of what it has sent. */

import { errorFromProblem, StudioError } from "../../shared/errors.js";
import { withSession } from "../../shared/protocol.js";

/** @typedef {import("../../shared/types.js").Medium} Medium */

/** What the page itself says of an upload, in English, for `t`. @type {Record<string, string>} */
export const OWN_WORDS = {
  "upload.stopped": "The upload was stopped.",
  "upload.broken": "The connection broke off while the file was being sent. It may be larger than the studio takes.",
  "media.empty": "The file is empty.",
};

/**
 * @param {File|Blob} file
 * @param {string} name
 * @param {{as: string, onProgress: (share: number) => void, signal?: AbortSignal, limit_bytes?: number,
 *   Request?: new () => XMLHttpRequest}} options onProgress: 0 … 1; at 1 the studio looks into the file.
 *   limit_bytes: what is larger isn't sent at all; 0: unknown
 * @returns {Promise<Medium>} rejects with a StudioError; `upload.stopped` after the signal
 */
export function upload(file, name, { as, onProgress, signal, limit_bytes = 0, Request = XMLHttpRequest }) {
  if (limit_bytes > 0 && file.size > limit_bytes) return Promise.reject(new StudioError("media.too-large", "", 413));
  if (file.size === 0) return Promise.reject(new StudioError("media.empty", "", 400));
  return new Promise((resolve, reject) => {
    const request = new Request();
    request.open("POST", withSession("/api/v1/media", as, { name }));
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.responseType = "json";
    request.upload.onprogress = ({ loaded, total }) => onProgress(total > 0 ? Math.min(1, loaded / total) : 0);
    request.upload.onload = () => onProgress(1);
    request.onload = () => {
      if (request.status >= 200 && request.status < 300 && request.response) resolve(request.response);
      else reject(errorFromProblem(request.response, request.status));
    };
    // Also where the studio shuts the door while a file that is too large still comes.
    request.onerror = () => reject(new StudioError("upload.broken", ""));
    request.onabort = () => reject(new StudioError("upload.stopped", ""));
    signal?.addEventListener("abort", () => request.abort());
    request.send(file);
  });
}

/**
 * @param {unknown} answer of `GET /api/v1/media`
 * @returns {number} bytes of the largest file the studio takes; 0: it doesn't say
 */
export function limitOf(answer) {
  const limit = /** @type {{limit_bytes?: unknown}|null} */ (answer)?.limit_bytes;
  return typeof limit === "number" && limit > 0 ? limit : 0;
}
