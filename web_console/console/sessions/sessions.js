/** Pure: who is signed in, in words. */

import { spoken, t } from "../words/say.js";

/**
 * @typedef {object} Session as the studio lists it; times in Unix seconds
 * @property {string} id
 * @property {string} role
 * @property {string} [seat] of a person with a place of their own
 * @property {string} address of its last request
 * @property {number} began
 * @property {number} seen
 * @property {number} pages that are open now
 * @property {boolean} yours
 */

/** In English, for `t`. @type {Record<string, string>} */
export const ROLES = { director: "Director", speaker: "Speaker", interpreter: "Interpreter", wall: "LED wall", viewer: "Viewer of the console" };

/**
 * @param {Session} session
 * @param {Readonly<Record<string, {name: string}>>} seats
 * @returns {string} `Kim · Speaker`, `Director`
 */
export function holderName(session, seats) {
  const role = t(ROLES[session.role] ?? session.role);
  return session.seat ? `${seats[session.seat]?.name || session.seat} · ${role}` : role;
}

/**
 * @param {Session} session
 * @param {number} now_ms
 * @returns {string} `203.0.113.5 · since 09:12 · 1 page open`
 */
export function sessionLine(session, now_ms) {
  const open = session.pages === 1 ? t("1 page open") : session.pages > 1 ? t("{count} pages open", { count: session.pages })
    : t("last seen {time}", { time: whenText(session.seen, now_ms) });
  return [session.address, t("since {time}", { time: whenText(session.began, now_ms) }), open].filter(Boolean).join(" · ");
}

/**
 * @param {number} unix_s
 * @param {number} now_ms
 * @returns {string} the time of day, with the day where it is not today
 */
export function whenText(unix_s, now_ms) {
  const then = new Date(unix_s * 1000);
  const today = then.toDateString() === new Date(now_ms).toDateString();
  return new Intl.DateTimeFormat(spoken() === "ko" ? "ko-KR" : "en-GB", {
    hour: "2-digit", minute: "2-digit", hourCycle: "h23", ...(today ? {} : { day: "numeric", month: "short" }),
  }).format(then);
}
