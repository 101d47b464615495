/** Pure: a person's form → the command. */

/**
 * Only what was changed is sent: what somebody else changes meanwhile stays, and an open microphone stays open.
 * Of a name in another language empty fields say nothing; where both are empty, the language has none.
 *
 * @param {string} id
 * @param {import("../../shared/types.js").Seat} seat as the form began
 * @param {(name: string) => string} field
 * @param {string[]} [languages] of the event: `name-<tag>` and `title-<tag>` are their fields
 * @returns {import("../../shared/types.js").Command}
 */
export function seatChange(id, seat, field, languages = []) {
  /** @type {Record<string, unknown>} */
  const was = { ...seat, listen: seat.listen || "floor", booth: seat.booth || null, hall: seat.hall ?? false, part: seat.part ?? "" };
  /** @type {Record<string, unknown>} */
  const is = { name: field("name"), title: field("title"), language: field("language") };
  if (seat.role === "speaker" || seat.role === "interpreter") is.listen = field("listen");
  if (seat.role === "interpreter") is.booth = field("booth") || null;
  if (seat.role === "speaker") {
    is.hall = field("hall") === "on";
    is.part = field("part");
  }
  /** @type {Record<string, unknown>} */
  const change = Object.fromEntries(Object.entries(is).filter(([name, value]) => value !== was[name]));
  const names = namesOf(seat, field, languages);
  if (seat.role === "speaker" && names) change.names = names;
  return { type: "seat.update", seat: id, ...change };
}

/**
 * @param {import("../../shared/types.js").Seat} seat
 * @param {(name: string) => string} field
 * @param {string[]} languages
 * @returns {Record<string, {name: string, title: string}>|null} all of the seat's names; null where none was changed
 */
function namesOf(seat, field, languages) {
  /** @type {Record<string, {name: string, title: string}>} */
  const names = {};
  for (const [tag, { name = "", title = "" }] of Object.entries(seat.names ?? {})) names[tag] = { name, title };
  const before = JSON.stringify(names);
  for (const tag of languages) {
    const [name, title] = [field(`name-${tag}`), field(`title-${tag}`)];
    if (name || title) names[tag] = { name, title };
    else delete names[tag];
  }
  return JSON.stringify(names) === before ? null : names;
}
