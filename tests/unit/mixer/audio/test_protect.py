"""Interpreters' ears: jumps are capped from their first sample on, speech is left alone."""

import numpy as np
import pytest

from mixer.audio.limiter import LOOKAHEAD, LimiterBank
from mixer.audio.protect import CEILING_DB, JUMP_DB, RISE_DB_S, Protector
from mixer.contract.clock import RATE
from mixer.ipc.slot import Samples
from tests.support.media.mixing import tone
from tests.support.peers.speech import SENTENCES, speak

BLOCK = 960


def protected(sound: Samples) -> tuple[Samples, list[float]]:
    """What an interpreter hears (without the look-ahead), and the reference before each block."""
    protector, bank, out, references = Protector(), LimiterBank(), [], []
    for at in range(0, len(sound) - BLOCK + 1, BLOCK):
        block = sound[None, at : at + BLOCK]
        if at:
            references.append(protector.reference_db("booth/floor"))
        most = protector.most(block, ("booth/floor",))
        out.append(bank.process(block, ("booth/floor",), most=most)[0])
    return np.concatenate(out)[LOOKAHEAD:], references


def speech_like(db: float, seconds: float) -> Samples:
    """Noise under four syllables a second; ``db`` is its power."""
    at = np.arange(round(seconds * RATE)) / RATE
    wave = np.random.default_rng(1).standard_normal(len(at)) * np.abs(np.sin(4 * np.pi * at))
    wave *= 10 ** (db / 20) / np.sqrt((wave**2).mean())
    return np.stack((wave, wave), axis=1).astype(np.float32)


def peak_db(samples: Samples) -> float:
    return 20 * float(np.log10(max(np.abs(samples).max(), 1e-9)))


@pytest.mark.parametrize("offset", [0, 7, 500, 900])
@pytest.mark.parametrize("jump_db", [25.0, 36.0])
def test_a_jump_is_capped_from_its_first_sample(jump_db: float, offset: int) -> None:
    """Speech at −30 dBFS, then a loud tone: 9 dB over the reference, then 6 dB/s up."""
    before = 8 * RATE + offset
    burst = tone(0, RATE, 1000.0, 10 ** ((-30 + jump_db) / 20))
    out, references = protected(np.concatenate((speech_like(-30.0, 20.0)[:before], burst)))
    reference = references[before // BLOCK - 1]
    assert peak_db(burst) > reference + JUMP_DB + 3
    for first in range(0, RATE - 960, 480):
        passed = out[before + first : before + first + 480]
        allowed = reference + JUMP_DB + RISE_DB_S * (first + 480) / RATE
        assert peak_db(passed) <= min(allowed + 0.5, CEILING_DB)
    assert peak_db(out[before : before + 4800]) >= min(reference + JUMP_DB - 1, CEILING_DB - 1)


def test_speech_is_left_alone() -> None:
    """Real speech at −23 dBFS or so, after a start in silence and after ten seconds of pause: within 1 dB,
    and none of its syllables more than 3 dB down.
    """
    wave = speak(SENTENCES[:2]).wave
    wave = wave * np.float32(10 ** (-23 / 20) / np.sqrt((wave[np.abs(wave) > 0.01] ** 2).mean()))
    pause = np.random.default_rng(1).standard_normal(10 * RATE) * 1e-3
    mono = np.concatenate((np.zeros(RATE), wave, pause, wave)).astype(np.float32)
    sound = np.stack((mono, mono), axis=1)
    out, _ = protected(sound)
    sound = sound[: len(out)]
    changes = []
    for first, count in ((RATE, len(wave)), (RATE + len(wave) + len(pause), len(wave) - BLOCK)):
        heard, said = out[first : first + count], sound[first : first + count]
        assert 10 * np.log10((heard**2).mean() / (said**2).mean()) == pytest.approx(0.0, abs=1.0)
        for at in range(0, count - 4800, 4800):
            power = float((said[at : at + 4800] ** 2).mean())
            if power > 1e-4:
                changes.append(10 * np.log10((heard[at : at + 4800] ** 2).mean() / power))
    assert min(changes) > -3


def test_nothing_exceeds_the_ceiling() -> None:
    loud = tone(0, 6 * RATE, 440.0, 1.0)
    out, _ = protected(loud)
    assert peak_db(out) <= CEILING_DB + 0.01
    assert peak_db(out[-RATE:]) == pytest.approx(CEILING_DB, abs=0.2)


def test_a_long_silence_does_not_lower_what_is_allowed() -> None:
    _, references = protected(np.concatenate((speech_like(-23.0, 4.0), np.zeros((30 * RATE, 2), np.float32))))
    assert references[-1] == pytest.approx(references[210], abs=0.01)


def test_rows_are_apart() -> None:
    protector = Protector()
    loud, soft = speech_like(-15.0, 2.0), speech_like(-35.0, 2.0)
    for at in range(0, 2 * RATE, BLOCK):
        protector.most(np.stack((loud[at : at + BLOCK], soft[at : at + BLOCK])), ("a", "b"))
    expected = protector.reference_db("b")
    assert protector.reference_db("a") > expected + 5
    protector.most(soft[None, :BLOCK], ("b",))
    assert protector.reference_db("b") == pytest.approx(expected, abs=0.2)
    with pytest.raises(KeyError):
        protector.reference_db("a")


def test_a_row_of_his_own_goes_on_where_the_common_one_was() -> None:
    """Or an interpreter who speaks up in a loud show would hear it 9 dB down for a while."""
    protector, block = Protector(), tone(0, BLOCK, 440.0, 0.5)[None]
    for _ in range(250):
        protector.most(block, ("booth/floor",))
    common = protector.reference_db("booth/floor")
    assert common > -8
    both = np.concatenate((block, block))
    gains = protector.most(both, ("booth/floor own", "booth/floor"), {"booth/floor own": "booth/floor"})
    np.testing.assert_array_equal(gains[0], gains[1])
