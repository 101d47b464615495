"""Sound and picture of one guest, from the WebRTC sender to what an RTMP ingest received: flash and beep."""

import itertools
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from signaling.rtc.synthetic.loops import BEEP_HZ, flash_area
from studio.planning.layout import solve
from tests.support.ingest import RtmpIngest
from tests.support.media import probe
from tests.support.running import running_studio, wait_until

pytestmark = pytest.mark.alone

SOUND_EARLY_S, SOUND_LATE_S = 0.045, 0.125
"""Detectability, ITU-R BT.1359-1: sound may be 45 ms early or 125 ms late."""


def flash_times_s(path: Path) -> list[float]:
    (tile,) = solve("solo", 1, 1920, 1080)
    rows, columns = flash_area(tile.w, tile.h)
    lit = [(time_s, picture[rows, columns].mean() > 150) for time_s, picture in probe.pictures(path, 2.0)]
    return [now for (_, before), (now, on) in itertools.pairwise(lit) if on and not before]


def beep_times_s(path: Path) -> list[float]:
    """Onsets of the beep: 5 ms windows that are 20 dB louder at its pitch than 100 ms before."""
    start_s, rate, samples = probe.sound(path)
    step = rate // 200
    time = np.arange(step) / rate
    phase = np.exp(-2j * np.pi * BEEP_HZ * time)
    windows = samples.mean(axis=0)[: samples.shape[1] // step * step].reshape(-1, step)
    level = np.abs(windows @ phase) / step
    loud = level > 0.05
    onsets = [n for n in np.flatnonzero(loud) if n >= 20 and not loud[n - 20 : n].any()]
    return [start_s + n * step / rate for n in onsets]


@pytest.mark.e2e
def test_a_guests_sound_and_picture_are_on_the_stream_together(tmp_path: Path) -> None:
    with RtmpIngest(tmp_path) as ingest, running_studio(tmp_path / "data", light=False) as studio:
        guest = subprocess.Popen(
            [sys.executable, "-m", "studio", "rehearse", "--data", str(studio.data), "--guests", "1"],
            stdout=subprocess.DEVNULL,
        )
        try:
            wait_until(
                "the guest is on stage",
                lambda: studio.status("seats", "rehearsal-1", "state") == "ready" or None,
                30,
            )
            places = [{"seat": "rehearsal-1"}]
            canvases = {"program": {"layout": "solo", "places": places}}
            studio.do("scene.create", scene="solo", canvases=canvases)
            studio.do("program.cut", scene="solo")
            wait_until("with a picture", lambda: studio.status("seats", "rehearsal-1", "fps") or None, 10)
            studio.do(
                "output.create", output="ingest", url=ingest.url("live/key"), rendition="program", bus="floor"
            )
            studio.do("output.start", output="ingest")
            wait_until(
                "twelve seconds of stream", lambda: ingest.received_bytes() > 12 * 6_000_000 // 8 or None, 40
            )
            studio.do("output.stop", output="ingest")
            wait_until(
                "the stream is finished", lambda: studio.status("outputs", "ingest", "state") == "stopped"
            )
        finally:
            guest.terminate()
            guest.wait(10)
        (stream,) = ingest.recordings()
    flashes, beeps = flash_times_s(stream), beep_times_s(stream)
    offsets = [min((beep - flash for beep in beeps), key=abs) for flash in flashes[:-1]]
    print("sound after picture, ms:", [round(1000 * offset) for offset in offsets])
    assert len(offsets) >= 5
    assert all(-SOUND_EARLY_S < offset < SOUND_LATE_S for offset in offsets), offsets
