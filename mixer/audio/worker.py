"""The sound's thread: it mixes whole blocks of 20 ms as soon as they are due, encodes and publishes them.

Sound is read a fixed lag after its time, so that what writers deliver in blocks is there, and keeps its own
time as timestamp. It keeps its own pace, for a block that waited for a tick would be up to a picture later. A
plan holds from its tick's own time on: the sound of a cut begins to change with the picture's first sample.
Whoever comes late mixes more blocks at once: no block is ever left out, so the sound has no gap, whatever
happens to pictures.
"""

import threading
from collections import deque
from collections.abc import Callable, Mapping

import numpy as np
import structlog

from mixer.audio.core import SoundCore
from mixer.audio.limiter import LOOKAHEAD
from mixer.audio.measuring.meters import MeterBridge
from mixer.audio.streams import SoundBus, Streams
from mixer.contract.clock import NS, RATE, ProgramClock
from mixer.contract.messages import Message
from mixer.contract.names import SourceName
from mixer.contract.plan import AudioPlan, BusName, Fade
from mixer.encode.audio import OPUS_BLOCK
from mixer.ipc.priority import Urgency, set_thread
from mixer.ipc.slot import Samples, SlotReader

LAG = 40 * RATE // 1000
"""Samples (40 ms) by which the mix follows its sources' time."""
BLOCK = OPUS_BLOCK
BEHIND = LAG + LOOKAHEAD
"""Samples by which the end of a block that comes out follows its time."""
MAX_BEHIND = 5 * RATE
"""Further behind than this (the machine slept) the sound goes on at the present instead of catching up."""
_MOST_PLANS = 64
"""Plans that wait for their time, which takes 65 ms."""

_AT_ONCE = Fade()
_MS = 1_000_000

_log = structlog.get_logger()


class SoundWorker:
    """Mixes and encodes on a thread of its own. Every public method may be called from any thread.

    ``notify`` gets the meters while somebody watches them; it must not block.
    """

    def __init__(
        self,
        clock: ProgramClock,
        bus: SoundBus,
        aac_bitrate: int,
        opus_bitrate: int,
        notify: Callable[[Message], None] = lambda _: None,
    ) -> None:
        self._clock = clock
        self._bus = bus
        self._notify = notify
        self._readers: dict[SourceName, SlotReader] = {}
        self._condition = threading.Condition()
        self._plans: deque[tuple[int, AudioPlan, bool, int]] = deque(maxlen=_MOST_PLANS)
        """From which programme sample on each one holds."""
        self._told: tuple[AudioPlan, bool] | None = None
        """What came last."""
        self._plan, self._silent, self._fade_ms = AudioPlan(), False, 0
        self._stopping = False
        self._next: int | None = None
        """Programme sample at which the next block that comes out begins."""
        self._core = SoundCore(clock.fps)
        self._meters = MeterBridge()
        self._streams = Streams(bus, aac_bitrate, opus_bitrate)
        self._problems: dict[SourceName, str] = {}
        self._complained: int | None = None
        """The block at which the log last told of a failure."""
        self._thread = threading.Thread(target=self._run, name="sound", daemon=True)

    def start(self) -> None:
        self._streams.open()
        self._thread.start()

    def stop(self) -> None:
        with self._condition:
            self._stopping = True
            self._condition.notify()

    def join(self, timeout_s: float) -> None:
        self._thread.join(timeout_s)

    def set_reader(self, source: SourceName, reader: SlotReader | None) -> None:
        """Hear ``source`` in this slot from now on, or not at all."""
        readers = dict(self._readers)
        if reader is None:
            readers.pop(source, None)
        else:
            readers[source] = reader
        self._readers = readers  # replaced, for the sound's thread reads it at any time

    def advance(self, tick: int, plan: AudioPlan, silent: bool, fade: Fade = _AT_ONCE) -> None:
        """Let this plan hold from ``tick`` on. The first one begins the sound. Never waits for the mixing.

        ``silent``: the programme is black. All buses fall silent, and with them what is heard of them;
        talkback and what the director listens to alone go on. ``fade``: how it gets so, or ceases to be.
        """
        with self._condition:
            if self._told is None:
                self._plan, self._silent = plan, silent
                self._condition.notify()
            elif plan is not self._told[0] or silent != self._told[1]:
                running = self._clock.due_ns(tick) < fade.start_ns + fade.duration_ns
                fade_ms = fade.duration_ns // _MS if running else 0
                self._plans.append((self._clock.samples_at(tick), plan, silent, fade_ms))
            self._told = plan, silent

    def watch(self, on: bool) -> None:
        """Send meters, or don't."""
        self._meters.watched = on

    def reset_loudness(self, bus: BusName) -> None:
        """Begin a bus's integrated loudness and highest true peak again; unknown buses are ignored."""
        self._meters.reset(bus)

    def levels(self) -> dict[str, float]:
        """Peaks in dBFS over the last second: of each source that is open, and of each bus."""
        return self._meters.levels

    def problems(self) -> Mapping[SourceName, str]:
        """Stable code of what is wrong with a source's sound."""
        return self._problems

    def _run(self) -> None:
        set_thread(Urgency.CLOCK)
        with self._condition:
            while self._told is None and not self._stopping:
                self._condition.wait()
        while not self._stopping:
            wait_ns = self._catch_up(self._clock.sample_now() - BEHIND)
            with self._condition:
                if wait_ns > 0 and not self._stopping:
                    self._condition.wait(wait_ns / NS)

    def _catch_up(self, until: int) -> int:
        """Bring out every whole block that ends at or before programme sample ``until``; gives the
        nanoseconds until the next one is due."""
        if self._next is None or until - self._next > MAX_BEHIND:
            self._next = until // BLOCK * BLOCK
        while self._next + BLOCK <= until:
            start, self._next = self._next, self._next + BLOCK
            self._follow(start)
            try:
                self._block(start)
            except Exception as error:
                # costs a block and what the core had in flight, not the programme's sound
                self._complain(start, error)
                self._core = SoundCore(self._clock.fps)
        return self._clock.until_sample_ns(self._next + BLOCK + BEHIND)

    def _follow(self, start: int) -> None:
        """Take the plan that holds when the sources of the block at ``start`` sound: from the block on that
        begins nearest to its tick."""
        with self._condition:
            while self._plans and self._plans[0][0] <= start + LOOKAHEAD + BLOCK // 2:
                _, self._plan, self._silent, self._fade_ms = self._plans.popleft()

    def _block(self, start: int) -> None:
        ahead = self._clock.first_sample + start + LOOKAHEAD
        readers, plan, silent = self._readers, self._plan, self._silent

        def read(source: SourceName) -> tuple[Samples, int]:
            reader = readers.get(source)
            if reader is None:
                return _SILENCE, 0
            try:
                return reader.read_sound(ahead, BLOCK)
            except Exception as error:  # a slot's fault is its own source's, not everybody's
                self._complain(start, error, source)
                return _SILENCE, 0

        wanted = self._bus.wanted
        mixed = self._core.block(plan, silent, wanted, read, start, BLOCK, self._fade_ms)
        self._streams.publish(mixed, wanted, start)
        meters = self._meters.block(plan, mixed, start)
        self._problems = dict(self._core.problems)
        if meters is not None:
            self._notify(meters)

    def _complain(self, start: int, error: Exception, source: SourceName | None = None) -> None:
        """A line in the log, not one a block."""
        if self._complained is None or start - self._complained >= RATE:
            self._complained = start
            _log.error("sound.failed", source=source, error=str(error), exc_info=error)


_SILENCE: Samples = np.zeros((BLOCK, 2), np.float32)
