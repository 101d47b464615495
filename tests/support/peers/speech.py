"""Speech for tests and benchmarks: spoken by espeak-ng, encoded as browsers do, scored as listeners would.

Scores are PESQ, wide band (ITU-R P.862.2, 1 … 4.64), of each sentence by itself: time stretching moves the
sentences against each other, and a listener doesn't mind.
"""

import subprocess
import tempfile
import wave
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from mixer.contract.clock import RATE
from signaling.rtc.synthetic.loops import BLOCK, Loop, LoopFrame, make_loop

Mono = NDArray[np.float32]
SCORE_RATE = 16_000
SENTENCES = (
    ("ko", "여러분, 오늘 회의에 참석해 주셔서 감사합니다."),
    ("en", "The city council will vote on the new harbour tonight."),
    ("ko", "우리 시는 내년에 버스 노선을 열두 개 늘립니다."),
    ("en", "We welcome every guest who joins us from far away."),
)
_PAUSE_S = 0.6


@dataclass(frozen=True)
class Speech:
    """Mono float32 at 48 kHz of whole 20 ms blocks, peak 0.5; ``sentences`` are sample intervals of it."""

    wave: Mono
    sentences: tuple[tuple[int, int], ...]

    @property
    def blocks(self) -> int:
        return len(self.wave) // BLOCK


def speak(sentences: tuple[tuple[str, str], ...] = SENTENCES) -> Speech:
    """The sentences (language, text) with pauses between them."""
    pause = np.zeros(int(_PAUSE_S * RATE), np.float32)
    parts, spans, at = [pause], [], len(pause)
    with tempfile.TemporaryDirectory() as folder:
        for number, (language, text) in enumerate(sentences):
            path = Path(folder) / f"{number}.wav"
            subprocess.run(["espeak-ng", "-v", language, "-s", "150", "-w", str(path), text], check=True)
            spoken = _trimmed(resampled(*_read_wave(path), RATE))
            parts += [spoken, pause]
            spans.append((at, at + len(spoken)))
            at += len(spoken) + len(pause)
    parts.append(np.zeros(-at % BLOCK, np.float32))
    whole = np.concatenate(parts)
    return Speech((whole * (0.5 / np.abs(whole).max())).astype(np.float32), tuple(spans))


def encode(speech: Speech, *, fec: bool = False, bitrate: int = 32_000) -> tuple[bytes, ...]:
    """Opus packets of 20 ms, as Chromium makes them of a microphone; ``fec``: each holds the one
    before as well."""
    encoder = av.CodecContext.create("libopus", "w")
    encoder.sample_rate = RATE
    encoder.layout = "mono"
    encoder.format = "s16"
    encoder.bit_rate = bitrate
    encoder.options = {
        "application": "voip",
        "frame_duration": "20",
        "fec": str(int(fec)),
        "packet_loss": "10" if fec else "0",
    }
    samples = (speech.wave * 32767).astype(np.int16)
    packets: list[bytes] = []
    for start in range(0, len(samples), BLOCK):
        frame = av.AudioFrame.from_ndarray(samples[None, start : start + BLOCK], "s16", "mono")
        frame.sample_rate = RATE
        frame.pts = start
        packets += [bytes(packet) for packet in encoder.encode(frame)]
    packets += [bytes(packet) for packet in encoder.encode(None)]
    return tuple(packets[: speech.blocks])


class Talker:
    """A guest's media: speech over and over, and a small picture. Implements ``loops.Media``."""

    def __init__(self, packets: tuple[bytes, ...]) -> None:
        self._packets = packets
        self._loop: Loop = make_loop("Talker", 0.4, seconds=1, size=(64, 36), bitrate=60_000)

    @property
    def codec(self) -> str:
        return self._loop.codec

    def picture(self, number: int) -> LoopFrame:
        return self._loop.picture(number)

    def sound(self, number: int) -> bytes:
        return self._packets[number % len(self._packets)]

    def ask_key(self) -> None:
        self._loop.ask_key()


def score(speech: Speech, heard: Mono) -> float:
    """Mean PESQ of the sentences in ``heard``: mono at 48 kHz, one whole round of the speech or more in it.

    Raises ValueError where a sentence can't be found.
    """
    from pesq import pesq

    reference, degraded = (resampled(wave, RATE, SCORE_RATE) for wave in (speech.wave, heard))
    scores = []
    for start, end in speech.sentences:
        spoken = reference[start * SCORE_RATE // RATE : end * SCORE_RATE // RATE]
        at = find(spoken, degraded)
        margin = SCORE_RATE // 5
        first, last = max(0, at - margin), at + len(spoken) + margin
        silence = np.zeros(at - first, np.float32)
        expected = np.concatenate((silence, spoken, np.zeros(margin, np.float32)))
        scores.append(float(pesq(SCORE_RATE, expected, degraded[first:last], "wb")))
    return float(np.mean(scores))


def find(wanted: Mono, within: Mono) -> int:
    """Where ``wanted`` begins in ``within``, both at :data:`SCORE_RATE`, to 5 ms: where the loudness goes up
    and down as in it, for waveforms may have been stretched. Raises ValueError for a poor match."""
    step = SCORE_RATE // 200
    short, long = (_loudness(wave, step) for wave in (wanted, within))
    windows = np.lib.stride_tricks.sliding_window_view(long, len(short))
    centred = windows - windows.mean(axis=1, keepdims=True)
    short = short - short.mean()
    alike = centred @ short / (np.linalg.norm(centred, axis=1) * np.linalg.norm(short) + 1e-9)
    best = int(np.argmax(alike))
    if alike[best] < 0.7:
        raise ValueError(f"the sentence is not there (correlation {alike[best]:.2f})")
    return best * step


def _loudness(wave: Mono, step: int) -> Mono:
    blocks = wave[: len(wave) // step * step].reshape(-1, step)
    loudness: Mono = np.sqrt((blocks**2).mean(axis=1)) ** 0.5
    return loudness


def resampled(wave: Mono, rate: int, wanted: int) -> Mono:
    """Mono float32 at another rate."""
    if rate == wanted:
        return wave
    resampler = av.AudioResampler(format="flt", layout="mono", rate=wanted)
    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(wave[None, :], np.float32), "flt", "mono")
    frame.sample_rate = rate
    parts = [part.to_ndarray()[0] for given in (frame, None) for part in resampler.resample(given)]
    return np.concatenate(parts).astype(np.float32)


def _read_wave(path: Path) -> tuple[Mono, int]:
    with wave.open(str(path)) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")
        return (samples / np.float32(32768)).astype(np.float32), file.getframerate()


def _trimmed(wave: Mono) -> Mono:
    loud = np.flatnonzero(np.abs(wave) > 0.01 * np.abs(wave).max())
    return wave[max(0, loud[0] - 480) : loud[-1] + 480]
