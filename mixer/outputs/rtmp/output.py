"""One RTMP(S) destination: connects, publishes, notices when it is ill, and comes back at a keyframe."""

import random
import ssl
from collections.abc import Callable
from fractions import Fraction

from mixer.containers.flv_tags import Tag
from mixer.containers.gate import Group, KeyframeGate
from mixer.containers.muxing import parameters
from mixer.contract import output_health as health
from mixer.contract.messages import Mark, OutputState, SenderConfig
from mixer.contract.names import StreamName
from mixer.contract.output_health import SECOND_NS, Failure, Health
from mixer.contract.output_url import StreamUrl
from mixer.ipc.bus.packets import Packet
from mixer.outputs.connection import DestinationConnection, Resolver
from mixer.outputs.diagnosis import ProtocolError, RejectedError, network_failure
from mixer.outputs.rtmp.flv import FlvMuxer
from mixer.outputs.rtmp.outgoing import Outgoing
from mixer.outputs.rtmp.session import ChallengedError, PublishSession
from mixer.outputs.sink import POLL_MS, Headers, SinkStatus

CONGESTED_NS = 2 * SECOND_NS
"""When bytes wait this long for the network, pictures are lost up to the next keyframe …"""
RECOVERED_NS = SECOND_NS // 2
"""… that comes when none wait longer than this."""
CHOKED_NS = 10 * SECOND_NS
"""Sound is lost, too, while some of it has waited this long: the line takes not even that."""
FINISH_LIMIT_NS = 2 * SECOND_NS
SLOW_NOTICE_NS = 10 * SECOND_NS


class RtmpDestination:
    """A :class:`mixer.outputs.sink.Sink`. ``chance`` gives numbers from 0 to 1 for the pauses' jitter.

    Raises OSError (``ssl.SSLError``) when ``ca_file`` can't be used.
    """

    def __init__(
        self,
        url: StreamUrl,
        video: StreamName,
        ca_file: str = "",
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._url = url
        self._video = video
        self._chance = chance
        self._tls = _tls_context(ca_file) if url.tls else None
        self._resolver = Resolver(url.host, url.port)
        self._health = Health()
        self._connection: DestinationConnection | None = None
        self._session = PublishSession(url)
        self._headers: Headers = {}
        self._bases: dict[StreamName, Fraction] = {}
        self._group = Group(video)
        self._gate: KeyframeGate | None = None
        self._muxer: FlvMuxer | None = None
        self._same_connection = False
        self._queue = Outgoing(self._session.chunks)
        self._newest_ms = 0
        self._congested = False
        self._congested_ns = -SLOW_NOTICE_NS
        self._bytes_sent = 0
        self._dropped_before = 0
        self._finish_ns = 0

    def resumes(self) -> bool:
        return False  # viewers want the present

    def watched(self) -> tuple[int, int] | None:
        return None if self._connection is None else self._connection.watched(bool(self._queue))

    def prepare(self, headers: Headers, now_ns: int) -> None:
        changed = {name: parameters(header) for name, header in headers.items()} != {
            name: parameters(header) for name, header in self._headers.items()
        }
        self._headers = headers
        self._bases = {name: Fraction(*header.time_base) for name, header in headers.items()}
        if changed and self._muxer is not None:
            # An encoder with new parameters: the ingest gets new sequence headers on the same connection,
            # since closing it could end the broadcast for its viewers.
            self._muxer = FlvMuxer(tuple(headers.values()))
            self._same_connection = True
            self.interrupt()

    def offer(self, packet: Packet, now_ns: int) -> None:
        if self._gate is None:
            if self._finish_ns == 0 and packet.stream in self._bases:
                self._group.add(packet, self._bases)
            return
        self._judge_congestion(now_ns)
        choked = self._queue.sound_waits_ns(now_ns) > CHOKED_NS
        placed = self._gate.place(packet, self._congested, choked)
        if placed is not None and self._muxer is not None:
            self._put_tags(self._muxer.mux(placed), now_ns)

    def interrupt(self) -> None:
        if self._gate is not None:
            self._gate.gap()

    def mark(self, mark: Mark) -> None:
        """A stream has no chapters."""

    def retry(self, now_ns: int) -> None:
        self._health = health.hurried(self._health, now_ns)

    def wait_ms(self) -> int:
        return POLL_MS

    def step(self, now_ns: int) -> None:
        if self._finish_ns and now_ns - self._finish_ns >= FINISH_LIMIT_NS:
            self.close()
        if self._finish_ns == 0 and self._headers and health.due(self._health, now_ns):
            self._health = health.opening(self._health, now_ns)
            self._connect("", now_ns)
        if self._connection is None:
            return
        try:
            self._advance(self._connection, now_ns)
        except ChallengedError as challenged:
            self.close()
            self._connect(challenged.query, now_ns)
        except (ConnectionResetError, BrokenPipeError):
            self._lose(self._closed(now_ns), now_ns)
        except (OSError, RejectedError, ProtocolError) as error:
            self._lose(network_failure(error, self._url.place), now_ns)
        accepted = self._connection is not None and self._connection.open
        overdue = health.overdue(self._health, self._url.place, accepted, now_ns)
        if overdue is not None:
            self._lose(overdue, now_ns)

    def _connect(self, query: str, now_ns: int) -> None:
        """``query`` says who we are, where an ingest has asked: an attempt has three connections at most."""
        self._session = PublishSession(self._url, query)
        self._queue = Outgoing(self._session.chunks)
        self._connection = DestinationConnection(self._resolver, self._url.host, self._tls, now_ns)

    def finish(self, now_ns: int) -> None:
        self._finish_ns = now_ns
        if self._connection is None or self._session.state != "live" or self._muxer is None:
            self.close()
            return
        self._put_tags(self._muxer.close(), now_ns)
        self._muxer = None
        self._queue.put_protocol(self._session.take())
        self._session.finish()
        self._queue.put_last(self._session.take())
        self.step(now_ns)

    def finished(self) -> bool:
        return self._connection is None

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None
        self._muxer = None
        if self._gate is not None:
            self._dropped_before += self._gate.dropped
        self._gate = None
        self._queue = Outgoing(self._session.chunks)

    def status(self, now_ns: int) -> SinkStatus:
        failure = self._health.failure
        state: OutputState = "starting"
        if self._finish_ns:
            state, failure = "stopped", None
        elif self._health.phase == "live":
            state = "live"
            if now_ns - self._congested_ns < SLOW_NOTICE_NS:
                failure = Failure("destination.slow", f"{self._url.place} takes less than we send.")
        elif self._health.phase == "failed":
            state = "failed"
        elif failure is not None:
            state = "retrying"
        waiting = self._health.phase == "waiting" and not self._finish_ns
        return SinkStatus(
            state=state,
            # Whatever is said has been redacted, also where an ingest should repeat its key to us.
            reason=self._url.redact(failure.sentence) if failure else "",
            code=failure.code if failure else "",
            bytes_sent=self._bytes_sent,
            dropped=self._dropped_before + (self._gate.dropped if self._gate else 0),
            file="",
            retry_in_s=max(0.0, (self._health.retry_ns - now_ns) / SECOND_NS) if waiting else 0.0,
        )

    def _advance(self, connection: DestinationConnection, now_ns: int) -> None:
        if not connection.open:
            connection.advance(now_ns)
            if not connection.open:
                return
        while (data := connection.read()) is not None:
            if not data:
                if self._finish_ns:
                    self.close()
                else:
                    self._lose(self._closed(now_ns), now_ns)
                return
            self._session.receive(data)
        if self._health.phase == "opening" and self._session.state == "live":
            self._begin(now_ns)
        self._queue.put_protocol(self._session.take())
        self._flush(connection, now_ns)
        if self._finish_ns and not self._queue:
            self.close()

    def _begin(self, now_ns: int) -> None:
        self._health = health.live(self._health, now_ns)
        self._gate = KeyframeGate(self._video, self._headers)
        self._muxer = FlvMuxer(tuple(self._headers.values()))
        self._same_connection = False
        self._newest_ms = 0
        self._congested = False
        for packet in self._group.take():
            self.offer(packet, now_ns)

    def _flush(self, connection: DestinationConnection, now_ns: int) -> None:
        took = 0
        while head := self._queue.head(now_ns):
            count = connection.write(head)
            self._queue.sent(count)
            took += count
            if count < len(head):
                break
        self._bytes_sent += took
        self._health = health.progressed(self._health, self._queue.size, took, now_ns)

    def _put_tags(self, tags: list[Tag], now_ns: int) -> None:
        for tag in tags:
            time_ms = tag.time_ms
            if self._same_connection and (tag.kind == 18 or time_ms < self._newest_ms):
                if tag.kind == 18:
                    continue
                time_ms = self._newest_ms
            self._newest_ms = max(self._newest_ms, time_ms)
            self._queue.put(tag._replace(time_ms=time_ms), now_ns)

    def _judge_congestion(self, now_ns: int) -> None:
        """Pictures that would come too late make room for sound, which fits on a line that they don't."""
        assert self._gate is not None
        waited_ns = self._queue.pictures_wait_ns(now_ns)
        if waited_ns > CONGESTED_NS:
            self._congested = True
            self._congested_ns = now_ns
            if lost := self._queue.take_back_pictures():
                self._gate.lose(lost)
        elif waited_ns <= RECOVERED_NS:
            self._congested = False

    def _closed(self, now_ns: int) -> Failure:
        greeted = self._session.state != "handshake"
        return health.closed(self._health, self._url.place, greeted, now_ns)

    def _lose(self, failure: Failure, now_ns: int) -> None:
        self.close()
        if self._finish_ns == 0:
            self._health = health.failed(self._health, failure, now_ns, self._chance())


def _tls_context(ca_file: str) -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if ca_file:
        context.load_verify_locations(ca_file)
    return context


def opened(config: SenderConfig) -> RtmpDestination:
    """Raises UrlError; OSError where the authority's file can't be read."""
    return RtmpDestination(StreamUrl.parse(config.url), config.video, config.ca_file)
