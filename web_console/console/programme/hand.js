/** A value under a hand: shown as the hand has it, sent live while it moves, and for good when it lets go. */

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { latest } from "./latest.js";

/** From one value to the next: of what is seen no more than one a picture of the programme, of what is heard 25 a second. */
export const SEEN_MS = 33;
export const HEARD_MS = 40;
/** A hand that is still for so long no longer says what is shown: the show logs its value by then. */
const STILL_MS = 1500;

/**
 * @param {(value: number, live: boolean) => Promise<unknown>} send never rejects
 * @param {number} least_ms from one live value to the next
 * @param {unknown} of what the value belongs to
 * @returns {{held: number|null, move: (value: number) => void, set: (value: number) => void, letGo: () => void}}
 *   held: null while the show's own value is to be shown; move: another value follows, or letGo; set: for good
 */
export function useHand(send, least_ms, of = null) {
  const [held, setHeld] = useState(/** @type {number|null} */ (null));
  const live = useRef(/** @type {number|null} */ (null));
  const still = useRef(0);
  const give = useMemo(() => latest((/** @type {{value: number, live: boolean}} */ one) => send(one.value, one.live), least_ms), [of]);
  useEffect(() => () => clearTimeout(still.current), []);
  const set = (/** @type {number} */ value) => {
    clearTimeout(still.current);
    live.current = null;
    setHeld(value);
    void give({ value, live: false }).then(() => { if (live.current === null) setHeld(null); });
  };
  const letGo = () => {
    if (live.current !== null) set(live.current);
  };
  const move = (/** @type {number} */ value) => {
    clearTimeout(still.current);
    still.current = setTimeout(letGo, STILL_MS);
    live.current = value;
    setHeld(value);
    void give({ value, live: true });
  };
  return { held, move, set, letGo };
}
