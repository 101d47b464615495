"""What goes on to a destination: begins at a keyframe, keeps the offset, loses whole pictures only."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from mixer.containers.gate import MAX_GROUP_BYTES, Group, KeyframeGate, TimedPacket
from mixer.contract.names import StreamName, picture_stream, sound_stream
from mixer.ipc.bus.packets import Packet, StreamHeader

VIDEO, AUDIO = picture_stream("program"), sound_stream("floor")
HEADERS = {
    VIDEO: StreamHeader(VIDEO, "h264", (1, 30), 320, 180, b""),
    AUDIO: StreamHeader(AUDIO, "aac", (1, 48_000), 0, 0, b""),
}
BASES = {StreamName(name): Fraction(*header.time_base) for name, header in HEADERS.items()}
GROUP = 10


def picture(number: int) -> Packet:
    return Packet(VIDEO, number, number, 1, number % GROUP == 0, b"v")


def block(number: int) -> Packet:
    return Packet(AUDIO, number * 1024, number * 1024, 1024, True, b"a")


def program(first: int, last: int, lag: int = 2) -> list[Packet]:
    """Pictures and the sound that belongs to them, the sound a little later on the bus."""
    timed = [(Fraction(p.pts, 30), p) for p in map(picture, range(first, last))]
    blocks = range(first * 1600 // 1024, last * 1600 // 1024)
    timed += [(Fraction(p.pts, 48_000) + Fraction(lag, 30), p) for p in map(block, blocks)]
    return [packet for _, packet in sorted(timed, key=lambda pair: pair[0])]


@given(
    first=st.integers(0, 10**7),
    lost=st.sets(st.integers(0, 120)),
    congested=st.sets(st.integers(0, 120)),
)
def test_invariants(first: int, lost: set[int], congested: set[int]) -> None:
    gate = KeyframeGate(VIDEO, HEADERS)
    out: list[tuple[Packet, TimedPacket]] = []
    dropped = 0
    for number, packet in enumerate(program(first, first + 60)):
        if number in lost:
            gate.gap()
            continue
        placed = gate.place(packet, congested=number in congested)
        if placed is not None:
            out.append((packet, placed))
        elif packet.stream == VIDEO and gate.started:
            dropped += 1
    assert gate.dropped == dropped
    if not out:
        return
    packet, placed = out[0]
    assert (placed.stream, placed.pts, placed.key) == (VIDEO, 0, True)
    start = packet.pts * BASES[VIDEO]
    last = {VIDEO: -1, AUDIO: -1}
    expected = None
    for packet, placed in out:
        assert placed.pts >= 0
        assert placed.dts > last[placed.stream]
        last[placed.stream] = placed.dts
        moved = packet.pts * BASES[packet.stream] - placed.pts * BASES[packet.stream]
        assert abs(moved - start) <= BASES[AUDIO] / 2
        if placed.stream == VIDEO:
            assert placed.key or packet.pts == expected, "a picture whose predecessor is missing"
            expected = packet.pts + 1


def test_repeated_group_is_not_sent_again() -> None:
    gate = KeyframeGate(VIDEO, HEADERS)
    for number in range(15):
        gate.place(picture(number))
    gate.gap()
    again = [gate.place(picture(number)) for number in range(10, 25)]
    placed = [packet.pts for packet in again if packet is not None]
    assert placed == [20, 21, 22, 23, 24]


def test_choked_destination_loses_sound_too() -> None:
    gate = KeyframeGate(VIDEO, HEADERS)
    gate.place(picture(0))
    assert gate.place(block(1), congested=True) is not None
    assert gate.place(block(2), congested=True, choked=True) is None
    assert gate.dropped == 0


@given(st.integers(0, 100), st.integers(1, 80))
def test_group_keeps_the_current_group_with_its_sound(first: int, count: int) -> None:
    group = Group(VIDEO)
    for packet in program(first, first + count):
        group.add(packet, BASES)
    kept = group.take()
    pictures = [packet.pts for packet in kept if packet.stream == VIDEO]
    last_key = (first + count - 1) // GROUP * GROUP
    if last_key >= first:
        assert pictures == list(range(last_key, first + count))
        assert kept[0].key
        assert kept[0].stream == VIDEO
    assert group.take() == []


@given(st.integers(0, 100), st.integers(1, 80))
def test_two_groups_are_kept_where_asked(first: int, count: int) -> None:
    group = Group(VIDEO, 2)
    for packet in program(first, first + count):
        group.add(packet, BASES)
    kept = group.take()
    pictures = [packet.pts for packet in kept if packet.stream == VIDEO]
    last_key = (first + count - 1) // GROUP * GROUP
    if last_key - GROUP >= first:
        assert pictures == list(range(last_key - GROUP, first + count))
        assert kept[0].key
        gate = KeyframeGate(VIDEO, HEADERS)
        assert all(gate.place(packet) for packet in kept if packet.stream == VIDEO)
    assert group.take() == []


def test_group_is_bounded() -> None:
    group = Group(VIDEO)
    for number in range(100):
        group.add(Packet(VIDEO, number, number, 1, number == 0, bytes(1024 * 1024)), BASES)
    assert len(group.take()) <= 17


def test_of_too_much_the_oldest_groups_go() -> None:
    group = Group(VIDEO, 16)
    for number in range(16 * GROUP):
        size = 2 * 1024 * 1024 if number % GROUP == 0 else 100_000
        group.add(Packet(VIDEO, number, number, 1, number % GROUP == 0, bytes(size)), BASES)
    kept = group.take()
    assert kept[0].key
    assert kept[0].pts % GROUP == 0
    assert [packet.pts for packet in kept] == list(range(kept[0].pts, 16 * GROUP))
    assert sum(len(packet.data) for packet in kept) <= MAX_GROUP_BYTES
    gate = KeyframeGate(VIDEO, HEADERS)
    assert all(gate.place(packet) for packet in kept)
