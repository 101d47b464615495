"""ICE of our own, as a thin layer over aioice's.

* Media packets go straight from the socket to their receiver: no queue, no task switch, no stock parsing.
* What strangers send is nobody's: it costs the guest nothing, and soon not even a call
  (:mod:`signaling.rtc.transport.door`).
* Sockets are bound within the configured UDP port range, and host candidates carry the announced address.
"""

import asyncio
import ipaddress
import random
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

import aioice.ice
from aioice import stun
from aioice.candidate import Candidate, candidate_foundation, candidate_priority

from signaling.rtc.transport.door import Address, PacketDoor
from signaling.rtc.transport.ice_servers import IceServers, IceServerUrl, Question

MAX_DATAGRAM = 2048
MAX_PAIRS = 100
"""Of addresses that a peer may be reached by (RFC 8445 §6.1.2.5); more replace those it was found at."""
SOCKET_BUFFER = 1 << 20
_OTHERS_S = 0.1
"""How much longer than the first of our addresses the others wait for the STUN server."""

MediaSink = Callable[[bytes], None]
StrangerSink = Callable[[bytes], bool]
"""Takes what may be media from where the peer was never heard; whether it is the peer's."""


@dataclass(frozen=True, slots=True)
class Network:
    """How this process is reached. ``ports`` (0, 0): any; ``announce``: address in host candidates."""

    ports: tuple[int, int] = (0, 0)
    announce: str = ""


class StunProtocol(aioice.ice.StunProtocol):
    """Hands media packets over at once; everything else takes aioice's way, if it is any kind of message.

    Media and DTLS are taken from addresses that have proven to be the peer's: it may have several, and go
    from one to another. An address proves itself by a STUN request with the session's password, by the
    answer to one of ours, or by media that the peer's keys sealed (its address changed under way).
    """

    receiver: "IceConnection"

    def __init__(self, receiver: "IceConnection") -> None:
        super().__init__(receiver)
        self.door = PacketDoor()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.door.guard(transport.get_extra_info("socket"))

    def connection_lost(self, exc: Exception | None) -> None:
        self.door.close()
        super().connection_lost(exc)

    def datagram_received(self, data: bytes | str, addr: tuple[Any, ...]) -> None:
        if not data:
            return
        first = cast(bytes, data)[0]
        source: Address = addr[:2]  # without an IPv6 address' scope
        door = self.door
        if source in door.proven:
            if 127 < first < 192:
                sink = self.receiver.media_sink
                if sink is not None:
                    sink(cast(bytes, data))
            elif door.signals.pay(time.monotonic_ns()):
                self._signal(data, source)
        elif not door.strangers.pay(time.monotonic_ns()):
            door.drop(self.receiver.checked(self), self.receiver.local_username)
        elif 127 < first < 192:
            stranger_sink = self.receiver.stranger_sink
            if stranger_sink is not None and stranger_sink(cast(bytes, data)):
                door.prove(source)
        elif first < 4:
            self._signal(data, source)

    def _signal(self, data: bytes | str, source: Address) -> None:
        try:
            super().datagram_received(data, source)
        except Exception:
            # what aioice's parser stumbles over is one message, and its sender's trouble
            self.door.dropped += 1


class IceConnection(aioice.ice.Connection):
    """An ICE connection on the ports of :attr:`network`."""

    network = Network()
    servers = IceServers()
    media_sink: MediaSink | None = None
    stranger_sink: StrangerSink | None = None

    def checked(self, protocol: aioice.ice.StunProtocol) -> Iterator[Address]:
        """Where the peer is looked for from this socket."""
        return (pair.remote_addr for pair in self._check_list if pair.protocol is protocol)

    def data_received(self, data: bytes, component: int) -> None:
        """Take what is meant for DTLS: its transport reads nothing else, and stumbles over an empty one."""
        if data and 19 < data[0] < 64:
            super().data_received(data, component)

    def request_received(
        self, message: stun.Message, addr: tuple[str, int], protocol: aioice.ice.StunProtocol
    ) -> None:
        super().request_received(message, addr, protocol)
        if self._early_checks and self._early_checks[-1][0] is message:
            # the password was right; that pairs are checked only later is another thing
            cast(StunProtocol, protocol).door.prove(addr)

    def check_incoming(
        self, message: stun.Message, addr: tuple[str, int], protocol: aioice.ice.StunProtocol
    ) -> None:
        cast(StunProtocol, protocol).door.prove(addr)
        if len(self._check_list) >= MAX_PAIRS:
            self._make_room()
        super().check_incoming(message, addr, protocol)

    def check_complete(self, pair: aioice.ice.CandidatePair) -> None:
        if pair.state == aioice.ice.CandidatePair.State.SUCCEEDED:
            cast(StunProtocol, pair.protocol).door.prove(pair.remote_addr)
        super().check_complete(pair)

    def _make_room(self) -> None:
        """Forget where the peer was found first, unless it is there now."""
        used = [pair.remote_candidate for pair in self._nominated.values()]
        for candidate in self._remote_candidates:
            if candidate.type == "prflx" and all(candidate is not other for other in used):
                for pair in [pair for pair in self._check_list if pair.remote_candidate is candidate]:
                    if pair.task is not None:
                        pair.task.cancel()
                    self._check_list.remove(pair)
                self._remote_candidates.remove(candidate)
                return

    async def get_component_candidates(
        self,
        component: int,
        addresses: list[str],
        timeout: int = 5,  # noqa: ASYNC109  (aioice's)
    ) -> list[Candidate]:
        protocols = [
            protocol
            # a machine without any network still has itself
            for address in addresses or ["127.0.0.1"]
            if (protocol := await self._bind(component, address)) is not None
        ]
        self._protocols += protocols
        questions: dict[IceServerUrl, Question] = {}
        if self.stun_server is not None:
            questions[IceServerUrl("stun", *self.stun_server)] = partial(
                self._reflexive, protocols, self.stun_server
            )
        if self.turn_server is not None:
            scheme = "turns" if self.turn_ssl else "turn"
            server = IceServerUrl(scheme, *self.turn_server, self.turn_transport)
            questions[server] = partial(self._relayed, component, self.turn_server)
        found: list[Candidate] = await self.servers.ask(questions)
        return [protocol.local_candidate for protocol in protocols] + found

    async def _bind(self, component: int, address: str) -> StunProtocol | None:
        loop = asyncio.get_running_loop()
        first, last = self.network.ports
        ports = list(range(first, last + 1)) if first else [0]
        random.shuffle(ports)
        for port in ports:
            try:
                transport, protocol = await loop.create_datagram_endpoint(
                    lambda: StunProtocol(self), local_addr=(address, port)
                )
            except OSError:
                continue
            if hasattr(transport, "max_size"):  # asyncio's own would allocate 256 KiB a packet
                transport.max_size = MAX_DATAGRAM
            sock = transport.get_extra_info("socket")
            if sock is not None:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SOCKET_BUFFER)
            bound = transport.get_extra_info("sockname")
            protocol.local_candidate = Candidate(
                foundation=candidate_foundation("host", "udp", bound[0]),
                component=component,
                transport="udp",
                priority=candidate_priority(component, "host"),
                host=self._announced(bound[0]),
                port=bound[1],
                type="host",
            )
            return protocol
        return None

    def _announced(self, host: str) -> str:
        announce = self.network.announce
        if announce and ipaddress.ip_address(announce).version == ipaddress.ip_address(host).version:
            return announce
        return host

    async def _reflexive(self, protocols: list[StunProtocol], server: tuple[str, int]) -> list[Candidate]:
        """Return what the server sees of our addresses; none of those from which it can't be reached."""
        asked = [
            asyncio.create_task(aioice.ice.server_reflexive_candidate(protocol, server))
            for protocol in protocols
            if ipaddress.ip_address(protocol.local_candidate.host).version == 4
        ]
        if not asked:
            return []
        try:
            done, rest = await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED)
            if rest:
                done |= (await asyncio.wait(rest, timeout=_OTHERS_S))[0]
        finally:
            for task in asked:
                task.cancel()
        found = [task.result()[0] for task in done if task.exception() is None]
        return found or [done.pop().result()[0]]  # that raises

    async def _relayed(self, component: int, server: tuple[str, int]) -> list[Candidate]:
        candidate, protocol = await aioice.ice.relayed_candidate(
            component=component,
            hide_related_address=self._transport_policy == aioice.ice.TransportPolicy.RELAY,
            protocol_factory=lambda: StunProtocol(self),
            turn_server=server,
            turn_username=self.turn_username,
            turn_password=self.turn_password,
            turn_ssl=self.turn_ssl,
            turn_transport=self.turn_transport,
        )
        self._protocols.append(protocol)
        return [candidate]
