"""The sound's arithmetic: no sample over the ceiling, no click, no own voice."""

from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mixer.audio.levels import db_of_peak, gain_of_db
from mixer.audio.limiter import CEILING, LOOKAHEAD, Limiter
from mixer.audio.mix import OpenSources
from mixer.audio.returns import HOLD, MAX_MINUS, ReturnMix
from mixer.slot import RATE, Samples
from tests.mixing import level_db, tone

BLOCK = 960


def through(limiter: Limiter, samples: Samples, block: int = BLOCK) -> Samples:
    return np.concatenate([limiter.process(samples[i : i + block]) for i in range(0, len(samples), block)])


@settings(max_examples=150, deadline=None)
@given(
    hnp.arrays(
        np.float32,
        st.tuples(st.integers(1, 3000), st.just(2)),
        elements=st.floats(width=32, allow_nan=True, allow_infinity=True),
        fill=st.floats(-2, 2, width=32),
    ),
    st.integers(1, 1500),
)
def test_nothing_exceeds_the_ceiling(samples: Samples, block: int) -> None:
    out = through(Limiter(), samples, block)
    assert out.shape == samples.shape
    assert np.isfinite(out).all()
    assert np.abs(out).max(initial=0) <= np.float32(CEILING)


def test_what_is_soft_passes_unchanged() -> None:
    sound = tone(0, 9600, 440.0, 0.8)
    out = through(Limiter(), sound)
    np.testing.assert_array_equal(out[LOOKAHEAD:], sound[:-LOOKAHEAD])


def test_limiting_bends_and_does_not_clip() -> None:
    """A tone 6 dB over the ceiling keeps its form: harmonics stay 50 dB down once the gain has settled."""
    out = through(Limiter(), tone(0, RATE, 500.0, 2 * CEILING))[RATE // 2 :]
    assert level_db(out, 500.0) == pytest.approx(-1.0, abs=0.3)
    for harmonic in (1000.0, 1500.0, 2500.0):
        assert level_db(out, harmonic) < -50


def test_the_gain_comes_back() -> None:
    limiter = Limiter()
    through(limiter, tone(0, 9600, 500.0, 4.0))
    out = through(limiter, tone(0, RATE, 500.0, 0.5))[RATE // 2 :]
    assert np.abs(out).max() == pytest.approx(0.5, abs=1e-3)


def mix(
    open_sources: OpenSources, gains: Mapping[str, float], start: int, sounds: Mapping[str, float]
) -> Samples:
    """One block of the sum of tones (Hz by source) at amplitude 0.25."""
    return open_sources.mix(gains, lambda s: (tone(start, BLOCK, sounds[s]), BLOCK), BLOCK).total


@pytest.mark.parametrize("first", [{}, {"a": 1.0}, {"a": 0.5}])
@pytest.mark.parametrize("second", [{}, {"a": 1.0}, {"a": 4.0}])
def test_no_change_of_gain_clicks(first: dict[str, float], second: dict[str, float]) -> None:
    """Largest step between neighbouring samples: the tone's own and that of the 5 ms ramp."""
    sources, hz = OpenSources(), 440.0
    blocks = [mix(sources, first if i < 3 else second, i * BLOCK, {"a": hz}) for i in range(6)]
    loudest = max([*first.values(), *second.values(), 0.0]) * 0.25
    own_step = loudest * 2 * np.pi * hz / RATE
    assert (
        np.abs(np.diff(np.concatenate(blocks)[BLOCK:, 0])).max(initial=0) <= own_step + loudest / 240 + 1e-6
    )


def test_a_sound_that_breaks_off_fades() -> None:
    """A writer that dies mid-block, and one that comes back, make no step either."""
    sources, hz, blocks = OpenSources(), 440.0, []
    for index, (first, last) in enumerate([(0, 960), (0, 960), (0, 500), (0, 0), (700, 960), (0, 960)]):
        sound = tone(index * BLOCK, BLOCK, hz)
        sound[:first] = 0
        sound[last:] = 0
        got = (sound, last - first)
        blocks.append(sources.mix({"a": 1.0}, {"a": got}.__getitem__, BLOCK).total)
    steps = np.abs(np.diff(np.concatenate(blocks)[BLOCK:, 0]))
    assert steps.max() <= 0.25 * (2 * np.pi * hz / RATE + 1 / 240) + 1e-6


def test_rubbish_from_a_slot_is_silenced() -> None:
    sources = OpenSources()
    rubbish = np.full((BLOCK, 2), np.nan, np.float32)
    rubbish[::3] = np.inf
    sounds = {"bad": rubbish, "good": tone(0, BLOCK, 440.0)}
    for _ in range(2):
        total = sources.mix(dict.fromkeys(sounds, 1.0), lambda s: (sounds[s], BLOCK), BLOCK).total
    np.testing.assert_allclose(total, sounds["good"], atol=1e-6)


def test_closed_sources_are_forgotten() -> None:
    sources = OpenSources()
    silence = np.zeros((BLOCK, 2), np.float32)
    sources.mix({"a": 1.0}, lambda _: (silence, BLOCK), BLOCK)
    assert sources.mix({}, lambda _: (silence, BLOCK), BLOCK).sources == ("a",)
    assert sources.mix({}, lambda _: (silence, BLOCK), BLOCK).sources == ()


class Returns:
    """Runs mix and returns for tones; keeps what each listener would have heard."""

    def __init__(self) -> None:
        self.sources, self.returns, self.at = OpenSources(), ReturnMix(), 0
        self.heard: list[tuple[str, ...]] = []
        self.floor: list[Samples] = []
        self.minus: list[Mapping[str, Samples]] = []

    def run(self, blocks: int, tones: Mapping[str, tuple[float, float]]) -> None:
        for _ in range(blocks):
            start = self.at

            def read(source: str, start: int = start) -> tuple[Samples, int]:
                return tone(start, BLOCK, *tones[source]), BLOCK

            block = self.returns.block(self.sources.mix(dict.fromkeys(tones, 1.0), read, BLOCK), start)
            self.heard.append(block.heard)
            self.floor.append(block.floor)
            self.minus.append(block.minus)
            self.at += BLOCK

    def listen(self, source: str, blocks: int) -> Samples:
        """What ``source`` got over the last blocks."""
        return np.concatenate(
            [
                (m.get(source, np.zeros((BLOCK, 2), np.float32)) if source in h else f)
                for h, f, m in list(zip(self.heard, self.floor, self.minus, strict=True))[-blocks:]
            ]
        )


def test_nobody_hears_himself() -> None:
    room = Returns()
    tones = {"seat/a": (440.0, 0.3), "seat/b": (1000.0, 0.3), "source/clip": (2000.0, 0.1)}
    room.run(60, tones)
    for own, other in (("seat/a", 1000.0), ("seat/b", 440.0)):
        heard = room.listen(own, 50)
        assert level_db(heard, other) == pytest.approx(db_of_peak(0.3), abs=0.2)
        assert level_db(heard, 2000.0) == pytest.approx(-20.0, abs=0.2)
        assert level_db(heard, tones[own][0]) < level_db(heard, other) - 60


def test_own_voice_is_absent_when_the_others_are_limited() -> None:
    room = Returns()
    room.run(80, {"seat/a": (440.0, 0.9), "seat/b": (1000.0, 0.9), "seat/c": (3000.0, 0.9)})
    heard = room.listen("seat/a", 50)
    assert np.abs(heard).max() <= np.float32(CEILING)
    assert level_db(heard, 440.0) < level_db(heard, 1000.0) - 60


def test_who_is_not_heard_is_in_the_common_sound_on_no_packet() -> None:
    room = Returns()
    room.run(60, {"seat/noise": (440.0, gain_of_db(-66)), "seat/b": (1000.0, 0.3)})
    assert room.heard[-1] == ("seat/b",)
    assert level_db(room.listen("seat/noise", 50), 440.0) < -120


def test_a_seat_is_heard_for_two_seconds_after() -> None:
    room = Returns()
    room.run(10, {"seat/a": (440.0, 0.3), "seat/b": (1000.0, 0.3)})
    room.run(HOLD // BLOCK - 2, {"seat/a": (440.0, 0.0), "seat/b": (1000.0, 0.3)})
    assert "seat/a" in room.heard[-1]
    assert "seat/a" in room.minus[-1]
    room.run(5, {"seat/a": (440.0, 0.0), "seat/b": (1000.0, 0.3)})
    assert room.heard[-1] == ("seat/b",)
    assert set(room.minus[-1]) == {"seat/b"}


def test_no_step_between_common_sound_and_mix_minus() -> None:
    room = Returns()
    room.run(20, {"seat/a": (440.0, 0.0), "seat/b": (1000.0, 0.3)})
    room.run(20, {"seat/a": (440.0, 0.3), "seat/b": (1000.0, 0.3)})
    heard = room.listen("seat/a", 30)[:, 0]
    assert np.abs(np.diff(heard)).max() <= 0.3 * 2 * np.pi * 1000 / RATE * 1.05


def test_the_loudest_get_the_mix_minuses() -> None:
    room = Returns()
    count = MAX_MINUS + 3
    tones = {f"seat/{i}": (300.0 + 100 * i, 0.02 * (i + 1)) for i in range(count)}
    room.run(30, tones)
    assert set(room.minus[-1]) == {f"seat/{i}" for i in range(count - MAX_MINUS, count)}
    assert set(room.heard[-1]) == set(tones)
    assert not room.listen("seat/0", 10).any(), "heard, but without a place: silence, never the own voice"


def test_levels() -> None:
    assert db_of_peak(1.0) == pytest.approx(0)
    assert db_of_peak(0.0) == db_of_peak(float("nan")) == -100
    assert gain_of_db(float("nan")) == gain_of_db(-100) == 0
    assert gain_of_db(20) == pytest.approx(10)
