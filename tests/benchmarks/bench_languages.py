"""Languages over time: are sound and picture of every output and recording still together, and how long is an
interpreter's voice on its way to the bus?

``python -m tests.benchmarks.bench_languages [--seconds 600]``: a guest flashes and beeps, both language
streams go to nginx, and two recordings (the programme with all buses, the clean feed) run beside them; looked
at are the last seconds of each. An interpreter speaks now and then, and somebody who listens to that language
notes when it comes.
"""

import argparse
import asyncio
import contextlib
import statistics
import tempfile
import time
from pathlib import Path

import av
import numpy as np
from av.audio.codeccontext import AudioCodecContext

from signaling.rtc.synthetic.client import Counter, LoopPlayer, RehearsalGuest
from signaling.rtc.synthetic.loops import make_loop
from signaling.rtc.transport.rtp import Rtp
from studio.lab.harness.running import RunningStudio, running_studio
from studio.lab.harness.visit import visit
from studio.lab.harness.waiting import wait_until
from tests.e2e.test_lip_sync import beep_times_s, flash_times_s
from tests.support.ingest import RtmpIngest
from tests.support.media import probe
from tests.support.peers.voices import LEVEL, Voice

LANGUAGES = ("ko", "en")
LOOK_S = 20.0
VOICE_HZ = 2600.0
_CONFIG = "[renditions.program]\nbitrate = 1500000\n"


class Listener:
    """Notes when it gets loud."""

    def __init__(self) -> None:
        decoder = av.CodecContext.create("libopus", "r")
        assert isinstance(decoder, AudioCodecContext)
        self._decoder = decoder
        self._decoder.sample_rate = 48_000
        self._decoder.layout = "stereo"
        self._loud = False
        self.onsets_ns: list[int] = []

    def take(self, packet: Rtp, codec: str, now_ns: int) -> None:
        for frame in self._decoder.decode(av.Packet(packet.payload)):
            wave = frame.to_ndarray().ravel().astype(np.float64)
            wave /= 32768 if np.abs(wave).max(initial=0) > 2 else 1
            at = 2 * np.pi * VOICE_HZ * np.arange(0, len(wave) // 2) / 48_000
            # the guest's beep has another pitch, and no edges under this window
            level = abs(np.dot(wave[::2] * np.hanning(len(at)), np.exp(-1j * at))) / len(at) * 4
            loud = level > LEVEL / 4
            if loud and not self._loud:
                self.onsets_ns.append(now_ns)
            self._loud = loud


def _prepare(studio: RunningStudio, ingest: RtmpIngest) -> dict[str, str]:
    studio.do("booth.create", booth="booth", title="Booth", languages=["ko", "en"])
    links = {
        "guest": studio.invite("guest", name="Guest", language="en"),
        "interpreter": studio.invite("interpreter", name="Interpreter", role="interpreter", booth="booth"),
        "listener": studio.invite("listener", name="Listener", language="ko"),
    }
    studio.do("seat.update", seat="listener", listen="ko")
    studio.do("seat.admit", seat="guest")
    places = [{"seat": "guest"}]
    studio.do("scene.create", scene="solo", canvases={"program": {"layout": "solo", "places": places}})
    studio.do("program.cut", scene="solo")
    for bus in LANGUAGES:
        url = ingest.url(f"live/{bus}")
        studio.do("output.create", output=bus, url=url, rendition="program", bus=bus)
    studio.do("output.create", output="vod", recording=True, rendition="program", buses=["floor", *LANGUAGES])
    studio.do("output.create", output="clean", recording=True, rendition="clean", buses=["floor"])
    return links


def _all(studio: RunningStudio, state: str) -> bool | None:
    return all(studio.status("outputs", o, "state") == state for o in (*LANGUAGES, "vod", "clean")) or None


async def _speak(voice: Voice, seconds: float) -> list[int]:
    """Half a second every two; when its first packet was sent each time."""
    spoken: list[int] = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        voice.begin()
        await asyncio.sleep(0.5)
        voice.speaking = False
        if voice.began_ns is not None:
            spoken.append(voice.began_ns)
        await asyncio.sleep(1.5)
    return spoken


async def _run(studio: RunningStudio, links: dict[str, str], seconds: float) -> list[float]:
    player, listener, voice = LoopPlayer(), Listener(), Voice(VOICE_HZ)
    playing = asyncio.create_task(player.run())
    media = make_loop("Guest", 0.3, seconds=4)
    people = {
        "guest": ("guest", RehearsalGuest(media, player)),
        "interpreter": ("booth", RehearsalGuest(voice, player, camera=False)),
        "listener": ("guest", RehearsalGuest(Voice(700), player, audio=Counter(listener.take))),
    }
    async with contextlib.AsyncExitStack() as visits:
        for name, (kind, guest) in people.items():
            await visits.enter_async_context(visit(links[name], kind, guest))

        def there() -> bool | None:
            return all(studio.status("seats", s, "connection") == "connected" for s in people) or None

        await asyncio.to_thread(wait_until, "everybody is there", there, 30)
        for output in (*LANGUAGES, "vod", "clean"):
            await asyncio.to_thread(studio.do, "output.start", output=output)
        await asyncio.to_thread(wait_until, "all outputs live", lambda: _all(studio, "live"), 30)
        await asyncio.to_thread(
            studio.do, "booth.speak", booth="booth", on=True, seat="interpreter", into="ko"
        )
        await asyncio.sleep(2.0)  # for the plan, and for the microphone's delay to settle
        listener.onsets_ns.clear()
        spoken = await _speak(voice, min(30.0, seconds / 2))
        await asyncio.to_thread(studio.do, "booth.speak", booth="booth", on=False, seat="interpreter")
        await asyncio.sleep(max(LOOK_S + 2.0, seconds - 30.0))
        for output in (*LANGUAGES, "vod", "clean"):
            await asyncio.to_thread(studio.do, "output.stop", output=output)
        await asyncio.to_thread(wait_until, "all outputs stopped", lambda: _all(studio, "stopped"), 30)
    playing.cancel()
    heard = listener.onsets_ns
    return [min(h - s for h in heard if h > s) / 1e6 for s in spoken if any(h > s for h in heard)]


def _tail(path: Path, track: int, folder: Path) -> Path:
    """The last seconds of a file with one sound track, packets copied."""
    out = folder / f"{path.stem}-{track}.mkv"
    with av.open(path) as source, av.open(out, "w") as target:
        end_s = probe.duration_s(path)
        kept = [source.streams.video[0], source.streams.audio[track]]
        streams = {s.index: target.add_stream_from_template(s) for s in kept}
        began = False
        for packet in source.demux(kept):
            if packet.pts is None or float(packet.pts * packet.time_base) < end_s - LOOK_S:
                continue
            began |= packet.stream.type == "video" and packet.is_keyframe
            if began:
                packet.stream = streams[packet.stream.index]
                target.mux(packet)
    return out


def _offsets_ms(path: Path) -> list[float]:
    beeps = beep_times_s(path)
    return [1000 * min((b - flash for b in beeps), key=abs) for flash in flash_times_s(path)[1:-1]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=600.0)
    seconds = parser.parse_args().seconds
    with tempfile.TemporaryDirectory() as folder_name:
        folder = Path(folder_name)
        with RtmpIngest(folder) as ingest, running_studio(folder / "data", config=_CONFIG) as studio:
            links = _prepare(studio, ingest)
            delays = asyncio.run(_run(studio, links, seconds))
            late = studio.status("mixer", "late_ticks")
            received = {path.stem.split("-")[0]: path for path in ingest.recordings()}
            recorded = {p.stem.split("-")[0]: p for p in (studio.data / "recordings").glob("*.mkv")}
        files = {bus: (received[bus], 0) for bus in LANGUAGES}
        files |= {f"vod, track {n}": (recorded["vod"], n) for n in range(3)}
        files["clean"] = (recorded["clean"], 0)
        means = {}
        print(f"after {seconds:.0f} s, late ticks {late}; sound after picture, ms (limits -45 … +125):")
        for name, (path, track) in files.items():
            offsets = _offsets_ms(_tail(path, track, folder))
            means[name] = statistics.mean(offsets)
            print(f"  {name:14} {min(offsets):6.1f} … {max(offsets):6.1f}, mean {means[name]:6.1f}")
        print(f"the two language streams apart: {abs(means['ko'] - means['en']):.1f} ms (limit 40)")
        ordered = sorted(delays)

        middle, most = statistics.median(ordered), ordered[-1]
        print(
            f"interpreter's first packet out → bus at a listener, ms: median {middle:.0f}, most {most:.0f}"
            f" of {len(ordered)} (limit 150)"
        )


if __name__ == "__main__":
    main()
