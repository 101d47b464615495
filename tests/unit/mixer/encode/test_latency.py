"""The latency meter: what is measured, from when to when, and what isn't."""

import pytest

from mixer.compose.compositor import SourcePicture
from mixer.contract.clock import NS
from mixer.contract.names import SourceName
from mixer.contract.picture import new_picture
from mixer.encode.latency import BUCKETS, SPAN, LatencyMeter
from mixer.engine.live_sources import CARD

MS = NS // 1000
T = 5000 * NS
PICTURE = new_picture(32, 32)


def live(serial: int, arrived_ns: int, origin: int = 1) -> SourcePicture:
    return SourcePicture("live", PICTURE, serial, origin=origin, arrived_ns=arrived_ns)


@pytest.fixture
def meter() -> LatencyMeter:
    """It has seen pictures 1 of a and b in the programme."""
    meter = LatencyMeter()
    meter.shown(
        0, (SourceName("a"), SourceName("b")), {SourceName("a"): live(1, T), SourceName("b"): live(1, T)}
    )
    meter.published(0, T + 5 * MS)
    assert sum(meter.counts()) == 0, "there already when its source came: no way was measured"
    return meter


def test_from_the_last_packet_to_the_programmes_packet(meter: LatencyMeter) -> None:
    meter.shown(
        1,
        (SourceName("a"), SourceName("b")),
        {SourceName("a"): live(2, T + 10 * MS), SourceName("b"): live(1, T), SourceName("c"): live(2, T)},
    )
    meter.published(1, T + 40 * MS)
    assert meter.counts()[30] == 1
    assert sum(meter.counts()) == 1, "not what was shown before, not what the programme doesn't show"
    assert meter.sum_s == pytest.approx(0.030)


def test_a_picture_counts_once_however_long_it_is_shown(meter: LatencyMeter) -> None:
    for tick in range(1, 10):
        meter.shown(tick, (SourceName("a"),), {SourceName("a"): live(2, T)})
        meter.published(tick, T + tick * 33 * MS)
    assert [n for n, count in enumerate(meter.counts()) if count] == [33]


def test_a_dropped_picture_is_measured_when_the_next_shows_it(meter: LatencyMeter) -> None:
    meter.shown(
        1, (SourceName("a"), SourceName("b")), {SourceName("a"): live(2, T), SourceName("b"): live(2, T)}
    )
    meter.dropped(1)
    meter.shown(
        2,
        (SourceName("a"), SourceName("b")),
        {SourceName("a"): live(2, T), SourceName("b"): live(3, T + 40 * MS)},
    )
    meter.published(2, T + 80 * MS)
    assert [n for n, count in enumerate(meter.counts()) if count] == [40, 80]


def test_a_picture_the_encoder_lost_is_not_measured(meter: LatencyMeter) -> None:
    meter.shown(1, (SourceName("a"),), {SourceName("a"): live(2, T)})
    meter.shown(2, (SourceName("a"),), {SourceName("a"): live(3, T + 30 * MS)})
    meter.published(2, T + 80 * MS)
    assert [n for n, count in enumerate(meter.counts()) if count] == [50]


def test_cards_clips_and_rubbish_are_not_measured(meter: LatencyMeter) -> None:
    for tick, arrived in enumerate((0, T + NS, T - 100 * NS, 2**63), 1):
        meter.shown(
            tick,
            (SourceName("a"), SourceName("b"), SourceName("gone")),
            {SourceName("a"): live(tick + 1, arrived), SourceName("b"): CARD},
        )
        meter.published(tick, T + 10 * MS)
    assert sum(meter.counts()) == 0


def test_a_slot_opened_anew_begins_with_a_new_picture(meter: LatencyMeter) -> None:
    meter.shown(1, (SourceName("a"),), {SourceName("a"): live(1, T + 10 * MS, origin=2)})
    meter.published(1, T + 30 * MS)
    assert sum(meter.counts()) == 1


def test_nothing_grows_when_nothing_is_published(meter: LatencyMeter) -> None:
    for tick in range(1, 1000):
        meter.shown(tick, (SourceName("a"),), {SourceName("a"): live(tick + 1, T)})
    assert len(meter._pending) <= 16


def test_the_last_seconds_quantiles(meter: LatencyMeter) -> None:
    for n in range(100):
        meter.shown(n + 1, (SourceName("a"),), {SourceName("a"): live(n + 2, T)})
        meter.published(n + 1, T + (n + 1) * MS - 1)
    first = meter.recent()
    assert (first.p50, first.p95, first.count) == (50, 95, 100)
    assert first.max == pytest.approx(100, abs=0.1)
    meter.shown(200, (SourceName("a"),), {SourceName("a"): live(200, T)})
    meter.published(200, T + 2 * NS)
    assert meter.counts()[BUCKETS] == 1
    second = meter.recent()
    assert (second.p95, second.max, second.count) == (96, 2000, 101)
    for _ in range(SPAN - 2):
        assert meter.recent().count == 101
    assert meter.recent().count == 1, "the first hundred are more than ten reports ago"
    last = meter.recent()
    assert (last.p50, last.max, last.count) == (0, 0, 0)
    assert sum(meter.counts()) == 101
