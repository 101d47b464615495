"""A guest's sound on its way in: packets → jitter buffer → Opus → sample numbers of the programme's clock.

One thread per shard walks over all guests every 10 ms and writes what is due; the event loop only hands
packets over. Sound is written just before its presentation time, at the sample number of that very time.
"""

import threading
import time
from collections import deque
from collections.abc import Callable

import av
import numpy as np
from av.audio.codeccontext import AudioCodecContext
from av.audio.frame import AudioFrame

from mixer.slot import RATE, sample_at
from signaling.rtc.audio_jitter import AudioJitter, DelayTarget, Lost, Silence, Sound
from signaling.rtc.conceal import Concealer, Samples, lengthen, shorten
from signaling.rtc.receive import Feedback
from signaling.rtc.rtp import Rtp
from signaling.rtc.timeline import LipSync

STEP_S = 0.010
AHEAD_NS = 15_000_000
"""Sound is written at least this long before it is heard, at most a step more."""
MAX_INBOX = 128
_BLOCK = 960
_SLOW, _FAST = RATE // 200, RATE // 50
"""Samples of delay too little (5 ms) and too much (20 ms) before anything is done about it."""
_FAR = RATE // 5
_REST = 5
"""Blocks between two shortenings."""

SoundSink = Callable[[int, Samples], None]
"""Takes the absolute sample number and float32 samples of shape (n, 2), on the pacer's thread."""


class SoundStream:
    """Implements ``receive.Stream``: :meth:`push` on the event loop, :meth:`run` on the pacer's thread."""

    def __init__(self, sync: LipSync, sink: SoundSink) -> None:
        self._sync = sync
        self._sink = sink
        self._inbox: deque[tuple[int, int, bytes]] = deque(maxlen=MAX_INBOX)
        self._jitter = AudioJitter()
        self._target = DelayTarget()
        self._concealer = Concealer()
        self._decoder: AudioCodecContext | None = None
        self._ssrc: int | None = None
        self._at: int | None = None
        self._debt = 0
        self._rested = 0
        self._restart = False
        self.peak = 0.0
        """Largest absolute sample since it was last set to 0."""
        self.concealed = 0
        self.closed = False

    def bind(self, feedback: Feedback) -> None:
        """Sound is never asked for again: it would come too late."""

    def push(self, packet: Rtp, codec: str, now_ns: int) -> None:
        if codec != "opus":
            return
        if packet.ssrc != self._ssrc:
            self._restart = self._ssrc is not None
            self._ssrc = packet.ssrc
        timestamp, lateness_ns = self._sync.sound.observe(packet.timestamp, now_ns)
        self._target.observe(lateness_ns)
        self._sync.sound_target_ns = self._target.ns
        self._inbox.append((packet.seq, timestamp, packet.payload))

    def report(self, ntp: int, timestamp: int) -> None:
        self._sync.sound.report(ntp, timestamp)

    def close(self) -> None:
        self.closed = True

    # --- on the pacer's thread -----------------------------------------------------------------------

    def run(self, now_ns: int) -> None:
        """Write what is to be heard until ``now_ns`` + :data:`AHEAD_NS`."""
        if self._restart:
            self._restart = False
            self._jitter.restart()
        while self._inbox:
            self._jitter.add(*self._inbox.popleft())
        limit = sample_at(now_ns + AHEAD_NS)
        for _ in range(16):  # what a late wake-up has to catch up with; more is skipped by the anchor
            if self._at is None and not self._anchor(limit):
                return
            assert self._at is not None
            if self._at > limit:
                return
            self._step(limit)

    def _anchor(self, limit: int) -> bool:
        """Place the next packet on the clock. False: there is none, or it is not due yet."""
        sound = self._jitter.peek()
        if sound is None:
            return False
        start = self._due(sound.timestamp)
        if start > limit:
            return False
        # late already: begin now, the delay is put right by shortening
        self._at = max(start, limit - sample_at(AHEAD_NS))
        self._debt = 0
        return True

    def _due(self, timestamp: int) -> int:
        return sample_at(self._sync.sound.local_ns(timestamp) + self._sync.sound_delay_ns)

    def _step(self, limit: int) -> None:
        assert self._at is not None
        step = self._jitter.take()
        if step is None:
            self._starve()
        elif isinstance(step, Sound):
            self._debt = 0
            self._write(self._adjust(self._decode(step), step.timestamp))
        elif isinstance(step, Lost):
            paid = min(self._debt, step.samples)  # concealed already, while nothing came
            self._debt -= paid
            if step.samples > paid:
                self._conceal(step.samples - paid)
        elif isinstance(step, Silence):
            self._concealer.silent()
            due = self._due(self._jitter.next_timestamp)
            self._debt = 0
            if due > limit:
                self._at = None  # the anchor waits for it
            else:
                self._at = max(self._at, due)

    def _starve(self) -> None:
        if self._concealer.faded or self._debt >= 3 * _BLOCK:
            self._jitter.pause()
            self._concealer.silent()
            self._at = None
            return
        self._debt += _BLOCK // 2
        self._conceal(_BLOCK // 2)

    def _conceal(self, samples: int) -> None:
        assert self._at is not None
        block = self._concealer.lost(samples)
        self.concealed += samples
        self._sink(self._at, block)
        self._at += samples

    def _write(self, block: Samples) -> None:
        assert self._at is not None
        if not len(block):
            return
        self.peak = max(self.peak, float(np.abs(block).max()))
        self._sink(self._at, block)
        self._at += len(block)

    def _adjust(self, block: Samples, timestamp: int) -> Samples:
        """Bring the delay nearer to what it should be, by a period at a time."""
        assert self._at is not None
        block = self._concealer.good(block)
        excess = self._at - self._due(timestamp)
        self._rested += 1
        if len(block) < _BLOCK or -_SLOW <= excess <= _FAST:
            return block
        if excess > _FAR:
            # far behind after a stall: whole blocks go, joined by the concealer's fade
            self._rested = 0
            return block[:0] if excess > 2 * _FAR else shorten(block)
        if excess > _FAST:
            if self._rested < _REST and excess < 3 * _FAST:
                return block
            self._rested = 0
            return shorten(block)
        if excess < -_FAR:
            self._at += -excess
            return block
        return lengthen(block)

    def _decode(self, sound: Sound) -> Samples:
        if self._decoder is None:
            decoder = av.CodecContext.create("libopus", "r")
            decoder.sample_rate = RATE
            decoder.layout = "stereo"
            decoder.format = "s16"
            self._decoder = decoder
        try:
            frames = self._decoder.decode(av.Packet(sound.payload))
        except av.FFmpegError:
            self._decoder = None
            frames = []
        parts = [_samples(frame) for frame in frames]
        if not parts:
            return self._concealer.lost(_BLOCK)
        return parts[0] if len(parts) == 1 else np.concatenate(parts)


def _samples(frame: AudioFrame) -> Samples:
    raw = np.frombuffer(memoryview(frame.planes[0]), np.int16)[: frame.samples * 2]
    block: Samples = raw.astype(np.float32) * np.float32(1 / 32768)
    return block.reshape(-1, 2)


class SoundPacer:
    """The thread that runs all sound streams of a shard."""

    def __init__(self) -> None:
        self._streams: tuple[SoundStream, ...] = ()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._work, name="sound", daemon=True)
        self.errors = 0
        self._thread.start()

    def add(self, stream: SoundStream) -> None:
        """On the event loop. The stream leaves by itself once it is closed."""
        self._streams = (*(s for s in self._streams if not s.closed), stream)

    def close(self) -> None:
        self._stopped.set()

    def _work(self) -> None:
        due = time.monotonic()
        while not self._stopped.is_set():
            now_ns = time.monotonic_ns()
            for stream in self._streams:
                if stream.closed:
                    continue
                try:
                    stream.run(now_ns)
                except Exception:
                    # one guest's sound must not silence the others
                    self.errors += 1
            due = max(due + STEP_S, time.monotonic() - STEP_S)
            self._stopped.wait(max(0.001, due - time.monotonic()))
