"""Who is heard in which bus: two speakers, two interpreters, in every combination of who speaks."""

from itertools import product

import msgspec
import numpy as np
import pytest

from mixer.audio.interpret import DuckingError, checked, speaks, within_limits
from mixer.contract.names import SourceName, of_seat
from mixer.contract.plan import AudioInput, AudioPlan, Ducking, Interpreter
from tests.support.media.mixing import level_db
from tests.support.media.soundstage import (
    BUSES,
    EN,
    HZ,
    INTO_EN,
    INTO_KO,
    KO,
    SECOND,
    SUMMIT,
    SoundStage,
    tone_db,
)

LEVEL = 0.1
DUCKED = -18.0
ABSENT = -100.0
WITHIN = 0.5
DUCKED_WITHIN = 1.0
QUARTER = SECOND // 4


def expected(bus: str, who: frozenset[str]) -> dict[SourceName, float]:
    """dB by source, of those who speak, by the issue's words."""
    if bus == "floor":
        return {KO: 0.0, EN: 0.0, INTO_KO: ABSENT, INTO_EN: ABSENT}
    own, other, mine, theirs = (KO, EN, INTO_KO, INTO_EN) if bus == "ko" else (EN, KO, INTO_EN, INTO_KO)
    return {
        own: 0.0,
        other: DUCKED if mine in who else 0.0,
        mine: DUCKED if own in who and other not in who else 0.0,
        theirs: ABSENT,
    }


def check(stage: SoundStage, who: frozenset[str]) -> None:
    """The last quarter of a second of every bus is as it should be."""
    for bus in ("floor", "ko", "en"):
        samples = stage.row(bus, QUARTER)
        for source, wanted in expected(bus, who).items():
            got = tone_db(samples, HZ[source], LEVEL)
            if source not in who or wanted == ABSENT:
                assert got < -60, f"{source} on {bus} while {sorted(who)} speak"
            else:
                within = WITHIN if wanted == 0 else DUCKED_WITHIN
                assert got == pytest.approx(wanted, abs=within), f"{source} on {bus}: {sorted(who)}"


def speaking(who: frozenset[SourceName]) -> dict[str, tuple[float, float]]:
    return {source: (HZ[source], LEVEL) for source in who}


COMBINATIONS = [
    frozenset(source for source, on in zip(HZ, flags, strict=True) if on)
    for flags in product((False, True), repeat=4)
]


@pytest.mark.parametrize("before", [frozenset[str](), frozenset(HZ)], ids=["from silence", "from all"])
@pytest.mark.parametrize("who", COMBINATIONS, ids=lambda who: "+".join(s[5:] for s in sorted(who)) or "none")
def test_every_combination_is_complete_within_a_second(
    before: frozenset[SourceName], who: frozenset[SourceName]
) -> None:
    stage = SoundStage(SUMMIT)
    stage.run(SECOND, sounds=speaking(before))
    stage.run(SECOND + QUARTER, sounds=speaking(who))
    check(stage, who)


def test_the_floor_comes_back_when_the_interpreter_is_gone() -> None:
    """Be it that the sound ends, or that the microphone closes."""
    for closes in (False, True):
        stage = SoundStage(SUMMIT).run(SECOND, sounds=speaking(frozenset({EN, INTO_KO})))
        assert tone_db(stage.row("ko", QUARTER), HZ[EN], LEVEL) == pytest.approx(DUCKED, abs=1)
        if closes:
            stage.plan = msgspec.structs.replace(SUMMIT, interpreters=SUMMIT.interpreters[1:])
        stage.run(SECOND, sounds=speaking(frozenset({EN})))
        stage.run(QUARTER)
        assert tone_db(stage.row("ko", QUARTER), HZ[EN], LEVEL) == pytest.approx(0, abs=0.1)


def test_a_hand_over_does_not_let_the_floor_up_in_between() -> None:
    """The partner begins to speak 0.3 s after the microphones changed over."""
    partner = of_seat("partner")
    plan = msgspec.structs.replace(SUMMIT, interpreters=(Interpreter(partner, "ko"),))
    sounds = speaking(frozenset({EN, INTO_KO}))
    stage = SoundStage(SUMMIT).run(SECOND, sounds=sounds)
    stage.run(15, plan=plan).run(SECOND, sounds={**sounds, partner: (2100.0, LEVEL)})
    for begin in range(0, SECOND, 5):
        five = np.concatenate([mixed.rows["ko"] for mixed in stage.blocks[SECOND + begin :][:5]])
        assert tone_db(five, HZ[EN], LEVEL) < DUCKED + 2
    assert tone_db(stage.row("ko", QUARTER), 2100.0, LEVEL) == pytest.approx(0, abs=0.2)
    assert tone_db(stage.row("ko", QUARTER), HZ[INTO_KO], LEVEL) < -60


def test_an_unknown_language_gives_way_everywhere() -> None:
    plan = AudioPlan((AudioInput(of_seat("x")),), SUMMIT.interpreters, BUSES)
    sounds = {"seat/x": (500.0, LEVEL), INTO_KO: (HZ[INTO_KO], LEVEL)}
    stage = SoundStage(plan).run(2 * SECOND, sounds=sounds)
    assert tone_db(stage.row("ko", QUARTER), 500.0, LEVEL) == pytest.approx(DUCKED, abs=1)
    assert tone_db(stage.row("en", QUARTER), 500.0, LEVEL) == pytest.approx(0, abs=0.5)


def test_two_open_interpreters_are_mixed() -> None:
    interpreters = (Interpreter(of_seat("i"), "ko"), Interpreter(of_seat("j"), "ko", gain_db=-6.0))
    plan = msgspec.structs.replace(SUMMIT, interpreters=interpreters)
    stage = SoundStage(plan).run(SECOND, sounds={"seat/i": (1300.0, LEVEL), "seat/j": (1700.0, LEVEL)})
    assert tone_db(stage.row("ko", QUARTER), 1300.0, LEVEL) == pytest.approx(0, abs=0.5)
    assert tone_db(stage.row("ko", QUARTER), 1700.0, LEVEL) == pytest.approx(-6, abs=0.5)
    assert not stage.row("floor", QUARTER).any()


def test_a_muted_speaker_is_not_speaking() -> None:
    """An interpreter isn't ducked for one who is muted."""
    plan = msgspec.structs.replace(SUMMIT, open=(AudioInput(KO, language="ko", muted=True),))
    stage = SoundStage(plan).run(SECOND, sounds=speaking(frozenset({KO, INTO_KO})))
    assert tone_db(stage.row("ko", QUARTER), HZ[INTO_KO], LEVEL) == pytest.approx(0, abs=0.2)
    assert level_db(stage.row("ko", QUARTER), HZ[KO]) < -100


def test_languages_match_by_their_prefix() -> None:
    assert speaks("en", "en-GB")
    assert speaks("pt-BR", "pt-br")
    assert not speaks("en", "enm")
    assert not speaks("en-GB", "en")
    assert not speaks("ko", "")


@pytest.mark.parametrize(
    "ducking",
    [
        Ducking(level_db=3.0),
        Ducking(level_db=float("nan")),
        Ducking(hold_ms=600, release_ms=400),
        Ducking(attack_ms=-1),
        Ducking(attack_ms=2000),
    ],
)
def test_what_would_take_more_than_a_second_is_refused(ducking: Ducking) -> None:
    with pytest.raises(DuckingError):
        checked(ducking)
    checked(within_limits(ducking))


def test_the_default_ducking_is_accepted() -> None:
    assert checked(Ducking()) == within_limits(Ducking()) == Ducking()
