"""How loud a clip's channels are heard: surround, and a track with sound on one side only."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from mixer.contract.clock import RATE
from mixer.ipc.slot import Samples
from mixer.sources.clips.clip_file import look
from mixer.sources.clips.read_ahead import SoundReader
from studio.lab.harness.waiting import wait_until
from tests.support.media.material import ffmpeg

MINUS_3_DB = 2**-0.5


def heard(path: Path) -> Samples:
    """All of a clip's sound."""
    info = look(path)
    reader = SoundReader(path, info, Fraction(0), info.duration_s)
    blocks: list[Samples] = []
    try:
        while True:
            wait_until("sound or the end", lambda: reader.peek() is not None or reader.ended)
            block = reader.peek()
            if block is None:
                return np.concatenate(blocks)
            blocks.append(block.samples)
            reader.take()
    finally:
        reader.close()


def tones(path: Path, layout: str, gains: list[float], codec: str) -> Path:
    """The same tone of 1 kHz in each channel, as loud as told."""
    channels = "|".join(f"{gain}*sin(2000*PI*t)" for gain in gains)
    source = f"-f lavfi -i aevalsrc='{channels}':c={layout}:s=48000:d=0.4"
    return ffmpeg(path, f"{source} {codec}")


def levels(path: Path) -> list[float]:
    """Peaks of both sides, in the middle."""
    return [float(peak) for peak in np.abs(heard(path)[RATE // 10 : RATE * 3 // 10]).max(0)]


@pytest.mark.parametrize(
    ("channel", "left", "right"),
    [
        ("left", 1, 0),
        ("right", 0, 1),
        ("centre", MINUS_3_DB, MINUS_3_DB),
        ("bass", 0, 0),
        ("back left", MINUS_3_DB, 0),
        ("back right", 0, MINUS_3_DB),
    ],
)
@pytest.mark.parametrize("layout", ["5.1", "5.1(side)"])
def test_surround_is_mixed_down_as_itu_says(
    tmp_path: Path, layout: str, channel: str, left: float, right: float
) -> None:
    """ITU-R BS.775-3 annex 4: centre and surrounds at -3 dB; the bass effects are left out."""
    place = ["left", "right", "centre", "bass", "back left", "back right"].index(channel)
    gains = [0.4 if number == place else 0.0 for number in range(6)]
    path = tones(tmp_path / "a.mov", layout, gains, "-c:a pcm_s16le")
    assert levels(path) == pytest.approx([0.4 * left, 0.4 * right], abs=0.004)


def test_all_channels_at_full_scale_are_not_clipped(tmp_path: Path) -> None:
    """They add up to more than full scale; the programme's limiter sees to that, and needs them whole."""
    path = tones(tmp_path / "a.wav", "5.1", [0.99] * 6, "-c:a pcm_s16le")
    sound = heard(path)[RATE // 10 : RATE * 3 // 10, 0]
    assert np.abs(sound).max() == pytest.approx(0.99 * (1 + 2 * MINUS_3_DB), rel=0.01)
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound))))
    tone = round(1000 * len(sound) / RATE)
    rest = np.delete(spectrum, range(tone - 4, tone + 5))
    assert rest.max() < spectrum[tone] / 1000, "harmonics"


@pytest.mark.parametrize("side", [0, 1])
def test_sound_on_one_side_stays_there(tmp_path: Path, side: int) -> None:
    """Nobody can tell a broken cable from what is meant so."""
    gains = [0.0, 0.0]
    gains[side] = 0.5
    path = tones(tmp_path / "a.mov", "stereo", gains, "-c:a aac")
    assert look(path).tracks[0].use == "sound"
    found = levels(path)
    assert found[side] == pytest.approx(0.5, abs=0.03)
    assert found[1 - side] < 0.002
