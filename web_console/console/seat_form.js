/** Pure: a person's form → the command. */

/**
 * Only what was changed is sent: what somebody else changes meanwhile stays, and an open microphone stays open.
 *
 * @param {string} id
 * @param {import("../shared/types.js").Seat} seat as the form began
 * @param {(name: string) => string} field
 * @returns {import("../shared/types.js").Command}
 */
export function seatChange(id, seat, field) {
  /** @type {Record<string, unknown>} */
  const was = { ...seat, listen: seat.listen || "floor", booth: seat.booth || null, hall: seat.hall ?? false };
  /** @type {Record<string, unknown>} */
  const is = { name: field("name"), title: field("title"), language: field("language") };
  if (seat.role === "speaker" || seat.role === "interpreter") is.listen = field("listen");
  if (seat.role === "interpreter") is.booth = field("booth") || null;
  if (seat.role === "speaker") is.hall = field("hall") === "on";
  return { type: "seat.update", seat: id, ...Object.fromEntries(Object.entries(is).filter(([name, value]) => value !== was[name])) };
}
