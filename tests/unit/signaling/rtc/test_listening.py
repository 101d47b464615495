"""Who hears which bus: changing over leaves no hole and doubles nothing, and nobody ever hears their own
voice."""

import pytest

from mixer.contract.names import ProcessName, SourceName, StreamName, of_seat, return_stream
from mixer.ipc.bus.packets import ReturnAudio
from signaling.rtc.returns.listening import OPUS_SILENCE, PATIENCE, Listeners

FLOOR, KO, EN = (
    return_stream("returns", "floor"),
    return_stream("returns", "ko"),
    return_stream("returns", "en"),
)
BLOCK = 960


class Room:
    """Listeners, and what each was sent: the block's number and the packet."""

    def __init__(self) -> None:
        self.listeners: Listeners[str] = Listeners()
        self.sent: dict[str, list[tuple[int, bytes]]] = {}

    def play(
        self, number: int, *streams: StreamName, heard: tuple[SourceName, ...] = (), own: bool = True
    ) -> None:
        """One block of each of these streams, in this order."""
        for stream in streams:
            name = stream.encode()
            packets = {source: b"without " + source.encode() + b" " + name for source in heard if own}
            block = ReturnAudio(stream, number * BLOCK, b"common " + name, heard, packets)
            for sender, data in self.listeners.take(block):
                self.sent.setdefault(sender, []).append((number, data))

    def numbers(self, sender: ProcessName) -> list[int]:
        return [number for number, _ in self.sent[sender]]


@pytest.mark.parametrize("order", [(FLOOR, KO), (KO, FLOOR)], ids=["old first", "new first"])
@pytest.mark.parametrize("starts", [4, 5, 9], ids=["at once", "next block", "encoder starts late"])
def test_changing_over_has_no_hole_and_no_double(order: tuple[StreamName, StreamName], starts: int) -> None:
    room = Room()
    room.listeners.add("a", of_seat("a"), FLOOR)
    for number in range(4):
        room.play(number, FLOOR)
    room.listeners.tune("a", KO)
    assert set(room.listeners.streams) == {FLOOR, KO}
    for number in range(4, 14):
        room.play(number, *(stream for stream in order if stream == FLOOR or number >= starts))
    assert room.numbers(ProcessName("a")) == list(range(14))
    assert room.sent["a"][starts - 1][1] == b"common returns/floor"
    assert room.sent["a"][starts + 1][1] == b"common returns/ko"
    assert set(room.listeners.streams) == {KO}


def test_the_own_voice_is_in_neither_bus() -> None:
    """Nor where the mixer has no packet for the listener any more: in its plan the listener is on the new bus
    already."""
    room = Room()
    room.listeners.add("a", of_seat("a"), FLOOR)
    room.listeners.add("wall", SourceName(""), FLOOR)
    room.play(0, FLOOR, heard=(of_seat("a"), of_seat("b")))
    room.play(1, FLOOR, heard=(of_seat("a"),), own=False)
    room.listeners.tune("a", KO)
    room.play(2, KO, FLOOR, heard=(of_seat("a"),))
    room.play(3, KO, heard=(of_seat("a"),), own=False)
    assert [data for _, data in room.sent["a"]] == [
        b"without seat/a returns/floor",
        OPUS_SILENCE,
        b"without seat/a returns/ko",
        OPUS_SILENCE,
    ]
    assert [data for _, data in room.sent["wall"]] == [b"common returns/floor"] * 3


@pytest.mark.parametrize("order", [(FLOOR, KO), (KO, FLOOR)], ids=["old first", "new first"])
@pytest.mark.parametrize("moves", [4, 5, 8], ids=["with the plan", "a block before it", "long before it"])
def test_who_is_heard_himself_changes_over_with_his_own_packet(
    order: tuple[StreamName, StreamName], moves: int
) -> None:
    """The mixer's plan moves the listener's mix-minus from one bus to the other at a block of its own
    choice."""
    room = Room()
    room.listeners.add("a", of_seat("a"), FLOOR)
    for number in range(12):
        if number == 4:
            room.listeners.tune("a", KO)
        for stream in order:
            room.play(number, stream, heard=(of_seat("a"),), own=(stream == KO) == (number >= moves))
    assert room.numbers(ProcessName("a")) == list(range(12))
    packets = [data for _, data in room.sent["a"]]
    assert packets == [b"without seat/a returns/floor"] * moves + [b"without seat/a returns/ko"] * (
        12 - moves
    )


def test_who_never_gets_a_packet_of_his_own_hears_silence_after_a_moment() -> None:
    """More people are heard at once than the mixer has places for."""
    room = Room()
    room.listeners.add("a", of_seat("a"), FLOOR)
    room.listeners.tune("a", KO)
    for number in range(20):
        room.play(number, FLOOR, KO, heard=(of_seat("a"),), own=False)
    assert room.numbers(ProcessName("a")) == list(range(PATIENCE // BLOCK, 20))
    assert {data for _, data in room.sent["a"]} == {OPUS_SILENCE}
    assert set(room.listeners.streams) == {KO}


def test_who_changes_his_mind_stays_where_he_is() -> None:
    room = Room()
    room.listeners.add("a", SourceName(""), FLOOR)
    room.play(0, FLOOR)
    for stream in (KO, EN, FLOOR):
        room.listeners.tune("a", stream)
    assert set(room.listeners.streams) == {FLOOR}
    room.play(1, KO, EN, FLOOR)
    room.listeners.tune("a", KO)
    room.listeners.tune("a", EN)
    assert set(room.listeners.streams) == {FLOOR, EN}
    room.play(2, FLOOR, KO, EN)
    assert [data for _, data in room.sent["a"]] == [b"common returns/floor"] * 3
    room.play(3, KO, EN)
    assert room.sent["a"][-1] == (3, b"common returns/en")


def test_only_what_somebody_needs_is_asked_for() -> None:
    room = Room()
    room.listeners.add("a", SourceName(""), FLOOR)
    room.listeners.add("b", SourceName(""), FLOOR)
    room.listeners.tune("a", KO)
    room.listeners.tune("nobody", EN)
    room.play(0, KO)
    assert set(room.listeners.streams) == {FLOOR, KO}
    room.listeners.remove("b")
    room.listeners.remove("b")
    assert set(room.listeners.streams) == {KO}
    room.listeners.tune("a", EN)
    room.listeners.remove("a")
    assert not room.listeners.streams


def test_another_mixer_has_nothing_of_the_old_bus() -> None:
    room = Room()
    room.listeners.add("a", SourceName(""), FLOOR)
    room.play(100, FLOOR)
    room.listeners.tune("a", KO)
    room.listeners.settle()
    assert set(room.listeners.streams) == {KO}
    room.play(120, FLOOR, KO)
    room.play(2, KO)  # its clock was put back by far: a new beginning, nothing that was heard already
    assert room.numbers(ProcessName("a")) == [100, 120, 2]
