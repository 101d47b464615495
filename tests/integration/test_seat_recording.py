"""Seats recorded by the real shard: the very bytes that came, on the programme's clock, also after a kill."""

import asyncio
import itertools
import re
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import av
import pytest

from mixer.containers.clock_tags import file_clock
from mixer.ipc.slot import SlotReader
from signaling.contract.messages import (
    Answer,
    Offer,
    PeerKind,
    RecordSeats,
    SeatsRecorded,
    ShardConfig,
    UplinkTarget,
    UplinkTargets,
)
from signaling.rtc.recording.record_file import OUTPUT_TAG, SEAT_TAG
from signaling.rtc.synthetic.camera import Camera
from signaling.rtc.synthetic.client import LoopPlayer, RehearsalGuest
from signaling.rtc.synthetic.loops import Loop, make_loop
from signaling.rtc.video.bitstream import depayload_h264, depayload_vp8
from studio.lab.harness.shard import ShardHouse
from studio.lab.harness.waiting import until

pytestmark = pytest.mark.alone

FRAME_NS = 1_000_000_000 // 30
OPEN_LENGTH = bytes.fromhex("18538067 01ffffffffffffff")


@pytest.fixture(scope="module")
def loops() -> tuple[Loop, Loop, Loop]:
    """A camera, the same one at another size, and another one."""
    return (
        make_loop("x", 0.3, seconds=1, size=(160, 90), bitrate=60_000, tone_hz=440),
        make_loop("x", 0.3, seconds=1, size=(320, 180), bitrate=60_000, tone_hz=440),
        make_loop("y", 0.6, seconds=1, size=(160, 90), bitrate=60_000, codec="vp8", tone_hz=880),
    )


@pytest.fixture(scope="module")
def browser() -> Camera:
    return Camera("b", 0.1, (64, 36), bitrate=60_000)


class Watched(RehearsalGuest):
    """``held_up_ns``: the longest time for which the test itself sent nothing."""

    held_up_ns = 0
    _played_ns = 0

    def play(self, now_ns: int) -> None:
        if self._played_ns:
            self.held_up_ns = max(self.held_up_ns, now_ns - self._played_ns)
        self._played_ns = now_ns
        super().play(now_ns)


async def join(house: ShardHouse, guest: RehearsalGuest, seat: str, kind: PeerKind = "guest") -> None:
    answer = await house.answer(Offer(f"peer-{seat}", kind, await guest.offer(), seat))
    assert isinstance(answer, Answer), answer
    await guest.accept(answer.sdp)
    await until(lambda: guest.connected, what="connected")


def files(folder: Path, seat: str) -> list[Path]:
    found = folder.glob(f"vod_1-{seat}-*.mkv")
    return sorted(found, key=lambda path: int(path.stem.rpartition("part")[2]))


def finished(paths: Iterable[Path]) -> bool:
    return all(OPEN_LENGTH not in path.read_bytes()[:512] for path in paths)


def sent(media: Loop) -> list[tuple[bytes, ...]]:
    """What the loop's pictures consist of: their NAL units, or VP8's bytes."""
    found: list[tuple[bytes, ...]] = []
    for frame in media.video:
        if media.codec == "vp8":
            found.append((b"".join(depayload_vp8(payload).data for payload in frame.payloads),))
        else:
            data = b"".join(depayload_h264(payload).data for payload in frame.payloads)
            found.append(tuple(data.split(b"\x00\x00\x00\x01")[1:]))
    return found


def recorded(path: Path, kind: str, codec: str) -> list[tuple[float, tuple[bytes, ...]]]:
    """Time in ms and content of each packet of a track, up to where the file was cut off."""
    found = []
    with av.open(path) as container:
        stream = next(stream for stream in container.streams if stream.type == kind)
        assert stream.codec_context.name.removeprefix("lib") == codec
        try:
            for packet in container.demux(stream):
                if packet.size:
                    assert packet.pts is not None
                    data = bytes(packet)
                    units = units_of(data) if codec == "h264" else (data,)
                    found.append((float(packet.pts * packet.time_base * 1000), units))
        except (av.error.EOFError, av.error.InvalidDataError):
            pass
    return found


def units_of(data: bytes) -> tuple[bytes, ...]:
    """NAL units behind lengths of four bytes."""
    units, at = [], 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        units.append(data[at + 4 : at + 4 + size])
        at += 4 + size
    return tuple(units)


def in_a_row(found: Sequence[tuple[bytes, ...]], loop: Sequence[tuple[bytes, ...]]) -> bool:
    """Whether these are the loop's packets, each one followed by its next."""
    starts = [index for index, each in enumerate(loop) if each == found[0]]
    return any(
        all(each == loop[(start + step) % len(loop)] for step, each in enumerate(found)) for start in starts
    )


async def watch(reader: SlotReader, seconds: float) -> set[int]:
    """Presentation times of the pictures in the slot."""
    seen: set[int] = set()
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if (taken := reader.take(1 << 62)) is not None:
            seen.add(taken.pts_ns)
        await asyncio.sleep(0.005)
    return seen


def times_ns(path: Path, codec: str) -> list[int]:
    """When the file's pictures belong on CLOCK_MONOTONIC."""
    with av.open(path) as container:
        clock = file_clock(container.metadata)
        assert clock is not None
    start_ns = clock.epoch_ns + clock.start_ns
    return [start_ns + round(ms * 1e6) for ms, _ in recorded(path, "video", codec)]


async def test_what_arrives_is_on_disk_unchanged_and_on_the_clock(
    tmp_path: Path, player: LoopPlayer, loops: tuple[Loop, Loop, Loop], browser: Camera
) -> None:
    camera, wider, other = loops
    epoch_ns = time.monotonic_ns() - 5_000_000_000
    async with ShardHouse(ShardConfig(epoch_ns=epoch_ns)) as house:
        reader = house.slot("mayor/1")
        first_guest = Watched(camera, player)
        guests = [
            first_guest,
            RehearsalGuest(other, player),
            RehearsalGuest(camera, player, camera=False),
            RehearsalGuest(browser, player),
        ]
        await asyncio.gather(
            join(house, guests[0], "mayor/1"),
            join(house, guests[1], "unseen"),
            join(house, guests[2], "interpreter", "booth"),
            join(house, guests[3], "browser"),
        )
        # nobody sees the second one: nothing of it is decoded, and its microphone is closed
        house.send(UplinkTargets({"unseen": UplinkTarget(0, 0, 0, 0)}, ("mayor/1",)))
        await until(lambda: reader.serial > 10, what="pictures")
        house.send(RecordSeats(str(tmp_path / "rec"), "vod 1"))
        seen = await watch(reader, 1.6)
        guests[0].change(wider)
        await until(lambda: len(files(tmp_path / "rec", "mayor_1")) == 2, what="a part of another size")
        seen |= await watch(reader, 0.4)
        status = await house.message(lambda m: isinstance(m, SeatsRecorded) and m.files >= 4)
        assert (status.output, status.shard, status.live, status.code) == ("vod 1", "shard-1", True, "")
        assert status.bytes > 20_000
        assert status.dropped == 0
        house.send(RecordSeats("", "vod 1"))
        made = sorted((tmp_path / "rec").iterdir())
        await until(lambda: finished(made), what="finished files")

        first, second = files(tmp_path / "rec", "mayor_1")
        assert re.fullmatch(r"vod_1-mayor_1-\d{8}T\d{6}Z-part1\.mkv", first.name)
        assert in_a_row([units for _, units in recorded(first, "video", "h264")], sent(camera))
        assert in_a_row([units for _, units in recorded(second, "video", "h264")], sent(wider))
        sounds = [(packet,) for packet in camera.audio]
        assert in_a_row([units for _, units in recorded(first, "audio", "opus")], sounds)
        assert in_a_row([units for _, units in recorded(second, "audio", "opus")], sounds)

        # The programme shows a picture when its file says: in fact within the container's millisecond.
        times = [*times_ns(first, "h264"), *times_ns(second, "h264")]
        within = [pts for pts in seen if times[0] <= pts <= times[-1]]
        assert len(within) > 30
        assert max(min(abs(pts - time_ns) for time_ns in times) for pts in within) < 1_000_000
        steps = [after - before for before, after in itertools.pairwise(times)]
        assert max(steps) < 2.2 * FRAME_NS + first_guest.held_up_ns

        [unseen] = files(tmp_path / "rec", "unseen")
        assert in_a_row([units for _, units in recorded(unseen, "video", "vp8")], sent(other))
        assert len(recorded(unseen, "video", "vp8")) > 40
        # a browser makes a keyframe only when it is asked for one
        [asked] = files(tmp_path / "rec", "browser")
        assert len(recorded(asked, "video", "h264")) > 30
        assert browser.keyframes >= 2
        [voice] = files(tmp_path / "rec", "interpreter")
        assert in_a_row([units for _, units in recorded(voice, "audio", "opus")], sounds)
        with av.open(voice) as container:
            assert [stream.type for stream in container.streams] == ["audio"]
        with av.open(unseen) as container:
            assert container.metadata[OUTPUT_TAG] == "vod 1"
            assert container.metadata[SEAT_TAG] == "unseen"
            # the flash is where the beep is, though nobody hears this microphone
            assert abs(beep_after_flash_s(container)) < 0.05

        house.send(RecordSeats(str(tmp_path / "rec"), "vod 1"))
        await until(lambda: len(files(tmp_path / "rec", "mayor_1")) == 3, what="the next recording")
        await watch(reader, 1.0)
        last_ns = max(await watch(reader, 0.2))
        house.process.kill()
        house.process.wait()
        killed = files(tmp_path / "rec", "mayor_1")[-1]
        times = times_ns(killed, "h264")
        assert (last_ns - times[-1]) / 1e9 < 0.5
        assert in_a_row([units for _, units in recorded(killed, "video", "h264")], sent(wider))
        assert in_a_row([units for _, units in recorded(killed, "audio", "opus")], sounds)
        assert all(path.exists() for path in made)
        await asyncio.gather(*(guest.close() for guest in guests))


def beep_after_flash_s(container: av.container.InputContainer) -> float:
    """By how much the first beep comes after the nearest flash."""
    flashes: list[float] = []
    loud: float | None = None
    bright = False
    frame: Any
    for frame in container.decode():
        if isinstance(frame, av.VideoFrame):
            lamp = frame.to_ndarray(format="gray")[10:35, 104:142].mean()
            if lamp > 180 and not bright:
                flashes.append(frame.time)
            bright = lamp > 180
        elif loud is None and abs(frame.to_ndarray()).max() > 0.12 and frame.time > 0.2:
            loud = frame.time + abs(frame.to_ndarray()[0]).argmax() / frame.sample_rate
    assert loud is not None
    return min((loud - flash for flash in flashes), key=abs)
