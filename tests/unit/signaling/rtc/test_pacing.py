"""Pictures to many viewers go out little by little, in order, and keep nothing else waiting."""

import asyncio
import itertools
import socket
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from typing import Any, cast

import pytest
from aiortc.rtcrtpparameters import RTCRtpCodecParameters
from hypothesis import given, settings
from hypothesis import strategies as st

from mixer.contract.names import SourceName, StreamName, picture_stream, return_stream
from mixer.ipc.bus.client import BusReader
from mixer.ipc.bus.packets import Packet, ReturnAudio, StreamHeader
from signaling.rtc.returns.pacing import MAX_BEHIND, SLICE, STEP_S, STEPS, ReturnPacer
from signaling.rtc.returns.returns import ReturnHub, payloads_of
from signaling.rtc.transport.rtp import parse_rtp
from signaling.rtc.transport.send import RtpSender
from tests.support.shard_harness import ShardBus, until

pytestmark = pytest.mark.alone

VIEWERS = 40
KEY_BYTES, DELTA_BYTES = 24_000, 2_400
"""A keyframe of some 20 packets, and of two for each picture between, as the return feed has them."""


class Seen:
    """A viewer that keeps (timestamp, packet number) of each packet."""

    def __init__(self) -> None:
        self.got: list[tuple[int, int]] = []

    def send_part(self, payloads: Sequence[bytes], start: int, stop: int, timestamp: int, ntp: int) -> None:
        self.got += [(timestamp, number) for number in range(start, stop)]


@settings(max_examples=60)
@given(
    pictures=st.lists(st.tuples(st.sampled_from("ab"), st.integers(1, 200), st.integers(0, 6)), max_size=12),
    viewers=st.integers(1, 50),
)
def test_everybody_gets_every_packet_in_order(pictures: list[tuple[str, int, int]], viewers: int) -> None:
    pacer = ReturnPacer[Seen]()
    watching = {stream: [Seen() for _ in range(viewers)] for stream in "ab"}
    sent: dict[str, list[tuple[int, int]]] = {"a": [], "b": []}
    for at, (stream, size, steps) in enumerate(pictures):
        pacer.add(StreamName(stream), [b""] * size, at, 0, watching[stream])
        sent[stream] += [(at, number) for number in range(size)]
        for _ in range(steps):
            pacer.step()
    while pacer.step():
        pass
    assert pacer.waiting == 0
    for stream, them in watching.items():
        assert all(viewer.got == sent[stream] for viewer in them)


@pytest.mark.parametrize("viewers", [1, 40, 120])
def test_a_keyframe_is_spread_over_less_than_a_frame_period(viewers: int) -> None:
    pacer, them = ReturnPacer[Seen](), [Seen() for _ in range(viewers)]
    pacer.add(StreamName("s"), [b""] * 20, 0, 0, them)
    steps, before = [], 0
    more = True
    while more:
        more = pacer.step()
        total = sum(len(viewer.got) for viewer in them)
        steps.append(total - before)
        before = total
    assert sum(steps) == 20 * viewers
    assert len(steps) * STEP_S <= 1 / 30
    assert max(steps) <= max(SLICE, -(-20 * viewers // STEPS))


def test_who_leaves_gets_nothing_more_and_who_is_behind_waits_for_a_keyframe() -> None:
    pacer, them = ReturnPacer[Seen](), [Seen() for _ in range(4)]
    pacer.add(StreamName("s"), [b""] * (SLICE // 2 + 1), 0, 0, them)
    pacer.step()
    had = len(them[1].got)
    assert 0 < had < SLICE // 2 + 1
    pacer.leave(them[1])
    pacer.step()
    assert len(them[1].got) == had
    assert len(them[2].got) == SLICE // 2 + 1
    for at in range(1, MAX_BEHIND):
        assert not pacer.behind(StreamName("s"))
        pacer.add(StreamName("s"), [b""], at, 0, them)
    assert pacer.behind(StreamName("s"))
    assert not pacer.behind(StreamName("t"))
    assert set(pacer.give_up(StreamName("s"))) == set(them)
    assert pacer.waiting == 0
    assert all(len(each.got) in (had, SLICE // 2 + 1) for each in them)  # no half picture


class Line:
    """The end of a sender's transport, with the loop's steps counted: what left when."""

    def __init__(self) -> None:
        self.state = "connected"
        self.sent: list[tuple[float, int, bytes]] = []
        self.step = 0

    def send_media(self, data: bytes) -> None:
        self.sent.append((time.monotonic(), self.step, data))

    async def count_steps(self) -> None:
        while True:
            self.step += 1
            await asyncio.sleep(0)


@pytest.fixture
async def line() -> AsyncIterator[Line]:
    line = Line()
    counting = asyncio.create_task(line.count_steps())
    yield line
    counting.cancel()


def sender(line: Line, kind: str) -> RtpSender:
    made = RtpSender(kind, cast(Any, line))
    mime, rate, number = ("video/H264", 90_000, 97) if kind == "video" else ("audio/opus", 48_000, 96)
    made.codec = RTCRtpCodecParameters(mime, rate, payloadType=number)
    return made


def encoded(key: bool) -> bytes:
    return b"\0\0\0\1" + (b"\x65" * KEY_BYTES if key else b"\x41" * DELTA_BYTES)


async def test_a_keyframe_to_forty_holds_up_neither_the_loop_nor_the_sound(line: Line) -> None:
    ours, theirs = socket.socketpair()
    hub, bus = ReturnHub(), ShardBus(ours)
    hub.attach(BusReader(theirs))
    pictures = [sender(line, "video") for _ in range(VIEWERS)]
    sounds = [sender(line, "audio") for _ in range(VIEWERS)]
    for picture, sound in zip(pictures, sounds, strict=True):
        hub.watch(picture, "return")
        hub.listen(sound, SourceName(""), return_stream("returns", "floor"))
    bus.send(StreamHeader(picture_stream("return"), "h264", (1, 30), 640, 360, b""))
    began = time.monotonic()
    number = 0
    for block in range(50):
        if number * 50 <= block * 30:
            key = number % 10 == 0
            bus.send(Packet(picture_stream("return"), number, number, 1, key, encoded(key)))
            number += 1
        bus.send(ReturnAudio(return_stream("returns", "floor"), block * 960, b"sound", (), {}))
        await asyncio.sleep(max(0.0, began + (block + 1) / 50 - time.monotonic()))
    assert number == 30
    size = len(payloads_of("h264", encoded(key=True), 0))
    total = VIEWERS * (50 + 3 * size + 27 * len(payloads_of("h264", encoded(key=False), 0)))
    await until(lambda: len(line.sent) == total, 5, "all sent")

    packets = [(at, step, parse_rtp(data)) for at, step, data in line.sent]
    runs = Counter(step for _, step, packet in packets if packet.payload_type == 97)
    print("longest run of picture packets in one step:", max(runs.values()))
    assert max(runs.values()) <= max(SLICE, -(-size * VIEWERS // STEPS))
    keys = [(at, p.timestamp - s._origin & 0xFFFFFFFF, p.ssrc) for s in pictures
            for at, _, p in packets if p.ssrc == s._ssrc]  # fmt: skip
    for viewer in pictures:
        own = [timestamp for _, timestamp, ssrc in keys if ssrc == viewer._ssrc]
        assert own == sorted(own)
    spread = sorted(at for at, timestamp, _ in keys if timestamp == 30_000)
    print(f"a keyframe to all took {1000 * (spread[-1] - spread[0]):.1f} ms")
    assert spread[-1] - spread[0] > 6 * STEP_S
    # sound goes out between two slices, in one go: while a keyframe is on its way as ever
    heard = [number for number, (_, _, packet) in enumerate(packets) if packet.payload == b"sound"]
    for first in range(0, len(heard), VIEWERS):
        assert heard[first + VIEWERS - 1] - heard[first] == VIEWERS - 1
    within = [n for n in heard if spread[0] < packets[n][0] < spread[-1]]
    assert len(within) >= VIEWERS
    gaps = [b - a for a, b in itertools.pairwise(packets[number][0] for number in heard)]
    print(f"largest gap on sound: {1000 * max(gaps):.1f} ms")
    hub.close()
    bus.close()


async def test_nothing_runs_when_nobody_watches(line: Line) -> None:
    ours, theirs = socket.socketpair()
    hub, bus = ReturnHub(), ShardBus(ours)
    hub.attach(BusReader(theirs))
    viewers = [sender(line, "video") for _ in range(10)]
    for viewer in viewers:
        hub.watch(viewer, "wall")
    bus.send(StreamHeader(picture_stream("wall"), "h264", (1, 30), 1920, 1080, b""))
    bus.send(Packet(picture_stream("wall"), 0, 0, 1, True, b"\0\0\0\1\x65" + b"x" * 200_000))
    await until(lambda: bus.pump() is None and len(line.sent) > 0, 5, "the first packets")  # type: ignore[func-returns-value]
    for viewer in viewers:
        hub.leave(viewer)
    left = len(line.sent)
    assert left < 10 * len(payloads_of("h264", b"\0\0\0\1" + b"x" * 200_000, 0))
    await until(lambda: hub._next_step is None, 5, "the pacer's end")
    assert len(line.sent) == left
    await until(lambda: bus.pump() is None and bus.streams == (), 5, "nothing subscribed to")  # type: ignore[func-returns-value]
    hub.close()
    bus.close()
