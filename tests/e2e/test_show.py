"""A whole show, as its people live it: a director at the console's page, two mayors in real browsers with
cameras and microphones we know, a real RTMP ingest. What the audience gets is measured from the stream that
nginx received."""

import asyncio
import itertools
import struct
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import pytest_asyncio
from numpy.typing import NDArray
from playwright.async_api import Page, expect

from mixer.contract.plan import Rect
from studio.planning.layout import solve
from tests.support.browsers.chromium import camera_file, chromium, microphone_file
from tests.support.ingest import RtmpIngest
from tests.support.media import probe
from tests.support.running import RunningStudio, running_studio

pytestmark = [pytest.mark.e2e, pytest.mark.alone]

YELLOW, BLUE = (168, 44, 136), (63, 193, 104)
LOW_HZ, HIGH_HZ = 440, 1200
WIDTH, HEIGHT = 1280, 720
CONFIGURATION = """
[video]
program = [1280, 720]
wall = [1280, 360]
multiview = [640, 360]

[renditions.program]
preset = "ultrafast"
"""
"""Three browsers beside the programme, on two cores: what is not looked at here costs less."""


@dataclass
class Show:
    """What was done, and what there is to look at afterwards. Times are seconds of the received stream."""

    studio: RunningStudio
    ingest: RtmpIngest
    marks: dict[str, float] = field(default_factory=dict)
    seen: dict[str, Any] = field(default_factory=dict)

    @property
    def stream(self) -> Path:
        return self.ingest.recordings()[0]

    def mark(self, name: str) -> None:
        """Note the time of the newest picture or sound nginx has: the programme is at least that far."""
        self.marks[name] = received_s(self.stream)


def received_s(path: Path) -> float:
    """Time of the last complete tag of an FLV file that is being written (Adobe FLV specification, E.4.1)."""
    data = path.read_bytes()
    end = len(data)
    while True:
        (size,) = struct.unpack(">I", data[end - 4 : end])
        start = end - 4 - size
        if size > 11 and start > 0 and int.from_bytes(data[start + 1 : start + 4], "big") == size - 11:
            stamp: int = int.from_bytes(data[start + 4 : start + 7], "big") | data[start + 7] << 24
            return stamp / 1000
        end -= 1


async def frequencies(page: Page, *tones_hz: int) -> list[float]:
    """Levels in dB of tones in what the page's return feed sounds like, the loudest over 2 s.

    A tone counts where it stands out of its neighbourhood: a packet that came late is a click, which is loud
    at every frequency, and no tone.
    """
    levels: list[float] = await page.evaluate(
        """async (tones) => {
          const video = document.querySelector("video[data-role=programme]");
          const context = new AudioContext({ sampleRate: 48000 });
          await context.resume();
          const analyser = new AnalyserNode(context, { fftSize: 8192, smoothingTimeConstant: 0 });
          context.createMediaStreamSource(video.srcObject).connect(analyser);
          const bins = new Float32Array(analyser.frequencyBinCount);
          const best = tones.map(() => -200);
          for (let n = 0; n < 40; n++) {
            await new Promise((done) => setTimeout(done, 50));
            analyser.getFloatFrequencyData(bins);
            tones.forEach((tone, i) => {
              const at = Math.round(tone * 8192 / 48000);
              const level = Math.max(...bins.slice(at - 1, at + 2));
              if (level > Math.max(bins[at - 15], bins[at + 15]) + 6) best[i] = Math.max(best[i], level);
            });
          }
          await context.close();
          return best;
        }""",
        list(tones_hz),
    )
    return levels


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def show(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Show]:
    folder = tmp_path_factory.mktemp("show")
    yellow = camera_file(folder, "yellow", YELLOW, (640, 360))
    blue = camera_file(folder, "blue", BLUE, (640, 480))
    low, high = microphone_file(folder, "low", LOW_HZ), microphone_file(folder, "high", HIGH_HZ)
    with RtmpIngest(folder) as ingest, running_studio(folder / "data", config=CONFIGURATION) as studio:
        made = Show(studio, ingest)
        async with (
            chromium() as desk,
            chromium(yellow, low) as office,
            chromium(blue, high) as home,
        ):
            await asyncio.wait_for(
                play(made, await desk.new_page(), await office.new_page(), await home.new_page()), 150
            )
        studio.do("output.stop", output="youtube")
        yield made


async def play(show: Show, console: Page, first: Page, second: Page) -> None:
    studio = show.studio
    for page in (console, first, second):
        page.on("pageerror", lambda error: show.seen.setdefault("page errors", []).append(str(error)))
        page.on(
            "console",
            lambda said: (
                show.seen.setdefault("page errors", []).append(said.text) if said.type == "error" else None
            ),
        )

    await console.goto(f"{studio.url}/console?token={studio.token}")
    await expect(console.locator("[data-role=link][data-state=open]")).to_be_visible()
    show.seen["console address"] = console.url

    await console.click("[data-action=invite]")
    await console.fill("[data-role=dialog-invite] [name=name]", "홍길동")
    await console.fill("[data-role=dialog-invite] [name=title]", "가람특례시장")
    await console.click("[data-action=create-invite]")
    link = await console.locator("[data-role=link-text]").input_value()
    await expect(console.locator("[data-role=qr] svg, [data-role=qr] img")).to_be_visible()
    await console.keyboard.press("Escape")
    (mayor_1,) = studio.state()["order"]["seats"]
    links = {mayor_1: link, "mayor-2": studio.invite("mayor-2", name="Anne-Sofie Example", title="Mayor")}
    show.seen["seats"] = list(links)

    for page, seat in ((first, mayor_1), (second, "mayor-2")):
        await page.goto(links[seat])
        show.seen[f"address {seat}"] = page.url
        await page.click("[data-action=join]")
        await expect(page.locator("[data-role=state][data-state=waiting]")).to_be_visible()
        await console.click(f"[data-action=admit][data-seat='{seat}']")
        await expect(console.locator(f"[data-action=hold][data-seat='{seat}']")).to_be_visible()

    studio.do(
        "output.create",
        output="youtube",
        url=show.ingest.url("live/secret-key-1"),
        rendition="program",
        bus="floor",
    )
    both = [{"seat": mayor_1}, {"seat": "mayor-2"}]
    for scene, layout, places in (("alone", "solo", both[:1]), ("together", "duo", both)):
        canvases = {"program": {"layout": layout, "places": places}}
        studio.do("scene.create", scene=scene, title=scene.title(), canvases=canvases)
    await console.click("[data-action=start][data-output=youtube]")
    await expect(console.locator("[data-role=scene]")).to_have_count(2)

    await console.keyboard.press("1")
    await expect(console.locator("[data-role=scene][data-tally=preview][data-scene=alone]")).to_be_visible()
    await expect(first.locator("[data-role=state][data-state=next]")).to_be_visible()
    await console.keyboard.press("Space")
    await expect(first.locator("[data-role=state][data-state=on_air]")).to_be_visible()
    await expect(console.locator("[data-role=output][data-state=live]")).to_be_visible()
    while show.ingest.received_bytes() < 500_000:
        await asyncio.sleep(0.1)
    show.mark("alone")
    await asyncio.sleep(2)

    await console.click("[data-action=preview][data-scene=together]")
    await expect(
        console.locator("[data-role=scene][data-tally=preview][data-scene=together]")
    ).to_be_visible()
    show.mark("cut")
    await console.click("[data-action=cut]")
    show.mark("cut made")
    await expect(second.locator("[data-role=state][data-state=on_air]")).to_be_visible()
    await asyncio.sleep(4)
    show.seen["first hears"] = await frequencies(first, LOW_HZ, HIGH_HZ)
    show.seen["second hears"] = await frequencies(second, LOW_HZ, HIGH_HZ)
    show.mark("together")

    await first.reload()
    await expect(first.locator("[data-role=state][data-state=on_air]")).to_be_visible()
    show.mark("reloaded")
    # By then nothing of the connection before is shown any more.
    while received_s(show.stream) < show.marks["reloaded"] + 3:
        await asyncio.sleep(0.1)
    async with asyncio.timeout(15):
        while await asyncio.to_thread(studio.status, "seats", mayor_1, "picture") != "live":
            await asyncio.sleep(0.1)
    show.mark("back")
    while received_s(show.stream) < show.marks["back"] + 1:
        await asyncio.sleep(0.1)
    show.seen["multiview"] = await console.evaluate(
        """() => { const video = document.querySelector("video[data-role=multiview]");
          return [video.videoWidth, video.videoHeight, video.currentTime]; }"""
    )
    show.seen["snapshot"] = await console.evaluate(
        """async () => { const got = await fetch("/api/v1/canvases/program.jpg?as=console");
          return [got.status, got.headers.get("content-type")]; }"""
    )
    show.seen["state"] = await console.evaluate(
        """async () => (await fetch("/api/v1/state?as=console")).text()"""
    )


def yuv_at(path: Path, time_s: float) -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8]]:
    """The planes of the first picture at or after ``time_s``."""
    with av.open(path) as container:
        container.seek(int(max(0, time_s - 3) * 1_000_000))
        for frame in container.decode(video=0):
            if frame.time is not None and frame.time >= time_s:
                flat = np.asarray(frame.to_ndarray(format="yuv420p"), np.uint8)
                quarter = WIDTH * HEIGHT // 4
                chroma = flat[HEIGHT:].reshape(-1)
                shape = (HEIGHT // 2, WIDTH // 2)
                return (
                    flat[:HEIGHT],
                    chroma[:quarter].reshape(shape),
                    chroma[quarter : 2 * quarter].reshape(shape),
                )
    raise AssertionError(f"no picture at {time_s} s")


def colour_of(planes: tuple[NDArray[np.uint8], ...], rect: Rect) -> tuple[float, float, float]:
    """Median Y, U, V of the middle part of a tile, away from its plate and its moving square."""
    x, y, w, h = rect.x + rect.w // 4, rect.y + rect.h // 3, rect.w // 2, rect.h // 3
    return tuple(
        float(np.median(plane[y // s : (y + h) // s, x // s : (x + w) // s]))
        for plane, s in zip(planes, (1, 2, 2), strict=True)
    )  # type: ignore[return-value]


def is_near(colour: tuple[float, float, float], expected: tuple[int, int, int]) -> bool:
    return all(abs(got - want) <= 8 for got, want in zip(colour, expected, strict=True))


def test_the_stream_is_what_a_platform_wants(show: Show) -> None:
    video, audio = sorted(probe.probe(show.stream), key=lambda stream: stream.kind, reverse=True)
    assert (video.codec, video.width, video.height) == ("h264", WIDTH, HEIGHT)
    assert probe.measured_fps(show.stream) == pytest.approx(30, abs=0.05)
    assert (audio.codec, audio.rate, audio.channels) == ("aac", Fraction(48_000), 2)
    distances = probe.keyframe_distances_s(show.stream)
    assert distances
    assert all(distance == pytest.approx(2, abs=0.002) for distance in distances)


def test_no_picture_is_missing_and_none_is_doubled(show: Show) -> None:
    times = probe.video_times_s(show.stream)
    gaps = [after - before for before, after in itertools.pairwise(times)]
    assert max(gaps) < 0.035
    assert min(gaps) > 0.032


def test_each_guest_is_inside_his_own_tile(show: Show) -> None:
    (alone,) = solve("solo", 1, WIDTH, HEIGHT)
    assert is_near(colour_of(yuv_at(show.stream, show.marks["alone"]), alone), YELLOW)
    left, right = solve("duo", 2, WIDTH, HEIGHT)
    planes = yuv_at(show.stream, show.marks["together"])
    assert is_near(colour_of(planes, left), YELLOW)
    assert is_near(colour_of(planes, right), BLUE), "a 4:3 camera fills its tile too"
    for rect, colour in ((left, YELLOW), (right, BLUE)):
        row = planes[0][rect.y + rect.h // 2].astype(int)
        inside = np.flatnonzero(np.abs(row - colour[0]) <= 8)
        assert abs(int(inside.min()) - rect.x) <= 2, "placed to the pixel (the codec blurs an edge)"
        assert abs(int(inside.max()) - (rect.x + rect.w - 1)) <= 2


def test_a_cut_is_on_air_within_half_a_second(show: Show) -> None:
    _, right = solve("duo", 2, WIDTH, HEIGHT)
    assert not is_near(colour_of(yuv_at(show.stream, show.marks["cut"]), right), BLUE)
    # Of what had arrived at the ingest when the click was over; how long a browser takes to click isn't ours.
    assert is_near(colour_of(yuv_at(show.stream, show.marks["cut made"] + 0.5), right), BLUE)


def test_both_voices_are_on_the_stream(show: Show) -> None:
    start_s, rate, samples = probe.sound(show.stream)
    begin, end = (int((show.marks[mark] - start_s) * rate) for mark in ("cut made", "together"))
    # In short windows: three browsers on two cores have pauses in their voices, and where packets come
    # unevenly sound is stretched, so that a long sum would cancel itself.
    window = rate // 4
    parts = [samples[:, at : at + window] for at in range(begin, end - window, window)]

    def heard(part: NDArray[np.float32], tone_hz: int) -> bool:
        neighbours = max(probe.tone_db(part, rate, tone_hz + off) for off in (-90, 90))
        return probe.tone_db(part, rate, tone_hz) > max(-45, neighbours + 15)

    for tone_hz in (LOW_HZ, HIGH_HZ):
        levels = [round(probe.tone_db(part, rate, tone_hz), 1) for part in parts]
        assert sum(heard(part, tone_hz) for part in parts) >= len(parts) / 4, levels
    assert float(np.abs(samples).max()) <= 1.0


def test_a_guest_hears_the_other_and_never_himself(show: Show) -> None:
    low, high = show.seen["first hears"]
    assert high > -70
    assert low < high - 40
    low, high = show.seen["second hears"]
    assert low > -70
    assert high < low - 40


def test_a_reload_returns_to_the_seat_and_to_the_programme(show: Show) -> None:
    left, _ = solve("duo", 2, WIDTH, HEIGHT)
    assert is_near(colour_of(yuv_at(show.stream, show.marks["back"] + 0.5), left), YELLOW)
    assert len(show.studio.state()["seats"]) == 2


def test_the_console_shows_the_multiview_and_snapshots(show: Show) -> None:
    width, height, time_s = show.seen["multiview"]
    assert (width, height) == (640, 360)
    assert time_s > 5
    assert show.seen["snapshot"] == [200, "image/jpeg"]


def test_no_token_stays_in_an_address_and_no_key_in_state_log_or_metrics(show: Show) -> None:
    studio = show.studio
    assert studio.token not in show.seen["console address"]
    for seat in show.seen["seats"]:
        assert "/join?as=" in show.seen[f"address {seat}"]
    for text in (show.seen["state"], studio.log):
        assert "secret-key-1" not in text
        assert studio.token not in text


def test_no_page_reported_an_error(show: Show) -> None:
    assert show.seen.get("page errors", []) == []
