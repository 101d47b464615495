"""Interpretation: who passes in full, and who is ducked, in each bus. Pure.

A language's bus carries floor sources of its own language in full, always. Others pass in full until an
interpreter into that language speaks, then they are ducked. An interpreter passes in full while anybody on
the floor speaks another language, or nobody speaks; while only the interpreter's own language is spoken
there, the floor is carried directly and the interpreter is ducked instead. The floor carries no interpreter.
"""

from dataclasses import dataclass

import numpy as np

from mixer.audio.arrays import Flags, Gains, Names
from mixer.audio.measuring.levels import gain_of_db
from mixer.contract.names import SourceName
from mixer.contract.plan import AudioPlan, BusName, Ducking

FLOOR: BusName = "floor"
BLOCK_MS = 20
COMPLETE_MS = 900
"""Hold and release together are at most this: with what detection takes and the blocks' grid, the floor is
back within a second."""
LEAST_MS = BLOCK_MS
"""No change is faster: it would click."""
INAUDIBLE_DB = -40.0
"""Who is turned down this far on the floor doesn't count as speaking there."""


class DuckingError(ValueError):
    """A ducking that would not complete within a second, or is no ducking. ``code`` is stable."""

    code = "ducking.out-of-range"


def checked(ducking: Ducking) -> Ducking:
    """``ducking`` itself. Raises :class:`DuckingError`, which says what to change."""
    if not -60.0 <= ducking.level_db <= 0.0:
        raise DuckingError(f"a ducked level of {ducking.level_db:g} dB: give −60 … 0")
    if min(ducking.attack_ms, ducking.hold_ms, ducking.release_ms) < 0 or ducking.attack_ms > COMPLETE_MS:
        raise DuckingError(f"attack, hold and release are 0 … {COMPLETE_MS} ms")
    if ducking.hold_ms + ducking.release_ms > COMPLETE_MS:
        together = ducking.hold_ms + ducking.release_ms
        raise DuckingError(
            f"hold and release are {together} ms together: at most {COMPLETE_MS}, or the floor takes more "
            "than a second to come back"
        )
    return ducking


def within_limits(ducking: Ducking) -> Ducking:
    """``ducking``, or the nearest one that :func:`checked` accepts."""
    level = ducking.level_db if ducking.level_db == ducking.level_db else -18.0
    attack = min(max(ducking.attack_ms, 0), COMPLETE_MS)
    release = min(max(ducking.release_ms, 0), COMPLETE_MS)
    hold = min(max(ducking.hold_ms, 0), COMPLETE_MS - release)
    return Ducking(min(max(level, -60.0), 0.0), attack, hold, release)


def speaks(bus: BusName, language: str) -> bool:
    """Return whether ``language`` is spoken on that bus: RFC 4647 §3.3.1, ``en`` takes ``en-GB`` too."""
    bus, language = bus.lower(), language.lower()
    return language == bus or language.startswith(bus + "-")


@dataclass(frozen=True, slots=True)
class Roles:
    """The roles of a plan's sources. B buses, S sources, in the order of their names."""

    sources: tuple[SourceName, ...]
    buses: Names
    floor: Flags
    """(S,): on the floor, muted or not."""
    audible: Flags
    """(S,): of those, who can be heard there."""
    direct: Flags
    """(B, S): this bus carries the source in full, interpreted or not: the floor's bus, and its
    language's."""
    into: Flags
    """(B, S): interprets into this bus."""


def roles(plan: AudioPlan, sources: tuple[SourceName, ...]) -> Roles:
    """The roles of ``sources``, among them all of the plan's; an interpreter into no bus has none."""
    buses = tuple(bus.name for bus in plan.buses)
    at = {source: place for place, source in enumerate(sources)}
    floor, audible = np.zeros((2, len(sources)), np.bool_)
    direct, into = np.zeros((2, len(buses), len(sources)), np.bool_)
    for entry in plan.open:
        place = at[entry.source]
        floor[place] = True
        audible[place] = not entry.muted and entry.gain_db > INAUDIBLE_DB
        for row, bus in enumerate(buses):
            direct[row, place] = bus == FLOOR or speaks(bus, entry.language)
    for interpreter in plan.interpreters:
        if interpreter.language != FLOOR and interpreter.language in buses:
            into[buses.index(interpreter.language), at[interpreter.source]] = True
    return Roles(sources, buses, floor, audible, direct, into)


def interpreted(roles: Roles, active: Flags) -> Flags:
    """(B,): into which buses an interpreter speaks. ``active`` (S,): who speaks."""
    spoken: Flags = np.logical_or.reduce(roles.into & active, axis=1)
    return spoken


def ducked(roles: Roles, active: Flags, spoken: Flags) -> tuple[Flags, Flags]:
    """Return which floor sources are ducked in each bus (B, S), and in which buses interpreters are (B,).

    ``active`` (S,) and ``spoken`` (B,): who speaks, and into which buses an interpreter does, both held.
    """
    on_floor = active & roles.audible
    own = np.logical_or.reduce(roles.direct & on_floor, axis=1)
    other = np.logical_or.reduce(~roles.direct & on_floor, axis=1)
    return spoken[:, None] & ~roles.direct, own & ~other


def rates(ducking: Ducking) -> tuple[float, float, float]:
    """(level, down, up): the ducked factor, and by how much factors fall and rise a block at most.

    The whole way takes attack down and release up, along a straight line.
    """
    level = gain_of_db(ducking.level_db)
    way = 1.0 - level
    down, up = (
        way * BLOCK_MS / max(length_ms, LEAST_MS) for length_ms in (ducking.attack_ms, ducking.release_ms)
    )
    return level, down, up


def duck_gains(flags: Flags, level: float) -> Gains:
    """Factors for :func:`ducked`'s flags."""
    return np.where(flags, np.float32(level), np.float32(1.0))
