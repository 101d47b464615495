"""Pure: when a browser is told that something else is needed of its camera. Time is handed in.

Each change makes an encoder begin again with a keyframe. So more is asked for at once, for a blurred face on
air is worse than a keyframe; less only once the lower need has lasted, and then what was the most needed
meanwhile, so that cutting back and forth asks nothing. A need that differs by less than is seen or saved
changes nothing either, until it has stayed the same for a while: then the size is made exact, because only an
exact one is copied into its tile (:mod:`studio.planning.uplink`).
"""

from collections.abc import Iterable, Mapping

import msgspec

from signaling.contract.messages import UplinkTarget
from studio.planning.uplink import pixels, target_for

_ENOUGH = 0.93
"""A picture enlarged by a fourteenth looks the same."""
_WASTE = 1.25
"""Share of pixels from which on it is worth a keyframe to send fewer."""
_FITTING = 1.03
"""As in :mod:`mixer.compose.draw`: larger by no more than this is as good as exact."""


class Patience(msgspec.Struct, frozen=True):
    """Seconds. ``hold_s``: how long a lower need lasts before less is asked for; ``calm_s``: how long a need
    stays the same before the size is made exact."""

    hold_s: float = 3.0
    calm_s: float = 10.0


class Held(msgspec.Struct, frozen=True):
    """One seat's memory. ``target`` is asked for; ``need`` was needed at the last step, and has been since
    ``since_s``. ``low_s``: since when the target is wasteful, None while it isn't; ``peak``: the most that
    was needed since then."""

    target: UplinkTarget
    need: UplinkTarget
    since_s: float
    low_s: float | None
    peak: UplinkTarget


def settle(
    before: Mapping[str, Held], needs: Mapping[str, UplinkTarget], now_s: float, patience: Patience
) -> dict[str, Held]:
    """The next memory, by seat; seats without a need are forgotten, new ones start with what they need."""
    return {seat: _step(before.get(seat), need, now_s, patience) for seat, need in needs.items()}


def due_s(held: Iterable[Held], patience: Patience) -> float | None:
    """Return when :func:`settle` is to be called again even if nothing happens; None: not before something
    does."""
    times = []
    for each in held:
        if each.low_s is not None:
            times.append(each.low_s + patience.hold_s)
        elif not is_fitting(each.target, each.need):
            times.append(each.since_s + patience.calm_s)
    return min(times, default=None)


def is_enough(target: UplinkTarget, need: UplinkTarget) -> bool:
    """Return whether nobody would see that the target is less than the need."""
    return (
        target.fps >= need.fps
        and target.width >= need.width * _ENOUGH
        and target.height >= need.height * _ENOUGH
    )


def is_wasteful(target: UplinkTarget, need: UplinkTarget) -> bool:
    """Less would do, by so much that it is worth telling."""
    if target.fps != need.fps:
        return target.fps > need.fps
    return pixels(target.width, target.height) > _WASTE * pixels(need.width, need.height)


def is_fitting(target: UplinkTarget, need: UplinkTarget) -> bool:
    """The picture that comes for the target is as good as one that comes for the need."""
    covers = target.width >= need.width and target.height >= need.height
    least = pixels(need.width, need.height)
    return target.fps == need.fps and covers and pixels(target.width, target.height) <= _FITTING**2 * least


def _step(before: Held | None, need: UplinkTarget, now_s: float, patience: Patience) -> Held:
    if before is None:
        return Held(need, need, now_s, None, need)
    target, low_s, peak = before.target, before.low_s, before.peak
    since_s = before.since_s if need == before.need else now_s
    if not is_enough(target, need):
        target = _both(target, need)
    if not is_wasteful(target, need):
        low_s = None
    elif low_s is None:
        low_s, peak = now_s, need
    else:
        peak = _both(peak, need)
        if now_s >= low_s + patience.hold_s:
            target, peak = peak, need
            low_s = now_s if is_wasteful(target, need) else None
    if low_s is None and now_s >= since_s + patience.calm_s and not is_fitting(target, need):
        target = need
    return Held(target, need, since_s, low_s, peak)


def _both(one: UplinkTarget, other: UplinkTarget) -> UplinkTarget:
    """Return what covers both, at the higher rate."""
    if one.fps == 0 or other.fps == 0:
        return one if other.fps == 0 else other
    return target_for(max(one.width, other.width), max(one.height, other.height), max(one.fps, other.fps))
