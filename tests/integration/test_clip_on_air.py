"""A clip from its file through its player and the mixer, into the programme's stream: picture by picture."""

import time
from pathlib import Path

import numpy as np
import pytest

from mixer.contract.clock import RATE
from mixer.contract.messages import SlotOpened
from mixer.contract.names import of_source, picture_stream, sound_stream
from mixer.contract.picture import Picture
from mixer.contract.plan import Rect, Tile
from mixer.contract.player_messages import PlayerConfig
from tests.support.media.material import beeps, make_clip, number_of
from tests.support.media.mixing import Mixer, decoded, plan_of, small_config, sound_of
from tests.support.media.players import PlayerRun

pytestmark = pytest.mark.alone

LATEST_MS, EARLIEST_MS = 45, -125
"""Of the sound against the picture: ITU-R BT.1359."""


@pytest.mark.parametrize("seconds", [4, pytest.param(60, marks=pytest.mark.soak)])
def test_no_picture_is_repeated_or_dropped_and_the_sound_is_in_step(tmp_path: Path, seconds: int) -> None:
    count = seconds * 30
    clip = make_clip(
        tmp_path / "clip.mp4",
        pictures=count,
        size=(1920, 1080) if seconds > 9 else (640, 360),
        sound=beeps,
    )
    config = small_config()
    player = PlayerConfig("x", "clip", file=str(clip), epoch_ns=config.epoch_ns)
    with (
        Mixer(config) as mixer,
        PlayerRun(player, tmp_path / "log", lambda slot, fd: mixer.send(SlotOpened(slot), (fd,))) as run,
    ):
        tap = mixer.tap(picture_stream("program"), sound_stream("floor"))
        run.wait_state("ready")
        mixer.take(plan_of(1, (Tile(Rect(0, 0, 640, 360), of_source("x")),), (of_source("x"),)))
        run.order(1, playing=True)
        run.wait_state("ended", 1, seconds + 20)
        time_ns = time.monotonic_ns()
        last = (time_ns - config.epoch_ns) * 30 // 10**9
        video = tap.wait(picture_stream("program"), lambda packets: packets[-1].pts > last)
        audio = tap.wait(sound_stream("floor"), lambda packets: packets[-1].pts * 30 > last * RATE)
        header = tap.headers(picture_stream("program"))[0]
        sound_header = tap.headers(sound_stream("floor"))[0]
        late = mixer.reports()[-1].late_ticks
    frames = decoded(video, "h264", header)
    seen = [(int(frame.pts or 0), number_of(luma(frame))) for frame in frames]
    playing = [(tick, number) for tick, number in seen if 0 < number < count - 1]
    assert run.last.late == 0
    # Each tick has the clip's next picture, whatever this machine was late with.
    if not late:
        assert [number for _, number in playing] == list(range(1, count - 1))
    assert {tick - number for tick, number in playing} == {playing[0][0] - playing[0][1]}

    start, samples = sound_of(audio, "aac", sound_header)
    loud = np.flatnonzero(np.abs(samples[:, 0]) > 0.05)
    begins = [int(each) for each, gap in zip(loud[1:], np.diff(loud), strict=True) if gap > RATE // 2]
    flashes = {tick: number for tick, number in playing if number % 30 == 0}
    offsets = [
        1000 * ((start + each) / RATE - tick / 30)
        for each in begins
        for tick in flashes
        if abs((start + each) / RATE - tick / 30) < 0.5
    ]
    assert len(offsets) >= seconds - 2
    assert all(EARLIEST_MS < -offset < LATEST_MS for offset in offsets), offsets
    assert max(map(abs, offsets)) < 10, offsets


def luma(frame: object) -> Picture:
    plane = frame.to_ndarray(format="gray")  # type: ignore[attr-defined]
    return Picture(plane, plane[:1], plane[:1])
