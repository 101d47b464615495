"""One MPEG transport stream in UDP datagrams, to a host or a multicast group: picture and several sounds.

Nobody consents there and nobody acknowledges: what goes wrong on the way is known only where the network
itself says so.
"""

import ipaddress
import random
import select
import socket
from collections.abc import Callable

from mixer.containers.gate import KeyframeGate
from mixer.containers.muxing import parameters
from mixer.contract import output_health as health
from mixer.contract.messages import Mark, OutputState, SenderConfig
from mixer.contract.names import StreamName
from mixer.contract.output_health import SECOND_NS, Failure, Health
from mixer.contract.output_url import StreamUrl
from mixer.ipc.bus.packets import Packet
from mixer.outputs.connection import Resolver
from mixer.outputs.diagnosis import network_failure
from mixer.outputs.mpegts.transport import MuxPacer, TsMuxer
from mixer.outputs.sink import POLL_MS, Headers, SinkStatus

PACE_MS = 2
"""Between two slices of what is queued."""
NOTICE_NS = 3 * SECOND_NS
"""How long a refusal, or datagrams that found no room, are spoken of."""


class UdpDestination:
    """A :class:`mixer.outputs.sink.Sink`. ``chance`` gives numbers from 0 to 1 for the pauses' jitter.

    It begins at the next keyframe, not with the group of pictures at hand: the past would come in one burst.
    """

    def __init__(
        self, url: StreamUrl, video: StreamName, title: str = "", chance: Callable[[], float] = random.random
    ) -> None:
        self._url = url
        self._video = video
        self._title = title
        self._chance = chance
        self._resolver = Resolver(url.host, url.port)
        self._health = Health()
        self._sock: socket.socket | None = None
        self._blocked = False
        self._headers: Headers = {}
        self._gate: KeyframeGate | None = None
        self._muxer: TsMuxer | None = None
        self._pacer = MuxPacer()
        self._refused_ns = self._slow_ns = -NOTICE_NS
        self._bytes_sent = 0
        self._dropped_before = 0
        self._finishing = False

    def resumes(self) -> bool:
        return False

    def watched(self) -> tuple[int, int] | None:
        if self._sock is not None:
            return (self._sock.fileno(), select.POLLOUT) if self._blocked else None
        return (self._resolver.fileno(), select.POLLIN) if self._health.phase == "opening" else None

    def wait_ms(self) -> int:
        return PACE_MS if len(self._pacer) and not self._blocked else POLL_MS

    def prepare(self, headers: Headers, now_ns: int) -> None:
        changed = {name: parameters(header) for name, header in headers.items()} != {
            name: parameters(header) for name, header in self._headers.items()
        }
        self._headers = headers
        if changed and self._muxer is not None:
            self._muxer = TsMuxer(tuple(headers.values()), self._title)
            self.interrupt()

    def offer(self, packet: Packet, now_ns: int) -> None:
        if self._gate is None or self._muxer is None or self._finishing:
            return
        placed = self._gate.place(packet)
        if placed is not None:
            self._queue(self._muxer.mux(placed), now_ns)

    def interrupt(self) -> None:
        if self._gate is not None:
            self._gate.gap()

    def mark(self, mark: Mark) -> None:
        """A stream has no chapters."""

    def retry(self, now_ns: int) -> None:
        self._health = health.hurried(self._health, now_ns)

    def step(self, now_ns: int) -> None:
        if not self._finishing and self._headers and health.due(self._health, now_ns):
            self._health = health.opening(self._health, now_ns)
            self._resolver.start()
        try:
            if self._health.phase == "opening":
                self._open(now_ns)
            if self._sock is not None:
                self._send(self._sock, now_ns)
        except OSError as error:
            self._lose(network_failure(error, self._url.place), now_ns)
        overdue = health.overdue(self._health, self._url.place, False, now_ns)
        if overdue is not None:
            self._lose(overdue, now_ns)

    def finish(self, now_ns: int) -> None:
        self._finishing = True
        if self._muxer is not None:
            self._queue(self._muxer.close(), now_ns)
            self._muxer = None

    def finished(self) -> bool:
        return self._sock is None or not len(self._pacer)

    def close(self) -> None:
        if self._sock is not None:
            self._sock.close()
        self._sock = None
        self._muxer = None
        if self._gate is not None:
            self._dropped_before += self._gate.dropped
        self._gate = None
        self._pacer.clear()

    def status(self, now_ns: int) -> SinkStatus:
        failure = self._health.failure
        state: OutputState = "starting"
        if self._finishing:
            state, failure = "stopped", None
        elif self._health.phase == "live":
            state = "live"
            if now_ns - self._refused_ns < NOTICE_NS:
                failure = Failure(
                    "destination.refused", f"{self._url.place} refuses it: nothing receives there."
                )
                state = "retrying"
            elif now_ns - self._slow_ns < NOTICE_NS:
                failure = Failure(
                    "destination.slow", f"The network to {self._url.place} takes less than we send."
                )
        elif failure is not None:
            state = "retrying"
        waiting = self._health.phase == "waiting" and not self._finishing
        return SinkStatus(
            state=state,
            reason=failure.sentence if failure else "",
            code=failure.code if failure else "",
            bytes_sent=self._bytes_sent,
            dropped=self._dropped_before + (self._gate.dropped if self._gate else 0),
            file="",
            retry_in_s=max(0.0, (self._health.retry_ns - now_ns) / SECOND_NS) if waiting else 0.0,
        )

    def _open(self, now_ns: int) -> None:
        addresses = self._resolver.take()
        if not addresses:
            return
        family, place = addresses[0]
        self._sock = open_socket(family, place, self._url.ttl)
        self._health = health.live(self._health, now_ns)
        self._blocked = False
        self._gate = KeyframeGate(self._video, self._headers)
        self._muxer = TsMuxer(tuple(self._headers.values()), self._title)

    def _queue(self, datagrams: list[bytes], now_ns: int) -> None:
        if not self._pacer.put(datagrams, now_ns):
            self._slow_ns = now_ns
            self.interrupt()

    def _send(self, sock: socket.socket, now_ns: int) -> None:
        self._blocked = False
        while (datagram := self._pacer.due(now_ns)) is not None:
            try:
                sock.send(datagram)
            except BlockingIOError:
                self._blocked = True
                return
            except ConnectionRefusedError:
                # Said of a datagram before this one, and no reason to end: a receiver may come at any time.
                self._refused_ns = now_ns
                continue
            self._bytes_sent += len(datagram)
            self._pacer.sent()

    def _lose(self, failure: Failure, now_ns: int) -> None:
        self.close()
        if not self._finishing:
            self._health = health.failed(self._health, failure, now_ns, self._chance())


def open_socket(family: socket.AddressFamily, place: tuple[str, int], ttl: int) -> socket.socket:
    """A socket whose datagrams go to ``place``, a multicast over at most ``ttl`` routers. Raises OSError."""
    sock = socket.socket(family, socket.SOCK_DGRAM)
    try:
        sock.setblocking(False)
        if ipaddress.ip_address(place[0].partition("%")[0]).is_multicast:
            if family == socket.AF_INET6:
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, ttl)
            else:
                sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, ttl)
        sock.connect(place)
    except OSError:
        sock.close()
        raise
    return sock


def opened(config: SenderConfig) -> UdpDestination:
    """Raises UrlError."""
    return UdpDestination(StreamUrl.parse(config.url), config.video, config.title)
