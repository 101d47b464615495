"""Audio encoders: AAC-LC for streams and recordings, Opus for browsers. 48 kHz stereo, float32 in."""

from fractions import Fraction

import av
import numpy as np
from av.audio.codeccontext import AudioCodecContext

from mixer.containers import headers
from mixer.contract.clock import RATE
from mixer.contract.names import StreamName
from mixer.ipc.bus.packets import Packet, StreamHeader
from mixer.ipc.slot import Samples

OPUS_BLOCK = 960
"""Samples of one Opus packet: 20 ms."""
AAC_BLOCK = 1024

_TIME_BASE = Fraction(1, RATE)


class AacEncoder:
    """The programme's sound as AAC. Packets lie on a grid of 1024 samples from the programme's epoch.

    As with every AAC encoder the first packet's time is 1024 samples before the first sample.
    """

    def __init__(self, stream: StreamName, bitrate: int) -> None:
        self.stream = stream
        self.bitrate = bitrate
        self._context, self.nut = _open("aac", bitrate, "fltp", {"aac_coder": "fast"})
        self._kept: Samples = np.empty((0, 2), np.float32)
        self._next: int | None = None
        """Sample number of the first sample in ``_kept``."""

    def push(self, start: int, samples: Samples) -> list[Packet]:
        """Encode a block that follows on the one before; the first loses its samples up to the grid."""
        if self._next is None:
            skipped = min(-start % AAC_BLOCK, len(samples))
            samples, start = samples[skipped:], start + skipped
            if not len(samples):
                return []
            self._next = start
        kept = np.concatenate((self._kept, samples))
        packets: list[Packet] = []
        at = 0
        while len(kept) - at >= AAC_BLOCK:
            planar = np.ascontiguousarray(kept[at : at + AAC_BLOCK].T)
            packets += _encode(self._context, planar, "fltp", self._next, self.stream)
            self._next += AAC_BLOCK
            at += AAC_BLOCK
        self._kept = kept[at:].copy()
        return packets

    def header(self) -> StreamHeader:
        """The stream's header, with a second of silence as its slate."""
        silence = AacEncoder(self.stream, self.bitrate)
        blocks = -(-RATE // AAC_BLOCK)
        packets = silence.push(0, np.zeros(((blocks + 2) * AAC_BLOCK, 2), np.float32))
        slate = tuple(p for p in packets if 0 <= p.pts < blocks * AAC_BLOCK)
        return StreamHeader(self.stream, "aac", (1, RATE), 0, 0, self.nut, slate)


class OpusEncoder:
    """Opus in packets of 20 ms, without look-ahead beyond its own 2.5 ms."""

    def __init__(self, stream: StreamName, bitrate: int) -> None:
        self.stream = stream
        self._context, self.nut = _open(
            "libopus",
            bitrate,
            "flt",
            {"application": "lowdelay", "frame_duration": "20", "vbr": "constrained"},
        )

    def push(self, start: int, samples: Samples) -> list[Packet]:
        """Encode one block of :data:`OPUS_BLOCK` samples; its packet comes at once."""
        packed = np.ascontiguousarray(samples, np.float32).reshape(1, -1)
        return _encode(self._context, packed, "flt", start, self.stream)

    def header(self) -> StreamHeader:
        return StreamHeader(self.stream, "opus", (1, RATE), 0, 0, self.nut)


def _open(codec: str, bitrate: int, layout: str, options: dict[str, str]) -> tuple[AudioCodecContext, bytes]:
    container, target = headers.new_container()
    context = container.add_stream(codec, rate=RATE).codec_context
    assert isinstance(context, AudioCodecContext)
    context.layout = "stereo"
    context.format = layout
    context.bit_rate = bitrate
    context.time_base = _TIME_BASE
    context.options = options
    return context, headers.finish(container, target, _TIME_BASE)


def _encode(
    context: AudioCodecContext, array: Samples, layout: str, pts: int, stream: StreamName
) -> list[Packet]:
    frame = av.AudioFrame.from_ndarray(array, layout, "stereo")
    frame.sample_rate = RATE
    frame.pts = pts
    frame.time_base = _TIME_BASE
    return [
        Packet(stream, p.pts or 0, p.dts or 0, p.duration or array.size // 2, True, bytes(p))
        for p in context.encode(frame)
    ]
