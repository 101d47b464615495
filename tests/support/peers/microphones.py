"""A microphone and its path to a :class:`~signaling.rtc.audio.sound_in.SoundStream` in time that is handed
in."""

import ctypes
import random
from collections.abc import Iterable
from dataclasses import dataclass

import av
import numpy as np
from numpy.typing import NDArray

from mixer.contract.clock import RATE, sample_at
from signaling.rtc.audio.conceal import Samples
from signaling.rtc.audio.opus import AvDecoder, load
from signaling.rtc.audio.sound_in import SoundStream
from signaling.rtc.audio.voice import Voice
from signaling.rtc.synthetic.loops import BLOCK
from signaling.rtc.timeline import LipSync
from signaling.rtc.transport.rtp import Rtp

MS = 1_000_000
STEP_NS = 10 * MS
LAG_NS = 40 * MS
Mono = NDArray[np.float32]


def tone(hz: float, seconds: float, level: float = 0.4) -> Mono:
    time = np.arange(int(seconds * RATE)) / RATE
    return (level * np.sin(2 * np.pi * hz * time)).astype(np.float32)


def opus(wave: Mono, *, application: str = "audio", fec: bool = False) -> list[bytes]:
    """Packets of 20 ms."""
    encoder = av.CodecContext.create("libopus", "w")
    encoder.sample_rate = RATE
    encoder.layout = "mono"
    encoder.format = "s16"
    encoder.bit_rate = 48_000
    encoder.options = {"application": application, "frame_duration": "20"}
    if fec:
        encoder.options |= {"fec": "1", "packet_loss": "10"}
    samples = (wave * 32767).astype(np.int16)
    packets: list[bytes] = []
    for start in range(0, len(samples) - BLOCK + 1, BLOCK):
        frame = av.AudioFrame.from_ndarray(samples[None, start : start + BLOCK], "s16", "mono")
        frame.sample_rate = RATE
        frame.pts = start
        packets += [bytes(packet) for packet in encoder.encode(frame)]
    return packets


def opus_dtx(wave: Mono) -> list[bytes | None]:
    """Packets of 20 ms with discontinuous transmission, by libopus itself; None: not to be sent, as browsers
    do it: the first empty packet of a silence goes out, the following ones don't."""
    library = load()
    assert library is not None
    library.opus_encoder_create.restype = ctypes.c_void_p
    error = ctypes.c_int()
    encoder = ctypes.c_void_p(library.opus_encoder_create(RATE, 1, 2048, ctypes.byref(error)))
    for request, value in ((4002, 24_000), (4016, 1)):  # OPUS_SET_BITRATE, OPUS_SET_DTX
        assert library.opus_encoder_ctl(encoder, request, ctypes.c_int(value)) == 0
    room = ctypes.create_string_buffer(1500)
    made: list[bytes | None] = []
    for start in range(0, len(wave) - BLOCK + 1, BLOCK):
        block = np.ascontiguousarray(wave[start : start + BLOCK])
        size = library.opus_encode_float(encoder, ctypes.c_void_p(block.ctypes.data), BLOCK, room, 1500)
        resting = bool(made) and (made[-1] is None or len(made[-1]) <= 2)
        made.append(None if size <= 2 and resting else room.raw[:size])
    library.opus_encoder_destroy(encoder)
    return made


@dataclass
class Line:
    """``drift_ppm``: by how much the microphone's clock is slow, against the sender's own wall clock, too,
    unless ``honest`` is False: then that one is just as slow. ``seq`` and ``timestamp``: by how much the
    sender's counts have jumped."""

    loss: float = 0.0
    jitter_ms: float = 0.0
    drift_ppm: float = 0.0
    honest: bool = True
    seed: int = 1
    seq: int = 0
    timestamp: int = 0


class Ordeal:
    """Packets over a line into a stream that is run every 10 ms. Nothing of it waits for real time."""

    def __init__(self, *, plain: bool = False, start_s: float = 1000.0) -> None:
        self.sync = LipSync()
        self.stream = SoundStream(self.sync, self._write, Voice(AvDecoder()) if plain else Voice())
        self._start_ns = round(start_s * 1e9)
        self._now_ns = self._start_ns
        self._first = sample_at(self._start_ns)
        self._wave: Mono = np.zeros(0, np.float32)
        self._written = np.zeros(0, bool)
        self.errors: list[str] = []

    def _write(self, start: int, samples: Samples) -> None:
        at = start - self._first
        if start < sample_at(self._now_ns - LAG_NS):
            self.errors.append("written too late to be heard")
        if at < 0:
            self.errors.append("written before the beginning")
            return
        missing = at + len(samples) - len(self._wave)
        if missing > 0:
            self._wave = np.concatenate((self._wave, np.zeros(max(missing, 10 * RATE), np.float32)))
            self._written = np.concatenate((self._written, np.zeros(max(missing, 10 * RATE), bool)))
        self._wave[at : at + len(samples)] = samples[:, 0]
        self._written[at : at + len(samples)] = True

    def play(self, packets: Iterable[bytes | None], line: Line, *, first: int = 0) -> None:
        """Send packets, the first one being number ``first`` of its stream at its time."""
        chance = random.Random(line.seed + first)
        arrivals: list[tuple[int, int, Rtp | None]] = []
        reports: dict[int, tuple[int, int]] = {}
        seq = first
        end_ns = self._now_ns
        for number, payload in enumerate(packets, first):
            sent_ns = self._start_ns + round(number * 20 * MS * (1 + line.drift_ppm / 1e6))
            end_ns = sent_ns + 20 * MS
            if number % 50 == 7:  # a report each second
                wall = number * 20 * MS if not line.honest else sent_ns - self._start_ns
                arrivals.append((sent_ns + 25 * MS, 0, None))
                reports[sent_ns + 25 * MS] = (wall, number * BLOCK + line.timestamp)
            if payload is None:
                continue
            seq += 1
            if chance.random() >= line.loss:
                late_ns = round(chance.uniform(0, line.jitter_ms) * MS)
                timestamp = number * BLOCK + line.timestamp
                sound = Rtp(111, False, seq + line.seq & 0xFFFF, timestamp & 0xFFFFFFFF, 1, payload)
                arrivals.append((sent_ns + 25 * MS + late_ns, seq, sound))
        arrivals.sort(key=lambda arrival: arrival[:2], reverse=True)
        while self._now_ns < end_ns:
            self._now_ns += STEP_NS
            while arrivals and arrivals[-1][0] <= self._now_ns:
                at_ns, _, packet = arrivals.pop()
                if packet is not None:
                    self.stream.push(packet, "opus", at_ns)
                else:
                    wall, timestamp = reports.pop(at_ns)
                    ntp = ((wall + 10**18) << 32) // 1_000_000_000
                    self.stream.report(ntp, timestamp & 0xFFFFFFFF)
            if self._now_ns % (100 * MS) < STEP_NS:
                self.sync.settle(self._now_ns)
            self.stream.run(self._now_ns)

    def heard(self, from_s: float, to_s: float) -> Mono:
        """Of the time since the start; what wasn't written is 0."""
        return self._wave[round(from_s * RATE) : round(to_s * RATE)]

    def written(self, from_s: float, to_s: float) -> NDArray[np.bool_]:
        return self._written[round(from_s * RATE) : round(to_s * RATE)]

    @property
    def elapsed_s(self) -> float:
        return (self._now_ns - self._start_ns) / 1e9


def delay_ms(ordeal: Ordeal, wave: Mono, at_s: float, drift_ppm: float = 0.0) -> float:
    """How much later a piece of half a second of ``wave`` at ``at_s`` is heard than it was said."""
    piece = wave[round(at_s * RATE) : round((at_s + 0.5) * RATE)]
    said_s = at_s * (1 + drift_ppm / 1e6)
    heard = ordeal.heard(said_s, said_s + 0.9)
    size = 1 << (len(heard) + len(piece)).bit_length()
    product = np.fft.irfft(np.fft.rfft(heard, size) * np.conj(np.fft.rfft(piece, size)), size)
    return float(np.argmax(product[: round(0.4 * RATE)])) / RATE * 1000


def chirps(seconds: float) -> Mono:
    """A sweep each half second: sound without a pause whose delay can be measured anywhere."""
    time = np.arange(RATE // 2) / RATE
    sweep = 0.4 * np.sin(2 * np.pi * (200 * time + 800 * time**2))
    return np.tile(sweep, int(seconds * 2)).astype(np.float32)
