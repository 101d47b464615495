"""Of several streams in one section the largest is followed, and what follows one stream is taken at once."""

from signaling.rtc.transport.rtp import Rtp
from signaling.rtc.video.layers import GONE_NS, SimulcastLayers

MS = 1_000_000


def packet(ssrc: int, width: int = 0) -> Rtp:
    """VP8: a keyframe's beginning of ``width`` × 90, else the middle of a picture."""
    if not width:
        return Rtp(96, False, 0, 0, ssrc, b"\x00" + b"\x01" * 20)
    size = width.to_bytes(2, "little") + (90).to_bytes(2, "little")
    return Rtp(96, False, 0, 0, ssrc, b"\x10" + b"\x10\x00\x00\x9d\x01\x2a" + size + bytes(10))


def followed(layers: SimulcastLayers, now_ns: int, *packets: Rtp) -> list[bool]:
    return [layers.follow(each, "vp8", now_ns) for each in packets]


def test_layers_of_one_picture_in_any_order() -> None:
    layers = SimulcastLayers()
    assert followed(layers, 0, packet(3, 320), packet(1, 1280), packet(2, 640)) == [True, True, False]
    assert followed(layers, 33 * MS, packet(3), packet(1), packet(2)) == [False, True, False]
    assert followed(layers, 66 * MS, packet(2, 640), packet(1, 1280), packet(3, 320)) == [False, True, False]


def test_the_largest_is_gone_for_a_while() -> None:
    layers = SimulcastLayers()
    followed(layers, 0, packet(1, 1280), packet(2, 640))
    assert followed(layers, GONE_NS, packet(2)) == [False]
    assert followed(layers, GONE_NS + 1, packet(2), packet(1)) == [True, False]
    assert followed(layers, GONE_NS + 2, packet(1, 1280), packet(2)) == [True, False]


def test_a_stream_after_another_is_taken_at_once() -> None:
    layers = SimulcastLayers()
    assert followed(layers, 0, packet(1, 640), packet(1)) == [True, True]
    assert followed(layers, MS, packet(2), packet(2, 640)) == [True, True]
    assert followed(layers, 2 * MS, packet(1), packet(2)) == [False, True], "the old one's last packet"
    assert followed(layers, 3 * MS, packet(4, 1280)) == [True]


def test_streams_that_nothing_announces() -> None:
    layers = SimulcastLayers()
    assert followed(layers, 0, packet(1), packet(2), packet(1), packet(2)) == [True, True, False, True]
    assert not any(followed(layers, MS, *(packet(each) for each in range(3, 40))))
    assert followed(layers, 2 * MS, Rtp(96, False, 0, 0, 2, b""), packet(2, 64)) == [True, True]
