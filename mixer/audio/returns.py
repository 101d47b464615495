"""What guests hear: the floor without the own voice for those who are heard, one sound for all others.

A seat is *heard* from the block in which its part of the floor first exceeds −60 dBFS until 2 s after the
last. A seat's part that is not heard is left out of the returns altogether (with the usual fades), so that
whoever gets the common sound is in it on no packet, not even as a room's noise.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from mixer.audio.levels import gain_of_db
from mixer.audio.limiter import LOOKAHEAD, Limiter
from mixer.audio.mix import Mixed, ramp
from mixer.plan import SourceId
from mixer.slot import RATE, Samples

HEARD_DB = -60.0
HOLD = 2 * RATE
"""Samples for which a seat counts as heard after it was."""
MAX_MINUS = 8
"""Mix-minuses at once."""
DISPLACE = 2.0
"""How much louder (a factor; 6 dB) a newcomer must be to take a place when all are taken."""

_THRESHOLD = gain_of_db(HEARD_DB)
_DECAY = 0.93
"""Of a seat's loudness a block: it follows a talker within a second."""


@dataclass(frozen=True, slots=True)
class Returned:
    """One block of the returns, limited: each lags the mix by the limiter's look-ahead."""

    floor: Samples
    heard: tuple[SourceId, ...]
    minus: Mapping[SourceId, Samples]


@dataclass(slots=True)
class _Heard:
    until: int
    loudness: float = 0.0
    gate: float = 0.0
    """Factor of its part in the returns at the end of the last block: 0 or 1."""


@dataclass(slots=True)
class ReturnMix:
    """Decides who is heard and mixes the returns, block after block."""

    max_minus: int = MAX_MINUS
    _heard: dict[SourceId, _Heard] = field(default_factory=dict)
    _minus: dict[SourceId, Limiter] = field(default_factory=dict)
    _floor: Limiter = field(default_factory=Limiter)
    _before: Samples | None = None

    def block(self, mixed: Mixed, start: int) -> Returned:
        """Mix one block, which begins at sample number ``start`` (any origin; it only goes on)."""
        self._listen(mixed, start)
        common = mixed.total
        own: dict[SourceId, Samples] = {}
        for source, part in zip(mixed.sources, mixed.parts, strict=True):
            if not source.startswith("seat/"):
                continue
            state = self._heard.get(source)
            if state is None:
                common = common - part
                continue
            gate = 1.0 if start < state.until else 0.0
            if gate == state.gate == 1.0:
                own[source] = part
            else:
                own[source] = part * ramp(state.gate, gate, len(part))
                common = common - (part - own[source])
                state.gate = gate
        self._place()
        minuses = {
            source: limiter.process(common - own[source] if source in own else common)
            for source, limiter in self._minus.items()
        }
        heard = tuple(self._heard)
        for source in [s for s, state in self._heard.items() if state.until <= start]:
            del self._heard[source]
        self._before = common[-LOOKAHEAD:]
        return Returned(self._floor.process(common), heard, minuses)

    def _listen(self, mixed: Mixed, start: int) -> None:
        for state in self._heard.values():
            state.loudness *= _DECAY
        for source in mixed.sources:
            peak = mixed.peaks[source]
            if peak > _THRESHOLD and source.startswith("seat/"):
                state = self._heard.setdefault(source, _Heard(0))
                state.until = start + HOLD
                state.loudness = max(state.loudness, peak)

    def _place(self) -> None:
        """Give the places to the loudest of the heard; who has one keeps it against slightly louder ones."""
        ranked = sorted(
            self._heard,
            key=lambda s: self._heard[s].loudness * (DISPLACE if s in self._minus else 1.0),
            reverse=True,
        )[: self.max_minus]
        self._minus = {source: self._minus.get(source) or Limiter(before=self._before) for source in ranked}
