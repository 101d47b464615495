"""A guest's sound on its way in: packets → jitter buffer → Opus → sample numbers of the programme's clock.

One thread per shard walks over all guests every 10 ms and writes what is due; the event loop only hands
packets over. Sound is written just before its presentation time, at the sample number of that very time.
"""

import threading
import time
from collections import deque
from collections.abc import Callable

from mixer.contract.clock import RATE, sample_at
from mixer.ipc.failures import Failures
from signaling.rtc.audio import opus
from signaling.rtc.audio.audio_jitter import AudioJitter, DelayTarget, Lost, Silence, Sound
from signaling.rtc.audio.conceal import ALIKE, ANY, STEADY, Samples, lengthen, shorten
from signaling.rtc.audio.voice import Voice
from signaling.rtc.recording.record import RecordedConnection
from signaling.rtc.timeline import HOPELESS_NS, LipSync
from signaling.rtc.transport.account import Recent
from signaling.rtc.transport.receive import Feedback
from signaling.rtc.transport.rtp import Rtp

BROKEN = "sound.broken"
STEP_S = 0.010
AHEAD_NS = 5_000_000
"""Sound is written from this long before it is heard on, a step later at most; the mixer reads it 40 ms
after its time, so that a thread that wakes late is no gap."""
MAX_INBOX = 128
_BLOCK = 960
_PIECE = 480
_SLOW, _FAST = RATE // 250, RATE // 125
"""Samples of delay too little (4 ms) and too much (8 ms) before anything is done about it."""
_HURRY, _URGENT = RATE // 50, RATE // 16
"""Up to 20 ms there is time until the voice is steady or pauses; from 62 ms on there is none."""
_FAR = RATE // 5
_LATEST = RATE // 50
"""Samples that may be written this much after their time."""
_REST = 2
"""Blocks between two changes of length."""
_PREROLL = 4
"""Packets decoded for nothing before the first that is heard: the codec's memory (RFC 7845 §4.6)."""
_DTX_LIMIT = 2 * RATE
"""Comfort noise is made no longer than this without a packet."""
_FADE = 240

_Origin = tuple[int, int]
"""What a packet's numbers belong to: its SSRC, and how often the sender's clock had jumped when it came."""

SoundSink = Callable[[int, Samples], None]
"""Takes the absolute sample number and float32 samples of shape (n, 2), on the pacer's thread."""


class SoundStream:
    """Implements ``receive.Stream``: :meth:`push` on the event loop, :meth:`run` on the pacer's thread.

    :attr:`open` may be set from any thread. While it is False, packets are put in order and timed, but
    neither decoded nor written; opened again, the next 20 ms are heard.
    """

    def __init__(
        self,
        sync: LipSync,
        sink: SoundSink,
        voice: Voice | None = None,
        record: RecordedConnection | None = None,
    ) -> None:
        self._record = record
        self._sync = sync
        self._sink = sink
        self.arrived_ns = 0
        """When its last packet came, CLOCK_MONOTONIC; 0: none has."""
        self._inbox: deque[tuple[_Origin, int, int, bytes]] = deque(maxlen=MAX_INBOX)
        self._origin: _Origin = (-1, 0)
        self._jitter = AudioJitter()
        self._target = DelayTarget()
        self._voice = voice or Voice()
        self._passed: deque[bytes] = deque(maxlen=_PREROLL)
        self._was_open = True
        self._at: int | None = None
        self._debt = 0
        self._rest_until: int | None = None
        self._rested = 0
        self.open = True
        self.peak = 0.0
        """Largest absolute sample since it was last set to 0; by the sender's word while closed."""
        self.concealed = 0
        """Samples made up so far."""
        self.stretched = 0
        """Blocks made longer or shorter so far."""
        self.decoded = 0
        """Packets decoded so far."""
        self.closed = False
        self._failures = Recent()

    @property
    def problem(self) -> str:
        """``sound.broken`` while it could not be played within the last ten seconds."""
        return BROKEN if self._failures.count(time.monotonic_ns()) else ""

    def bind(self, feedback: Feedback) -> None:
        """Sound is never asked for again: it would come too late."""

    def push(self, packet: Rtp, codec: str, now_ns: int) -> None:
        if codec != "opus":
            return
        self.arrived_ns = now_ns
        timestamp, lateness_ns = self._sync.sound.observe(packet.timestamp, now_ns)
        if lateness_ns < HOPELESS_NS:  # no delay there is would have waited for it
            self._target.observe(lateness_ns)
        self._sync.sound_target_ns = self._target.ns
        origin = (packet.ssrc, self._sync.sound.resets)
        self._inbox.append((origin, packet.seq, timestamp, packet.payload))
        if self._record is not None:
            self._record.sound(packet.payload, timestamp, origin)

    def level(self, dbov: int) -> None:
        """Take what the sender says of a packet's loudness, 0 … −127 dBov (RFC 6464)."""
        if dbov > -127:
            self.peak = max(self.peak, 10 ** (dbov / 20))

    def report(self, ntp: int, timestamp: int) -> None:
        self._sync.sound.report(ntp, timestamp)

    def close(self) -> None:
        self.closed = True

    @property
    def recovered(self) -> int:
        """Samples that came from error correction so far."""
        return self._voice.recovered

    # --- on the pacer's thread -----------------------------------------------------------------------

    def run(self, now_ns: int) -> None:
        """Write what is to be heard until ``now_ns`` + :data:`AHEAD_NS`."""
        while self._inbox:
            origin, seq, timestamp, payload = self._inbox.popleft()
            if origin != self._origin:
                self._origin = origin
                self._begin()
            self._jitter.add(seq, timestamp, payload)
        limit = sample_at(now_ns + AHEAD_NS)
        if self.open != self._was_open:
            self._was_open = self.open
            self._turn()
        if not self._was_open:
            self._pass(limit)
            return
        for _ in range(24):  # what a late wake-up has to catch up with; more is skipped by the anchor
            if self._at is None and not self._anchor(limit):
                return
            assert self._at is not None
            if self._at > limit:
                return
            self._step()

    def failed(self, now_ns: int) -> None:
        """Forget what is held, because it could not be played; the next packet starts over."""
        self._failures.add(now_ns)
        self._jitter = AudioJitter()
        self._passed.clear()
        self._leave()

    def _turn(self) -> None:
        """Turn from open to closed or back."""
        if self._was_open:
            self._voice.prepare(self._passed)
            self._passed.clear()
        elif self._at is not None:
            self._sink(self._at, self._voice.end(_FADE))
        self._leave()

    def _begin(self) -> None:
        """Another stream, or another clock: what is held of the old one has no place on it."""
        self._jitter.restart()
        self._passed.clear()
        if self._at is not None:
            self._sink(self._at, self._voice.end(_FADE))
        self._leave()

    def _leave(self) -> None:
        """Place what comes next by its own time again."""
        self._at = self._rest_until = None
        self._debt = 0

    def _pass(self, limit: int) -> None:
        """Closed: let go what would be heard by now."""
        while (sound := self._jitter.peek()) is not None and self._due(sound.timestamp) <= limit:
            step = self._jitter.take()
            if isinstance(step, Sound):
                self._passed.append(step.payload)
        self._jitter.pause()

    def _anchor(self, limit: int) -> bool:
        """Place the next packet on the clock. False: there is none, or it is not due yet."""
        sound = self._jitter.peek()
        if sound is None:
            return False
        start = self._due(sound.timestamp)
        if start > limit:
            return False
        # late already: begin now, the delay is put right by shortening
        self._at = max(start, limit - _LATEST)
        self._debt = 0
        return True

    def _due(self, timestamp: int) -> int:
        return sample_at(self._sync.sound.local_ns(timestamp) + self._sync.sound_delay_ns)

    def _step(self) -> None:
        assert self._at is not None
        if self._rest_until is not None:
            self._rest()
            return
        step = self._jitter.take()
        if step is None:
            self._starve()
        elif isinstance(step, Sound):
            block = self._decode(step)
            self._write(self._adjust(block, self._at - self._due(step.timestamp)))
        elif isinstance(step, Lost):
            begins = self._jitter.next_timestamp - step.samples
            paid = min(self._paid(self._at - self._due(begins)), step.samples)
            if step.samples > paid:
                self._conceal(step.samples - paid, step.following, paid)
            self._debt -= paid
        elif isinstance(step, Silence):
            self._debt = 0
            self._rest_until = self._due(self._jitter.next_timestamp)

    def _paid(self, excess: int) -> int:
        """Samples of what comes now that were made up already, while it was not there: left out, unless the
        delay was too short anyway."""
        return max(0, min(self._debt, excess))

    def _rest(self) -> None:
        """The sender is silent on purpose until a packet that is here already."""
        assert self._at is not None
        assert self._rest_until is not None
        left = self._rest_until - self._at
        if left > 2 * RATE or left <= 0:
            if left > 0:
                self._sink(self._at, self._voice.end(_FADE))
                self._leave()
            self._rest_until = None
            return
        self._write(self._voice.rest(min(_PIECE, left)))

    def _starve(self) -> None:
        """Make something up where nothing came, and remember how much."""
        assert self._at is not None
        self._debt += _PIECE
        if self._voice.resting and self._debt <= _DTX_LIMIT:
            self._write(self._voice.rest(_PIECE))
        elif self._voice.resting:
            self._sink(self._at, self._voice.end(_FADE))
            self._jitter.pause()
            self._leave()
        elif self._voice.faded:
            self._jitter.pause()
            self._voice.silent()
            self._leave()
        else:
            self._conceal(_PIECE)

    def _conceal(self, samples: int, following: bytes = b"", skipped: int = 0) -> None:
        self.concealed += samples
        self._write(self._voice.lost(samples, following, skipped))

    def _write(self, block: Samples) -> None:
        assert self._at is not None
        if not len(block):
            return
        self.peak = max(self.peak, float(block.max()), -float(block.min()))
        self._sink(self._at, block)
        self._at += len(block)

    def _decode(self, sound: Sound) -> Samples:
        assert self._at is not None
        self.decoded += 1
        if not self._debt:
            return self._voice.decode(sound.payload, _BLOCK)
        paid = self._paid(self._at - self._due(sound.timestamp))
        self._debt = 0
        return self._voice.decode(sound.payload, _BLOCK, True, paid)

    def _adjust(self, block: Samples, excess: int) -> Samples:
        """Bring the delay nearer to what it should be, by a period at a time."""
        assert self._at is not None
        self._rested += 1
        if len(block) < _BLOCK or -_SLOW <= excess <= _FAST:
            return block
        if self._sync.sound.resets != self._origin[1]:
            return block  # the clock jumped since the inbox was read: `excess` is between two clocks
        if excess > _FAR:
            # far behind after a stall: whole blocks go, joined by the concealer's fade
            self._rested = 0
            if excess > 2 * _FAR:
                self._voice.cut()
                return block[:0]
            return shorten(block)
        if excess < -_FAR:
            self._at += min(-excess, RATE // 2)  # what jumped farther is put right by and by
            return block
        amount = abs(excess)
        if self._rested <= _REST and amount <= _URGENT:
            return block
        like = STEADY if amount <= _HURRY else ALIKE if amount <= _URGENT else ANY
        changed = shorten(block, like) if excess > 0 else lengthen(block, like)
        if len(changed) != len(block):
            self._rested = 0
            self.stretched += 1
        return changed


class SoundPacer:
    """The thread that runs all sound streams of a shard."""

    def __init__(self) -> None:
        opus.load()  # opens a file: now, not when the first guest comes
        self._streams: tuple[SoundStream, ...] = ()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._work, name="sound", daemon=True)
        self.failures = Failures("sound")
        self._thread.start()

    def add(self, stream: SoundStream) -> None:
        """Add a stream, on the event loop. It leaves by itself once it is closed."""
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
                except Exception as error:
                    # one guest's sound must not silence the others
                    self.failures.add(error)
                    stream.failed(now_ns)
            due = max(due + STEP_S, time.monotonic() - STEP_S)
            self._stopped.wait(max(0.001, due - time.monotonic()))
