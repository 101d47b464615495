/** Pure: rectangles by hand. All numbers are shares (0 … 1) of the canvas's, or of a source's, width and height. */

/** @typedef {import("../../shared/types.js").Box} Box */

/** A box is never smaller: it could not be taken hold of any more. */
export const MIN_SIDE = 0.02;
/** A crop that shows less is refused (studio/show/scenes/compositions.py). */
export const MIN_CROP = 0.05;
/** So near, an edge jumps to a line. */
export const SNAP = 0.012;
/** EBU R 95, where no theme says otherwise. */
const SAFE = 0.05;
const GRID = 12;
/** Ten-thousandths: under half a pixel of the widest wall, and no figures without end. */
const DIGITS = 10_000;

/** @type {Box} */
export const WHOLE = { x: 0, y: 0, w: 1, h: 1 };

/**
 * @param {Box} box
 * @param {number} [least] of its sides
 * @returns {Box} inside the canvas, no side too small
 */
export function kept({ x, y, w, h }, least = MIN_SIDE) {
  const [wide, high] = [rounded(clamp(w, least, 1)), rounded(clamp(h, least, 1))];
  return { x: rounded(clamp(x, 0, 1 - wide)), y: rounded(clamp(y, 0, 1 - high)), w: wide, h: high };
}

/**
 * @param {Box} box
 * @param {number} dx
 * @param {number} dy
 * @returns {Box} moved, no further than the edge
 */
export function movedBox(box, dx, dy) {
  return kept({ ...box, x: box.x + dx, y: box.y + dy });
}

/**
 * @param {Box} box its upper left corner stays
 * @param {number} dw
 * @param {number} dh
 * @returns {Box} no further than the edge
 */
export function resizedBox(box, dw, dh) {
  return kept({ ...box, w: Math.min(box.w + dw, 1 - box.x), h: Math.min(box.h + dh, 1 - box.y) });
}

/**
 * Where edges jump to: the canvas, its safe area, its middle, a grid of twelve columns and rows, and the edges of the
 * other boxes.
 *
 * @param {Box[]} others
 * @param {number} [safe] of each side
 * @returns {{x: number[], y: number[]}}
 */
export function snapLines(others, safe = SAFE) {
  const common = [safe, 1 - safe, ...Array.from({ length: GRID + 1 }, (_, at) => at / GRID)];
  return {
    x: [...common, ...others.flatMap(({ x, w }) => [x, x + w])],
    y: [...common, ...others.flatMap(({ y, h }) => [y, y + h])],
  };
}

/**
 * @param {Box} box
 * @param {{x: number[], y: number[]}} lines
 * @returns {Box} moved so that its nearest edge, left or right, upper or lower, lies on a line
 */
export function snapMoved(box, lines) {
  return kept({ ...box, x: box.x + shift([box.x, box.x + box.w], lines.x), y: box.y + shift([box.y, box.y + box.h], lines.y) });
}

/**
 * @param {Box} box
 * @param {{x: number[], y: number[]}} lines
 * @returns {Box} sized so that its right and lower edges lie on lines
 */
export function snapResized(box, lines) {
  return resizedBox(box, shift([box.x + box.w], lines.x), shift([box.y + box.h], lines.y));
}

/**
 * @param {number} index of a new box
 * @returns {Box} the first nine beside and below each other, the next ones over them again
 */
export function firstBox(index) {
  const step = 0.31;
  return kept({ x: SAFE + step * (index % 3), y: SAFE + step * (Math.floor(index / 3) % 3), w: 0.28, h: 0.28 });
}

/**
 * @param {Box|null|undefined} box
 * @returns {boolean} it shows all there is
 */
export function isWhole(box) {
  return !box || (box.x === 0 && box.y === 0 && box.w === 1 && box.h === 1);
}

/**
 * @param {number} share
 * @returns {number} per cent, in tenths
 */
export function percent(share) {
  return Math.round(1000 * share) / 10;
}

/**
 * @param {Box} box
 * @param {keyof Box} side
 * @param {number} value per cent
 * @returns {Box} a corner moves the box, a side sizes it
 */
export function withPercent(box, side, value) {
  const share = value / 100;
  if (side === "w") return resizedBox(box, share - box.w, 0);
  if (side === "h") return resizedBox(box, 0, share - box.h);
  return kept({ ...box, [side]: share });
}

/**
 * @param {number[]} edges
 * @param {number[]} lines
 * @returns {number} how far the nearest of the edges is from the nearest of the lines; 0 when none is near
 */
function shift(edges, lines) {
  let best = 0;
  let least = SNAP;
  for (const edge of edges) {
    for (const line of lines) {
      const far = Math.abs(line - edge);
      if (far < least) [best, least] = [line - edge, far];
    }
  }
  return best;
}

/**
 * @param {number} value
 * @param {number} least
 * @param {number} most
 */
function clamp(value, least, most) {
  return Math.min(Math.max(value, least), most);
}

/** @param {number} value */
function rounded(value) {
  return Math.round(value * DIGITS) / DIGITS;
}
