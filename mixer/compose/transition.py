"""From one picture to another: how far it is at an instant, and what is shown then. Pure but for the target.

Every kind is the picture it comes from, to the bit, at 0 and the one it goes to at 1.
"""

from collections.abc import Callable, Mapping

import cv2
import numpy as np

from mixer.contract.colour import BLACK, Yuv, yuv_of
from mixer.contract.picture import Picture, Plane, copy_into
from mixer.contract.plan import Direction, Fade, MixPlan, Transition, TransitionKind

SOFT = 1 / 24
"""Of the way: how wide a wipe's edge is."""


def progress(transition: Transition | None, now_ns: int) -> float:
    """How far it is, 0 … 1; 1 where there is none."""
    if transition is None:
        return 1.0
    if transition.position is not None:
        return min(transition.position, 1.0)
    return _passed(transition.start_ns, transition.duration_ns, now_ns)


def blackness(black: bool, fade: Fade, now_ns: int) -> float:
    """How black it is, 0 … 1, on the way to ``black`` or back from it."""
    passed = _passed(fade.start_ns, fade.duration_ns, now_ns)
    return passed if black else 1.0 - passed


def _passed(start_ns: int, duration_ns: int, now_ns: int) -> float:
    if now_ns - start_ns >= duration_ns:
        return 1.0
    return max(0.0, (now_ns - start_ns) / duration_ns)


def languages(plan: MixPlan, now_ns: int) -> frozenset[str]:
    """In which languages the programme differs at ``now_ns``, be it in the scene that comes or that goes."""
    t = progress(plan.transition, now_ns)
    entering = plan.languages if t > 0 else {}
    leaving = plan.leaving_languages if t < 1 else {}
    return frozenset(entering) | frozenset(leaving)


def blend(leaving: Picture, entering: Picture, how: Transition, t: float, into: Picture) -> None:
    """Draw what is seen at ``t`` (0 … 1) into ``into``. All three have one size, with even sides, and
    ``into`` shares no memory with the others."""
    if t <= 0 or t >= 1:
        copy_into(into, leaving if t <= 0 else entering)
        return
    _DRAWN[how.kind](leaving, entering, how, t, into)


def towards(picture: Picture, colour: Yuv, share: float, into: Picture) -> None:
    """``picture`` with so much of one colour, 0 … 1, mixed into it; ``into`` may be the picture itself."""
    for of, value, plane in zip(picture, colour, into, strict=True):
        if share >= 1:
            plane[...] = value
        else:
            cv2.convertScaleAbs(of, dst=plane, alpha=1 - share, beta=share * value)


def dim(picture: Picture, black: float, into: Picture) -> None:
    """``picture`` that is so far faded to black, 0 … 1; ``into`` may be the picture itself."""
    towards(picture, BLACK, black, into)


def _along(plane: Plane, direction: Direction) -> Plane:
    """A view whose columns lie along the way."""
    return plane if direction in ("left", "right") else plane.T


def _mix(leaving: Picture, entering: Picture, how: Transition, t: float, into: Picture) -> None:
    for before, after, plane in zip(leaving, entering, into, strict=True):
        cv2.addWeighted(before, 1 - t, after, t, 0, dst=plane)


def _dip(leaving: Picture, entering: Picture, how: Transition, t: float, into: Picture) -> None:
    towards(leaving if t < 0.5 else entering, yuv_of(how.colour), 1 - abs(2 * t - 1), into)


def _wipe(leaving: Picture, entering: Picture, how: Transition, t: float, into: Picture) -> None:
    direction = how.direction
    way = _along(into.y, direction).shape[1]
    soft = _even(SOFT * way)
    edge = _even(t * (way + soft))  # how far the first sample has come that shows anything new
    forward = direction in ("right", "down")
    for before, after, plane in zip(leaving, entering, into, strict=True):
        old, new, out = (_along(each, direction) for each in (before, after, plane))
        end = out.shape[1]
        scale = way // end
        first, last = max(0, (edge - soft) // scale), min(end, edge // scale)
        share = (edge // scale - np.arange(first, last, dtype=np.float32) - 0.5) / max(1, soft // scale)
        if not forward:  # the same, seen from the other side
            old, new, out = old[:, ::-1], new[:, ::-1], out[:, ::-1]
        done, band, rest = np.s_[:, :first], np.s_[:, first:last], np.s_[:, last:]
        np.copyto(out[done], new[done])
        np.copyto(out[rest], old[rest])
        mixed = old[band] + (new[band] - old[band].astype(np.float32)) * share
        np.copyto(out[band], np.rint(mixed).astype(np.uint8))


def _push(leaving: Picture, entering: Picture, how: Transition, t: float, into: Picture) -> None:
    direction = how.direction
    way = _along(into.y, direction).shape[1]
    moved = _even(t * way)
    forward = direction in ("right", "down")
    for before, after, plane in zip(leaving, entering, into, strict=True):
        old, new, out = (_along(each, direction) for each in (before, after, plane))
        end = out.shape[1]
        step = moved * end // way
        if forward:
            np.copyto(out[:, :step], new[:, end - step :])
            np.copyto(out[:, step:], old[:, : end - step])
        else:
            np.copyto(out[:, : end - step], old[:, step:])
            np.copyto(out[:, end - step :], new[:, :step])


def _even(number: float) -> int:
    return round(number / 2) * 2


_DRAWN: Mapping[TransitionKind, Callable[[Picture, Picture, Transition, float, Picture], None]] = {
    "mix": _mix,
    "wipe": _wipe,
    "push": _push,
    "dip": _dip,
}
