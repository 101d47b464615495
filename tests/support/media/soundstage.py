"""Tones on a sound core: who sounds, what each bus and each listener gets, block after block."""

from collections.abc import Iterable, Mapping
from fractions import Fraction

import msgspec
import numpy as np

from mixer.audio.core import Mixed, SoundCore
from mixer.contract.clock import RATE
from mixer.contract.names import SourceName, StreamName, of_seat
from mixer.contract.plan import AudioInput, AudioPlan, Bus, Interpreter
from mixer.ipc.slot import Samples
from tests.support.media.mixing import level_db, tone

BLOCK = 960
SECOND = RATE // BLOCK
BUSES = (Bus("floor"), Bus("ko"), Bus("en"))

KO, EN, INTO_KO, INTO_EN = of_seat("ko"), of_seat("en"), of_seat("into-ko"), of_seat("into-en")
HZ = {KO: 500.0, EN: 900.0, INTO_KO: 1300.0, INTO_EN: 1700.0}
SUMMIT = AudioPlan(
    (AudioInput(KO, language="ko"), AudioInput(EN, language="en")),
    (Interpreter(INTO_KO, "ko"), Interpreter(INTO_EN, "en")),
    BUSES,
)
"""Two speakers on the floor and two interpreters."""


def floor(*sources: SourceName, buses: tuple[Bus, ...] = (Bus("floor"),), **changes: object) -> AudioPlan:
    """A plan of these sources on the floor."""
    plan = AudioPlan(tuple(AudioInput(source) for source in sources), buses=buses)
    return msgspec.structs.replace(plan, **changes)


class SoundStage:
    """Runs a core. ``sounds``: by source its pitch in Hz and its level; who isn't there is silent."""

    def __init__(self, plan: AudioPlan, streams: Iterable[StreamName] = (), fps: int = 30) -> None:
        self.core = SoundCore(Fraction(fps))
        self.plan = plan
        self.streams = frozenset(streams)
        self.black = False
        self.fade_ms = 0
        self.sounds: Mapping[str, tuple[float, float]] = {}
        self.at = 0
        self.blocks: list[Mixed] = []

    def run(self, blocks: int, **changes: object) -> "SoundStage":
        """Mix so many blocks; ``changes`` are set first: plan, streams, black, fade_ms, sounds."""
        for name, value in changes.items():
            assert hasattr(self, name)
            setattr(self, name, value)
        for _ in range(blocks):
            start = self.at

            def read(source: SourceName, start: int = start) -> tuple[Samples, int]:
                if source not in self.sounds:
                    return np.zeros((BLOCK, 2), np.float32), BLOCK
                return tone(start, BLOCK, *self.sounds[source]), BLOCK

            mixed = self.core.block(self.plan, self.black, self.streams, read, start, BLOCK, self.fade_ms)
            self.blocks.append(mixed)
            self.at += BLOCK
        return self

    def row(self, name: str, blocks: int) -> Samples:
        """A row of the last blocks; silence where it wasn't there."""
        silence = np.zeros((BLOCK, 2), np.float32)
        return np.concatenate([mixed.rows.get(name, silence) for mixed in self.blocks[-blocks:]])

    def listen(self, stream: StreamName, source: SourceName, blocks: int) -> Samples:
        """What a listener got of a stream over the last blocks; ``source`` is the listener's own, or
        empty."""
        silence = np.zeros((BLOCK, 2), np.float32)
        heard: list[Samples] = []
        for mixed in self.blocks[-blocks:]:
            feed = next(feed for feed in mixed.feeds if feed.stream == stream)
            row = feed.own.get(source, "") if source in feed.heard else feed.common
            heard.append(mixed.rows.get(row, silence))
        return np.concatenate(heard)

    def heard(self, stream: StreamName) -> tuple[str, ...]:
        """Who is heard in the last block of a stream."""
        return next(feed.heard for feed in self.blocks[-1].feeds if feed.stream == stream)


def tone_db(samples: Samples, hz: float, level: float) -> float:
    """How much louder than ``level`` a tone is, in dB."""
    return level_db(samples, hz) - 20 * float(np.log10(level))


def largest_step(samples: Samples) -> float:
    """Between two neighbouring samples of a channel."""
    return float(np.abs(np.diff(samples, axis=0)).max(initial=0.0))


def own_steps(*sounds: tuple[float, float]) -> float:
    """The largest step that so many steady tones (Hz, level) can make together."""
    return sum(2 * level * float(np.sin(np.pi * hz / RATE)) for hz, level in sounds)
