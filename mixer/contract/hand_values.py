"""What a hand moves while it is on air: gains of sources and the T-bar. Pure.

Such values are put into a plan that is there, so that a fader's step needs no plan of its own, and everything
else of the plan stays the same object.
"""

from typing import TypeVar

import msgspec
from msgspec.structs import replace

from mixer.contract.names import SourceName
from mixer.contract.plan import AudioInput, AudioPlan, Interpreter, MixPlan

E = TypeVar("E", AudioInput, Interpreter)


class HandValues(msgspec.Struct, frozen=True, omit_defaults=True):
    """``gains``: dB, by source. ``position``: of the T-bar, 0 … 1; None where the plan's holds."""

    gains: dict[SourceName, float] = {}
    position: float | None = None


def with_values(plan: MixPlan, values: HandValues) -> MixPlan:
    """The plan with these values; itself where they change nothing. What it hasn't got is left out."""
    audio = _with_gains(plan.audio, values.gains)
    if audio is not plan.audio:
        plan = replace(plan, audio=audio)
    how = plan.transition
    if how is None or None in (values.position, how.position) or values.position == how.position:
        return plan
    return replace(plan, transition=replace(how, position=values.position))


def values_between(before: MixPlan, after: MixPlan) -> HandValues | None:
    """Return what makes ``after`` of ``before``, their revisions aside; None where values alone don't."""
    if before.canvases != after.canvases:
        return None
    gains = {
        new.source: new.gain_db
        for old, new in zip(_heard(before.audio), _heard(after.audio), strict=False)
        if old.source == new.source and old.gain_db != new.gain_db
    }
    position = None
    if before.transition is not None and after.transition is not None:
        moved = before.transition.position != after.transition.position
        position = after.transition.position if moved else position
    values = HandValues(gains, position)
    made = with_values(before, values)
    return values if replace(made, revision=after.revision) == after else None


def _heard(audio: AudioPlan) -> tuple[AudioInput | Interpreter, ...]:
    return (*audio.open, *audio.interpreters, *audio.solo)


def _with_gains(audio: AudioPlan, gains: dict[SourceName, float]) -> AudioPlan:
    def moved(each: AudioInput | Interpreter) -> bool:
        return gains.get(each.source, each.gain_db) != each.gain_db

    if not any(map(moved, _heard(audio))):
        return audio
    return replace(
        audio,
        open=tuple(_gained(each, gains) for each in audio.open),
        interpreters=tuple(_gained(each, gains) for each in audio.interpreters),
        solo=tuple(_gained(each, gains) for each in audio.solo),
    )


def _gained(each: E, gains: dict[SourceName, float]) -> E:
    gain_db = gains.get(each.source, each.gain_db)
    return each if gain_db == each.gain_db else replace(each, gain_db=gain_db)
