"""A UDP relay between one guest and the studio, which loses, delays and reorders packets.

For rehearsals, tests and benchmarks, on machines whose kernel can't do it.

Only the relay's way exists for the peer: the guest's offer loses its candidates, the studio's answer gets the
relay's. What is encrypted stays so; who wants to pick packets sees RTP headers and their order.
"""

import asyncio
import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

MAX_HELD = 20_000
"""Packets under way at once; more are lost, as in any queue."""
_CANDIDATE = re.compile(r"a=candidate:\S+ 1 udp \d+ (\d+\.\d+\.\d+\.\d+) (\d+) typ host.*", re.IGNORECASE)

Address = tuple[str, int]
Filter = Callable[[bytes], bool]
"""Says whether a packet is to be lost."""


@dataclass(frozen=True, slots=True)
class Path:
    """One direction. ``loss``: share of packets, 0 … 1; ``delay_s``: of every packet; ``jitter_s``: more
    delay, drawn for each packet between 0 and this: packets overtake each other unless ``ordered``."""

    loss: float = 0.0
    delay_s: float = 0.0
    jitter_s: float = 0.0
    ordered: bool = False


class _Socket(asyncio.DatagramProtocol):
    def __init__(self, take: Callable[[bytes, Address], None]) -> None:
        self._take = take
        self.transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes | str, addr: tuple[Any, ...]) -> None:
        self._take(cast(bytes, data), (addr[0], addr[1]))

    def send(self, data: bytes, to: Address) -> None:
        if self.transport is not None and not self.transport.is_closing():
            self.transport.sendto(data, to)


class _Direction:
    """One way of the relay. ``path`` and ``lose`` may be changed at any time."""

    def __init__(self, path: Path, seed: int) -> None:
        self.path = path
        self.lose: Filter | None = None
        """Asked for each media packet (RTP or RTCP, still encrypted) before the path's own loss."""
        self.hold: Callable[[bytes], float] | None = None
        """Seconds by which each media packet is late, in place of the path's own jitter."""
        self.passed = self.lost = 0
        self._random = random.Random(seed)  # noqa: S311 - the same loss each time, no secret
        self._held = 0
        self._last_s = 0.0

    def carry(self, data: bytes, send: Callable[[], None]) -> None:
        path, chance = self.path, self._random
        media = 127 < data[0] < 192 if data else False
        if media and (
            (self.lose is not None and self.lose(data))
            or (path.loss and chance.random() < path.loss)
            or self._held >= MAX_HELD
        ):
            self.lost += 1
            return
        self.passed += 1
        if media and self.hold is not None:
            wait_s = path.delay_s + self.hold(data)
        else:
            wait_s = path.delay_s + (chance.uniform(0, path.jitter_s) if path.jitter_s else 0.0)
        if not wait_s:
            send()
            return
        loop = asyncio.get_running_loop()
        due_s = loop.time() + wait_s
        if path.ordered:
            due_s = self._last_s = max(due_s, self._last_s)
        self._held += 1
        loop.call_at(due_s, self._deliver, send)

    def _deliver(self, send: Callable[[], None]) -> None:
        self._held -= 1
        send()


class Relay:
    """Use: ``async with Relay(up, down) as relay``, then ``relay.offer(sdp)`` before the offer goes to the
    studio and ``await relay.answer(sdp)`` before the answer goes to the guest; again for each new offer.

    ``up`` is guest → studio, ``down`` studio → guest. ICE and DTLS are delayed like media, but never lost: a
    handshake that has to be repeated is not what is measured. ``seed`` makes the losses the same each time.
    """

    def __init__(self, up: Path | None = None, down: Path | None = None, seed: int = 1) -> None:
        self.up = _Direction(up or Path(), seed)
        self.down = _Direction(down or Path(), seed + 1)
        self._outer = _Socket(self._from_guest)
        self._inner = _Socket(self._from_studio)
        self._guest: Address | None = None
        self._studio: Address | None = None

    async def __aenter__(self) -> "Relay":
        return self

    async def __aexit__(self, *_: object) -> None:
        self._close()

    @staticmethod
    def offer(sdp: str) -> str:
        """The offer without the guest's own addresses."""
        return "".join(line for line in sdp.splitlines(keepends=True) if not line.startswith("a=candidate:"))

    async def answer(self, sdp: str) -> str:
        """The answer with the relay's address in place of the studio's. Raises ValueError for one without."""
        found = _CANDIDATE.search(sdp)
        if found is None:
            raise ValueError("the answer names no IPv4 host candidate")
        self._close()
        host, port = found[1], found[2]
        self._studio, self._guest = (host, int(port)), None
        loop = asyncio.get_running_loop()
        await loop.create_datagram_endpoint(lambda: self._outer, local_addr=(host, 0))
        await loop.create_datagram_endpoint(lambda: self._inner, local_addr=(host, 0))
        assert self._outer.transport is not None
        own = self._outer.transport.get_extra_info("sockname")[1]
        lines: list[str] = []
        for line in sdp.splitlines(keepends=True):
            if not line.startswith("a=candidate:"):
                lines.append(line)
            elif line.strip() == found[0].strip():
                lines.append(line.replace(f"{host} {port} ", f"{host} {own} ", 1))
        return "".join(lines)

    def _close(self) -> None:
        for socket in (self._outer, self._inner):
            if socket.transport is not None:
                socket.transport.close()

    def _from_guest(self, data: bytes, address: Address) -> None:
        self._guest = address
        studio = self._studio
        if studio is not None:
            self.up.carry(data, lambda: self._inner.send(data, studio))

    def _from_studio(self, data: bytes, _: Address) -> None:
        guest = self._guest
        if guest is not None:
            self.down.carry(data, lambda: self._outer.send(data, guest))
