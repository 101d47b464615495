"""The video jitter buffer: whatever order packets come in, only whole frames leave, none after a loss."""

import heapq
import random
import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signaling.rtc.video.bitstream import Chunk
from signaling.rtc.video.video_jitter import (
    KEEP_WAITING,
    MAX_GAP,
    MAX_HOLES,
    MAX_LATE,
    MAX_PACKETS,
    PLI_INTERVAL_NS,
    Frame,
    VideoJitter,
)

MS = 1_000_000


def packets(
    frames: int, per_frame: int, key_every: int, first_seq: int
) -> list[tuple[int, int, bool, Chunk]]:
    """(seq, timestamp, marker, chunk) of a stream whose bytes say frame and part."""
    out = []
    for frame in range(frames):
        for part in range(per_frame):
            seq = (first_seq + frame * per_frame + part) & 0xFFFF
            chunk = Chunk(bytes((frame % 256, part)), part == 0 and frame % key_every == 0)
            out.append((seq, frame * 3000 & 0xFFFFFFFF, part == per_frame - 1, chunk))
    return out


def whole(frame: int, per_frame: int) -> bytes:
    return b"".join(bytes((frame % 256, part)) for part in range(per_frame))


def test_frame_leaves_at_its_marker() -> None:
    jitter = VideoJitter()
    stream = packets(2, 3, 2, 65534)
    assert jitter.add(*stream[0], 0) == []
    assert jitter.add(*stream[1], 0) == []
    assert jitter.add(*stream[2], 7) == [Frame(whole(0, 3), 0, True, 7)]
    assert jitter.feedback(1).nack == ()


def test_gap_is_asked_for_until_its_deadline_then_a_keyframe() -> None:
    jitter = VideoJitter(rtt_ns=50 * MS)
    stream = packets(30, 2, 10, 65530)
    for packet in stream[:4]:
        jitter.add(*packet, 0)
    assert jitter.feedback(0).pli is False
    missing = stream[4]
    released = [frame for packet in stream[5:14] for frame in jitter.add(*packet, 10 * MS)]
    assert released == []
    assert jitter.feedback(10 * MS).nack == (missing[0],)
    assert jitter.feedback(11 * MS).nack == ()
    assert jitter.due_ns == 70 * MS
    assert jitter.feedback(70 * MS) == ((missing[0],), True)
    gone = jitter.feedback(10 * MS + jitter.give_up_ns)
    assert gone == ((), False), "a keyframe is asked for already"
    assert jitter.waiting_key
    assert [f for packet in stream[14:20] for f in jitter.add(*packet, 140 * MS)] == []
    shown = [f for packet in stream[20:24] for f in jitter.add(*packet, 200 * MS)]
    assert [frame.data for frame in shown] == [whole(10, 2), whole(11, 2)]


def test_packet_sent_again_in_time_is_as_good() -> None:
    jitter = VideoJitter()
    stream = packets(6, 2, 100, 10)
    late = stream.pop(5)
    out = [f for packet in stream for f in jitter.add(*packet, 0)]
    assert len(out) == 2
    out += jitter.add(*late, 60 * MS)
    assert [frame.data for frame in out] == [whole(number, 2) for number in range(6)]
    assert jitter.due_ns is None


def test_keyframe_behind_the_hole_ends_the_wait() -> None:
    jitter = VideoJitter()
    stream = packets(12, 1, 6, 0)
    del stream[3]
    out = [f for packet in stream for f in jitter.add(*packet, 0)]
    assert len(out) == 3
    assert not jitter.feedback(jitter.give_up_ns).pli
    out += jitter.add(12, 12 * 3000, True, Chunk(b"\x0c\x00", False), 300 * MS)
    assert [frame.data[0] for frame in out] == [0, 1, 2, *range(6, 13)]


def test_pli_is_repeated_not_poured() -> None:
    jitter = VideoJitter()
    asked = 0
    for millisecond in range(0, 1000, 5):
        seq = millisecond // 5
        jitter.add(seq, seq * 3000, True, Chunk(b"x", False), millisecond * MS)
        asked += jitter.feedback((millisecond + 1) * MS).pli
    assert asked == -(-1_000 * MS // PLI_INTERVAL_NS)


def test_a_keyframe_is_asked_for_when_the_first_request_did_not_help() -> None:
    """It is on its way when the second one fails too; if that helps, no picture is lost for it."""
    jitter = VideoJitter(rtt_ns=50 * MS)
    stream = packets(60, 2, 1000, 0)
    for packet in stream[:4]:
        jitter.add(*packet, 0)
    missing = stream[4]
    for packet in stream[5:8]:
        jitter.add(*packet, 10 * MS)
    assert jitter.feedback(10 * MS) == ((missing[0],), False)
    assert jitter.feedback(69 * MS) == ((), False)
    assert jitter.due_ns == 70 * MS
    assert jitter.feedback(70 * MS) == ((missing[0],), True)
    assert jitter.feedback(71 * MS) == ((), False)
    assert [frame.data[0] for frame in jitter.add(*missing, 115 * MS)] == [2, 3]
    assert not jitter.waiting_key
    # on a bad line that often doesn't help: once a second, no more
    at = 200 * MS
    for first in range(8, 40, 4):
        for packet in (stream[first], *stream[first + 2 : first + 4]):
            jitter.add(*packet, at)
        jitter.feedback(at)
        assert not jitter.feedback(at + 60 * MS).pli
        jitter.add(*stream[first + 1], at + 90 * MS)
        at += 95 * MS
    for packet in (stream[40], stream[42]):
        jitter.add(*packet, 1500 * MS)
    jitter.feedback(1500 * MS)
    assert jitter.feedback(1560 * MS).pli


def test_a_keyframes_lost_beginning_is_asked_for_again() -> None:
    """While a keyframe is waited for, whatever is missing may be its first packet."""
    jitter = VideoJitter(rtt_ns=50 * MS)
    stream = packets(30, 3, 10, 0)
    for packet in stream[:6]:
        jitter.add(*packet, 0)
    for packet in stream[7:30]:  # its own loss, given up
        jitter.add(*packet, 10 * MS)
        jitter.feedback(10 * MS)
    jitter.feedback(10 * MS + jitter.give_up_ns)
    assert jitter.waiting_key
    start = stream[30]
    for packet in stream[31:36]:
        assert jitter.add(*packet, 200 * MS) == []
    assert jitter.feedback(200 * MS).nack == (start[0],)
    assert [frame.data for frame in jitter.add(*start, 250 * MS)] == [whole(10, 3), whole(11, 3)]


def test_packets_that_are_only_overtaken_are_not_asked_for() -> None:
    """After the first ones it is known how late they come; a lost one is asked for that much later."""
    jitter = VideoJitter(rtt_ns=50 * MS)
    chance = random.Random(1)
    stream = packets(400, 2, 1000, 0)
    lost = set(range(300, 800, 40))
    under_way = [
        (number * 16 * MS + chance.randrange(50 * MS), number)
        for number in range(len(stream))
        if number not in lost
    ]
    heapq.heapify(under_way)
    asked: list[int] = []
    while under_way:
        now_ns, number = under_way[0]
        due_ns = jitter.due_ns
        if due_ns is not None and due_ns < now_ns:
            now_ns = due_ns
        else:
            heapq.heappop(under_way)
            jitter.add(*stream[number], now_ns)
        for seq in jitter.feedback(now_ns).nack:
            asked.append(seq)
            heapq.heappush(under_way, (now_ns + 50 * MS, seq))
    settled = [seq for seq in asked if seq > 100]
    assert lost <= set(settled)
    assert len(settled) <= 2 * len(lost)
    assert jitter.lost_frames == 0


def test_overtaking_is_forgotten_when_it_ends() -> None:
    jitter = VideoJitter(rtt_ns=50 * MS)
    stream = packets(1000, 1, 1, 0)
    jitter.add(*stream[0], 0)
    jitter.add(*stream[2], 10 * MS)
    jitter.add(*stream[1], 40 * MS)
    assert jitter.hold_ns == 30 * MS
    for number in range(3, 500):
        jitter.add(*stream[number], (100 + 33 * number) * MS)
    assert jitter.hold_ns == 0
    jitter.add(*stream[501], 20_000 * MS)
    assert jitter.feedback(20_000 * MS).nack == (500,)


def test_sequence_jump_is_a_stray_unless_it_goes_on() -> None:
    jitter = VideoJitter()
    stream = packets(4, 1, 1, 0)
    for packet in stream[:2]:
        assert len(jitter.add(*packet, 0)) == 1
    assert jitter.add(30_000, 0, True, Chunk(b"?", True), 0) == []
    assert len(jitter.add(*stream[2], 0)) == 1
    assert jitter.add(30_000, 0, True, Chunk(b"?", True), 0) == []
    assert [f.data for f in jitter.add(30_001, 0, True, Chunk(b"new", True), 0)] == [b"new"]


@pytest.mark.parametrize("back", [20, 252, MAX_LATE])
def test_a_sender_that_counts_on_from_a_little_lower_is_followed_at_once(back: int) -> None:
    """Its pictures are newer than all before: they are not what was asked for again, and not thrown away."""
    jitter = VideoJitter()
    stream = packets(400, 1, 5, 1000)
    for number, packet in enumerate(stream[:350]):
        jitter.add(*packet, number * MS)
    frames = [
        frame
        for number, (seq, timestamp, marker, chunk) in enumerate(stream[350:], 350)
        for frame in jitter.add(seq - back, timestamp, marker, chunk, number * MS)
    ]
    assert frames[-1].data == whole(399, 1)
    assert len(frames) >= 44, "from the second keyframe on at the latest"


@pytest.mark.parametrize("age", [MAX_LATE + 100, 4000])
def test_old_packets_sent_again_in_a_row_are_no_new_start(age: int) -> None:
    """A sender probes the path with what it has sent long ago; its own numbers go on."""
    jitter = VideoJitter()
    stream = packets(5000, 1, 10_000, 60_000)
    for packet in stream[:4500]:
        assert len(jitter.add(*packet, 0)) == 1
    jitter.feedback(MS)
    for packet in stream[4500 - age : 4510 - age]:
        assert jitter.add(*packet, MS, repaired=True) == []
    assert not jitter.waiting_key
    assert jitter.feedback(500 * MS) == ((), False)
    assert [frame.data for frame in jitter.add(*stream[4500], 500 * MS)] == [whole(4500, 1)]
    # between two packets of a real new start they change nothing, either
    assert jitter.add(30_000, 0, True, Chunk(b"?", True), 0) == []
    assert jitter.add(*stream[4500 - age], 0, repaired=True) == []
    assert [f.data for f in jitter.add(30_001, 0, True, Chunk(b"new", True), 0)] == [b"new"]


def test_padding_keeps_its_place_and_is_no_picture() -> None:
    jitter = VideoJitter()
    out: list[Frame] = []
    seq = 65_000
    for number in range(4):
        for part in range(2):
            chunk = Chunk(bytes((number, part)), part == 0 and number % 2 == 0)
            out += jitter.add(seq & 0xFFFF, number * 3000, part == 1, chunk, 0)
            seq += 1
        # with the timestamp of what was sent last, and as long as it likes
        for _ in range(MAX_PACKETS + 10):
            assert jitter.add(seq & 0xFFFF, number * 3000, False, Chunk(b"", False), 0) == []
            seq += 1
    assert [(frame.data, frame.key) for frame in out] == [(whole(n, 2), n % 2 == 0) for n in range(4)]
    assert (jitter.lost_frames, jitter.due_ns, jitter._packets) == (0, None, {})


@pytest.mark.parametrize(
    ("seq_of", "timestamp_of"),
    [
        (lambda number: number * 250, lambda number: number * 3000),
        (lambda number: number * (MAX_GAP + 1), lambda number: number * 3000),
        (lambda number: number * 2, lambda number: number * 3000),
        (lambda number: number, lambda number: 0),
    ],
    ids=["steps of 250", "steps too large to fill", "every other packet", "a picture without end"],
)
def test_no_stream_costs_much_by_what_it_leaves_out(
    seq_of: Callable[[int], int], timestamp_of: Callable[[int], int]
) -> None:
    """Each packet looks like a keyframe: there is always something to wait for."""
    jitter, holes, count = VideoJitter(), 0, 2 * MAX_PACKETS
    began_ns = time.thread_time_ns()
    for number in range(count):
        at = number * MS // 4
        jitter.add(seq_of(number) & 0xFFFF, timestamp_of(number), False, Chunk(b"x", True), at)
        said, due_ns = jitter.feedback(at), jitter.due_ns
        assert due_ns is None or due_ns >= 0
        assert len(said.nack) <= MAX_HOLES
        holes = max(holes, len(jitter._holes))
    each_ns = (time.thread_time_ns() - began_ns) / count
    assert holes <= MAX_HOLES
    assert len(jitter._packets) <= MAX_PACKETS
    assert each_ns < MS, "400 packets a second are to be a small part of a core"


def test_after_too_many_holes_it_goes_on_at_the_newest_keyframe() -> None:
    jitter = VideoJitter()
    assert len(jitter.add(0, 0, True, Chunk(b"first", True), 0)) == 1
    for number in range(1, 4):
        out = jitter.add(number * 250, number * 3000, True, Chunk(bytes((number,)), True), 0)
    assert [frame.data for frame in out] == [b"\x03"]
    assert (jitter.lost_frames, len(jitter._holes), len(jitter._packets)) == (1, 0, 0)


def test_a_picture_without_end_is_given_up_once_a_buffer() -> None:
    """Not with each packet of it, when there is a keyframe's start behind the first one."""
    jitter = VideoJitter()
    for seq in range(2 * MAX_PACKETS):
        assert jitter.add(seq, 0, False, Chunk(b"x", True), 0) == []
        assert len(jitter._packets) <= MAX_PACKETS
    assert jitter.lost_frames == 1


def test_a_keyframe_too_full_of_holes_is_not_gone_back_to() -> None:
    """What was missing before a loss is missing behind the keyframe that is kept, too."""
    jitter = VideoJitter()
    jitter.add(0, 0, True, Chunk(b"first", True), 0)
    last = 2 + 2 * 400
    for seq in range(2, last + 1, 2):
        jitter.add(seq, 3000 * seq, False, Chunk(b"x", seq == 2), 0)
    jitter.require_key()
    jitter.add(last + 250, 3000 * last, False, Chunk(b"x", False), 0)
    assert jitter.waiting_key
    assert len(jitter._holes) <= KEEP_WAITING
    out = jitter.add(last + 251, 3000 * last + 3000, True, Chunk(b"new", True), 0)
    assert [frame.data for frame in out] == [b"new"]


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_only_whole_frames_in_order_and_none_after_a_loss(data: st.DataObject) -> None:
    frames, per_frame, key_every = 40, data.draw(st.integers(1, 4)), data.draw(st.integers(1, 12))
    first = data.draw(st.sampled_from([0, 65_500, 30_000]))
    stream = packets(frames, per_frame, key_every, first)
    lost = data.draw(st.sets(st.integers(1, len(stream) - 1), max_size=12))
    order = [p for number, p in enumerate(stream) if number not in lost]
    for _ in range(data.draw(st.integers(0, 15))):
        at = data.draw(st.integers(1, max(1, len(order) - 4)))
        order[at : at + 4] = reversed(order[at : at + 4])
        order.insert(at, data.draw(st.sampled_from(order[:at])))
    jitter = VideoJitter()
    out: list[Frame] = []
    now = 0
    for packet in order:
        now += data.draw(st.sampled_from([0, 5, 40])) * MS
        out += jitter.add(*packet, now)
        jitter.feedback(now)
    numbers = [frame.timestamp // 3000 for frame in out]
    assert numbers == sorted(set(numbers))
    for frame, number in zip(out, numbers, strict=True):
        assert frame.data == whole(number, per_frame)
    # each one hangs on the one before, or is a keyframe
    assert all(frame.key or numbers[at - 1] == numbers[at] - 1 for at, frame in enumerate(out) if at > 0)
    if out:
        assert out[0].key
    if not lost and now < 60 * MS:  # nothing was late enough to be given up
        assert numbers[-1] == frames - 1


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 65535),
            st.integers(0, 2**32 - 1),
            st.booleans(),
            st.binary(max_size=9),
            st.booleans(),
        ),
        max_size=300,
    )
)
def test_rubbish_neither_raises_nor_grows(rubbish: list[tuple[int, int, bool, bytes, bool]]) -> None:
    jitter = VideoJitter()
    for number, (seq, timestamp, marker, data, key) in enumerate(rubbish):
        jitter.add(seq, timestamp, marker, Chunk(data, key), number * MS)
        said = jitter.feedback(number * MS)
        assert all(0 <= lost <= 0xFFFF for lost in said.nack)
        assert len(jitter._packets) <= MAX_PACKETS
        assert len(jitter._holes) <= MAX_HOLES
