// Names of sources as commands, states and meters have them: made and read here, and nowhere else.

/** @param {string} seat @returns {string} its camera and microphone */
export const ofSeat = (seat) => `seat/${seat}`;

/** @param {string} seat @returns {string} the screen that it shares */
export const ofScreen = (seat) => `screen/${seat}`;

/** @param {string} source @returns {string} one that the director made */
export const ofSource = (source) => `source/${source}`;

/** @param {string} name */
export const isSeat = (name) => name.startsWith("seat/");

/** @param {string} name */
export const isScreen = (name) => name.startsWith("screen/");
