"""The control link: messages and descriptors arrive whole, sending never blocks, an end is noticed."""

import os
from collections.abc import Iterator

import msgspec
import pytest

from mixer.contract.messages import Heartbeat, SlotOpened
from mixer.contract.names import ProcessName, of_seat, slot_of
from mixer.ipc.link import MAX_BACKLOG, MAX_MESSAGE, MAX_PART, Link, LinkClosedError, LinkOverflowError, pair


@pytest.fixture
def ends() -> Iterator[tuple[Link, Link]]:
    a, b = pair()
    links = Link(a, ProcessName("a")), Link(b, ProcessName("b"))
    yield links
    for link in links:
        link.close()


class Blob(msgspec.Struct, tag=True):
    data: bytes


def test_a_message_arrives_with_its_names_and_its_descriptors(ends: tuple[Link, Link]) -> None:
    a, b = ends
    read_end, write_end = os.pipe()
    a.send(ProcessName("b"), SlotOpened(slot_of(of_seat("x"))), [write_end])
    os.close(write_end)
    got = b.receive()
    assert got is not None
    envelope, fds = got
    assert (envelope.to, envelope.sender) == ("b", "a")
    assert msgspec.msgpack.decode(envelope.body, type=SlotOpened) == SlotOpened(slot_of(of_seat("x")))
    os.write(fds[0], b"through")
    assert os.read(read_end, 10) == b"through"
    os.close(fds[0])
    os.close(read_end)
    assert b.receive() is None


def test_sending_never_blocks_and_a_deaf_peer_overflows(ends: tuple[Link, Link]) -> None:
    a, _ = ends
    with pytest.raises(LinkOverflowError):
        for _ in range(100_000):
            a.send(ProcessName("b"), Blob(b"x" * 1000))
    assert a.backlog == MAX_BACKLOG


def test_what_waited_in_the_backlog_arrives_in_order(ends: tuple[Link, Link]) -> None:
    a, b = ends
    for n in range(1000):
        a.send(ProcessName("b"), Blob(n.to_bytes(4, "big") * 300))
    seen: list[int] = []
    while len(seen) < 1000:
        got = b.receive()
        if got is None:
            assert a.backlog
            a.flush()
            continue
        seen.append(int.from_bytes(msgspec.msgpack.decode(got[0].body, type=Blob).data[:4], "big"))
    assert seen == list(range(1000))


@pytest.mark.parametrize(
    "size", [MAX_PART - 100, MAX_PART, MAX_PART + 1, 2 * MAX_PART - 30, MAX_MESSAGE - 100]
)
def test_messages_up_to_the_largest_arrive_whole(ends: tuple[Link, Link], size: int) -> None:
    """In parts, where no datagram takes them; nothing that is sent later overtakes."""
    a, b = ends
    read_end, write_end = os.pipe()
    data = os.urandom(size)
    a.send(ProcessName("b"), Blob(data), [write_end])
    os.close(write_end)
    a.send(ProcessName("b"), Blob(b"next"))
    got: list[Blob] = []
    fds: list[int] = []
    while len(got) < 2:
        received = b.receive()
        if received is None:
            assert a.backlog
            a.flush()
            continue
        got.append(msgspec.msgpack.decode(received[0].body, type=Blob))
        fds += received[1]
    assert [each.data for each in got] == [data, b"next"]
    assert len(fds) == 1
    os.write(fds[0], b"through")
    assert os.read(read_end, 10) == b"through"
    for fd in (*fds, read_end):
        os.close(fd)


def test_a_message_over_the_largest_is_refused(ends: tuple[Link, Link]) -> None:
    a, _ = ends
    with pytest.raises(ValueError, match="over"):
        a.send(ProcessName("b"), Blob(b"x" * MAX_MESSAGE))


def test_the_end_of_a_peer_is_noticed_by_reader_and_writer(ends: tuple[Link, Link]) -> None:
    a, b = ends
    b.close()
    with pytest.raises(LinkClosedError):
        a.receive()
    with pytest.raises(LinkClosedError):
        for _ in range(10):
            a.send(ProcessName("b"), Heartbeat())


def test_closing_with_a_backlog_leaves_no_descriptor_open(ends: tuple[Link, Link]) -> None:
    a, _ = ends
    before = len(os.listdir("/proc/self/fd"))
    while not a.backlog:
        a.send(ProcessName("b"), Blob(b"x" * 100_000))
    for _ in range(50):
        a.send(ProcessName("b"), SlotOpened(slot_of(of_seat("x"))), [a.fileno()])
    a.close()
    assert len(os.listdir("/proc/self/fd")) <= before
