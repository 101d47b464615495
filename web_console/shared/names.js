// Names of sources, as commands, states and meters have them, and keys of what fills a place: made and read here, and
// nowhere else. A test holds the names to those of Python (mixer/contract/names.py).

/** @param {string} seat @returns {string} its camera and microphone */
export const ofSeat = (seat) => `seat/${seat}`;

/** @param {string} seat @returns {string} the screen that it shares */
export const ofScreen = (seat) => `screen/${seat}`;

/** @param {string} source @returns {string} one that the director made */
export const ofSource = (source) => `source/${source}`;

/** @param {string} part @returns {string} the next person on stage who plays this part, as a place's key */
export const ofPart = (part) => `part/${part}`;

/** The key of a place that is filled by who speaks. */
export const AUTO = "auto";

/** @param {string} name @returns {string} the seat of {@link ofSeat}; "" for any other name */
export const seatOf = (name) => idAfter("seat/", name);

/** @param {string} name @returns {string} the seat of {@link ofScreen}; "" for any other name */
export const screenOf = (name) => idAfter("screen/", name);

/** @param {string} name @returns {string} the id of {@link ofSource}; "" for any other name */
export const sourceOf = (name) => idAfter("source/", name);

/** @param {string} key @returns {string} the part of {@link ofPart}; "" for any other key */
export const partOf = (key) => idAfter("part/", key);

/** @param {string} id a source's id, or a name: as commands about sound take it @returns {string} the name, as meters have it */
export const soundOf = (id) => (id.includes("/") ? id : ofSource(id));

/**
 * @param {string} key of what has text that no font can write: `show`, or a kind and an id
 * @returns {{kind: string, id: string}}
 */
export function textOf(key) {
  const [kind = "", id = ""] = key.split(/\/(.*)/s);
  return { kind, id };
}

/**
 * @param {string} prefix
 * @param {string} name
 */
function idAfter(prefix, name) {
  return name.startsWith(prefix) ? name.slice(prefix.length) : "";
}
