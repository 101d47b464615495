"""One message that can't be read costs that message: never the process, never a descriptor."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from structlog.testing import capture_logs

from mixer.contract.messages import Heartbeat, MixerConfig, PlanTaken, SlotOpened, WatchMeters
from mixer.contract.names import ProcessName, of_seat, sender_name, slot_of
from mixer.engine.outbox import MAX_TAKEN, Outbox
from mixer.ipc.inbox import Handlers, Inbox, first_message
from mixer.ipc.link import MAX_PART, Envelope, Link, LinkClosedError, LinkOverflowError, UnreadableError, pair
from studio.supervisor.children import Child

RUBBISH = (
    b"",  # an empty body
    b"\x93\xa2\xff\xfe\xa1a\xc0",  # no UTF-8
    b"\xc1" * 40,
    b"\x91" * 100_000,  # deeper than a decoder goes
    msgspec.msgpack.encode({"type": "NoSuchMessage"}),
    msgspec.msgpack.encode({"type": "SlotOpened"}),  # a field is missing
)


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


@pytest.fixture
def ends() -> Iterator[tuple[Link, Link]]:
    a, b = pair()
    links = Link(a, ProcessName("a")), Link(b, ProcessName("b"))
    yield links
    for link in links:
        link.close()


def give(link: Link, body: bytes, fds: list[int]) -> None:
    link.forward(Envelope(ProcessName("b"), ProcessName("a"), msgspec.Raw(body)), fds)


@pytest.mark.parametrize("size", [10, 3 * MAX_PART])
def test_no_envelope_leaves_no_descriptor(ends: tuple[Link, Link], size: int) -> None:
    """Also one that came in parts."""
    a, b = ends
    before = descriptors()
    read_end, write_end = os.pipe()
    # what the link's own encoder never makes: an envelope whose names are no text
    a._backlog.append((b"\x93\xa2\xff\xfe" + bytes(10), (os.dup(read_end),)))
    a.flush()
    if size > MAX_PART:
        for first, mark in ((True, b"\xc1"), (False, b"\xc0")):
            a._backlog.append((mark + bytes(MAX_PART - 1), (os.dup(read_end),) if first else ()))
            a.flush()
    a.send(ProcessName("b"), Heartbeat())
    unreadable, got = 0, None
    while got is None:
        a.flush()
        try:
            got = b.receive()
        except UnreadableError:
            unreadable += 1
    assert unreadable == 1 + (size > MAX_PART)
    assert got[0].sender == "a"
    os.close(read_end)
    os.close(write_end)
    assert descriptors() == before


def test_messages_behind_rubbish_arrive_and_nothing_leaks(ends: tuple[Link, Link]) -> None:
    a, b = ends
    seen: list[WatchMeters] = []

    def no_room(_: SlotOpened, fds: list[int]) -> None:
        raise RuntimeError("no room")  # whatever a handler trips over

    handlers = Handlers()
    handlers.on(WatchMeters, seen.append)
    handlers.on_fds(SlotOpened, no_room)
    inbox = Inbox(b, handlers.take)
    before = descriptors()
    read_end, write_end = os.pipe()
    for body in RUBBISH:
        if body:
            give(a, body, [read_end])
    a.send(ProcessName("b"), SlotOpened(slot_of(of_seat("x"))), [read_end])
    a.send(ProcessName("b"), WatchMeters(True))
    inbox.read()
    os.close(read_end)
    os.close(write_end)
    assert seen == [WatchMeters(True)]
    assert inbox.failures.count == len(RUBBISH)
    assert descriptors() == before
    a.close()
    with pytest.raises(LinkClosedError):
        inbox.read()


def test_what_cannot_be_decoded_is_counted_each_time_and_logged_once(ends: tuple[Link, Link]) -> None:
    a, b = ends
    handlers = Handlers()
    handlers.on(WatchMeters, lambda _: None)
    inbox = Inbox(b, handlers.take)
    with capture_logs() as logged:
        for _ in range(50):
            for body in RUBBISH[1:3]:
                give(a, body, [])
            inbox.read()
    assert inbox.failures.count == 100
    assert [each["failures"] for each in logged] == [1, 2], "each kind the first time"
    with capture_logs() as logged:
        for number in range(1000):  # many different ones fill no log either
            give(a, msgspec.msgpack.encode({"type": f"Made up {number}"}), [])
            inbox.read()
    assert inbox.failures.count == 1100
    assert len(logged) < 100


def test_a_table_hands_a_message_to_all_in_their_order(ends: tuple[Link, Link]) -> None:
    a, b = ends
    told: list[object] = []
    handlers = Handlers()
    handlers.on(WatchMeters, lambda message: told.append(message.on), lambda _: told.append("second"))
    handlers.on_from(WatchMeters, lambda sender, _: told.append(sender))
    handlers.on_fds(SlotOpened, lambda message, fds: told.append((message.slot, len(fds))))
    inbox = Inbox(b, handlers.take)
    a.send(ProcessName("b"), WatchMeters(True))
    a.send(ProcessName("b"), SlotOpened(slot_of(of_seat("x"))))  # without its descriptor
    with Path("/dev/null").open() as file:
        a.send(ProcessName("b"), SlotOpened(slot_of(of_seat("y"))), [file.fileno()])
    inbox.read()
    assert told == [True, "second", "a", ("seat/y", 1)]
    assert inbox.failures.count == 0


def test_the_configuration_is_found_behind_rubbish(ends: tuple[Link, Link]) -> None:
    a, b = ends
    config = MixerConfig(1, 30, 1, {}, {}, "Summit", "/fonts")
    give(a, RUBBISH[1], [])
    a.send(ProcessName("b"), Heartbeat())
    a.send(ProcessName("b"), config)
    a.send(ProcessName("b"), WatchMeters(True))
    assert first_message(b, MixerConfig) == config
    rest = b.receive()
    assert rest is not None
    assert msgspec.msgpack.decode(rest[0].body, type=WatchMeters) == WatchMeters(True)


def test_ticks_of_plans_are_never_pushed_out_by_other_news() -> None:
    outbox = Outbox()
    for number in range(3):
        outbox.put(PlanTaken(number, number, 1))
    for _ in range(5000):
        outbox.put(Heartbeat())
    given: list[object] = []

    def takes(message: object) -> bool:
        given.append(message)
        return True

    outbox.send(lambda message: False)  # a link that is full
    outbox.send(takes)
    assert given == [PlanTaken(number, number, 1) for number in range(3)]
    for number in range(MAX_TAKEN + 5):  # and of too many the newest are kept
        outbox.put(PlanTaken(number, number, 1))
    given.clear()
    outbox.send(takes)
    assert given[-1] == PlanTaken(MAX_TAKEN + 4, MAX_TAKEN + 4, 1)
    assert len(given) == MAX_TAKEN
    outbox.close()


@pytest.mark.parametrize("fault", ["pidfd", "configuration", "program"])
def test_a_child_that_half_started_leaves_nothing(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[subprocess.Popen[bytes]] = []
    popen = subprocess.Popen

    def starting(*arguments: object, **options: object) -> subprocess.Popen[bytes]:
        if fault == "program":
            raise FileNotFoundError("no such program")
        started.append(popen(*arguments, **options))  # type: ignore[call-overload]
        return started[-1]

    def configure() -> Heartbeat:
        if fault == "configuration":
            raise ValueError("a message of 9 MB is over 8 MB")
        return Heartbeat()

    def no_pidfd(_pid: int) -> int:
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(subprocess, "Popen", starting)
    if fault == "pidfd":
        monkeypatch.setattr(os, "pidfd_open", no_pidfd)
    child = Child(sender_name("x"), ("mixer.outputs.process", "sender/x"), configure)
    before = descriptors()
    with pytest.raises((OSError, ValueError)):
        child.spawn(0)
    assert descriptors() == before
    assert all(process.returncode is not None for process in started)
    assert not child.alive
    assert (child.link, child.pidfd) == (None, -1)


def test_what_one_handler_fails_at_the_others_hear_all_the_same(ends: tuple[Link, Link]) -> None:
    a, b = ends
    heard: list[str] = []

    def fails(_: Heartbeat) -> None:
        heard.append("first")
        raise LinkOverflowError("nobody reads")

    handlers = Handlers()
    handlers.on(Heartbeat, fails, lambda _: heard.append("second"))
    inbox = Inbox(b, handlers.take)
    a.send(ProcessName("b"), Heartbeat())
    inbox.read()
    assert heard == ["first", "second"]
    assert inbox.failures.count == 1
