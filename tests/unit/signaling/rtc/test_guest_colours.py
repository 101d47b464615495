"""A guest's colours, whatever its browser sends them as: what streams say, and what reaches the slots."""

import struct
import time
from collections.abc import Iterator
from fractions import Fraction

import av
import numpy as np
import pytest
from av.video.codeccontext import VideoCodecContext

from mixer.compose.colour_convert import ColourEncoding, exact
from mixer.contract.colour import yuv_of
from mixer.contract.picture import Picture
from signaling.rtc.hooks import install
from signaling.rtc.returns.returns import payloads_of
from signaling.rtc.synthetic.loops import draw, open_encoder
from signaling.rtc.timeline import LipSync
from signaling.rtc.transport.rtp import Rtp, build_rtp, extension
from signaling.rtc.video.color_space import COLOUR_URI, ToldColour, parse_colour
from signaling.rtc.video.decode import DecoderPool, Lane
from signaling.rtc.video.picture_in import PictureStream
from tests.support.shard_harness import until

FULL_709, LIMITED_601, FULL_601 = (
    ColourEncoding("bt709", True),
    ColourEncoding("bt601"),
    ColourEncoding("bt601", True),
)
COLOUR = "#bf0000"
W, H = 64, 48


@pytest.fixture
def pool() -> Iterator[DecoderPool]:
    pool = DecoderPool(1)
    yield pool
    pool.close()


def values(encoding: ColourEncoding) -> tuple[int, int, int]:
    """Code values that mean ``COLOUR`` in this encoding: those which come nearest to it."""
    wanted = np.array(yuv_of(COLOUR), np.float64)
    zero = exact(np.zeros(3), encoding)
    columns = [exact(np.eye(3)[n], encoding) - zero for n in range(3)]
    y, u, v = np.rint(np.linalg.solve(np.stack(columns, axis=1), wanted - zero)).astype(int)
    return int(y), int(u), int(v)


def encoded(codec: str, encoding: ColourEncoding, *, tagged: bool = True) -> bytes:
    """A keyframe of that colour."""
    context = av.CodecContext.create("libx264" if codec == "h264" else "libvpx", "w")
    assert isinstance(context, VideoCodecContext)
    context.width, context.height = W, H
    context.pix_fmt = "yuvj420p" if encoding.full and tagged and codec == "h264" else "yuv420p"
    context.time_base = Fraction(1, 30)
    context.options = {"crf": "1", "tune": "zerolatency"} if codec == "h264" else {"lag-in-frames": "0"}
    context.bit_rate = 2_000_000
    if tagged and codec == "h264":
        context.colorspace = 1 if encoding.matrix == "bt709" else 6
        context.color_range = 2 if encoding.full else 1
    frame = av.VideoFrame(W, H, context.pix_fmt)
    for plane, value in zip(frame.planes, values(encoding), strict=True):
        plane.update(bytes([value]) * plane.buffer_size)
    frame.pts = 0
    if tagged and codec == "h264":
        frame.colorspace, frame.color_range = context.colorspace, context.color_range
    return b"".join(bytes(packet) for packet in [*context.encode(frame), *context.encode(None)])


class Shown:
    """The middle of each picture that a lane delivers."""

    def __init__(self) -> None:
        self.colours: list[tuple[int, int, int]] = []
        self.troubles: list[str] = []

    def take(self, picture: Picture, pts_ns: int, arrived_ns: int) -> None:
        y, u, v = (int(plane[plane.shape[0] // 2, plane.shape[1] // 2]) for plane in picture)
        self.colours.append((y, u, v))

    @property
    def right(self) -> bool:
        return max(abs(a - b) for a, b in zip(self.colours[-1], yuv_of(COLOUR), strict=True)) <= 2


@pytest.mark.parametrize(
    ("codec", "sent", "tagged", "told"),
    [
        ("h264", ColourEncoding(), True, None),
        ("h264", FULL_709, True, None),
        ("h264", LIMITED_601, True, None),
        ("h264", FULL_601, True, None),
        ("h264", ColourEncoding(), False, None),
        ("h264", FULL_709, False, FULL_709),
        ("vp8", LIMITED_601, False, None),
        ("vp8", FULL_709, False, FULL_709),
        ("vp8", ColourEncoding(), False, ColourEncoding()),
    ],
)
async def test_a_colour_is_right_however_it_was_sent(
    pool: DecoderPool, codec: str, sent: ColourEncoding, tagged: bool, told: ColourEncoding | None
) -> None:
    shown = Shown()
    lane = Lane(pool, codec, shown.take, shown.troubles.append)
    lane.offer(encoded(codec, sent, tagged=tagged), time.monotonic_ns(), 0, True, told)
    await until(lambda: bool(shown.colours), what="a picture")
    assert shown.right, shown.colours
    assert shown.troubles == []


def test_the_extension_is_found_in_a_packet_and_read() -> None:
    """As Chromium sends it with a canvas: BT.709, sRGB's transfer, BT.709, full range."""
    value = bytes((1, 13, 1, 0x20))
    block = struct.pack("!HHB", 0xBEDE, 3, 0x32) + b"abc" + bytes([0x93]) + value + bytes(3)
    data = build_rtp(96, True, 1, 2, 3, b"picture", block)
    assert extension(data, 9) == value
    assert extension(data, 3) == b"abc"
    assert extension(data, 8) is None
    assert parse_colour(value, "vp8") == FULL_709
    assert parse_colour(bytes((6, 6, 6, 0x10)), "h264") == LIMITED_601
    assert parse_colour(bytes((1, 1, 2, 0x20)), "vp8") is None, "no matrix"
    assert parse_colour(bytes((1, 1, 1, 0x00)), "vp8") is None, "no range"
    for rubbish in (b"", b"\1\1\1", bytes((1, 1, 0, 0x10)), bytes((1, 1, 255, 0x10)), b"\xff" * 28):
        assert parse_colour(rubbish, "vp8") is None


def test_what_is_told_holds_from_its_picture_on_across_the_timestamps_wrap() -> None:
    told = ToldColour()
    assert told.at(2**32 - 6000) is None
    told.tell(1000, FULL_709)  # its last packet came before the picture before it was whole
    assert told.at(2**32 - 2000) is None
    assert told.at(1000) == FULL_709
    assert told.at(4000) == FULL_709
    told.tell(10_000, LIMITED_601)
    assert told.at(7000) == FULL_709
    assert told.at(13_000) == LIMITED_601, "the very picture was lost"


async def test_it_reaches_the_decoder_with_its_picture(pool: DecoderPool) -> None:
    shown = Shown()
    stream = PictureStream(pool, LipSync(), shown.take)
    seq = 0
    for number, told in ((1, bytes((1, 1, 1, 0x20))), (2, b""), (3, bytes((5, 6, 6, 0x10)))):
        sent = LIMITED_601 if number == 3 else FULL_709
        *before, last = payloads_of("vp8", encoded("vp8", sent), number)
        for payload in before:
            stream.push(Rtp(97, False, seq, number * 3000, 1, payload), "vp8", number)
            seq += 1
        stream.push(Rtp(97, True, seq, number * 3000, 1, last, colour=told), "vp8", number)
        seq += 1
        await until(lambda n=number: len(shown.colours) == n, what=f"picture {number}")  # type: ignore[misc]
        assert shown.right, (number, shown.colours)
    stream.close()


def test_it_is_offered_and_answered_once() -> None:
    from aiortc.codecs import HEADER_EXTENSIONS

    install()
    install()
    uris = [each.uri for each in HEADER_EXTENSIONS["video"]]
    assert uris.count(COLOUR_URI) == 1
    ids = {each.uri: each.id for kind in HEADER_EXTENSIONS.values() for each in kind}
    assert len(set(ids.values())) == len(ids)


@pytest.mark.parametrize("codec", ["h264", "vp8"])
async def test_our_own_guests_are_tagged_right(pool: DecoderPool, codec: str) -> None:
    """One picture in both codecs: the same colours arrive, and H.264 needs no conversion."""
    wanted = draw("", 0.3, 0, (320, 180))
    shown = Shown()
    lane = Lane(pool, codec, shown.take, shown.troubles.append)
    encoder = open_encoder(codec, (320, 180), 3_000_000, 15)
    frame = draw("", 0.3, 0, (320, 180), codec=codec)
    frame.pts = 0
    data = b"".join(bytes(packet) for packet in [*encoder.encode(frame), *encoder.encode(None)])
    lane.offer(data, time.monotonic_ns(), 0, True)
    await until(lambda: bool(shown.colours), what="a picture")
    middle = [
        int(np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)[h // 2, w // 2])
        for plane, (w, h) in zip(wanted.planes, ((320, 180), (160, 90), (160, 90)), strict=True)
    ]
    assert max(abs(a - b) for a, b in zip(shown.colours[0], middle, strict=True)) <= 3
    if codec == "h264":
        decoder = av.CodecContext.create("h264", "r")
        assert isinstance(decoder, VideoCodecContext)
        (decoded,) = [*decoder.decode(av.Packet(data)), *decoder.decode(None)][:1]
        assert (int(decoded.colorspace), int(decoded.color_range)) == (1, 1)
