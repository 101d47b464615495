"""Finds who speaks, by the levels of the microphones, for places that are filled automatically. Pure: the
time is handed in, in seconds of one monotonic clock.

A person speaks while the level keeps coming :data:`ABOVE_DB` over the room's noise, with pauses of
:data:`PAUSE_S` at most. He is chosen once that has gone on for the policy's ``hold_ms``, the one before has
been there for ``least_ms``, and the one before is silent or clearly softer. A cough, a chair or a door is
over before the hold is; a seat that hums all the time is noise.
"""

from collections.abc import Collection, Mapping

import msgspec

from mixer.contract.names import SourceName, of_seat
from studio.planning.places import coming, has_auto, named, on_air
from studio.show.model import Seat, Show
from studio.show.own import Speaks

ABOVE_DB = 12.0
LOWEST_DB = -50.0
"""dBFS: nothing below is speech, however quiet the room."""
RISE_DB_S = 8.0
"""By which the noise floor rises a second; it falls at once."""
LOUDEST_NOISE_DB = -40.0
PAUSE_S = 0.8
VOICED = 0.35
"""Share of the time in which there must be a voice: coughs make no speech, however many."""
LOUDER_DB = 6.0
"""By which somebody must be louder who talks over the one chosen."""
AGAIN_S = 1.0
"""What was ordered is ordered again, if nothing came of it."""
_FOLLOW_S = 0.4
"""How fast the loudness of who speaks is followed."""
_LONGEST_STEP_S = 0.25
"""Of one level: messages may be missing."""


class _Voice(msgspec.Struct):
    """One microphone."""

    at_s: float
    noise_db: float
    since_s: float = -1.0
    """When this run of speech began; negative: none yet."""
    last_s: float = -1e9
    voiced_s: float = 0.0
    loudness_db: float = -100.0

    def heard(self, level_db: float, now_s: float) -> None:
        step_s = min(_LONGEST_STEP_S, max(0.0, now_s - self.at_s))
        self.at_s = now_s
        self.noise_db = min(level_db, self.noise_db + RISE_DB_S * step_s, LOUDEST_NOISE_DB)
        if level_db <= max(LOWEST_DB, self.noise_db + ABOVE_DB):
            return
        if now_s - self.last_s > PAUSE_S:
            self.since_s, self.voiced_s, self.loudness_db = now_s, 0.0, level_db
        else:
            self.voiced_s += step_s
            self.loudness_db += (level_db - self.loudness_db) * min(1.0, step_s / _FOLLOW_S)
        self.last_s = now_s

    def speaks(self, now_s: float) -> bool:
        return now_s - self.last_s <= PAUSE_S

    def spoken_s(self, now_s: float) -> float:
        return self.last_s - self.since_s if self.speaks(now_s) else 0.0


class Speaking:
    """Fed with levels; says whom to choose. What is kept is bounded by the seats that may be chosen."""

    def __init__(self) -> None:
        self._voices: dict[str, _Voice] = {}
        self._chosen: tuple[str, str] = ("", "")
        self._since_s = -1e9
        """When who is chosen now was."""
        self._asked_s = -1e9

    def heard(self, show: Show, levels: Mapping[SourceName, float], now_s: float) -> Speaks | None:
        """Return what is to be ordered now, if anything. ``levels``: peaks in dBFS since the last ones, by
        source (``seat/<id>``), of some of the microphones."""
        policy = show.auto_speaker
        staged = on_air(show) if policy.to == "program" else coming(show)
        if not has_auto(staged):
            self._voices.clear()
            return None
        chosen = show.speaker if policy.to == "program" else show.preview_speaker
        if (policy.to, chosen) != self._chosen:
            self._chosen, self._since_s = (policy.to, chosen), now_s
        wanted = self._wanted(show, levels, named(staged), chosen, now_s)
        if wanted in ("", chosen) or now_s - self._asked_s < AGAIN_S:
            return None
        self._asked_s = now_s
        return Speaks(wanted, policy.to)

    def _wanted(
        self,
        show: Show,
        levels: Mapping[SourceName, float],
        elsewhere: Collection[str],
        chosen: str,
        now_s: float,
    ) -> str:
        policy = show.auto_speaker
        pinned = show.seats.get(policy.pin)
        if pinned is not None and pinned.stage:
            return pinned.id
        able = {
            seat.id for seat in show.seats.values() if _may(seat, policy.exclude) and seat.id not in elsewhere
        }
        self._voices = {seat: voice for seat, voice in self._voices.items() if seat in able}
        for seat in able:
            level_db = levels.get(of_seat(seat))
            if level_db is not None:
                self._voices.setdefault(seat, _Voice(now_s, min(level_db, LOUDEST_NOISE_DB))).heard(
                    level_db, now_s
                )
        if chosen and now_s - self._since_s < policy.least_ms / 1000:
            return ""
        hold_s = policy.hold_ms / 1000
        ready = {
            seat: voice
            for seat, voice in self._voices.items()
            if (spoken_s := voice.spoken_s(now_s)) >= hold_s and voice.voiced_s >= VOICED * spoken_s
        }
        now = self._voices.get(chosen)
        if now is not None and now.speaks(now_s):
            ready = {
                seat: each for seat, each in ready.items() if each.loudness_db > now.loudness_db + LOUDER_DB
            }
        return max(ready, key=lambda seat: ready[seat].loudness_db, default="")


def _may(seat: Seat, excluded: Collection[str]) -> bool:
    return seat.stage and not seat.muted and not seat.self_muted and seat.id not in excluded
