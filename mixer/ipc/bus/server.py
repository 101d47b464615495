"""The mixer's end of the packet bus: hands encoded packets to all subscribers, and waits for nobody.

Encoders call :meth:`PacketBus.publish` from their threads; one thread of the bus's own does all socket work.
Each subscriber has a bounded queue. When it is full, pictures are lost whole, from there to the next keyframe
that finds room, and are counted; sound gets a short grace. What is kept of every stream (some seconds of
pictures, the sound beside them) lets a late comer start at once.
"""

import os
import selectors
import socket
import threading
import time
from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import NamedTuple

import msgspec
import structlog

from mixer.contract.names import ProcessName, StreamName
from mixer.ipc.bus.frames import BusProtocolError, encode_frame
from mixer.ipc.bus.history import History
from mixer.ipc.bus.packets import KeyframeRequest, Packet, ReturnAudio, StreamHeader, Subscribe, ToMixer
from mixer.ipc.bus.subscriber import Subscriber
from mixer.ipc.priority import Urgency, set_thread

READ_BYTES = 64 * 1024
FLUSH_S = 0.5
"""How long closing waits for subscribers to take what is queued."""
MAX_REMEMBERED = 256
"""Names of former subscribers whose count of losses is kept."""

EXPECTED_NS = 30_000_000_000
"""How long a subscriber that is expected may take to come."""

_log = structlog.get_logger()


class _Expected(NamedTuple):
    streams: frozenset[StreamName]
    since_s: Fraction
    until_ns: int
    """How long its streams count as wanted."""


class PacketBus:
    """All subscribers and all streams. Methods may be called from any thread.

    ``on_keyframe`` is called with a stream's name when a viewer needs a keyframe, from the bus's thread; it
    must not block.
    """

    def __init__(self, on_keyframe: Callable[[StreamName], None]) -> None:
        self._on_keyframe = on_keyframe
        self._lock = threading.Lock()
        self._subscribers: dict[ProcessName, Subscriber] = {}
        self._lost: dict[ProcessName, int] = {}
        self._expected: dict[ProcessName, _Expected] = {}
        """Recordings by name, since their start."""
        self._histories: dict[StreamName, History] = {}
        self._headers: dict[StreamName, bytes] = {}
        self._bytes: dict[StreamName, int] = {}
        self._fresh: list[Subscriber] = []
        self._dead: list[Subscriber] = []
        self._recount_ns = 0
        """When somebody who was expected hasn't come."""
        self._wake = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._awake = False
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="bus", daemon=True)
        self.wanted: frozenset[StreamName] = frozenset()
        """The streams that somebody subscribes to; replaced, never changed in place."""

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Give subscribers a moment to take what is queued, close their sockets and end the thread."""
        with self._lock:
            self._closing = True
        os.eventfd_write(self._wake, 1)
        self._thread.join(FLUSH_S + 2)
        os.close(self._wake)

    def attach(self, name: ProcessName, sock: socket.socket) -> None:
        """Serve the subscriber ``name`` on ``sock`` (owned from now on); one of that name is replaced."""
        sock.setblocking(False)
        with self._lock:
            before = self._subscribers.get(name)
            if before is not None:
                self._forget(before)
            self._subscribers[name] = subscriber = Subscriber(name, sock, self._lost.pop(name, 0))
            self._fresh.append(subscriber)
            self._signal()

    def expect(self, name: ProcessName, streams: Iterable[StreamName], since_s: Fraction) -> None:
        """The subscriber ``name`` is on its way. ``streams`` count as wanted until it is there; it gets what
        is kept of them from the first keyframe at or after ``since_s`` (of the programme) on, and nothing of
        before, also when its process should start once more."""
        with self._lock:
            self._expected.pop(name, None)
            while len(self._expected) >= MAX_REMEMBERED:
                del self._expected[next(iter(self._expected))]
            until_ns = time.monotonic_ns() + EXPECTED_NS
            self._expected[name] = _Expected(frozenset(streams), since_s, until_ns)
            self._count_wanted()

    def announce(self, header: StreamHeader) -> None:
        """A stream's encoder (re)starts: everything kept of the stream is replaced by this header."""
        frame = encode_frame(header)
        with self._lock:
            self._headers[header.stream] = frame
            self._histories[header.stream] = History(header.stream, header.time_base)
            for subscriber in self._subscribers.values():
                if header.stream in subscriber.streams:
                    subscriber.put_header(header.stream, frame)
            self._signal()

    def open_like(self, header: StreamHeader, of: StreamName) -> int:
        """A stream begins that goes on from the stream ``of``: what is kept of that since its last keyframe
        is its, too, under its own name. Returns the ``pts`` of the last packet; −1: nothing is kept."""
        self.announce(header)
        now, last = time.monotonic_ns(), -1
        with self._lock:
            original, history = self._histories.get(of), self._histories[header.stream]
            for _, packet, _ in original.kept() if original is not None else ():
                renamed = msgspec.structs.replace(packet, stream=header.stream)
                frame = encode_frame(renamed)
                history.add(renamed, frame)
                for subscriber in self._subscribers.values():
                    if header.stream in subscriber.streams and not subscriber.live:
                        subscriber.put_packet(renamed, frame, now)
                last = packet.pts
            self._signal()
        return last

    def end(self, stream: StreamName) -> None:
        """A stream's encoder stopped. Its header stays, for senders that come before it starts again."""
        with self._lock:
            history = self._histories.get(stream)
            if history is not None:
                history.clear()

    def publish(self, packet: Packet) -> None:
        """Hand one packet to all who want it. Never blocks on a socket."""
        frame = encode_frame(packet)
        now = time.monotonic_ns()
        with self._lock:
            self._bytes[packet.stream] = self._bytes.get(packet.stream, 0) + len(packet.data)
            history = self._histories.get(packet.stream)
            if history is not None:
                history.add(packet, frame)
            asks = False
            for subscriber in self._subscribers.values():
                if packet.stream in subscriber.streams:
                    asks |= subscriber.put_packet(packet, frame, now)
            self._signal()
        if asks:
            self._on_keyframe(packet.stream)

    def publish_returns(self, block: ReturnAudio) -> None:
        """Hand one block of the guests' sound to all who want it."""
        frame = encode_frame(block)
        now = time.monotonic_ns()
        with self._lock:
            size = len(block.common) + sum(map(len, block.own.values()))
            self._bytes[block.stream] = self._bytes.get(block.stream, 0) + size
            for subscriber in self._subscribers.values():
                if block.stream in subscriber.streams:
                    subscriber.put_sound(frame, now)
            self._signal()

    def bytes_published(self) -> dict[StreamName, int]:
        """Bytes encoded so far, by stream."""
        with self._lock:
            return dict(self._bytes)

    def dropped(self) -> dict[ProcessName, int]:
        """Pictures lost so far, by attached subscriber."""
        with self._lock:
            return {name: subscriber.dropped for name, subscriber in self._subscribers.items()}

    # --- the bus's thread ------------------------------------------------------------------------------

    def _run(self) -> None:
        set_thread(Urgency.PROGRAM)
        with selectors.DefaultSelector() as selector:
            selector.register(self._wake, selectors.EVENT_READ)
            deadline_ns = None
            while True:
                ready = selector.select(None if deadline_ns is None else 0.05)
                for key, events in ready:
                    if key.data is None:
                        # Both at once: a signal in between would be swallowed and never given again.
                        with self._lock:
                            os.eventfd_read(self._wake)
                            self._awake = False
                    elif events & selectors.EVENT_READ:
                        try:
                            self._read(key.data)
                        except Exception as error:
                            self._fail(key.data, error)
                self._take_over(selector)
                pending = self._write(selector)
                if self._closing:
                    deadline_ns = deadline_ns or time.monotonic_ns() + int(FLUSH_S * 1e9)
                    if not pending or time.monotonic_ns() > deadline_ns:
                        break
        for subscriber in self._subscribers.values():
            subscriber.sock.close()

    def _take_over(self, selector: selectors.BaseSelector) -> None:
        """Register who was attached and close who was replaced or is gone."""
        with self._lock:
            if self._recount_ns and time.monotonic_ns() > self._recount_ns:
                self._count_wanted()
            fresh, self._fresh = self._fresh, []
            dead, self._dead = self._dead, []
        for subscriber in fresh:
            if subscriber not in dead:
                selector.register(subscriber.sock, selectors.EVENT_READ, subscriber)
        for subscriber in dead:
            if subscriber not in fresh:
                selector.unregister(subscriber.sock)
            subscriber.sock.close()

    def _write(self, selector: selectors.BaseSelector) -> bool:
        """Send what sockets take. Returns whether anything is left."""
        left = False
        for subscriber in list(self._subscribers.values()):
            if subscriber.gone:
                continue
            try:
                with self._lock:
                    rest = subscriber.send()
            except OSError:
                self._drop(subscriber)
                continue
            except Exception as error:
                self._fail(subscriber, error)
                continue
            left |= rest
            if rest != subscriber.writing:
                subscriber.writing = rest
                events = selectors.EVENT_READ | (selectors.EVENT_WRITE if rest else 0)
                selector.modify(subscriber.sock, events, subscriber)
        return left

    def _fail(self, subscriber: Subscriber, error: Exception) -> None:
        """One subscriber's trouble, of whatever kind: it comes back, and the others don't notice."""
        _log.error("bus.subscriber-failed", subscriber=subscriber.name, exc_info=error)
        self._drop(subscriber)

    def _read(self, subscriber: Subscriber) -> None:
        if subscriber.gone:
            return
        try:
            data = subscriber.sock.recv(READ_BYTES)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            self._drop(subscriber)
            return
        if not data:
            self._drop(subscriber)
            return
        try:
            messages = subscriber.frames.feed(data)
        except BusProtocolError as error:
            _log.warning("bus.subscriber-dropped", subscriber=subscriber.name, reason=str(error))
            self._drop(subscriber)
            return
        for message in messages:
            self._handle(subscriber, message)

    def _handle(self, subscriber: Subscriber, message: ToMixer) -> None:
        match message:
            case Subscribe(streams, live, earlier):
                with self._lock:
                    expected = self._expected.get(subscriber.name)
                    if expected is not None:  # it is there now
                        self._expected[subscriber.name] = expected._replace(until_ns=0)
                    since_s = expected.since_s if expected is not None else None
                    asks = subscriber.want(
                        frozenset(streams), live, self._headers, self._histories, earlier, since_s
                    )
                    self._count_wanted()
                for stream in asks:
                    self._on_keyframe(stream)
            case KeyframeRequest(stream):
                if stream in subscriber.streams:
                    self._on_keyframe(stream)

    def _drop(self, subscriber: Subscriber) -> None:
        with self._lock:
            if self._subscribers.get(subscriber.name) is subscriber:
                self._forget(subscriber)
            self._signal()

    # --- with the lock held ----------------------------------------------------------------------------

    def _forget(self, subscriber: Subscriber) -> None:
        subscriber.gone = True
        del self._subscribers[subscriber.name]
        self._dead.append(subscriber)
        self._lost[subscriber.name] = subscriber.dropped
        while len(self._lost) > MAX_REMEMBERED:
            del self._lost[next(iter(self._lost))]
        self._count_wanted()

    def _count_wanted(self) -> None:
        now_ns = time.monotonic_ns()
        coming = [each for each in self._expected.values() if each.until_ns > now_ns]
        self._recount_ns = min((each.until_ns for each in coming), default=0)
        there = [subscriber.streams for subscriber in self._subscribers.values()]
        self.wanted = frozenset().union(*there, *(each.streams for each in coming))

    def _signal(self) -> None:
        if not self._awake:
            self._awake = True
            os.eventfd_write(self._wake, 1)
