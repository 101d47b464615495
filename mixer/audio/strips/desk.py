"""The sound desk: what each source's strip does to it, for all sources of a block at once.

Delay, steady offset away (always), high-pass, gate, leveller, compressor. Gate, leveller, compressor and the
pad for clipped sound make one gain, along straight lines between points 2.5 ms apart; filters and delays fade
over within a block: so no change of any setting clicks. A strip with everything off takes the offset away and
nothing else.

What is wrong with a sound (:mod:`mixer.audio.strips.faults`) is kept from hurting ears as long as it is
named: hum by a high-pass at 120 Hz, clipped sound by 6 dB less; an offset is away in any case.

The leveller stands still while a source is muted: what is said beside the microphone is not how loud somebody
speaks. A source that comes back, with another scene, begins with the gain it had.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from mixer.audio.limiter import without_rubbish
from mixer.audio.measuring.levels import gain_of_db
from mixer.audio.rows import Rows, carried
from mixer.audio.strips.delay import MAX_MS, DelayLines
from mixer.audio.strips.dynamics import CELL, Compressor, NoiseGate, cell_peaks
from mixer.audio.strips.faults import CLIPPING, HUM, FaultFinder
from mixer.audio.strips.filters import FilterBank, highpass_kernel, without_dc
from mixer.audio.strips.leveller import Leveller
from mixer.contract.clock import RATE
from mixer.contract.names import SourceName
from mixer.contract.plan import Strip
from mixer.ipc.slot import Samples

DC_HZ = 5.0
"""Corner of what takes an offset away: −0.03 dB at 60 Hz."""
HUM_HZ = 120.0
CLIPPED_DB = -6.0
REMEMBERED = 256
"""Sources that went whose leveller's gain is kept, the latest ones."""

_PAD = 10 ** (CLIPPED_DB / 20)
_WITHIN = np.arange(1, CELL + 1) / CELL
_OFF = Strip()

Planes = NDArray[np.float64]
"""(rows, 2, n)."""
Column = NDArray[np.float64]


class HasStrip(Protocol):
    """A source in a plan: :class:`mixer.contract.plan.AudioInput`,
    :class:`mixer.contract.plan.Interpreter`."""

    @property
    def strip(self) -> Strip: ...


class _Settings:
    """What the strips say, as a column each."""

    def __init__(self, strips: Sequence[Strip]) -> None:
        self.strips = strips
        self.delays = [round(min(max(strip.delay_ms, 0), MAX_MS) * RATE / 1000) for strip in strips]
        self.corner = np.array([min(max(strip.highpass_hz, 0.0), 1000.0) for strip in strips])
        self.gate = np.array([strip.gate_db > -100.0 for strip in strips], np.bool_)
        self.gate_at = np.array([gain_of_db(s.gate_db) if s.gate_db > -100.0 else 0.0 for s in strips])
        self.leveller = np.array([strip.leveller for strip in strips], np.bool_)
        self.compressor = np.array([s.compressor_db < 0.0 and s.ratio > 1.0 for s in strips], np.bool_)
        self.threshold_db = np.array([strip.compressor_db for strip in strips])
        self.ratio = np.where(self.compressor, [strip.ratio for strip in strips], 1.0)
        self.any = self.gate | self.leveller | self.compressor


class Desk:
    """All strips, by source. Blocks (S, n, 2), n a multiple of 480 that goes into 400 ms: 960."""

    def __init__(self) -> None:
        self._rows = Rows[SourceName]()
        self._settings = _Settings(())
        self._delay = DelayLines()
        self._dc = FilterBank(without_dc(DC_HZ))
        self._corner = np.zeros(0)
        """High-pass of each row in the last block, Hz; 0: none, −1: there was no block."""
        self._corner_state = np.zeros((0, 2, 2))
        self._gate, self._leveller, self._compressor = NoiseGate(), Leveller(), Compressor()
        self._levelled: dict[SourceName, float] = {}
        """dB of the leveller, of sources that went."""
        self._muted = np.zeros(0, np.bool_)
        self._pad = np.zeros(0)
        self._gain = np.zeros(0)
        """Of everything together, at the end of the last block."""
        self._faults = FaultFinder()

    def problems(self) -> Mapping[SourceName, str]:
        """Stable code of what is wrong with a source's sound."""
        return self._faults.problems

    def process(
        self,
        sources: Sequence[SourceName],
        samples: Samples,
        inputs: Mapping[SourceName, HasStrip],
        whole: Sequence[bool] | None = None,
    ) -> Samples:
        """One block of ``sources``, each once; those that aren't named any more are forgotten.

        ``inputs``: whose strip is not here has one with everything off. ``whole``: whether a source's samples
        were all really there; only of such is silence a fault. The result is an array of its own.
        """
        samples = without_rubbish(samples)
        strips = [inputs[source].strip if source in inputs else _OFF for source in sources]
        self._arrange(sources, strips)
        self._muted = np.array([getattr(inputs.get(source), "muted", False) for source in sources], np.bool_)
        if strips != self._settings.strips:
            self._settings = _Settings(strips)
        samples = self._delay.process(sources, samples, self._settings.delays)
        heard = np.ascontiguousarray(samples.transpose(0, 2, 1))
        self._faults.process(sources, heard, whole)
        if not sources:
            return samples.copy()
        rows, _, count = heard.shape
        planes = self._dc.process(heard.reshape(2 * rows, count)).reshape(rows, 2, count)
        planes = self._highpass(planes, sources)
        self._dynamics(planes, sources)
        out = np.empty((rows, count, 2), np.float32)
        out[:, :, 0] = planes[:, 0]
        out[:, :, 1] = planes[:, 1]
        return out

    def _arrange(self, sources: Sequence[SourceName], strips: Sequence[Strip]) -> None:
        before, gains_db = self._rows.names, self._leveller.gain_db
        had = self._rows.arrange(sources)
        if had is None:
            return
        self._dc.state = carried(self._dc.state.reshape(-1, 2), had).reshape(-1, 1)
        self._corner = carried(self._corner, had, -1.0)
        self._corner_state = carried(self._corner_state, had)
        self._pad = carried(self._pad, had, 1.0)
        self._gain = carried(self._gain, had, 1.0)
        for part in (self._gate, self._leveller, self._compressor):
            part.arrange(had)
        self._levelled.update((s, gains_db[row]) for row, s in enumerate(before) if s not in self._rows.names)
        for row in np.flatnonzero(had < 0).tolist():
            gain_db = self._levelled.pop(sources[row], 0.0)
            if gain_db and strips[row].leveller:
                self._leveller.gain_db[row] = gain_db
                self._gain[row] = 10 ** (gain_db / 20)
        for source in list(self._levelled)[:-REMEMBERED]:
            del self._levelled[source]

    def _with(self, code: str, sources: Sequence[SourceName]) -> list[int]:
        """The rows whose problem is ``code``."""
        problems = self._faults.problems
        return [row for row, source in enumerate(sources) if problems.get(source) == code] if problems else []

    def _highpass(self, planes: Planes, sources: Sequence[SourceName]) -> Planes:
        """Another corner than in the block before is faded over to."""
        corner = self._settings.corner.copy()
        for row in self._with(HUM, sources):
            corner[row] = max(corner[row], HUM_HZ)
        before = np.where(self._corner < 0, corner, self._corner)
        self._corner = corner
        if not (corner.any() or before.any()):
            return planes
        state = self._corner_state
        filtered, self._corner_state = _filtered(planes, state, corner)
        changed = np.flatnonzero(corner != before)
        if len(changed):
            count = planes.shape[2]
            old, _ = _filtered(planes[changed], state[changed], before[changed])
            filtered[changed] = old + (filtered[changed] - old) * (np.arange(1, count + 1) / count)
        return filtered

    def _dynamics(self, planes: Planes, sources: Sequence[SourceName]) -> None:
        """One gain of gate, leveller, pad and compressor over ``planes``, in place."""
        wanted, gate, leveller, compressor = self._settings, self._gate, self._leveller, self._compressor
        pad = np.ones(len(sources))
        pad[self._with(CLIPPING, sources)] = _PAD
        busy = wanted.any | gate.busy | leveller.busy | compressor.busy
        busy |= (self._gain != 1.0) | (pad != 1.0) | (self._pad != 1.0)
        if not busy.any():
            return
        rows = np.flatnonzero(busy)
        heard = planes if busy.all() else planes[rows]
        count = planes.shape[2]
        cells = count // CELL
        along = np.arange(1, cells + 1) / cells
        peaks = cell_peaks(heard)
        gains = self._pad[rows, None] + (pad - self._pad)[rows, None] * along
        self._pad = pad
        if (gate.busy | wanted.gate).any():
            gains *= gate.process(rows, peaks, wanted.gate_at[rows])
        if (leveller.busy | wanted.leveller).any():
            gains *= self._levels(heard, rows, (gains * gains).mean(axis=1), along)
        if (compressor.busy | wanted.compressor).any():
            gains *= compressor.process(rows, peaks * gains, wanted.threshold_db[rows], wanted.ratio[rows])
        ends = np.concatenate((self._gain[rows, None], gains), axis=1)
        self._gain[rows] = gains[:, -1]
        curve = ends[:, :-1, None] + np.diff(ends, axis=1)[:, :, None] * _WITHIN
        heard *= curve.reshape(len(rows), 1, count)
        if heard is not planes:
            planes[rows] = heard

    def _levels(self, heard: Planes, rows: NDArray[np.intp], gated: Column, along: Column) -> Planes:
        """The leveller's factors at the ends of the cells of ``rows``."""
        before = self._leveller.gain_db[rows]
        off = ~self._settings.leveller[rows]
        on = ~off & ~self._muted[rows]
        if on.any():
            self._leveller.process(rows[on], heard if on.all() else heard[on], gated[on])
        if off.any():
            self._leveller.rest(rows[off], heard.shape[2] / RATE)
        after = self._leveller.gain_db[rows]
        factors: Planes = 10 ** ((before[:, None] + (after - before)[:, None] * along) / 20)
        return factors


def _filtered(planes: Planes, state: Planes, corner: Column) -> tuple[Planes, Planes]:
    """``planes`` (R, 2, n) through a high-pass each, and the states (R, 2, 2) after it; 0 Hz: as they are."""
    count = planes.shape[2]
    out, after = planes.copy(), np.zeros_like(state)
    for hz in np.unique(corner[corner > 0]):
        rows = np.flatnonzero(corner == hz) if (corner != hz).any() else slice(None)
        passed, left = highpass_kernel(float(hz), count).run(
            planes[rows].reshape(-1, count), state[rows].reshape(-1, 2)
        )
        out[rows], after[rows] = passed.reshape(-1, 2, count), left.reshape(-1, 2, 2)
    return out, after
