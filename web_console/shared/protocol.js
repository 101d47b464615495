/**
 * The studio's protocol for a page: HTTP calls and the WebSocket, without the DOM.
 *
 * `fetch`, `WebSocket` and the timers are those of the platform, or handed in by a test.
 */

import { Backoff } from "./backoff.js";
import { asStudioError, errorFromProblem, StudioError } from "./errors.js";
import { mergePatch } from "./merge.js";

/** @typedef {import("./types.js").Command} Command */
/** @typedef {import("./types.js").Done} Done */

const HTTP_TIMEOUT_MS = 10_000;
const COMMAND_TIMEOUT_MS = 10_000;
const PING_EVERY_MS = 2_000;
const SILENCE_LIMIT_MS = 6_000;
const OPEN_TIMEOUT_MS = 5_000;

/**
 * Adds `as` (which of this browser's sessions) and further parameters to a path.
 *
 * @param {string} path
 * @param {string} as
 * @param {Record<string, string>} [parameters]
 * @returns {string}
 */
export function withSession(path, as, parameters = {}) {
  const query = new URLSearchParams({ ...parameters, as });
  return `${path}${path.includes("?") ? "&" : "?"}${query}`;
}

/**
 * One HTTP call. Resolves to the response; a refusal is thrown as a StudioError with the server's code.
 *
 * @param {string} path
 * @param {{as: string, method?: string, body?: string, type?: string, parameters?: Record<string, string>,
 *   accept?: string, timeout_ms?: number, fetch?: typeof fetch}} options
 * @returns {Promise<Response>}
 */
export async function call(path, options) {
  const { as, method = "GET", body, type, parameters, accept, timeout_ms = HTTP_TIMEOUT_MS } = options;
  const fetch_ = options.fetch ?? globalThis.fetch.bind(globalThis);
  /** @type {Record<string, string>} */
  const headers = {};
  if (type) headers["Content-Type"] = type;
  if (accept) headers.Accept = accept;
  let response;
  try {
    response = await fetch_(withSession(path, as, parameters), {
      method,
      body,
      headers,
      credentials: "same-origin",
      cache: "no-store",
      signal: AbortSignal.timeout(timeout_ms),
    });
  } catch (thrown) {
    throw asStudioError(thrown);
  }
  if (response.ok) return response;
  const retry_after_ms = 1000 * (Number(response.headers.get("Retry-After")) || 0);
  throw errorFromProblem(await response.json().catch(() => null), response.status, retry_after_ms);
}

/**
 * @param {string} path
 * @param {Parameters<typeof call>[1]} options
 * @returns {Promise<any>} the parsed JSON body
 */
export async function callJson(path, options) {
  const response = await call(path, options);
  return response.json();
}

/**
 * The page's live link to the show: keeps the state current, carries commands, comes back by itself.
 *
 * A state is replaced, never changed in place. `onLink` tells "connecting", "open", "lost" or "refused"; after
 * "refused" (the session has ended: expired, revoked, removed) the socket stays closed.
 */
export class ShowSocket {
  /**
   * @param {{url: string, check: () => Promise<unknown>,
   *   onState: (state: any, revision: number) => void,
   *   onLink: (link: "connecting"|"open"|"lost"|"refused", error?: StudioError) => void,
   *   onEvent?: (event: {type: string, [field: string]: unknown}) => void,
   *   onMeters?: (meters: import("./types.js").Meters) => void,
   *   WebSocket?: new (url: string) => WebSocket, backoff?: Backoff}} options
   *   `check` asks the server over HTTP whether the session still holds: a browser doesn't tell why a
   *   WebSocket was turned away.
   */
  constructor({ url, check, onState, onLink, onEvent, onMeters, WebSocket: Socket, backoff }) {
    this.url = url;
    this.check = check;
    this.onState = onState;
    this.onLink = onLink;
    this.onEvent = onEvent ?? (() => {});
    this.onMeters = onMeters ?? (() => {});
    /** Whether the meters are looked at: told again on each new connection. */
    this.metered = false;
    this.Socket = Socket ?? globalThis.WebSocket;
    this.backoff = backoff ?? new Backoff();
    /** @type {WebSocket|null} */
    this.socket = null;
    /** @type {any} */
    this.state = null;
    this.revision = -1;
    this.serial = -1;
    this.last_id = 0;
    this.stopped = false;
    /** @type {Map<string, {resolve: (done: Done) => void, reject: (error: StudioError) => void,
     *   timer: ReturnType<typeof setTimeout>}>} */
    this.pending = new Map();
    /** @type {ReturnType<typeof setTimeout>|undefined} */
    this.retry_timer = undefined;
    /** @type {ReturnType<typeof setInterval>|undefined} */
    this.ping_timer = undefined;
    this.heard_ms = 0;
  }

  start() {
    this.stopped = false;
    this.#connect();
  }

  stop() {
    this.stopped = true;
    clearTimeout(this.retry_timer);
    this.#drop();
  }

  /**
   * Sends one command. Rejects with the server's refusal, or with `network.lost` when nobody can say whether
   * it was done: the page shows the state that comes back, it never sends a command twice by itself.
   *
   * @param {Command} command
   * @returns {Promise<Done>}
   */
  command(command) {
    const socket = this.socket;
    if (!socket || socket.readyState !== 1) {
      return Promise.reject(new StudioError("network.lost", "Not connected to the studio; reconnecting."));
    }
    this.last_id += 1;
    const id = String(this.last_id);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.pending.delete(id);
        reject(new StudioError("network.timeout", "The studio did not answer in time."));
      }, COMMAND_TIMEOUT_MS);
      this.pending.set(id, { resolve, reject, timer });
      socket.send(JSON.stringify({ type: "command", id, command }));
    });
  }

  /**
   * Asks for the meters, 20 times a second, or no longer.
   *
   * @param {boolean} on
   */
  watchMeters(on) {
    if (this.metered === on) return;
    this.metered = on;
    if (this.state !== null) this.#askForMeters();
  }

  #askForMeters() {
    if (this.socket?.readyState === 1) this.socket.send(JSON.stringify({ type: "meters", on: this.metered }));
  }

  #connect() {
    if (this.stopped) return;
    this.onLink("connecting");
    const socket = new this.Socket(this.url);
    this.socket = socket;
    this.heard_ms = Date.now();
    const open_timer = setTimeout(() => this.#lost(socket), OPEN_TIMEOUT_MS);
    socket.onopen = () => {
      clearTimeout(open_timer);
      this.heard_ms = Date.now();
      this.ping_timer = setInterval(() => this.#ping(socket), PING_EVERY_MS);
    };
    socket.onmessage = (event) => {
      this.heard_ms = Date.now();
      if (this.socket === socket) this.#receive(event.data);
    };
    socket.onclose = () => {
      clearTimeout(open_timer);
      this.#lost(socket);
    };
  }

  /** @param {WebSocket} socket */
  #ping(socket) {
    if (Date.now() - this.heard_ms > SILENCE_LIMIT_MS) this.#lost(socket);
    else if (socket.readyState === 1) socket.send('{"type":"ping"}');
  }

  /** @param {unknown} data */
  #receive(data) {
    /** @type {any} */
    let message;
    try {
      message = JSON.parse(String(data));
    } catch {
      return;
    }
    switch (message?.type) {
      case "snapshot":
        this.state = message.state;
        this.backoff.reset();
        this.#advance(message);
        if (this.metered) this.#askForMeters();
        this.onLink("open");
        break;
      case "meters":
        this.onMeters(message);
        break;
      case "change":
        if (this.state === null || message.serial <= this.serial) return;
        this.state = mergePatch(this.state, message.patch);
        this.#advance(message);
        if (message.event) this.onEvent(message.event);
        break;
      case "reply":
        this.#settle(message.id)?.resolve(message);
        break;
      case "refused":
        this.#settle(message.id)?.reject(errorFromProblem(message.problem, 0));
        break;
      default:
        break;
    }
  }

  /** @param {{revision: number, serial: number}} message */
  #advance(message) {
    this.revision = message.revision;
    this.serial = message.serial;
    this.onState(this.state, this.revision);
  }

  /** @param {string} id */
  #settle(id) {
    const waiting = this.pending.get(id);
    if (waiting) clearTimeout(waiting.timer);
    this.pending.delete(id);
    return waiting;
  }

  #drop() {
    clearInterval(this.ping_timer);
    const socket = this.socket;
    this.socket = null;
    if (socket) {
      socket.onopen = socket.onmessage = socket.onclose = null;
      socket.close();
    }
    for (const id of [...this.pending.keys()]) {
      this.#settle(id)?.reject(new StudioError("network.lost", "The connection to the studio was lost."));
    }
  }

  /** @param {WebSocket} socket */
  async #lost(socket) {
    if (this.socket !== socket) return;
    this.#drop();
    if (this.stopped) return;
    this.onLink("lost");
    try {
      await this.check();
    } catch (thrown) {
      const error = asStudioError(thrown);
      if (error.status === 401 || error.status === 403) {
        this.stopped = true;
        this.onLink("refused", error);
        return;
      }
    }
    if (this.stopped) return;
    clearTimeout(this.retry_timer);
    this.retry_timer = setTimeout(() => this.#connect(), this.backoff.next_ms());
  }
}
