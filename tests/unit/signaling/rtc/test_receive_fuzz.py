"""From datagram to whole frame, with everything a network or a bad sender makes of a real stream."""

import functools
from dataclasses import dataclass, field

from hypothesis import example, given, settings
from hypothesis import strategies as st

from signaling.rtc.synthetic.loops import FPS, Loop, make_loop
from signaling.rtc.transport.receive import Reception
from signaling.rtc.transport.rtp import build_rtp, parse_rtp
from signaling.rtc.video.bitstream import Chunk, depayload_h264, depayload_vp8, picture_size
from signaling.rtc.video.video_jitter import MAX_FRAME_BYTES, MAX_HOLES, MAX_PACKETS, Frame, VideoJitter

MS = 1_000_000
DEPAYLOAD = {"h264": depayload_h264, "vp8": depayload_vp8}
MANGLED, CLEAN = 45, 160
"""Pictures that are tampered with, and those after them that aren't; a keyframe each 15."""


@functools.cache
def loop(codec: str) -> Loop:
    return make_loop("fuzz", 0.3, seconds=1, size=(320, 180), codec=codec, bitrate=900_000)


def whole(codec: str, number: int) -> bytes:
    payloads = loop(codec).video[number % FPS].payloads
    return b"".join(DEPAYLOAD[codec](payload).data for payload in payloads)


def stream(codec: str, first: int, count: int, seq: int, stamp: int) -> list[bytes]:
    packets: list[bytes] = []
    for number in range(first, first + count):
        payloads = loop(codec).video[number % FPS].payloads
        for index, payload in enumerate(payloads):
            marker = index == len(payloads) - 1
            packets.append(build_rtp(97, marker, seq + len(packets), stamp + number * 3000, 1, payload))
    return packets


@dataclass
class Way:
    """What the shard does with a video packet, up to the decoder."""

    codec: str
    jitter: VideoJitter = field(default_factory=VideoJitter)
    reception: Reception | None = None
    frames: list[Frame] = field(default_factory=list)
    now_ns: int = 0

    def take(self, data: bytes) -> None:
        try:
            packet = parse_rtp(data)
        except ValueError:
            return
        if self.reception is None:
            self.reception = Reception(packet.seq, 90_000)
        self.reception.add(packet, self.now_ns)
        try:
            chunk = DEPAYLOAD[self.codec](packet.payload)
        except ValueError:
            chunk = Chunk(b"", False)
        self.frames += self.jitter.add(packet.seq, packet.timestamp, packet.marker, chunk, self.now_ns)
        self.ask()
        assert len(self.jitter._packets) <= MAX_PACKETS
        assert self.jitter._bytes <= MAX_FRAME_BYTES + len(data) + 8
        assert len(self.jitter._holes) <= MAX_HOLES

    def ask(self) -> None:
        said = self.jitter.feedback(self.now_ns)
        assert all(0 <= seq <= 0xFFFF for seq in said.nack)
        assert len(said.nack) <= MAX_HOLES


STEP = st.tuples(
    st.sampled_from(["lose", "repeat", "turn", "cut", "flip", "replay", "rubbish", "jump", "clock"]),
    st.integers(0, 999),
    st.integers(0, (1 << 32) - 1),
)


def tampered(packets: list[bytes], steps: list[tuple[str, int, int]]) -> tuple[list[bytes], int, int]:
    """The packets as they come, and by how much sequence number and timestamp have moved for good."""
    out, moved, turned = list(packets), 0, 0
    for kind, place, amount in steps:
        at = place % len(out)
        data = out[at]
        match kind:
            case "lose":
                del out[at : at + 1 + amount % 30]
            case "repeat":
                out.insert(at + amount % 100, data)
            case "turn":
                out[at : at + 12] = reversed(out[at : at + 12])
            case "cut":
                out[at] = data[: amount % (len(data) + 1)]
            case "flip" if data:
                bit = amount % (8 * len(data))
                out[at] = data[: bit // 8] + bytes([data[bit // 8] ^ 1 << bit % 8]) + data[bit // 8 + 1 :]
            case "replay":
                out[at:at] = out[amount % (at + 1) : at]
            case "rubbish":
                out.insert(at, amount.to_bytes(4, "big") * (place % 40))
            case "jump":
                moved += amount
                out[at:] = [_with(each, 2, 2, amount) for each in out[at:]]
            case "clock":
                turned += amount
                out[at:] = [_with(each, 4, 4, amount) for each in out[at:]]
        out = out[:4000] or [b""]
    return out, moved, turned


def _with(data: bytes, at: int, size: int, step: int) -> bytes:
    if len(data) < at + size:
        return data
    value = int.from_bytes(data[at : at + size], "big") + step & (1 << 8 * size) - 1
    return data[:at] + value.to_bytes(size, "big") + data[at + size :]


@settings(max_examples=100)
@given(
    codec=st.sampled_from(["h264", "vp8"]), first=st.integers(0, 65_535), steps=st.lists(STEP, max_size=14)
)
@example("vp8", 0, [("lose", 0, 0), ("turn", 0, 0), ("flip", 196, 1856)])  # a number 252 ahead of its time
def test_whatever_comes_nothing_breaks_or_grows_and_the_picture_is_back(
    codec: str, first: int, steps: list[tuple[str, int, int]]
) -> None:
    before = stream(codec, 0, MANGLED, first, 0xFFFF_0000)
    mangled, moved, turned = tampered(before, steps)
    way = Way(codec)
    for number, datagram in enumerate(mangled):
        way.now_ns += 11 * MS if number % 3 == 0 else 0
        way.take(datagram)
    for frame in way.frames:
        picture_size(codec, frame.data)
    way.frames.clear()
    seq, stamp = first + len(before) + moved, 0xFFFF_0000 + turned
    for number in range(MANGLED, MANGLED + CLEAN):
        way.now_ns += 1000 * MS // FPS
        for datagram in stream(codec, number, 1, seq, stamp):
            way.take(datagram)
            seq += 1
    expected = [whole(codec, number) for number in range(MANGLED, MANGLED + CLEAN)]
    got = [frame.data for frame in way.frames]
    back = next((n for n in range(1, CLEAN + 1) if got[-n:] != expected[-n:]), CLEAN + 1) - 1
    assert back >= CLEAN // 4, f"only the last {back} pictures are whole, in order and without a gap"


@settings(max_examples=200)
@given(codec=st.sampled_from(["h264", "vp8"]), data=st.data())
def test_a_key_frame_cut_or_bent_anywhere_announces_some_size_or_none(
    codec: str, data: st.DataObject
) -> None:
    frame = bytearray(whole(codec, 0)[:200])
    for _ in range(data.draw(st.integers(0, 6))):
        frame[data.draw(st.integers(0, len(frame) - 1))] = data.draw(st.integers(0, 255))
    size = picture_size(codec, bytes(frame[: data.draw(st.integers(0, len(frame)))]))
    assert size is None or len(size) == 2
