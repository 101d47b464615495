"""One stream of two encoders: in order, whole, and each turn from a keyframe on."""

import random

from hypothesis import given
from hypothesis import strategies as st

from mixer.contract.names import picture_stream
from mixer.encode.splice import MAX_HELD, Splice, Voice
from mixer.ipc.bus.packets import Packet

VOICES: tuple[Voice, Voice] = ("shared", "own")


def packet(pts: int, key: bool = False, data: bytes = b"") -> Packet:
    return Packet(picture_stream("program"), pts, pts, 1, key, data)


def ticks(packets: list[Packet]) -> list[int]:
    return [each.pts for each in packets]


def test_what_comes_early_of_the_new_encoder_waits_for_the_old_one() -> None:
    splice = Splice(9)
    assert ticks(splice.put(packet(10), "shared")) == [10]
    splice.change(12, "own", 11)
    assert splice.put(packet(12, key=True), "own") == []
    assert splice.put(packet(13), "own") == []
    assert ticks(splice.put(packet(11), "shared")) == [11, 12, 13]
    assert splice.put(packet(12), "shared") == []
    splice.change(15, "shared", 14)
    assert splice.put(packet(15, key=True), "shared") == []
    assert ticks(splice.put(packet(14), "own")) == [14, 15]
    assert ticks(splice.put(packet(16), "shared")) == [16]


def test_a_late_comer_without_a_past_begins_at_a_keyframe() -> None:
    splice = Splice()
    assert splice.put(packet(7), "shared") == []
    assert ticks(splice.put(packet(8, key=True), "shared")) == [8]


def test_what_is_known_already_does_not_come_twice() -> None:
    splice = Splice(8)
    assert splice.put(packet(8), "shared") == []
    assert ticks(splice.put(packet(9), "shared")) == [9]


def test_an_old_encoder_that_says_nothing_any_more_is_not_waited_for() -> None:
    splice = Splice(0)
    splice.change(5, "own", 4)
    came: list[Packet] = []
    for tick in range(5, 6 + MAX_HELD):
        came = splice.put(packet(tick, key=tick == 5), "own")
        assert (came != []) == (tick == 5 + MAX_HELD)
    assert ticks(came) == list(range(5, 6 + MAX_HELD))
    assert splice.put(packet(4), "shared") == [], "too late"


@given(
    seed=st.integers(0, 2**32),
    turns=st.lists(st.integers(1, 9), max_size=8),
    late=st.tuples(st.integers(0, 4), st.integers(0, 4)),
)
def test_however_late_either_is_each_tick_comes_once_in_order_from_its_own_encoder(
    seed: int, turns: list[int], late: tuple[int, int]
) -> None:
    """Two encoders with queues of their own, served in any order, each turn beginning with a keyframe."""
    order = random.Random(seed)
    splice, came, expected = Splice(-1), [], []
    queues: dict[Voice, list[Packet]] = {"shared": [], "own": []}
    voice: Voice = "shared"
    begins = {sum(turns[: n + 1]) + 1 for n in range(len(turns))}
    for tick in range(sum(turns) + 10):
        if tick in begins:
            voice = "own" if voice == "shared" else "shared"
            splice.change(tick, voice, tick - 1)
        key = tick == 0 or tick in begins
        expected.append((tick, voice))
        queues["shared"].append(packet(tick, key, b"shared"))
        if voice == "own":
            queues["own"].append(packet(tick, key, b"own"))
        for each, most in zip(VOICES, late, strict=True):
            queue = queues[each]
            while len(queue) > order.randint(0, most):
                came += splice.put(queue.pop(0), each)
    for each in VOICES[::-1]:
        for left in queues[each]:
            came += splice.put(left, each)
    assert [(each.pts, each.data.decode()) for each in came] == expected
