"""A real shard process on a real link, with slots and a packet bus held by whoever measures or tests it."""

import asyncio
import os
import socket
import subprocess
import time
from collections.abc import Callable
from typing import Any

import msgspec

from mixer.contract.messages import BusAttach, Heartbeat, Ready, Shutdown, SlotOpened
from mixer.contract.names import SUPERVISOR, SourceName, StreamName, of_screen, of_seat, shard_name, slot_of
from mixer.ipc import link as links
from mixer.ipc.bus.frames import encode_frame, to_mixer
from mixer.ipc.bus.packets import FromMixer, KeyframeRequest, Subscribe
from mixer.ipc.inbox import Inbox
from mixer.ipc.link import LINK_FD_ENV, Link
from mixer.ipc.slot import SlotReader, create_slot
from signaling.contract.messages import FromShard, Offer, ShardConfig
from studio.contract.spawning import FOLDER, python
from studio.lab.harness.waiting import PATIENCE_S, until

SHARD = shard_name(0)
FROM_SHARD = msgspec.msgpack.Decoder(FromShard | Ready | Heartbeat)


class ShardBus:
    """The mixer's end of a packet bus."""

    def __init__(self, sock: socket.socket) -> None:
        sock.setblocking(False)
        self._sock = sock
        self._frames = to_mixer()
        self.streams: tuple[StreamName, ...] = ()
        self.key_requests: list[tuple[float, str]] = []
        self._out = bytearray()

    def pump(self) -> None:
        if self._sock.fileno() < 0:
            return  # closed: the mixer that it stood for has died
        try:
            while data := self._sock.recv(65536):
                for message in self._frames.feed(memoryview(data)):
                    if isinstance(message, Subscribe):
                        self.streams = message.streams
                    elif isinstance(message, KeyframeRequest):
                        self.key_requests.append((time.monotonic(), message.stream))
        except (BlockingIOError, ConnectionError):
            pass
        while self._out:
            try:
                del self._out[: self._sock.send(self._out)]
            except BlockingIOError:
                return

    def send(self, message: FromMixer) -> None:
        self._out += encode_frame(message)
        self.pump()

    def close(self) -> None:
        self._sock.close()


class ShardHouse:
    """``async with ShardHouse() as shard``: the process is started, configured, and ended in order."""

    def __init__(self, config: ShardConfig | None = None) -> None:
        self._config = config or ShardConfig()
        self.received: list[Any] = []
        self.readers: dict[str, SlotReader] = {}
        self._fds: dict[str, int] = {}
        self.buses: list[ShardBus] = []

    async def __aenter__(self) -> "ShardHouse":
        ours, theirs = links.pair()
        os.set_inheritable(theirs.fileno(), True)
        self.process = subprocess.Popen(  # noqa: ASYNC220 - takes a millisecond
            python("signaling.shard.process", SHARD),
            cwd=FOLDER,
            env={**os.environ, LINK_FD_ENV: str(theirs.fileno())},
            pass_fds=[theirs.fileno()],
        )
        theirs.close()
        self.link = Link(ours, SUPERVISOR)
        self._pump = asyncio.create_task(self._run())
        self.send(self._config)
        await until(lambda: any(isinstance(m, Ready) for m in self.received), what="shard ready")
        return self

    async def __aexit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.send(Shutdown())
        await until(lambda: self.process.poll() is not None, what="shard ended")
        self._pump.cancel()
        self.link.close()
        for bus in self.buses:
            bus.close()
        for fd in self._fds.values():
            os.close(fd)

    def send(self, message: msgspec.Struct, fds: tuple[int, ...] = ()) -> None:
        self.link.send(SHARD, message, fds)

    def slot(self, seat: str, width: int = 1280, height: int = 720) -> SlotReader:
        return self._open(seat, of_seat(seat), width, height)

    def screen_slot(self, seat: str) -> SlotReader:
        """Where the screen goes that this seat shares; ``readers`` has it as ``screen/<seat>``."""
        return self._open(of_screen(seat), of_screen(seat), 1920, 1080)

    def _open(self, name: str, source: SourceName, width: int, height: int) -> SlotReader:
        fd = create_slot(f"test-{name}", width, height)
        self._fds[name] = fd
        self.send(SlotOpened(slot_of(source)), (fd,))
        self.readers[name] = SlotReader(fd)
        return self.readers[name]

    def descriptor(self, seat: str) -> int:
        """The seat's slot, for another process."""
        return self._fds[seat]

    def bus(self) -> ShardBus:
        ours, theirs = socket.socketpair()
        self.send(BusAttach(SHARD), (theirs.fileno(),))
        theirs.close()
        self.buses.append(ShardBus(ours))
        return self.buses[-1]

    async def answer(self, offer: Offer) -> Any:
        """The Answer or OfferFailed to an offer."""
        self.send(offer)
        return await self.message(
            lambda m: type(m).__name__ in ("Answer", "OfferFailed") and m.peer == offer.peer
        )

    async def message(self, matches: Callable[[Any], bool], deadline_s: float = PATIENCE_S) -> Any:
        await until(lambda: any(matches(m) for m in self.received), deadline_s, "message from the shard")
        return next(m for m in reversed(self.received) if matches(m))

    async def _run(self) -> None:
        inbox = Inbox(self.link, lambda envelope, _: self.received.append(FROM_SHARD.decode(envelope.body)))
        while True:
            try:
                inbox.read()
            except links.LinkClosedError:
                return
            for bus in self.buses:
                bus.pump()
            await asyncio.sleep(0.005)
