"""Meters: peaks of the last second for the report, and 20 times a second while somebody looks.

A held peak stays for 1.5 s, then falls by 20 dB a second. Loudness of the buses is always measured, for the
integrated one has to be; all else only while somebody looks.
"""

from collections.abc import Mapping, Sequence

from mixer.audio.core import Mixed
from mixer.audio.measuring.levels import SILENCE_DB, PeakHold, db_of_peak, peaks_of
from mixer.audio.measuring.loudness import LoudnessMeter
from mixer.contract.clock import RATE
from mixer.contract.messages import BusMeter, Meters, SourceMeter
from mixer.contract.names import SourceName
from mixer.contract.plan import AudioPlan, BusName

INTERVAL = RATE // 20
"""Samples between two messages."""
HOLD = 3 * RATE // 2
FALL_DB_S = 20.0
_BLOCKS_A_SECOND = 50


class HeldPeak:
    """One meter: the peak since it was read last, and the held one. dBFS, at least −100."""

    def __init__(self) -> None:
        self._peak = 0.0
        self._hold_db = SILENCE_DB
        self._held_at = 0

    def put(self, peak: float) -> None:
        self._peak = max(self._peak, peak)

    def read(self, at: int) -> tuple[float, float]:
        """Peak and held peak at sample number ``at``, which only goes on; the next interval begins."""
        peak_db, self._peak = db_of_peak(self._peak), 0.0
        falling = max(0, at - self._held_at - HOLD) / RATE * FALL_DB_S
        hold_db = max(self._hold_db - falling, SILENCE_DB)
        if peak_db >= hold_db:
            self._hold_db = hold_db = peak_db
            self._held_at = at
        return round(peak_db, 1), round(hold_db, 1)


class MeterBridge:
    """All meters of the sound. ``watched``: whether somebody looks; set from any thread."""

    def __init__(self) -> None:
        self.watched = False
        self._loudness = LoudnessMeter()
        self._resets: list[BusName] = []
        self._report: dict[str, PeakHold] = {}
        self._held: dict[tuple[str, bool], HeldPeak] = {}
        """By name, and whether that is a bus."""

    @property
    def levels(self) -> dict[str, float]:
        """Peaks in dBFS over the last second: of who is open on the floor, of interpreters, of the buses."""
        return {name: meter.db for name, meter in self._report.items()}

    def reset(self, bus: BusName) -> None:
        """Begin a bus's integrated loudness and highest true peak again. From any thread."""
        self._resets.append(bus)

    def block(self, plan: AudioPlan, mixed: Mixed, start: int) -> Meters | None:
        """Take in one block, which begins at programme sample ``start``. Gives a message when one is due."""
        while self._resets:
            bus = self._resets.pop(0)
            if bus in mixed.buses:
                self._loudness.reset(bus)
        self._loudness.process(mixed.bus_samples, mixed.buses)
        buses = dict(zip(mixed.buses, peaks_of(mixed.bus_samples).tolist(), strict=True))
        self._take_levels(plan, mixed.peaks, buses)
        if not self.watched:
            self._held.clear()
            return None
        sources = {s: mixed.peaks.get(s, 0.0) for s in _metered(plan)}
        peaks: dict[tuple[str, bool], float] = {(name, False): peak for name, peak in sources.items()}
        peaks.update({(name, True): peak for name, peak in buses.items()})
        self._held = {key: self._held.get(key) or HeldPeak() for key in peaks}
        for key, peak in peaks.items():
            self._held[key].put(peak)
        end = start + mixed.bus_samples.shape[1]
        if end // INTERVAL == start // INTERVAL:
            return None
        return Meters(
            {name: SourceMeter(*self._held[name, False].read(end)) for name in sources},
            {name: self._bus_meter(name, end) for name in mixed.buses},
        )

    def _bus_meter(self, name: BusName, at: int) -> BusMeter:
        loudness = self._loudness.read(name)
        return BusMeter(
            *self._held[name, True].read(at),
            round(loudness.momentary, 2),
            round(loudness.short_term, 2),
            round(loudness.integrated, 2),
            round(loudness.true_peak, 2),
        )

    def _take_levels(
        self, plan: AudioPlan, sources: Mapping[SourceName, float], buses: Mapping[str, float]
    ) -> None:
        audible: Sequence[SourceName] = (
            *(entry.source for entry in plan.open if not entry.muted),
            *(entry.source for entry in plan.interpreters),
        )
        peaks: dict[str, float] = {**{name: sources.get(name, 0.0) for name in audible}, **buses}
        self._report = {name: self._report.get(name) or PeakHold(_BLOCKS_A_SECOND) for name in peaks}
        for name, peak in peaks.items():
            self._report[name].put(peak)


def _metered(plan: AudioPlan) -> tuple[SourceName, ...]:
    talk = (plan.talkback.source,) if plan.talkback is not None else ()
    interpreters = (entry.source for entry in plan.interpreters)
    floor = (entry.source for entry in (*plan.open, *plan.solo))
    return tuple(dict.fromkeys((*floor, *interpreters, *talk)))
