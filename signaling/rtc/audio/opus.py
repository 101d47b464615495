"""Opus → samples, with what the codec itself knows about lost packets.

libopus can go on where a packet is missing, and can read the packet before out of one sent with in-band error
correction; FFmpeg's wrapper offers neither. PyAV's wheel brings the library as a file of its own, so it is
called directly there. Where it isn't found, :class:`AvDecoder` decodes, and what is lost is left to
:mod:`signaling.rtc.audio.conceal`.
"""

import ctypes
import functools
import importlib.util
from pathlib import Path
from typing import Protocol

import av
import numpy as np
from av.audio.codeccontext import AudioCodecContext
from av.audio.frame import AudioFrame

from mixer.contract.clock import RATE
from signaling.rtc.audio.conceal import Samples

MAX_SAMPLES = 5760
"""Of one packet: 120 ms."""
_CHANNELS = 2
_STEP = RATE // 400
"""2.5 ms: what libopus conceals is a multiple of it."""
_VERSIONS = (b"libopus 1.", b"libopus 2.")


class Decoder(Protocol):
    """One microphone's. Samples are float32 of shape (n, 2), 48 kHz, −1 … 1. Not for several threads."""

    def decode(self, payload: bytes) -> Samples | None:
        """A packet's samples; None for a broken one."""

    def recover(self, following: bytes, count: int) -> Samples | None:
        """``count`` samples of the lost packet before ``following``, from its error correction; None:
        there is none. :meth:`decode` of ``following`` comes next."""

    def conceal(self, count: int) -> Samples | None:
        """``count`` samples to go on with; None: it can't."""

    def reset(self) -> None:
        """Forget what was decoded: what comes next doesn't follow on it."""


def open_decoder() -> Decoder:
    """The best there is."""
    library = load()
    return LibDecoder(library) if library is not None else AvDecoder()


@functools.cache
def load() -> ctypes.CDLL | None:
    """libopus of PyAV's wheel (the very file PyAV has loaded already), or None."""
    spec = importlib.util.find_spec("av")
    if spec is None or spec.origin is None:
        return None
    for path in sorted(Path(spec.origin).parent.parent.glob("av.libs/libopus-*.so*")):
        try:
            return _declared(ctypes.CDLL(str(path)))
        except (OSError, AttributeError):
            continue
    return None


def _declared(library: ctypes.CDLL) -> ctypes.CDLL:
    library.opus_get_version_string.restype = ctypes.c_char_p
    if not library.opus_get_version_string().startswith(_VERSIONS):
        raise OSError("not a libopus this code knows")
    library.opus_decoder_create.restype = ctypes.c_void_p
    library.opus_decoder_create.argtypes = (ctypes.c_int32, ctypes.c_int, ctypes.POINTER(ctypes.c_int))
    library.opus_decoder_destroy.restype = None
    library.opus_decoder_destroy.argtypes = (ctypes.c_void_p,)
    library.opus_decode_float.restype = ctypes.c_int
    library.opus_decode_float.argtypes = (
        ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int32, ctypes.c_void_p, ctypes.c_int, ctypes.c_int,
    )  # fmt: skip
    library.opus_decoder_ctl.restype = ctypes.c_int
    library.opus_packet_has_lbrr.restype = ctypes.c_int
    library.opus_packet_has_lbrr.argtypes = (ctypes.c_char_p, ctypes.c_int32)
    return library


class LibDecoder:
    """A :class:`Decoder` on libopus itself. Raises MemoryError where none can be made."""

    _RESET = 4028

    def __init__(self, library: ctypes.CDLL) -> None:
        error = ctypes.c_int()
        self._library = library
        self._state: int | None = library.opus_decoder_create(RATE, _CHANNELS, ctypes.byref(error))
        if not self._state or error.value:
            raise MemoryError("libopus made no decoder")
        self._room: Samples = np.empty((MAX_SAMPLES, _CHANNELS), np.float32)
        self._at = self._room.ctypes.data

    def __del__(self) -> None:
        if self._state:
            self._library.opus_decoder_destroy(self._state)
            self._state = None

    def decode(self, payload: bytes) -> Samples | None:
        return self._call(payload, len(payload), MAX_SAMPLES, 0) if payload else None

    def recover(self, following: bytes, count: int) -> Samples | None:
        if not following or not self._possible(count) or not self._corrects(following):
            return None
        return self._call(following, len(following), count, 1)

    def conceal(self, count: int) -> Samples | None:
        return self._call(None, 0, count, 0) if self._possible(count) else None

    def reset(self) -> None:
        self._library.opus_decoder_ctl(ctypes.c_void_p(self._state), self._RESET)

    def _corrects(self, packet: bytes) -> bool:
        return bool(self._library.opus_packet_has_lbrr(packet, len(packet)) == 1)

    @staticmethod
    def _possible(count: int) -> bool:
        return 0 < count <= MAX_SAMPLES and count % _STEP == 0

    def _call(self, data: bytes | None, size: int, count: int, fec: int) -> Samples | None:
        got = self._library.opus_decode_float(self._state, data, size, self._at, count, fec)
        return self._room[:got].copy() if got > 0 else None


class AvDecoder:
    """A :class:`Decoder` on FFmpeg's wrapper: knows nothing about losses."""

    def __init__(self) -> None:
        self._context: AudioCodecContext | None = None

    def decode(self, payload: bytes) -> Samples | None:
        if not payload:
            return None
        if self._context is None:
            context = av.CodecContext.create("libopus", "r")
            context.sample_rate = RATE
            context.layout = "stereo"
            context.format = "s16"
            self._context = context
        try:
            frames = self._context.decode(av.Packet(payload))
        except av.FFmpegError:
            self._context = None
            return None
        parts = [_samples(frame) for frame in frames]
        if not parts:
            return None
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def recover(self, following: bytes, count: int) -> Samples | None:
        return None

    def conceal(self, count: int) -> Samples | None:
        return None

    def reset(self) -> None:
        self._context = None


def _samples(frame: AudioFrame) -> Samples:
    raw = np.frombuffer(memoryview(frame.planes[0]), np.int16)[: frame.samples * 2]
    block: Samples = raw.astype(np.float32) * np.float32(1 / 32768)
    return block.reshape(-1, 2)
