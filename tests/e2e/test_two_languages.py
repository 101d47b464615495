"""Who is heard on which language stream, as nginx received it: two speakers and two interpreters, each with
a tone of his own, in every combination of who speaks."""

import asyncio
import contextlib
import time
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from signaling.rtc.synthetic.client import LoopPlayer, RehearsalGuest
from studio.lab.harness.visit import visit
from tests.support.ingest import RtmpIngest
from tests.support.media import probe
from tests.support.peers.voices import LEVEL, Voice
from tests.support.running import RunningStudio, running_studio, wait_until

pytestmark = pytest.mark.alone

KOREAN, ENGLISH, INTO_EN, INTO_KO = "korean", "english", "into-en", "into-ko"
HZ = {KOREAN: 500.0, ENGLISH: 800.0, INTO_EN: 1150.0, INTO_KO: 1700.0}
DUCKED_DB = -18.0
SWITCH_S = 1.0
WINDOW_S = 0.25
STREAMS = ("ko", "en")


def wanted_db(bus: str, on: frozenset[str]) -> dict[str, float]:
    """Level of each who speaks on a language's stream, against their own; who is not in it is not heard."""
    own, other, into, away = (
        (KOREAN, ENGLISH, INTO_KO, INTO_EN) if bus == "ko" else (ENGLISH, KOREAN, INTO_EN, INTO_KO)
    )
    levels = {own: 0.0}
    if into in on:
        levels[other] = DUCKED_DB
        # the floor speaks this very language: it is carried directly
        levels[into] = DUCKED_DB if own in on and other not in on else 0.0
    else:
        levels[other] = 0.0
    return {who: level for who, level in levels.items() if who in on and who != away}


def _combinations() -> list[frozenset[str]]:
    """All sixteen, each one person apart from the one before (Gray's code); the first is silence."""
    people = list(HZ)
    codes = [number ^ number >> 1 for number in range(16)]
    return [frozenset(p for bit, p in enumerate(people) if code >> bit & 1) for code in codes]


def _languages(studio: RunningStudio, urls: dict[str, str]) -> dict[str, str]:
    """Seats, booths, a scene on air and one output a language; the links by name."""
    for booth in ("one", "two"):
        studio.do("booth.create", booth=booth, title=booth, languages=["ko", "en"])
    links = {
        KOREAN: studio.invite(KOREAN, name="Korean", language="ko"),
        ENGLISH: studio.invite(ENGLISH, name="English", language="en"),
        INTO_EN: studio.invite(INTO_EN, name="Into English", role="interpreter", booth="one"),
        INTO_KO: studio.invite(INTO_KO, name="Into Korean", role="interpreter", booth="two"),
    }
    for seat in (KOREAN, ENGLISH):
        studio.do("seat.admit", seat=seat)
    places = [{"seat": KOREAN}, {"seat": ENGLISH}]
    studio.do("scene.create", scene="talk", canvases={"program": {"layout": "duo", "places": places}})
    studio.do("program.cut", scene="talk")
    for bus, url in urls.items():
        studio.do("output.create", output=f"youtube-{bus}", url=url, rendition="program", bus=bus)
        studio.do("output.start", output=f"youtube-{bus}")
    return links


def _connected(studio: RunningStudio) -> bool:
    return all(studio.status("seats", seat, "connection") == "connected" for seat in HZ)


def _are(studio: RunningStudio, state: str) -> bool:
    return all(studio.status("outputs", f"youtube-{bus}", "state") == state for bus in STREAMS)


async def _until(what: str, holds: object, *arguments: object) -> None:
    await asyncio.to_thread(wait_until, what, lambda: holds(*arguments) or None, 30.0)  # type: ignore[operator]


async def _speak_in_turns(voices: dict[str, Voice]) -> list[tuple[float, frozenset[str]]]:
    """When each combination began, in seconds after the first, a second of everybody; then the sixteen."""
    begun = time.monotonic()
    steps: list[tuple[float, frozenset[str]]] = []
    for people in (frozenset(HZ), *_combinations()):
        steps.append((time.monotonic() - begun, people))
        for name, voice in voices.items():
            voice.speaking = name in people
        await asyncio.sleep(SWITCH_S + WINDOW_S + 0.05)
    for voice in voices.values():
        voice.speaking = False
    await asyncio.sleep(1.0)
    return steps


def _onset_s(samples: NDArray[np.float32], rate: int) -> float:
    """When the silence before everybody ends."""
    loud = np.flatnonzero(np.abs(samples).max(axis=0) > LEVEL / 2)
    return float(loud[0]) / rate


def _levels(samples: NDArray[np.float32], rate: int, at_s: float) -> dict[str, float]:
    window = samples[:, round(at_s * rate) : round((at_s + WINDOW_S) * rate)]
    full_db = 20 * np.log10(LEVEL)
    return {name: probe.tone_db(window, rate, hz) - full_db for name, hz in HZ.items()}


def _complaints(
    bus: str, stream: Path, steps: Iterable[tuple[float, frozenset[str]]]
) -> list[tuple[str, list[str], str, float, float]]:
    """Levels that are wrong: the bus, who speaks, whose level, what it is and what it was to be."""
    _, rate, samples = probe.sound(stream)
    begin_s = _onset_s(samples, rate)
    wrong = []
    for step_s, people in steps:
        levels = _levels(samples, rate, begin_s + step_s + SWITCH_S)
        wanted = wanted_db(bus, people)
        for who, level in levels.items():
            target = wanted.get(who)
            fine = level < -45.0 if target is None else abs(level - target) <= 1.0
            if not fine:
                wrong.append(
                    (bus, sorted(people), who, round(level, 1), target if target is not None else -99)
                )
    return wrong


async def _drive(
    studio: RunningStudio, links: dict[str, str], voices: dict[str, Voice]
) -> list[tuple[float, frozenset[str]]]:
    """Everybody comes, the interpreters open, all speak in turns, and the streams end."""
    player = LoopPlayer()
    playing = asyncio.create_task(player.run())
    async with contextlib.AsyncExitStack() as visits:
        for name, voice in voices.items():
            interprets = name in (INTO_EN, INTO_KO)
            guest = RehearsalGuest(voice, player, camera=not interprets)
            await visits.enter_async_context(visit(links[name], "booth" if interprets else "guest", guest))
        await _until("everybody is there", _connected, studio)
        await asyncio.to_thread(studio.do, "booth.speak", booth="one", on=True, seat=INTO_EN, into="en")
        await asyncio.to_thread(studio.do, "booth.speak", booth="two", on=True, seat=INTO_KO, into="ko")
        await _until("both streams are live", _are, studio, "live")
        await asyncio.sleep(1.0)  # of silence on the streams: the onset of everybody is told by it
        steps = await _speak_in_turns(voices)
        for bus in STREAMS:
            await asyncio.to_thread(studio.do, "output.stop", output=f"youtube-{bus}")
        await _until("both streams are finished", _are, studio, "stopped")
    assert not playing.done()
    playing.cancel()
    return steps


@pytest.mark.e2e
def test_every_combination_of_who_speaks(tmp_path: Path) -> None:
    with RtmpIngest(tmp_path) as ingest, running_studio(tmp_path / "data") as studio:
        links = _languages(studio, {bus: ingest.url(f"live/{bus}") for bus in STREAMS})
        steps = asyncio.run(_drive(studio, links, {name: Voice(hz) for name, hz in HZ.items()}))
        streams = {path.stem.split("-")[0]: path for path in ingest.recordings()}
    wrong = [complaint for bus in STREAMS for complaint in _complaints(bus, streams[bus], steps)]
    assert wrong == [], "\n".join(map(str, wrong))
