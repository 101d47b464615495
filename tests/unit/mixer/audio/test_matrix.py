"""The matrix of the mix: what it adds up, what it leaves out exactly, and that no change of it clicks."""

from collections.abc import Callable
from itertools import pairwise

import msgspec
import numpy as np
import pytest

from mixer.audio.matrix import mix
from mixer.contract.names import TALKBACK, SourceName, of_seat, return_stream
from mixer.contract.plan import AudioInput, AudioPlan, Bus, Ducking, Hall, Interpreter, Monitor, Talkback
from mixer.ipc.slot import Samples
from tests.support.media.mixing import tone
from tests.support.media.soundstage import BUSES, SECOND, SoundStage, floor, largest_step, own_steps

BLOCK = 960
LAG_MS = 5
A, B, FROM, TO, TALK = of_seat("a"), of_seat("b"), of_seat("i"), of_seat("j"), TALKBACK
SOUNDS = {A: (310.0, 0.1), B: (470.0, 0.1), FROM: (730.0, 0.1), TO: (1110.0, 0.1), TALK: (1510.0, 0.1)}
STREAMS = (
    return_stream("returns", "floor"),
    return_stream("returns", "ko"),
    return_stream("returns", "hall"),
    return_stream("returns", "monitor"),
    return_stream("booth", "floor"),
)
BOTH = floor(A, B, buses=BUSES)


def test_it_is_the_product() -> None:
    rng = np.random.default_rng(1)
    samples = rng.normal(size=(5, BLOCK, 2)).astype(np.float32)
    before, after = rng.random((2, 7, 5)).astype(np.float32)
    after[3] = before[3]
    rising = (np.arange(1, BLOCK + 1) / BLOCK)[:, None, None]
    gains = before + (after - before) * rising
    np.testing.assert_allclose(
        mix(samples, before, after), np.einsum("nrs,snc->rnc", gains, samples), atol=1e-4
    )


def test_blocks_join_without_a_step() -> None:
    """A gain that changes over several blocks is one line with corners, and no jump."""
    samples = np.ones((1, BLOCK, 2), np.float32)
    way = np.array([0.0, 0.3, 0.9, 0.9, 0.1, 0.1], np.float32).reshape(-1, 1, 1)
    out = np.concatenate([mix(samples, x, y)[0] for x, y in pairwise(way)])
    assert largest_step(out) == pytest.approx(0.8 / BLOCK, rel=1e-3)


def test_a_zero_adds_exactly_nothing() -> None:
    rng = np.random.default_rng(2)
    samples = rng.normal(size=(9, BLOCK, 2)).astype(np.float32)
    gains = np.ones((12, 9), np.float32)
    gains[4, 7] = 0
    loud = samples.copy()
    loud[7] *= 1e6
    np.testing.assert_array_equal(mix(samples, gains, gains)[4], mix(loud, gains, gains)[4])


def test_nothing_to_mix() -> None:
    nothing: Samples = np.zeros((0, BLOCK, 2), np.float32)
    assert mix(nothing, np.zeros((3, 0), np.float32), np.zeros((3, 0), np.float32)).shape == (3, BLOCK, 2)
    assert mix(tone(0, BLOCK, 440.0)[None], *np.zeros((2, 0, 1), np.float32)).shape == (0, BLOCK, 2)


def opened(**changes: object) -> AudioPlan:
    return msgspec.structs.replace(BOTH, **changes)


def interpreted(*interpreters: Interpreter, level_db: float = -18.0) -> AudioPlan:
    return opened(interpreters=interpreters, ducking=Ducking(level_db, 80, 500, 400))


CHANGES: dict[str, tuple[AudioPlan, AudioPlan]] = {
    "cut": (floor(A, buses=BUSES), floor(B, buses=BUSES)),
    "mute": (BOTH, opened(open=(AudioInput(A, muted=True), AudioInput(B)))),
    "gain": (BOTH, opened(open=(AudioInput(A, 6.0), AudioInput(B, -60.0)))),
    "duck": (BOTH, interpreted(Interpreter(FROM, "ko"))),
    "hand-over": (interpreted(Interpreter(FROM, "ko")), interpreted(Interpreter(TO, "ko"))),
    "other language": (interpreted(Interpreter(FROM, "ko")), interpreted(Interpreter(FROM, "en"))),
    "level": (interpreted(Interpreter(FROM, "ko")), interpreted(Interpreter(FROM, "ko"), level_db=-6.0)),
    "target": (BOTH, opened(buses=(Bus("floor", -14.0), Bus("ko", -30.0), Bus("en")))),
    "one language less": (BOTH, opened(buses=BUSES[:2])),
    "solo": (BOTH, opened(monitor=Monitor("floor", (A,)))),
    "another solo": (opened(monitor=Monitor("floor", (A,))), opened(monitor=Monitor("floor", (A, B)))),
    "solo of who is closed": (
        opened(monitor=Monitor("floor", (A,))),
        opened(monitor=Monitor("floor", (A, TO)), solo=(AudioInput(TO),)),
    ),
    "monitor": (interpreted(Interpreter(FROM, "ko")), opened(monitor=Monitor("ko"))),
    "hall": (interpreted(Interpreter(FROM, "ko")), opened(hall=Hall("ko", (B,)))),
    "talkback": (BOTH, opened(talkback=Talkback(TALK, (A, TO)))),
    "talkback to everybody": (BOTH, opened(talkback=Talkback(TALK, everybody=True))),
    "all closed": (interpreted(Interpreter(FROM, "ko")), floor(buses=BUSES)),
}
LISTENERS: dict[str, Callable[[SoundStage, int], Samples]] = {
    **{bus: lambda stage, n, bus=bus: stage.row(bus, n) for bus in ("floor", "ko", "hall", "monitor")},  # type: ignore[misc]
    "a's return": lambda stage, n: stage.listen(return_stream("returns", "floor"), A, n),
    "a visitor's return": lambda stage, n: stage.listen(return_stream("returns", "floor"), SourceName(""), n),
    "j's booth": lambda stage, n: stage.listen(return_stream("booth", "floor"), TO, n),
}


@pytest.mark.parametrize("way", ["there", "back"])
@pytest.mark.parametrize("change", CHANGES)
def test_no_change_clicks(change: str, way: str) -> None:
    """Steady tones through each change, and 1 s after it: no step larger than the tones' own."""
    first, second = CHANGES[change] if way == "there" else CHANGES[change][::-1]
    stage = SoundStage(first, STREAMS).run(23, sounds=SOUNDS)  # no tone is at a zero there
    stage.run(SECOND + 10, plan=second)
    for listener, get in LISTENERS.items():
        heard = get(stage, SECOND + 12)
        present = [sound for sound in SOUNDS.values() if _largest(heard, sound[0]) > 1e-3]
        louder = {"gain": 2.0, "target": 2.82}.get(change, 1.0)
        assert largest_step(heard) <= louder * own_steps(*present) * 1.01 + 1e-6, listener


def test_black_does_not_click() -> None:
    stage = SoundStage(BOTH, STREAMS).run(20, sounds=SOUNDS)
    stage.run(10, black=True).run(10, black=False)
    for name in ("floor", "hall", "returns/floor"):
        assert largest_step(stage.row(name, 25)) <= own_steps(SOUNDS[A], SOUNDS[B]) * 1.01
    assert not np.concatenate([mixed.rows["floor"] for mixed in stage.blocks[23:29]]).any()


def test_a_scene_opens_and_closes_in_five_pictures() -> None:
    """At 25 pictures a second 200 ms: half up in the middle, up at the end."""
    stage = SoundStage(floor(A), fps=25).run(1, sounds={A: (1000.0, 0.5)})
    stage.run(14)
    envelope = np.abs(stage.row("floor", 15)[:, 0]).reshape(-1, 48).max(axis=1) * 2
    lag = 5
    assert envelope[100 + lag] == pytest.approx(0.5, abs=0.03)
    assert envelope[190 + lag] < 0.99
    assert envelope[200 + lag + 2] == pytest.approx(1.0, abs=0.01)


def envelope_of(stage: SoundStage, blocks: int) -> Samples:
    """The floor's amplitude by the millisecond, of a tone of 1 kHz, times 2; without the limiter's lag."""
    peaks: Samples = np.abs(stage.row("floor", blocks)[:, 0]).reshape(-1, 48).max(axis=1) * 2
    return peaks[LAG_MS:]


@pytest.mark.parametrize("fade_ms", [40, 1000, 3000])
def test_a_scene_opens_and_closes_with_its_transition(fade_ms: int) -> None:
    """Also one that takes longer than a source is read that has left the plan."""
    blocks = fade_ms // 20 + 10
    stage = SoundStage(floor(B, fade_ms=fade_ms)).run(10, sounds={A: (1000.0, 0.5)})
    stage.run(blocks, plan=floor(A, fade_ms=fade_ms))
    up = envelope_of(stage, blocks)
    for share in (0.25, 0.5, 0.75):
        assert up[round(fade_ms * share)] == pytest.approx(share, abs=0.03)
    assert up[fade_ms + 2] == pytest.approx(1.0, abs=0.01)
    stage.run(blocks, plan=floor(B, fade_ms=fade_ms))
    down = envelope_of(stage, blocks)
    for share in (0.25, 0.5, 0.75):
        assert down[round(fade_ms * share)] == pytest.approx(1 - share, abs=0.03)
    assert down[fade_ms + 2] < 0.01
    assert largest_step(stage.row("floor", 2 * blocks)) <= own_steps((1000.0, 0.5)) * 1.01


def test_a_fade_is_bounded_and_another_plan_in_the_middle_of_it_makes_no_step() -> None:
    stage = SoundStage(floor(A, fade_ms=2000)).run(110, sounds={A: (1000.0, 0.5)})
    stage.run(60, plan=floor(B, fade_ms=2000))
    stage.run(45, plan=floor(B, fade_ms=4000, hall=Hall("floor", (B,))))  # 1.2 s of 2 are over
    assert envelope_of(stage, 45)[-1] == pytest.approx(0.4 - 0.9 / 4, abs=0.03)
    stage.run(60, plan=floor(B))
    assert envelope_of(stage, 40).max() < 0.01
    assert largest_step(stage.row("floor", 200)) <= own_steps((1000.0, 0.5)) * 1.01
    stage.run(5, plan=floor(A, fade_ms=10**9))
    assert envelope_of(stage, 5)[-1] == pytest.approx(100 / 30_000, abs=1e-3)


def test_the_sound_fades_to_black_with_the_picture() -> None:
    stage = SoundStage(floor(A)).run(20, sounds={A: (1000.0, 0.5)})
    stage.run(60, black=True, fade_ms=1000)
    assert envelope_of(stage, 60)[500] == pytest.approx(0.5, abs=0.03)
    assert envelope_of(stage, 60)[1002:].max() < 0.01
    stage.run(10, black=False, fade_ms=0)
    assert envelope_of(stage, 10)[22] == pytest.approx(1.0, abs=0.01), "a slate goes at once"
    assert largest_step(stage.row("floor", 70)) <= own_steps((1000.0, 0.5)) * 1.01


def _largest(samples: Samples, hz: float) -> float:
    """The largest amplitude of a tone in any quarter of a second."""
    length = 12_000
    mono = samples[: len(samples) // length * length].mean(axis=1).reshape(-1, length)
    phase = np.exp(-2j * np.pi * hz * np.arange(length) / 48_000)
    return float(np.abs(mono @ phase).max()) * 2 / length
