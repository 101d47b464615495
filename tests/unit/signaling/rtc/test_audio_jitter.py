"""The audio jitter buffer: order, losses, silence by intent, wraparound, rubbish; and its measured delay."""

from hypothesis import given, settings
from hypothesis import strategies as st

from signaling.rtc.audio.audio_jitter import (
    MAX_DELAY_NS,
    MAX_LATE,
    MAX_PACKETS,
    MIN_DELAY_NS,
    AudioJitter,
    DelayTarget,
    Lost,
    Silence,
    Sound,
    Step,
    opus_samples,
)

TOC = b"\x78"  # CELT 20 ms, mono, one frame
MS = 1_000_000


def drain(jitter: AudioJitter) -> list[Step]:
    steps = []
    while (step := jitter.take()) is not None:
        steps.append(step)
    return steps


def test_opus_durations() -> None:
    assert opus_samples(TOC) == 960
    assert opus_samples(b"\x79") == 1920
    assert opus_samples(b"\x0b\x02") == 1920
    assert opus_samples(b"\x1b\x3f") == 0
    assert opus_samples(b"") == 0


def test_order_and_wraparound() -> None:
    jitter = AudioJitter()
    for number in (0, 2, 1, 4, 3):
        jitter.add((65534 + number) & 0xFFFF, 1000 + number * 960, TOC + bytes((number,)))
    steps = drain(jitter)
    assert [s.payload[1] for s in steps if isinstance(s, Sound)] == [0, 1, 2, 3, 4]
    assert len(steps) == 5


def test_lost_packets_are_as_long_as_they_were() -> None:
    jitter = AudioJitter()
    for number in (0, 3):
        jitter.add(number, number * 960, TOC)
    assert drain(jitter) == [Sound(TOC, 0), Lost(960), Lost(960, TOC), Sound(TOC, 2880)]


def test_silence_by_intent_is_no_loss() -> None:
    jitter = AudioJitter()
    jitter.add(7, 0, TOC)
    jitter.add(8, 960 * 20, TOC)
    assert drain(jitter) == [Sound(TOC, 0), Silence(960 * 19), Sound(TOC, 960 * 20)]


def test_late_and_doubled_packets_are_refused() -> None:
    jitter = AudioJitter()
    assert jitter.add(1, 960, TOC)
    assert not jitter.add(1, 960, TOC)
    drain(jitter)
    assert not jitter.add(0, 0, TOC)


def test_two_in_a_row_that_are_far_too_late_are_a_new_start() -> None:
    jitter = AudioJitter()
    for number in range(2000, 2100):
        jitter.add(number, number * 960, TOC)
        jitter.take()
    assert not jitter.add(1000, 2100 * 960, TOC)
    assert jitter.add(2100, 2100 * 960, TOC)  # that one was a stray: its successor isn't the next to come
    assert not jitter.add(1001, 2101 * 960, TOC)
    drain(jitter)
    taken = [jitter.add(seq, (1101 + seq) * 960, TOC) for seq in range(1000, 2100)]
    assert taken.count(False) == 1
    assert drain(jitter)[0] == Sound(TOC, (2100 - MAX_PACKETS + 1101) * 960)


def test_two_in_a_row_that_are_a_little_too_late_are_late() -> None:
    jitter = AudioJitter()
    for number in range(200):
        jitter.add(number, number * 960, TOC)
        jitter.take()
    assert not any(jitter.add(number, number * 960, TOC) for number in range(200 - MAX_LATE, 200))


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_time_adds_up_whatever_is_lost_or_overtaken(data: st.DataObject) -> None:
    count, first = 60, data.draw(st.sampled_from([0, 65_510]))
    lost = data.draw(st.sets(st.integers(1, count - 2), max_size=20))
    order = [n for n in range(count) if n not in lost]
    for _ in range(data.draw(st.integers(0, 10))):
        at = data.draw(st.integers(1, len(order) - 2))
        order[at], order[at + 1] = order[at + 1], order[at]
    jitter = AudioJitter()
    total = 0
    for number in order:
        jitter.add((first + number) & 0xFFFF, number * 960, TOC)
    for step in drain(jitter):
        total += 960 if isinstance(step, Sound) else step.samples
    assert total == (max(order) - min(order) + 1) * 960


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 65535), st.integers(-(2**33), 2**33), st.binary(max_size=5), st.booleans()),
        max_size=300,
    )
)
def test_rubbish_neither_raises_nor_grows(rubbish: list[tuple[int, int, bytes, bool]]) -> None:
    jitter = AudioJitter()
    for seq, timestamp, payload, taken in rubbish:
        jitter.add(seq, timestamp, payload)
        assert len(jitter) <= MAX_PACKETS
        if taken:
            step = jitter.take()
            assert not isinstance(step, Lost) or 0 < step.samples <= 5760
    for _ in range(100_000):
        if jitter.take() is None:
            return
    raise AssertionError("it never ends")


def test_delay_grows_at_once_and_shrinks_slowly() -> None:
    target = DelayTarget()
    for _ in range(700):
        target.observe(1 * MS)
    low = target.ns
    assert low == MIN_DELAY_NS
    for _ in range(4):
        target.observe(90 * MS)
    grown = target.ns
    assert grown >= (90 + 15) * MS
    for _ in range(60):
        target.observe(1 * MS)
    assert target.ns > grown - 10 * MS
    for _ in range(5000):
        target.observe(1 * MS)
    assert target.ns == MIN_DELAY_NS
    for _ in range(300):
        target.observe(900 * MS)
    assert target.ns == MAX_DELAY_NS
