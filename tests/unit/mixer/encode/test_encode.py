"""Encoders: constant rate, keyframes where asked, parameters that muxers take as a template."""

import io
from fractions import Fraction

import av
import numpy as np
import pytest

from mixer.compose.colour_convert import ColourEncoding, encoding_of
from mixer.contract.clock import RATE
from mixer.contract.names import StreamName
from mixer.contract.picture import Plane, i420_bytes
from mixer.encode.audio import AAC_BLOCK, OPUS_BLOCK, AacEncoder, OpusEncoder
from mixer.encode.video import VideoEncoder, VideoSettings, encode_slate
from mixer.ipc.bus.packets import Packet
from tests.support.media.mixing import (
    BLUE,
    RED,
    colour_at,
    decoded,
    extradata,
    level_db,
    sound_of,
    still,
    tone,
)

W, H = 320, 180


def settings(codec: str = "h264", constant: bool = True, height: int = H) -> VideoSettings:
    return VideoSettings(codec, W, height, Fraction(30), 500_000, "superfast", constant)  # type: ignore[arg-type]


def flat(yuv: tuple[int, int, int] = RED, height: int = H) -> Plane:
    return np.concatenate([plane.ravel() for plane in still(W, height, yuv)])


def test_the_rate_is_constant_on_a_still_picture() -> None:
    encoder = VideoEncoder(StreamName("s"), settings())
    packets = [p for n in range(180) for p in encoder.encode(flat(), n, n % 60 == 0)]
    rate = sum(len(p.data) for p in packets[60:]) * 8 / 4
    assert rate == pytest.approx(500_000, rel=0.02)
    assert [p.pts for p in packets if p.key] == [0, 60, 120]
    assert [p.pts for p in packets] == [p.dts for p in packets] == list(range(180)), "no delay, none lost"


@pytest.mark.parametrize("codec", ["h264", "vp8"])
@pytest.mark.parametrize("height", [180, 134])  # 134: PyAV's view of a numpy buffer would lose two rows
def test_pictures_come_back_as_they_went_in(codec: str, height: int) -> None:
    encoder = VideoEncoder(StreamName("s"), settings(codec, constant=False, height=height))
    buffer = flat(RED, height)
    assert buffer.size == i420_bytes(W, height)
    buffer[W * height // 2 : W * height] = BLUE[0]
    packets = [p for n in range(8) for p in encoder.encode(buffer, n, n == 0)]
    frame = decoded(packets, codec)[-1]
    assert (frame.width, frame.height) == (W, height)
    # VP8 has BT.601's matrix alone, and is decoded as that
    sent = encoding_of(frame.colorspace, frame.color_range, "bt709")
    assert sent == ColourEncoding("bt601" if codec == "vp8" else "bt709")
    for y, wanted in ((10, RED), (height - 4, (BLUE[0], *RED[1:]))):
        assert colour_at(frame, 10, y) == pytest.approx(wanted, abs=4)


def test_keyframes_for_browsers_carry_their_parameters() -> None:
    encoder = VideoEncoder(StreamName("s"), settings(constant=False))
    packets = [p for n in range(40) for p in encoder.encode(flat(), n, n in (0, 20))]
    assert [p.pts for p in packets if p.key] == [0, 20]
    assert b"\x00\x00\x01\x67" in packets[20].data
    assert decoded(packets[20:]), "decodes from there without anything else"
    assert sum(len(p.data) for p in packets) < 40 * 500_000 / 30 / 8 / 2, "no filler for browsers"


def test_colours_are_tagged() -> None:
    encoder = VideoEncoder(StreamName("s"), settings())
    with av.open(io.BytesIO(encoder.nut)) as container:
        header = container.streams.video[0].codec_context
    frame = decoded(encoder.encode(flat(), 0, True), header=_Header(encoder.nut))[0]  # type: ignore[arg-type]
    assert (frame.colorspace, frame.color_range) == (1, 1)
    assert (header.width, header.height) == (W, H)


class _Header:
    def __init__(self, nut: bytes) -> None:
        self.nut = nut


def test_the_slate_fits_the_stream() -> None:
    """Same parameters to the byte: a sender may go from stream to slate and back at keyframes."""
    encoder = VideoEncoder(StreamName("s"), settings())
    slate = encode_slate(StreamName("s"), settings(), flat(BLUE))
    assert [p.pts for p in slate] == list(range(30))
    assert [p.key for p in slate] == [True] + [False] * 29
    first = [p for n in range(3) for p in encoder.encode(flat(RED), n, n == 0)]
    again = encoder.encode(flat(RED), 100, True)
    frames = decoded([*first, *slate, *again], header=_Header(encoder.nut))  # type: ignore[arg-type]
    assert len(frames) == 34
    assert colour_at(frames[-2], 50, 50) == pytest.approx(BLUE, abs=4)
    assert colour_at(frames[-1], 50, 50) == pytest.approx(RED, abs=4)


@pytest.mark.parametrize("container", ["flv", "matroska"])
def test_parameters_are_a_muxers_template(container: str) -> None:
    video, sound = VideoEncoder(StreamName("v"), settings()), AacEncoder(StreamName("a"), 128_000)
    pictures = [p for n in range(30) for p in video.encode(flat(), n, n == 0)]
    blocks = [p for p in sound.push(0, tone(0, RATE, 440.0)) if p.pts >= 0]
    target = io.BytesIO()
    with av.open(target, "w", format=container) as output:
        streams = []
        for nut in (video.nut, sound.nut):
            with av.open(io.BytesIO(nut)) as header:
                streams.append(output.add_stream_from_template(header.streams[0], opaque=True))
        for packet in pictures:
            output.mux(_coded(packet, streams[0], Fraction(1, 30)))
        for packet in blocks:
            output.mux(_coded(packet, streams[1], Fraction(1, RATE)))
    target.seek(0)
    with av.open(target, "r") as result:
        assert [s.codec_context.name for s in result.streams] == ["h264", "aac"]
        assert result.streams.audio[0].layout.name == "stereo"
        assert sum(1 for _ in result.decode(video=0)) == 30
    target.seek(0)
    with av.open(target, "r") as result:
        assert sum(frame.samples for frame in result.decode(audio=0)) >= 40 * AAC_BLOCK


def _coded(packet: Packet, stream: av.stream.Stream, base: Fraction) -> "av.Packet[av.stream.Stream]":
    coded = av.Packet(packet.data)
    coded.stream, coded.time_base = stream, base
    coded.pts, coded.dts, coded.duration = packet.pts, packet.dts, packet.duration
    coded.is_keyframe = packet.key
    return coded


def test_aac_lies_on_a_grid_and_keeps_time() -> None:
    encoder = AacEncoder(StreamName("a"), 160_000)
    packets: list[Packet] = []
    for start in range(480, 480 + RATE, 480):  # starts off the grid
        packets += encoder.push(start, tone(start, 480, 440.0))
    assert [p.pts for p in packets] == list(range(0, len(packets) * AAC_BLOCK, AAC_BLOCK))
    first, samples = sound_of(packets, "aac", encoder.header())
    at = 24_000 - first
    assert level_db(samples[at : at + 9600], 440.0) == pytest.approx(-12.04, abs=0.2)
    lag = _lag(samples[at : at + 4800], tone(24_000, 4800, 440.0))
    assert abs(lag) <= 2, "what is encoded as sample n is heard at n"


def test_silence_is_the_sounds_slate() -> None:
    header = AacEncoder(StreamName("a"), 160_000).header()
    assert [p.pts for p in header.slate] == list(range(0, 47 * AAC_BLOCK, AAC_BLOCK))
    _, samples = sound_of(list(header.slate), "aac", header)
    assert not samples.any()
    assert extradata(header)


def test_opus_gives_a_packet_a_block_at_once() -> None:
    encoder = OpusEncoder(StreamName("o"), 64_000)
    packets = [encoder.push(n * OPUS_BLOCK, tone(n * OPUS_BLOCK, OPUS_BLOCK, 440.0)) for n in range(50)]
    assert all(len(block) == 1 for block in packets)
    _, samples = sound_of([block[0] for block in packets], "libopus")
    assert level_db(samples[9600:], 440.0) == pytest.approx(-12.04, abs=0.3)


def _lag(a: np.ndarray, b: np.ndarray) -> int:
    """Samples by which ``a`` lags ``b``, within half a period of 440 Hz."""
    x, y = a.mean(axis=1), b.mean(axis=1)
    scores = {shift: float(np.dot(x[60 + shift : 4000 + shift], y[60:4000])) for shift in range(-50, 51)}
    return max(scores, key=lambda shift: scores[shift])
