"""The packet bus: nobody waits for a slow subscriber, whole pictures are lost, late comers start at once."""

import functools
import itertools
import os
import socket
import threading
from collections.abc import Iterator
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mixer.contract.names import ProcessName, StreamName, of_seat, picture_stream, return_stream, sound_stream
from mixer.ipc.bus.client import BusReader
from mixer.ipc.bus.frames import BusProtocolError, encode_frame, from_mixer
from mixer.ipc.bus.history import KEPT_S
from mixer.ipc.bus.packets import FromMixer, Packet, ReturnAudio, StreamHeader
from mixer.ipc.bus.server import PacketBus
from mixer.ipc.bus.subscriber import QUEUE_BYTES
from tests.support.media.mixing import wait_for

VIDEO, SOUND = picture_stream("program"), sound_stream("floor")
GROUP = 30


class Rig:
    def __init__(self) -> None:
        self.asked: list[str] = []
        self.bus = PacketBus(self.asked.append)
        self.bus.start()
        self._readers: list[BusReader] = []

    def attach(self, name: ProcessName = ProcessName("reader")) -> BusReader:
        ours, theirs = socket.socketpair()
        self.bus.attach(name, theirs)
        reader = BusReader(ours)
        self._readers.append(reader)
        return reader

    def subscribe(
        self,
        *streams: StreamName,
        name: ProcessName = ProcessName("reader"),
        live: bool = False,
        earlier: bool = False,
    ) -> BusReader:
        reader = self.attach(name)
        reader.subscribe(streams, live, earlier)
        wait_for(lambda: self.bus._subscribers[name].streams == set(streams) or None, "the subscription")
        return reader

    def picture(self, pts: int, size: int = 1000, stream: StreamName = VIDEO) -> None:
        self.bus.publish(Packet(stream, pts, pts, 1, pts % GROUP == 0, bytes(size)))

    def close(self) -> None:
        self.bus.close()
        for reader in self._readers:
            reader.close()


@pytest.fixture
def rig() -> Iterator[Rig]:
    rig = Rig()
    rig.bus.announce(StreamHeader(VIDEO, "h264", (1, 30), 640, 360, b"nut"))
    rig.bus.announce(StreamHeader(SOUND, "aac", (1, 48000), 0, 0, b"nut"))
    yield rig
    rig.close()


def collect(reader: BusReader, count: int) -> list[FromMixer]:
    messages: list[FromMixer] = []

    def enough() -> bool | None:
        reader.wait(0.05)
        messages.extend(reader.receive())
        return len(messages) >= count or None

    wait_for(enough, f"{count} messages")
    return messages


def pts(messages: list[FromMixer], stream: StreamName = VIDEO) -> list[int]:
    return [m.pts for m in messages if isinstance(m, Packet) and m.stream == stream]


def test_a_late_comer_starts_with_header_and_keyframe_at_once(rig: Rig) -> None:
    for n in range(GROUP + 10):
        rig.picture(n)
    messages = collect(rig.subscribe(VIDEO), 11)
    assert isinstance(messages[0], StreamHeader)
    assert pts(messages) == list(range(GROUP, GROUP + 10))


def test_sound_goes_with_the_group_of_pictures(rig: Rig) -> None:
    for n in range(GROUP + 15):
        rig.picture(n)
        rig.bus.publish(Packet(SOUND, n * 1600, n * 1600, 1600, True, b"s"))
    messages = collect(rig.subscribe(VIDEO, SOUND), 32)
    assert pts(messages, SOUND) == [n * 1600 for n in range(GROUP, GROUP + 15)]
    assert pts(messages) == list(range(GROUP, GROUP + 15))


def test_who_goes_on_where_another_died_starts_as_far_back_as_is_kept(rig: Rig) -> None:
    """8 s at least, by whole groups of pictures."""
    last = 20 * GROUP + 15
    for n in range(last):
        rig.picture(n)
        rig.bus.publish(Packet(SOUND, n * 1600, n * 1600, 1600, True, b"s"))
    first = (last - 1 - KEPT_S * 30) // GROUP * GROUP
    messages = collect(rig.subscribe(VIDEO, SOUND, earlier=True), 2 + 2 * (last - first))
    assert pts(messages) == list(range(first, last))
    assert pts(messages, SOUND) == [n * 1600 for n in range(first, last)]


def test_a_recording_that_is_expected_begins_with_its_start(rig: Rig) -> None:
    """Whoever starts its process: nothing of before, all of since, and its streams are made meanwhile."""
    for number in range(40):
        rig.picture(number)
    rig.bus.expect(ProcessName("reader"), [VIDEO, SOUND, sound_stream("ko")], Fraction(40, 30))
    assert rig.bus.wanted == {VIDEO, SOUND, "ko/aac"}
    for number in range(40, 100):
        rig.bus.publish(Packet(VIDEO, number, number, 1, number in (42, 60, 90), b"picture"))
    for number in range(42 * 1600, 100 * 1600, 1024):
        rig.bus.publish(Packet(SOUND, number, number, 1024, True, b"sound"))
    reader = rig.subscribe(VIDEO, SOUND)
    got = collect(reader, 2 + 58 + 90)
    assert pts(got) == list(range(42, 100))
    sound = pts(got, SOUND)
    assert 42 * 1600 <= sound[0] < 42 * 1600 + 1024
    reader.close()
    wait_for(lambda: not rig.bus.wanted or None, "nobody wanting anything")


def test_a_recording_that_is_there_before_its_keyframe_waits_for_it(rig: Rig) -> None:
    for number in range(40):
        rig.picture(number)
    rig.bus.expect(ProcessName("reader"), [VIDEO], Fraction(40, 30))
    reader = rig.subscribe(VIDEO)
    for number in range(40, 50):
        rig.bus.publish(Packet(VIDEO, number, number, 1, number == 43, b"picture"))
    assert pts(collect(reader, 1 + 7)) == list(range(43, 50))


def test_who_is_expected_and_never_comes_is_not_waited_for(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mixer.ipc.bus.server.EXPECTED_NS", 1_000_000)
    rig.bus.expect(ProcessName("reader"), [VIDEO], Fraction(0))

    def nobody() -> bool | None:
        rig.picture(0)
        return not rig.bus.wanted or None

    wait_for(nobody, "nobody wanting anything")


def test_a_viewer_starts_at_a_fresh_keyframe(rig: Rig) -> None:
    for n in range(10):
        rig.picture(n)
    reader = rig.subscribe(VIDEO, live=True)
    assert rig.asked == [VIDEO]
    for n in range(10, GROUP + 5):
        rig.picture(n)
    assert pts(collect(reader, 6)) == list(range(GROUP, GROUP + 5))


def test_a_slow_subscriber_loses_whole_groups_and_holds_nobody_up(rig: Rig) -> None:
    slow, quick = (
        rig.subscribe(VIDEO, name=ProcessName("slow")),
        rig.subscribe(VIDEO, name=ProcessName("quick")),
    )
    size, count = 100_000, 10 * GROUP
    received: list[FromMixer] = []

    def read() -> None:
        while len(pts(received)) < count:
            quick.wait(0.05)
            received.extend(quick.receive())

    thread = threading.Thread(target=read)
    thread.start()
    for n in range(count):
        rig.picture(n, size)
        if n % GROUP == 0:  # the quick one keeps up with a stream, not with a flood
            wait_for(functools.partial(lambda n: n <= len(pts(received)) or None, n), "the quick one")
    thread.join(20)
    assert pts(received) == list(range(count))
    late: list[FromMixer] = []

    def drained() -> bool | None:
        slow.wait(0.05)
        fresh = slow.receive()
        late.extend(fresh)
        return (not fresh) or None

    wait_for(drained, "the slow one's queue")
    for n in range(count, count + 2 * GROUP):
        rig.picture(n, 100)
    late += collect(slow, 2 * GROUP)
    numbers = pts(late)
    assert numbers[-2 * GROUP :] == list(range(count, count + 2 * GROUP))
    for before, after in itertools.pairwise(numbers):
        assert after == before + 1 or after % GROUP == 0, "goes on at a keyframe"
    lost = count + 2 * GROUP - len(numbers)
    assert lost > 0
    assert rig.bus.dropped() == {"slow": lost, "quick": 0}


def test_a_queue_is_bounded(rig: Rig) -> None:
    rig.subscribe(VIDEO, SOUND)
    subscriber = rig.bus._subscribers[ProcessName("reader")]
    for n in range(40 * GROUP):
        rig.picture(n, 50_000)
        rig.bus.publish(Packet(SOUND, n, n, 1, True, bytes(2000)))
    assert subscriber._queued <= QUEUE_BYTES + 1024 * 1024
    assert subscriber._queued == sum(len(frame) for frame, _, _ in subscriber._queue)


def test_what_was_kept_takes_no_room_from_what_is_new(rig: Rig) -> None:
    """A recording that goes on gets 8 s at once, more than a queue holds, and loses nothing that follows."""
    for n in range(8 * GROUP):
        rig.picture(n, 40_000)
    reader = rig.subscribe(VIDEO, earlier=True)
    subscriber = rig.bus._subscribers[ProcessName("reader")]
    wait_for(lambda: subscriber.streams or None, "the subscription")
    for n in range(8 * GROUP, 9 * GROUP):
        rig.picture(n, 40_000)
    assert pts(collect(reader, 1 + 9 * GROUP)) == list(range(9 * GROUP))
    assert subscriber.dropped == 0
    wait_for(lambda: not subscriber._queue or None, "an empty queue")
    assert subscriber._past == 0


def test_a_second_subscriber_of_a_name_replaces_the_first(rig: Rig) -> None:
    first = rig.subscribe(VIDEO)
    second = rig.subscribe(SOUND)
    wait_for(lambda: rig.bus.wanted == {SOUND} or None, "the replacement")
    assert first.wait(5)
    collect(second, 1)
    with pytest.raises(ConnectionError):
        while True:
            first.wait(5)
            first.receive()


def test_wanted_follows_the_subscribers(rig: Rig) -> None:
    reader = rig.subscribe(VIDEO, picture_stream("wall"))
    rig.subscribe(SOUND, name=ProcessName("other"))
    reader.subscribe([VIDEO])
    wait_for(lambda: rig.bus.wanted == {VIDEO, SOUND} or None, "the smaller set")
    reader.close()
    wait_for(lambda: rig.bus.wanted == {SOUND} or None, "the leaver")


def test_keyframe_requests_reach_the_encoder(rig: Rig) -> None:
    reader = rig.subscribe(VIDEO)
    rig.picture(0)
    rig.asked.clear()
    reader.request_keyframe(VIDEO)
    reader.request_keyframe(picture_stream("wall"))  # not subscribed: not this viewer's business
    wait_for(lambda: rig.asked or None, "the request")
    assert rig.asked == [VIDEO]


def test_returns_reach_who_wants_them(rig: Rig) -> None:
    reader = rig.subscribe(return_stream("returns", "floor"))
    block = ReturnAudio(
        return_stream("returns", "floor"), 960, b"floor", (of_seat("a"),), {of_seat("a"): b"minus"}
    )
    rig.bus.publish_returns(block)
    assert collect(reader, 1) == [block]
    assert rig.bus.bytes_published()[return_stream("returns", "floor")] == 10


def test_a_subscriber_that_sends_rubbish_is_dropped(rig: Rig) -> None:
    ours, theirs = socket.socketpair()
    rig.bus.attach(ProcessName("rubbish"), theirs)
    other = rig.subscribe(VIDEO)
    ours.sendall(os.urandom(64) + b"\xff" * 64)
    wait_for(lambda: "rubbish" not in rig.bus.dropped() or None, "the end of it")
    rig.picture(0)
    assert pts(collect(other, 2)) == [0]
    ours.close()


def test_closing_delivers_what_is_queued() -> None:
    rig = Rig()
    rig.bus.announce(StreamHeader(VIDEO, "h264", (1, 30), 640, 360, b"nut"))
    reader = rig.subscribe(VIDEO)
    rig.picture(0)
    rig.bus.close()
    assert pts(collect(reader, 2)) == [0]
    with pytest.raises(ConnectionError):
        reader.receive()
    reader.close()


@given(st.lists(st.binary(max_size=50), max_size=8), st.integers(1, 20))
def test_frames_survive_any_cut(bodies: list[bytes], piece: int) -> None:
    packets = [Packet(VIDEO, i, i, 1, True, body) for i, body in enumerate(bodies)]
    data = b"".join(map(encode_frame, packets))
    frames, received = from_mixer(), []
    for at in range(0, len(data), piece):
        received += frames.feed(data[at : at + piece])
    assert received == packets


def test_an_endless_frame_is_refused() -> None:
    with pytest.raises(BusProtocolError):
        from_mixer().feed(b"\xff\xff\xff\xff")
