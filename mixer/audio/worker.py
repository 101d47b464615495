"""The sound's thread: paced by ticks, it mixes whole blocks of 20 ms, encodes and publishes them.

Sound is read a fixed lag after its time, so that what writers deliver in blocks is there, and keeps its own
time as timestamp. A tick that comes late brings more blocks at once: no block is ever left out, so the sound
has no gap, whatever happens to pictures.
"""

import threading
from collections.abc import Mapping
from typing import Protocol

import numpy as np
import structlog

from mixer.audio.encode import OPUS_BLOCK, AacEncoder, OpusEncoder
from mixer.audio.levels import PeakHold, gain_of_db, peak_of
from mixer.audio.limiter import LOOKAHEAD, Limiter
from mixer.audio.mix import Mixed, OpenSources
from mixer.audio.returns import ReturnMix
from mixer.buswire import Packet, ReturnAudio, StreamHeader
from mixer.clock import ProgrammeClock
from mixer.plan import AudioPlan, SourceId
from mixer.priority import Urgency, set_thread
from mixer.slot import RATE, Samples, SlotReader

LAG = 40 * RATE // 1000
"""Samples (40 ms) by which the mix follows the tick."""
BLOCK = OPUS_BLOCK
MAX_BEHIND = 5 * RATE
"""Further behind than this (the machine slept) the sound goes on at the present instead of catching up."""
FLOOR_AAC, FLOOR_OPUS, RETURNS = "floor/aac", "floor/opus", "returns/floor"

_log = structlog.get_logger()


class SoundBus(Protocol):
    """Where the sound goes: :class:`mixer.packets.PacketBus`."""

    @property
    def wanted(self) -> frozenset[str]: ...
    def announce(self, header: StreamHeader) -> None: ...
    def publish(self, packet: Packet) -> None: ...
    def publish_returns(self, block: ReturnAudio) -> None: ...


class SoundWorker:
    """Mixes and encodes on a thread of its own. ``advance`` and ``set_reader`` may come from any thread."""

    def __init__(self, clock: ProgrammeClock, bus: SoundBus, aac_bitrate: int, opus_bitrate: int) -> None:
        self._clock = clock
        self._bus = bus
        self._opus_bitrate = opus_bitrate
        self._readers: dict[SourceId, SlotReader] = {}
        self._condition = threading.Condition()
        self._tick = 0
        self._gains: Mapping[SourceId, float] = {}
        self._fresh = False
        self._stopping = False
        self._next: int | None = None
        """Programme sample at which the next block that comes out begins."""
        self._open = OpenSources()
        self._limiter = Limiter()
        self._returns: ReturnMix | None = None
        self._aac = AacEncoder(FLOOR_AAC, aac_bitrate)
        self._floor_opus: OpusEncoder | None = None
        self._return_opus: dict[SourceId, OpusEncoder] = {}
        self._meters: dict[SourceId, PeakHold] = {}
        self._floor_meter = PeakHold(RATE // BLOCK)
        self._levels: dict[str, float] = {}
        self._thread = threading.Thread(target=self._run, name="sound", daemon=True)

    def start(self) -> None:
        self._bus.announce(self._aac.header())
        self._thread.start()

    def stop(self) -> None:
        with self._condition:
            self._stopping = True
            self._condition.notify()

    def join(self, timeout_s: float) -> None:
        self._thread.join(timeout_s)

    def set_reader(self, source: SourceId, reader: SlotReader | None) -> None:
        """Hear ``source`` in this slot from now on, or not at all."""
        readers = dict(self._readers)
        if reader is None:
            readers.pop(source, None)
        else:
            readers[source] = reader
        self._readers = readers  # replaced, for the sound's thread reads it at any time

    def advance(self, tick: int, plan: AudioPlan, silent: bool) -> None:
        """It is ``tick`` now: mix what is due, with this plan. Never waits for the mixing."""
        gains = {} if silent else {entry.source: gain_of_db(entry.gain_db) for entry in plan.open}
        with self._condition:
            self._tick, self._gains, self._fresh = tick, gains, True
            self._condition.notify()

    def levels(self) -> dict[str, float]:
        """Peaks in dBFS over the last second: of each open source, and of the bus ``floor``."""
        return self._levels

    def _run(self) -> None:
        set_thread(Urgency.CLOCK)
        while True:
            with self._condition:
                while not (self._fresh or self._stopping):
                    self._condition.wait()
                if self._stopping:
                    return
                tick, gains, self._fresh = self._tick, self._gains, False
            try:
                self._catch_up(self._clock.samples_at(tick) - LAG - LOOKAHEAD, gains)
            except Exception as error:
                # a codec's refusal costs a block and the encoders' state, not the programme's sound
                _log.error("sound.failed", error=str(error))
                self._floor_opus, self._return_opus, self._returns = None, {}, None

    def _catch_up(self, until: int, gains: Mapping[SourceId, float]) -> None:
        """Bring out every whole block that ends at or before programme sample ``until``."""
        if self._next is None or until - self._next > MAX_BEHIND:
            self._next = until // BLOCK * BLOCK
        while self._next + BLOCK <= until:
            start, self._next = self._next, self._next + BLOCK
            self._block(start, gains)
        self._levels = {source: meter.db for source, meter in self._meters.items() if source in gains}
        self._levels["floor"] = self._floor_meter.db

    def _block(self, start: int, gains: Mapping[SourceId, float]) -> None:
        ahead = self._clock.first_sample + start + LOOKAHEAD
        readers = self._readers

        def read(source: SourceId) -> tuple[Samples, int]:
            reader = readers.get(source)
            return reader.read_sound(ahead, BLOCK) if reader is not None else (_SILENCE, 0)

        mixed = self._open.mix(gains, read, BLOCK)
        floor = self._limiter.process(mixed.total)
        self._meter(mixed, floor, gains)
        for packet in self._aac.push(start, floor):
            self._bus.publish(packet)
        wanted = self._bus.wanted
        if FLOOR_OPUS in wanted:
            if self._floor_opus is None:
                self._floor_opus = OpusEncoder(FLOOR_OPUS, self._opus_bitrate)
                self._bus.announce(self._floor_opus.header())
            for packet in self._floor_opus.push(start, floor):
                self._bus.publish(packet)
        else:
            self._floor_opus = None
        if RETURNS in wanted:
            self._publish_returns(mixed, start)
        else:
            self._returns, self._return_opus = None, {}

    def _publish_returns(self, mixed: Mixed, start: int) -> None:
        if self._returns is None:
            self._returns = ReturnMix()
        block = self._returns.block(mixed, start)
        encoders = self._return_opus
        packets = {
            name: self._opus(name).push(start, samples)[0].data
            for name, samples in (("", block.floor), *block.minus.items())
        }
        for name in [n for n in encoders if n not in packets]:
            del encoders[name]
        self._bus.publish_returns(ReturnAudio(RETURNS, start, packets.pop(""), block.heard, packets))

    def _opus(self, name: str) -> OpusEncoder:
        if name not in self._return_opus:
            self._return_opus[name] = OpusEncoder(RETURNS, self._opus_bitrate)
        return self._return_opus[name]

    def _meter(self, mixed: Mixed, floor: Samples, gains: Mapping[SourceId, float]) -> None:
        self._floor_meter.put(peak_of(floor))
        for source in mixed.sources:
            meter = self._meters.setdefault(source, PeakHold(RATE // BLOCK))
            meter.put(mixed.peaks[source])
        for source in [s for s in self._meters if s not in gains]:
            del self._meters[source]


_SILENCE: Samples = np.zeros((BLOCK, 2), np.float32)
