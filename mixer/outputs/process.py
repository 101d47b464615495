"""Entry point of a sender: ``python -m mixer.outputs.process <process name>``.

One thread, one loop, nothing in it that waits for the destination: so the heartbeat means what it says. The
connection to the destination outlives the mixer; a mixer that comes back is a new bus socket.
"""

import importlib
import select
import socket
import sys
import time
from collections import deque

import msgspec
import structlog

from mixer.contract.messages import (
    BusAttach,
    Heartbeat,
    Mark,
    Ready,
    RetryNow,
    SenderConfig,
    SenderReport,
    Shutdown,
)
from mixer.contract.names import CONTROL, SUPERVISOR, ProcessName, StreamName
from mixer.contract.output_health import SECOND_NS, Failure
from mixer.contract.output_kinds import OUTPUT_KINDS, kind_of_scheme
from mixer.contract.output_url import StreamUrl, UrlError
from mixer.ipc import child
from mixer.ipc.bus.client import BusReader
from mixer.ipc.bus.packets import Packet, StreamHeader
from mixer.ipc.inbox import Handlers, Inbox
from mixer.ipc.link import Link, LinkClosedError, LinkOverflowError
from mixer.outputs.sink import POLL_MS, Headers, Sink, SinkStatus

HEARTBEAT_NS = SECOND_NS // 2
REPORT_NS = SECOND_NS
FINISH_LIMIT_NS = 3 * SECOND_NS
SILENCE_NS = 2 * SECOND_NS
"""Without a packet from the mixer for so long, the report says so."""
MAX_EARLY_BYTES = 32 * 1024 * 1024
MAX_EARLY = 8192
"""Packets that are kept while a stream's header is still to come: of languages nobody listened to so far."""
_RATE_WINDOW = 5

_log = structlog.get_logger()


def main() -> int:
    name = ProcessName(sys.argv[1])
    link = child.start(name)
    try:
        SenderProcess(link).run()
    except LinkClosedError:
        _log.warning("the supervisor is gone")
    return 0


class SenderProcess:
    """The loop between the bus and one destination."""

    def __init__(self, link: Link) -> None:
        self.slates: dict[StreamName, tuple[Packet, ...]] = {}
        """By stream: a closed group of pictures and a second of silence, for when the mixer is gone."""
        self._link = link
        self._inbox = Inbox(link, self._handlers().take)
        self._config: SenderConfig | None = None
        self._sink: Sink | None = None
        self._refusal: Failure | None = None
        self._bus: BusReader | None = None
        self._headers: Headers = {}
        self._early = _Early()
        self._attached_ns = 0
        self._shutdown_ns = 0
        self._heard_ns = 0
        self._beat_ns = 0
        self._report_ns = 0
        self._reported: tuple[str, str] = ("", "")
        self._rate: deque[tuple[int, int]] = deque(maxlen=_RATE_WINDOW)

    def run(self) -> None:
        """Until Shutdown, or LinkClosedError; the destination is left in order either way."""
        try:
            while not self._over():
                self._poll()
                self._turn(time.monotonic_ns())
        except LinkClosedError:
            self._end_alone()
            raise
        finally:
            if self._sink is not None:
                self._sink.close()
            if self._bus is not None:
                self._bus.close()
        self._report(time.monotonic_ns())

    def _over(self) -> bool:
        if not self._shutdown_ns:
            return False
        late = time.monotonic_ns() - self._shutdown_ns >= FINISH_LIMIT_NS
        return late or self._sink is None or self._sink.finished()

    def _poll(self) -> None:
        poller = select.poll()
        poller.register(self._link.fileno(), select.POLLIN | (select.POLLOUT if self._link.backlog else 0))
        if self._bus is not None:
            poller.register(self._bus.fileno(), select.POLLIN)
        watched = self._sink.watched() if self._sink is not None else None
        if watched is not None:
            poller.register(*watched)
        poller.poll(POLL_MS if self._sink is None else self._sink.wait_ms())

    def _turn(self, now_ns: int) -> None:
        self._read_link()
        if self._bus is not None:
            self._read_bus(self._bus, now_ns)
        if self._sink is not None:
            self._sink.step(now_ns)
        if self._config is None:
            return
        if now_ns - self._beat_ns >= HEARTBEAT_NS:
            self._beat_ns = now_ns
            self._send(SUPERVISOR, Heartbeat())
        status = self._status(now_ns)
        if now_ns - self._report_ns >= REPORT_NS or (status.state, status.code) != self._reported:
            self._report(now_ns)

    def _read_link(self) -> None:
        self._link.flush()
        while self._inbox.read_one():
            if self._config is not None and self._sink is None and self._refusal is None:
                self._configure(self._config)  # not in the handler: without a sink the process is of no use

    def _handlers(self) -> Handlers:
        handlers = Handlers()
        handlers.on_fds(BusAttach, lambda _, fds: self._attach(socket.socket(fileno=fds.pop())))
        handlers.on(SenderConfig, self._take_config)
        handlers.on(Mark, self._mark)
        handlers.on(RetryNow, lambda _: self._retry())
        handlers.on(Shutdown, lambda _: self._shut_down())
        return handlers

    def _take_config(self, config: SenderConfig) -> None:
        self._config = self._config or config

    def _mark(self, mark: Mark) -> None:
        if self._sink is not None:
            self._sink.mark(mark)

    def _retry(self) -> None:
        if self._sink is not None:
            self._sink.retry(time.monotonic_ns())

    def _shut_down(self) -> None:
        if not self._shutdown_ns:
            self._shutdown_ns = time.monotonic_ns()
            if self._sink is not None:
                self._sink.finish(self._shutdown_ns)

    def _configure(self, config: SenderConfig) -> None:
        try:
            self._sink = _open_sink(config)
        except UrlError as error:
            self._refusal = Failure(error.code, str(error), permanent=True)
        except OSError:
            self._refusal = Failure(
                "destination.ca_file", "The certificate authority's file can't be read.", permanent=True
            )
        self._subscribe()
        self._send(SUPERVISOR, Ready())

    def _attach(self, sock: socket.socket) -> None:
        if self._bus is not None:
            self._bus.close()
            if self._sink is not None:
                self._sink.interrupt()
        self._bus = BusReader(sock)
        self._attached_ns = time.monotonic_ns()
        self._subscribe()

    def _subscribe(self) -> None:
        if self._bus is not None and self._config is not None and self._sink is not None:
            try:
                self._bus.subscribe((self._config.video, *self._config.audio), earlier=self._sink.resumes())
            except ConnectionError:
                self._detach()

    def _read_bus(self, bus: BusReader, now_ns: int) -> None:
        try:
            messages = bus.receive()
        except ConnectionError:
            self._detach()
            return
        if self._sink is None or self._shutdown_ns:
            return
        for message in messages:
            if isinstance(message, Packet):
                self._heard_ns = now_ns
                if self._missing():
                    self._early.put(message)
                else:
                    self._sink.offer(message, now_ns)
            elif isinstance(message, StreamHeader):
                self._take_header(message, now_ns)

    def _take_header(self, header: StreamHeader, now_ns: int) -> None:
        assert self._config is not None
        assert self._sink is not None
        self.slates[header.stream] = header.slate
        self._headers[header.stream] = header
        if self._missing():
            return
        wanted = (self._config.video, *self._config.audio)
        self._sink.prepare({stream: self._headers[stream] for stream in wanted}, now_ns)
        for packet in self._early.take():
            self._sink.offer(packet, now_ns)

    def _missing(self) -> list[str]:
        """The streams whose headers are still to come: a language nobody listened to is only just being
        encoded. Until then what comes of the others is kept, or it would have lost its keyframe."""
        assert self._config is not None
        wanted = (self._config.video, *self._config.audio)
        return [stream for stream in wanted if stream not in self._headers]

    def _detach(self) -> None:
        if self._bus is not None:
            self._bus.close()
        self._bus = None
        if self._sink is not None:
            self._sink.interrupt()

    def _status(self, now_ns: int) -> SinkStatus:
        if self._sink is None:
            refusal = self._refusal
            state, reason, code = (
                ("failed", refusal.sentence, refusal.code) if refusal else ("starting", "", "")
            )
            if self._shutdown_ns:
                state, reason, code = "stopped", "", ""
            return SinkStatus(state, reason, code, 0, 0, "", 0.0)  # type: ignore[arg-type]
        status = self._sink.status(now_ns)
        if status.code or status.state not in ("starting", "live"):
            return status
        if now_ns - self._heard_ns > SILENCE_NS:
            return status._replace(code="mixer.silent", reason="No programme comes from the mixer.")
        if now_ns - self._attached_ns > SILENCE_NS and (missing := self._missing()):
            streams = ", ".join(missing)
            return status._replace(code="mixer.no-stream", reason=f"The mixer does not send: {streams}.")
        return status

    def _report(self, now_ns: int) -> None:
        if self._config is None:
            return
        status = self._status(now_ns)
        if (status.state, status.code) != self._reported:
            log = _log.warning if status.code else _log.info
            log(
                "output",
                output=self._config.output,
                state=status.state,
                code=status.code,
                reason=status.reason,
            )
        self._reported = (status.state, status.code)
        if now_ns - self._report_ns >= REPORT_NS or not self._rate:
            self._report_ns = now_ns
            self._rate.append((now_ns, status.bytes_sent))
        self._send(
            CONTROL,
            SenderReport(
                output=self._config.output,
                state=status.state,
                reason=status.reason,
                code=status.code,
                bytes_sent=status.bytes_sent,
                dropped=status.dropped,
                bitrate=self._bitrate(),
                file=status.file,
                remaining_s=round(status.remaining_s, 1),
                retry_in_s=round(status.retry_in_s, 1),
            ),
        )

    def _bitrate(self) -> int:
        (first_ns, first), (last_ns, last) = self._rate[0], self._rate[-1]
        return round((last - first) * 8 * SECOND_NS / (last_ns - first_ns)) if last_ns > first_ns else 0

    def _send(self, to: ProcessName, message: msgspec.Struct) -> None:
        try:
            self._link.send(to, message)
        except LinkOverflowError:
            # The next report says more than this one; a supervisor that is stuck is not ours to mend.
            _log.warning("the supervisor does not read")

    def _end_alone(self) -> None:
        """The supervisor is gone: finish the stream or the file as on Shutdown."""
        if self._sink is None:
            return
        end_ns = time.monotonic_ns() + FINISH_LIMIT_NS
        self._sink.finish(time.monotonic_ns())
        while not self._sink.finished() and time.monotonic_ns() < end_ns:
            watched = self._sink.watched()
            poller = select.poll()
            if watched is not None:
                poller.register(*watched)
            poller.poll(self._sink.wait_ms())
            self._sink.step(time.monotonic_ns())


class _Early:
    """The newest packets, bounded."""

    def __init__(self) -> None:
        self._packets: deque[Packet] = deque()
        self._bytes = 0

    def put(self, packet: Packet) -> None:
        self._packets.append(packet)
        self._bytes += len(packet.data)
        while self._bytes > MAX_EARLY_BYTES or len(self._packets) > MAX_EARLY:
            self._bytes -= len(self._packets.popleft().data)

    def take(self) -> list[Packet]:
        """All of them, once."""
        packets = list(self._packets)
        self._packets.clear()
        self._bytes = 0
        return packets


def _open_sink(config: SenderConfig) -> Sink:
    """Imported where needed: a recording has no use for TLS, nor a stream for the file's side. Raises
    UrlError, OSError."""
    kind = kind_of_scheme(StreamUrl.parse(config.url).scheme if config.url else "")
    module, _, name = OUTPUT_KINDS[kind].sink.partition(":")
    sink: Sink = getattr(importlib.import_module(module), name)(config)
    return sink


if __name__ == "__main__":
    sys.exit(main())
