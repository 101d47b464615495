"""The latency meter: last RTP packet of a guest's picture in → first packet of the programme showing it out.

A picture is measured when it is shown in the programme for the first time and is new to the mixer at that
tick: from ``arrived_ns`` in its slot (when the last of its RTP packets reached the shard) to the moment when
the programme picture that shows it was handed to the packet bus, whole. Decoding, waiting for the time of
presentation (lip sync), waiting for the tick, composing and encoding are in it; the network on either side is
not.

Not measured: pictures that were superseded before any tick showed them; a picture that was there already
when a cut brought its source; what never came in packets (clips, bars).
"""

import contextlib
from collections import deque
from collections.abc import Iterable, Mapping

from mixer.compose.compositor import SourcePicture
from mixer.contract.messages import Latency
from mixer.contract.names import SourceName

NS = 1_000_000_000
BUCKET_NS = 1_000_000
BUCKETS = 250
"""Of 1 ms each; one more for all that took longer."""
SPAN = 10
"""Reports (of one second each) that :meth:`LatencyMeter.recent` covers."""
LONGEST_NS = 60 * NS
"""An arrival longer ago is no arrival: its writer is not in its right mind."""
MAX_PENDING = 16
"""Ticks between composing and publishing; the encoder holds three."""


class LatencyMeter:
    """``shown`` is the tick's thread's, ``published`` the encoder's, the others one thread's that reports."""

    def __init__(self) -> None:
        self._known: dict[SourceName, tuple[int, int]] = {}
        self._before = self._known
        self._pending: deque[tuple[int, list[int]]] = deque(maxlen=MAX_PENDING)
        self._counts = [0] * (BUCKETS + 1)
        self._sum_ns = 0
        self._largest_ns = 0
        """Since the last report."""
        self._reports: deque[tuple[tuple[int, ...], int]] = deque([(tuple(self._counts), 0)], maxlen=SPAN)

    def shown(
        self, tick: int, sources: Iterable[SourceName], pictures: Mapping[SourceName, SourcePicture]
    ) -> None:
        """The programme's picture of ``tick`` shows these sources and is about to be encoded."""
        before = self._before = self._known
        self._known = {}
        arrived: list[int] = []
        for source in sources:
            picture = pictures.get(source)
            if picture is None or picture.state != "live":
                continue
            self._known[source] = known = picture.origin, picture.serial
            if picture.arrived_ns and before.get(source, known) != known:
                arrived.append(picture.arrived_ns)
        if arrived:
            self._pending.append((tick, arrived))

    def dropped(self, tick: int) -> None:
        """The encoder had no room for the picture of ``tick``, the newest: the next tick's is the first."""
        self._known = self._before
        with contextlib.suppress(IndexError):  # the encoder's thread may have taken the last one meanwhile
            if self._pending[-1][0] == tick:
                self._pending.pop()

    def published(self, tick: int, now_ns: int) -> None:
        """The programme's picture of ``tick`` is with the bus. Those of earlier ticks never get there."""
        while self._pending and self._pending[0][0] <= tick:
            at, arrived = self._pending.popleft()
            if at == tick:
                for arrived_ns in arrived:
                    self._count(now_ns - arrived_ns)

    def _count(self, took_ns: int) -> None:
        if 0 <= took_ns < LONGEST_NS:
            self._counts[min(took_ns // BUCKET_NS, BUCKETS)] += 1
            self._sum_ns += took_ns
            self._largest_ns = max(self._largest_ns, took_ns)

    def counts(self) -> tuple[int, ...]:
        """Pictures by whole milliseconds since the start: 250 counts, and one of those that took longer."""
        return tuple(self._counts)

    @property
    def sum_s(self) -> float:
        return self._sum_ns / NS

    def recent(self) -> Latency:
        """Over the last :data:`SPAN` calls. Quantiles are rounded up to a whole millisecond."""
        counts, largest = self.counts(), self._largest_ns
        self._largest_ns = 0
        oldest = self._reports[0][0]
        self._reports.append((counts, largest))
        new = [count - before for count, before in zip(counts, oldest, strict=True)]
        longest_ms = max(each for _, each in self._reports) / BUCKET_NS
        return Latency(
            min(quantile_ms(new, 0.5), longest_ms),
            min(quantile_ms(new, 0.95), longest_ms),
            round(longest_ms, 1),
            sum(new),
        )


def quantile_ms(counts: list[int], share: float) -> float:
    """Upper edge of the bucket that holds the quantile; 0 without pictures, ``inf`` beyond the buckets."""
    total, seen = sum(counts), 0
    if total == 0:
        return 0.0
    for index, count in enumerate(counts):
        seen += count
        if seen >= share * total:
            return float("inf") if index == BUCKETS else index + 1.0
    return 0.0
