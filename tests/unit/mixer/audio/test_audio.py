"""What comes in and what listeners get: no steep edge, no own voice, talkback for whom it is meant for."""

import msgspec
import numpy as np
import pytest

from mixer.audio.balance import LINGER
from mixer.audio.inputs import Inputs
from mixer.audio.limiter import CEILING
from mixer.audio.measuring.levels import db_of_peak, gain_of_db
from mixer.audio.returns import HOLD, MAX_MINUS
from mixer.contract.clock import RATE
from mixer.contract.names import TALKBACK, SourceName, StreamName, of_seat, of_source, return_stream
from mixer.contract.plan import AudioInput, Hall, Interpreter, Monitor, Talkback
from tests.support.media.mixing import level_db, tone
from tests.support.media.soundstage import (
    BUSES,
    EN,
    INTO_EN,
    INTO_KO,
    KO,
    SUMMIT,
    SoundStage,
    floor,
    largest_step,
    own_steps,
)

BLOCK = 960


def test_a_sound_that_breaks_off_fades() -> None:
    """A writer that dies mid-block, and one that comes back, make no step either."""
    inputs, hz, blocks = Inputs(), 440.0, []
    for index, (first, last) in enumerate([(0, 960), (0, 960), (0, 500), (0, 0), (700, 960), (0, 960)]):
        sound = tone(index * BLOCK, BLOCK, hz)
        sound[:first] = 0
        sound[last:] = 0
        blocks.append(inputs.read((SourceName("a"),), {"a": (sound, last - first)}.__getitem__, BLOCK)[0])
    assert largest_step(np.concatenate(blocks)) <= 0.25 * (2 * np.pi * hz / RATE + 1 / 240) + 1e-6


def test_rubbish_from_a_slot_is_silenced() -> None:
    rubbish = np.full((BLOCK, 2), np.nan, np.float32)
    rubbish[::3] = np.inf
    sounds = {"bad": rubbish, "good": tone(0, BLOCK, 440.0)}
    block = Inputs().read((SourceName("bad"), SourceName("good")), lambda s: (sounds[s], BLOCK), BLOCK)
    np.testing.assert_allclose(block[1], sounds["good"], atol=1e-6)
    assert not block[0][0].any()
    assert np.isfinite(block).all()


def test_closed_sources_are_forgotten() -> None:
    stage = SoundStage(floor(SourceName("a"), SourceName("b"))).run(2)
    assert set(stage.blocks[-1].peaks) == {"a", "b"}
    stage.run(LINGER + 1, plan=floor(SourceName("b")))
    assert set(stage.blocks[-1].peaks) == {"b"}


RETURNS = return_stream("returns", "floor")
A, B, NOISE = of_seat("a"), of_seat("b"), of_seat("noise")


def room(**sounds: tuple[float, float]) -> SoundStage:
    """Everybody on the floor; ``a`` is ``seat/a``."""
    named = {of_seat(name): sound for name, sound in sounds.items()}
    return SoundStage(floor(*named), (RETURNS,)).run(0, sounds=named)


def test_nobody_hears_himself() -> None:
    tones = {A: (440.0, 0.3), B: (1000.0, 0.3), of_source("clip"): (2000.0, 0.1)}
    stage = SoundStage(floor(*tones), (RETURNS,)).run(70, sounds=tones)
    for own, other in ((A, 1000.0), (B, 440.0)):
        heard = stage.listen(RETURNS, own, 50)
        assert level_db(heard, other) == pytest.approx(db_of_peak(0.3), abs=0.2)
        assert level_db(heard, 2000.0) == pytest.approx(-20.0, abs=0.2)
        assert level_db(heard, tones[own][0]) < level_db(heard, other) - 60


def test_own_voice_is_absent_when_the_others_are_limited() -> None:
    stage = room(a=(440.0, 0.9), b=(1000.0, 0.9), c=(3000.0, 0.9)).run(80)
    heard = stage.listen(RETURNS, A, 50)
    assert np.abs(heard).max() <= np.float32(CEILING)
    assert level_db(heard, 440.0) < level_db(heard, 1000.0) - 60


ON = {"floor": (KO, EN), "ko": (KO, EN, INTO_KO), "en": (KO, EN, INTO_EN)}
"""Who is on which bus."""


@pytest.mark.parametrize("bus", ON)
def test_own_voice_is_absent_from_every_bus(bus: str) -> None:
    """Two speakers and two interpreters who all speak, and all listen to this bus."""
    sounds = {KO: (500.0, 0.2), EN: (900.0, 0.2), INTO_KO: (1300.0, 0.2), INTO_EN: (1700.0, 0.2)}
    plan = msgspec.structs.replace(SUMMIT, listeners=dict.fromkeys(sounds, bus))
    stage = SoundStage(plan, (StreamName(f"returns/{bus}"), StreamName(f"booth/{bus}"))).run(
        100, sounds=sounds
    )
    for source, (hz, level) in sounds.items():
        stream = StreamName(f"{'booth' if source in (INTO_KO, INTO_EN) else 'returns'}/{bus}")
        heard = stage.listen(stream, source, 50)
        assert np.abs(heard).max() > 0.05
        assert level_db(heard, hz) < db_of_peak(level) - 60
        everybody = stage.listen(stream, SourceName(""), 50)
        inside = level_db(everybody, hz) > db_of_peak(level) - 19.5
        assert inside == (source in ON[bus])


def test_who_is_not_heard_is_in_the_common_sound_on_no_packet() -> None:
    stage = room(noise=(440.0, gain_of_db(-66)), b=(1000.0, 0.3)).run(60)
    assert stage.heard(RETURNS) == (B,)
    assert level_db(stage.listen(RETURNS, NOISE, 50), 440.0) < -120


def test_a_seat_is_heard_for_two_seconds_after() -> None:
    """And on no packet of the common sound is there anything of it, to the last bit."""
    stage = room(a=(440.0, 0.3), b=(1000.0, 0.3)).run(30)
    stage.run(HOLD // BLOCK - 2, sounds={B: (1000.0, 0.3)})
    assert A in stage.heard(RETURNS)
    assert A in stage.blocks[-1].feeds[0].own
    stage.run(6)
    assert stage.heard(RETURNS) == (B,)
    assert set(stage.blocks[-1].feeds[0].own) == {B}


def test_who_becomes_quiet_is_in_the_common_sound_on_no_packet() -> None:
    """The last sound below −60 dBFS fades out of the common sound before its owner gets it."""
    quiet = {A: (440.0, gain_of_db(-61)), B: (1000.0, 0.0)}
    stage = room(a=(440.0, 0.3), b=(1000.0, 0.0)).run(30).run(HOLD // BLOCK + 10, sounds=quiet)
    assert stage.heard(RETURNS) == ()
    assert not stage.listen(RETURNS, A, HOLD // BLOCK).any()


def test_who_is_muted_is_in_the_common_sound_on_no_packet() -> None:
    stage = room(a=(440.0, 0.3)).run(30)
    stage.run(5, plan=floor(open=(AudioInput(A, muted=True),)))
    assert stage.heard(RETURNS) == ()
    assert not stage.listen(RETURNS, A, 35).any()


def test_no_step_between_common_sound_and_mix_minus() -> None:
    stage = room(a=(440.0, 0.0), b=(1000.0, 0.3)).run(20)
    stage.run(20, sounds={A: (440.0, 0.3), B: (1000.0, 0.3)})
    assert largest_step(stage.listen(RETURNS, A, 30)) <= 0.3 * 2 * np.pi * 1000 / RATE * 1.01


def test_the_loudest_get_the_mix_minuses() -> None:
    count = MAX_MINUS + 3
    tones = {of_seat(str(i)): (300.0 + 100 * i, 0.02 * (i + 1)) for i in range(count)}
    stage = SoundStage(floor(*tones), (RETURNS,)).run(40, sounds=tones)
    own = stage.blocks[-1].feeds[0].own
    alone = {source for source, row in own.items() if row.endswith(source)}
    assert alone == {f"seat/{i}" for i in range(count - MAX_MINUS, count)}
    assert set(stage.heard(RETURNS)) == set(own) == set(tones)


def test_without_a_place_the_loudest_are_heard_and_never_the_own_voice() -> None:
    """Not when places change hands, either: to the last bit."""
    count = MAX_MINUS + 2
    tones = {of_seat(str(i)): (400.0 + 100 * i, 0.05 if i < 8 else 0.01) for i in range(count)}
    stage = SoundStage(floor(*tones), (RETURNS,)).run(40, sounds=tones)
    heard = stage.listen(RETURNS, of_seat("8"), 20)
    assert level_db(heard, 400.0) == pytest.approx(db_of_peak(0.05), abs=0.2)
    tones |= {of_seat("0"): (400.0, 0.01), of_seat("8"): (1200.0, 0.2)}
    stage.run(100, sounds=tones)
    own = stage.blocks[-1].feeds[0].own
    assert own[of_seat("8")].endswith("seat/8")
    assert own[of_seat("0")] == own[of_seat("9")] == f"{RETURNS} rest"
    for source in (of_seat("0"), of_seat("8"), of_seat("9")):
        assert level_db(stage.listen(RETURNS, source, 100), tones[source][0]) < -78, source


TALK = TALKBACK


def test_talkback_is_for_those_it_is_meant_for() -> None:
    """Who is on air, and who isn't, hear it over a ducked return; nobody else does, nor the programme."""
    sounds = {A: (440.0, 0.2), B: (1000.0, 0.2), TALK: (2000.0, 0.2)}
    plan = floor(A, B, talkback=Talkback(TALK, (A, of_seat("away"))))
    stage = SoundStage(
        floor(A, B), (RETURNS, return_stream("returns", "monitor"), return_stream("returns", "hall"))
    ).run(30, sounds=sounds)
    stage.run(60, plan=plan)
    for target in (A, of_seat("away")):
        heard = stage.listen(RETURNS, target, 50)
        assert level_db(heard, 2000.0) == pytest.approx(db_of_peak(0.2), abs=0.2)
        assert level_db(heard, 1000.0) == pytest.approx(db_of_peak(0.2) - 20, abs=0.5)
    assert level_db(stage.listen(RETURNS, A, 50), 440.0) < -80
    for listener in (B, SourceName("")):
        assert level_db(stage.listen(RETURNS, listener, 50), 2000.0) < -100
    for row in ("floor", "hall", "monitor"):
        assert level_db(stage.row(row, 50), 2000.0) < -100
    stage.run(10, plan=floor(A, B))
    assert "seat/away" not in stage.heard(RETURNS)
    assert level_db(stage.listen(RETURNS, A, 5), 2000.0) < -80


def test_who_is_talked_to_has_a_place_among_louder_ones() -> None:
    tones = {of_seat(str(i)): (300.0 + 100 * i, 0.02 * (i + 1)) for i in range(MAX_MINUS + 3)}
    plan = floor(*tones, talkback=Talkback(TALK, (of_seat("0"),)))
    stage = SoundStage(plan, (RETURNS,)).run(40, sounds={**tones, TALK: (2500.0, 0.2)})
    assert level_db(stage.listen(RETURNS, of_seat("0"), 20), 2500.0) == pytest.approx(
        db_of_peak(0.2), abs=0.2
    )
    own = stage.blocks[-1].feeds[0].own
    assert len({row for row in own.values() if not row.endswith("rest")}) == MAX_MINUS


def test_talkback_to_others_in_mid_speech_has_no_edge() -> None:
    """From one listener to another, to both, to everybody: who isn't heard shares a row with others,
    and still hears it come and go over 60 ms."""
    sounds = {A: (440.0, 0.1), TALK: (600.0, 0.1)}
    stage = SoundStage(floor(A), (RETURNS,)).run(20, sounds=sounds)
    for to in ((of_seat("x"),), (of_seat("y"),), (of_seat("x"), of_seat("y")), (of_seat("x"),)):
        stage.run(20, plan=floor(A, talkback=Talkback(TALK, to)))
        for listener in (of_seat("x"), of_seat("y")):
            tail = level_db(stage.listen(RETURNS, listener, 5), 600.0)
            assert (tail > -21) == (listener in to), (to, listener)
    stage.run(20, plan=floor(A, talkback=Talkback(TALK, everybody=True))).run(20, plan=floor(A))
    most = own_steps((440.0, 0.1), (600.0, 0.1)) + 0.2 / BLOCK
    for listener in (of_seat("x"), of_seat("y"), A, SourceName("")):
        assert largest_step(stage.listen(RETURNS, listener, len(stage.blocks))) <= most, listener


def test_talkback_to_everybody_goes_on_while_it_is_black() -> None:
    sounds = {A: (440.0, 0.2), TALK: (2000.0, 0.2)}
    plan = floor(A, buses=BUSES, talkback=Talkback(TALK, everybody=True), listeners={"seat/x": "ko"})
    streams = (
        RETURNS,
        return_stream("returns", "ko"),
        return_stream("booth", "floor"),
        return_stream("returns", "monitor"),
        return_stream("returns", "hall"),
    )
    stage = SoundStage(plan, streams).run(60, sounds=sounds, black=True)
    for stream in (RETURNS, return_stream("returns", "ko"), return_stream("booth", "floor")):
        assert level_db(stage.listen(stream, SourceName(""), 40), 2000.0) == pytest.approx(
            db_of_peak(0.2), abs=0.2
        )
        assert level_db(stage.listen(stream, SourceName(""), 40), 440.0) < -80
    for row in ("floor", "hall", "monitor"):
        assert not stage.row(row, 40).any()


def test_the_hall_hears_its_bus_without_its_own_microphones() -> None:
    sounds = {A: (440.0, 0.2), B: (1000.0, 0.2), INTO_KO: (1300.0, 0.2)}
    plan = floor(A, B, buses=BUSES, interpreters=(Interpreter(INTO_KO, "ko"),), hall=Hall("ko", (A,)))
    stage = SoundStage(plan, (return_stream("returns", "hall"),)).run(80, sounds=sounds)
    heard = stage.listen(return_stream("returns", "hall"), SourceName(""), 30)
    assert not level_db(heard, 440.0) > -100
    assert level_db(heard, 1300.0) == pytest.approx(db_of_peak(0.2), abs=0.2)
    assert level_db(heard, 1000.0) == pytest.approx(db_of_peak(0.2) - 18, abs=1)
    assert stage.blocks[-1].buses == ("floor", "ko", "en", "hall")


def test_the_director_hears_whom_he_soloes_before_the_mute() -> None:
    sounds = {A: (440.0, 0.2), B: (1000.0, 0.2), "seat/c": (2000.0, 0.2)}
    inputs = (AudioInput(A, -6.0, muted=True), AudioInput(B))
    plan = floor(open=inputs, monitor=Monitor("floor", (A, of_seat("c"))), solo=(AudioInput(of_seat("c")),))
    stage = SoundStage(plan, (return_stream("returns", "monitor"),)).run(40, sounds=sounds)
    heard = stage.listen(return_stream("returns", "monitor"), SourceName(""), 20)
    assert level_db(heard, 440.0) == pytest.approx(db_of_peak(0.2) - 6, abs=0.2)
    assert level_db(heard, 2000.0) == pytest.approx(db_of_peak(0.2), abs=0.2)
    assert level_db(heard, 1000.0) < -100
    for hz, there in ((440.0, False), (1000.0, True), (2000.0, False)):
        assert (level_db(stage.row("floor", 20), hz) > -40) == there


def test_a_bus_is_as_loud_as_its_target() -> None:
    """−14 LUFS is 9 dB more than −23, for the audience; listeners in the house hear what they heard."""
    plan = floor(A, buses=(msgspec.structs.replace(BUSES[0], target_lufs=-14.0), BUSES[1]))
    stage = SoundStage(plan, (RETURNS,)).run(60, sounds={A: (440.0, 0.1)})
    assert level_db(stage.row("floor", 40), 440.0) == pytest.approx(-11.0, abs=0.2)
    assert level_db(stage.row("ko", 40), 440.0) == pytest.approx(-20.0, abs=0.2)
    assert level_db(stage.listen(RETURNS, SourceName(""), 40), 440.0) == pytest.approx(-20.0, abs=0.2)


def test_a_plan_with_rubbish_does_no_harm() -> None:
    """A source named twice, an interpreter of no bus, a monitor and a listener of a bus that went."""
    plan = floor(
        A,
        A,
        interpreters=(Interpreter(A, "floor"), Interpreter(B, "xx")),
        monitor=Monitor("xx", (of_seat("none"),)),
        hall=Hall("xx", (of_seat("none"),)),
        listeners={A: "xx"},
        talkback=Talkback(A, (A, B)),
    )
    stage = SoundStage(
        plan,
        (
            RETURNS,
            return_stream("returns", "xx"),
            StreamName("booth/"),
            return_stream("returns", "monitor"),
            StreamName("other/floor"),
        ),
    )
    stage.run(40, sounds={A: (440.0, 0.1)})
    assert level_db(stage.row("floor", 20), 440.0) == pytest.approx(-20.0, abs=0.2)
    assert {feed.stream for feed in stage.blocks[-1].feeds} == {RETURNS, "returns/monitor"}


def test_nobody_at_all_is_silence() -> None:
    """Neither before anybody came, nor after all have gone, nor in the returns."""
    stage = SoundStage(
        floor(), (RETURNS, return_stream("booth", "floor"), return_stream("returns", "monitor"))
    ).run(3)
    stage.run(3, plan=floor(A), sounds={A: (440.0, 0.2)}).run(LINGER + 3, plan=floor())
    assert stage.blocks[-1].bus_samples.shape == (2, BLOCK, 2)
    assert not stage.row("floor", 2).any()
    assert not stage.listen(RETURNS, A, 2).any()


def test_levels() -> None:
    assert db_of_peak(1.0) == pytest.approx(0)
    assert db_of_peak(0.0) == db_of_peak(float("nan")) == -100
    assert gain_of_db(float("nan")) == gain_of_db(-100) == 0
    assert gain_of_db(20) == pytest.approx(10)
