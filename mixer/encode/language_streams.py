"""The programme in the languages of the event: ``program-<language>/h264`` on the packet bus.

While a language's canvas is the programme's own, its stream is the programme's packets under another name.
From the tick on which it differs, an encoder of its own makes the stream, beginning with a keyframe there;
afterwards the programme's packets take over at the next keyframe of the grid. Both encoders have the same
settings and so the same parameter sets: receivers are told nothing.
"""

import threading
from collections.abc import Callable, Collection, Mapping

import msgspec
import structlog

from mixer.compose.canvas import Canvas
from mixer.contract.clock import NS
from mixer.contract.names import PROGRAM_PICTURE, StreamName, language_of, program_in
from mixer.encode.rendition import RenditionEncoder
from mixer.encode.splice import Splice
from mixer.ipc.bus.packets import Packet, StreamHeader
from mixer.ipc.bus.server import PacketBus

MAX_LANGUAGES = 16
"""Streams at once; each may become an encoder."""
IDLE_NS = 10 * NS
"""How long a stream goes on without subscribers: a sender that is restarted finds the past."""
RETIRE_NS = NS
"""How long an encoder is kept for the pictures it still holds."""

MakeEncoder = Callable[
    [StreamName, Callable[[StreamHeader], None], Callable[[Packet], None]], RenditionEncoder
]
"""Makes an encoder like the programme's, not yet started: of a stream; where headers and packets go."""

_log = structlog.get_logger()


class _Stream:
    """One language's. The caller holds ``lock``."""

    def __init__(self, name: StreamName, upto: int) -> None:
        self.name = name
        self.splice = Splice(upto)
        self.own: RenditionEncoder | None = None
        self.given = -1
        """The last tick that its own encoder was given."""
        self.idle_since_ns = 0
        self.foreign = False
        """Its last header was not the programme's."""


class LanguageStreams:
    """All of them. The tick's thread calls, but for :meth:`announce` and :meth:`publish`, which stand between
    the programme's encoder and the bus on that encoder's thread, and :meth:`request_keyframe`."""

    def __init__(self, bus: PacketBus, make: MakeEncoder, keyframe_ticks: int) -> None:
        self._bus = bus
        self._make = make
        self._keyframe_ticks = keyframe_ticks
        self._lock = threading.Lock()
        """For the streams: their packets come from several encoders' threads."""
        self._streams: dict[StreamName, _Stream] = {}
        self._header: StreamHeader | None = None
        self._retired: list[tuple[int, RenditionEncoder]] = []
        self._behind = self._failed = 0
        """Of encoders that have ended."""

    @property
    def encoders(self) -> list[RenditionEncoder]:
        """Encoders of the languages that differ now."""
        streams = list(self._streams.values())  # a copy: other threads count, too
        return [own for stream in streams if (own := stream.own) is not None]

    @property
    def late(self) -> int:
        """Pictures that came late to, or were dropped by, encoders of languages; broken ones aside."""
        return self._behind + sum(each.late + each.dropped - each.failed for each in self._working)

    def announce(self, header: StreamHeader) -> None:
        """The programme's encoder has begun, or begun again."""
        self._bus.announce(header)
        with self._lock:
            before, self._header = self._header, header
            if before is not None and before.nut != header.nut:
                for stream in self._streams.values():
                    self._tell(stream, header)

    def publish(self, packet: Packet) -> None:
        """A packet of the programme: to its own subscribers, and to those of languages that don't differ."""
        self._bus.publish(packet)
        if not self._streams:
            return
        with self._lock:
            for stream in self._streams.values():
                self._send(stream, stream.splice.put(packet, "shared"))

    def follow(self, wanted: Collection[StreamName], now_ns: int) -> None:
        """Begin what is wanted, end what nobody has wanted for a while. Called once a tick."""
        for name in wanted:
            if name not in self._streams and language_of(name) and len(self._streams) < MAX_LANGUAGES:
                self._begin(name)
        for name, stream in list(self._streams.items()):
            if name in wanted:
                stream.idle_since_ns = 0
            elif not stream.idle_since_ns:
                stream.idle_since_ns = now_ns
            elif now_ns - stream.idle_since_ns > IDLE_NS:
                self._retire(stream, now_ns)
                with self._lock:
                    del self._streams[name]
                self._bus.end(name)
        while self._retired and now_ns - self._retired[0][0] > RETIRE_NS:
            _, encoder = self._retired.pop(0)
            encoder.stop()
            self._behind += encoder.late + encoder.dropped - encoder.failed

    def running(self, language: str) -> bool:
        """Return whether somebody sees, or has just seen, this language's programme."""
        return program_in(language) in self._streams

    def offer(
        self, tick: int, canvases: Mapping[str, Canvas], differing: Collection[str], now_ns: int
    ) -> None:
        """Hand the tick's pictures to the encoders that are needed; the caller keeps its own holds.

        ``canvases`` by name; ``differing``: the languages whose programme is not the common one at this tick.
        """
        for name, stream in self._streams.items():
            language = language_of(name)
            if language in differing:
                if stream.own is None:
                    self._give_own(stream, tick)
                self._hand(stream, tick, canvases.get(f"program-{language}"))
            elif stream.own is not None:
                if tick % self._keyframe_ticks == 0:
                    with self._lock:
                        stream.splice.change(tick, "shared", stream.given)
                        if stream.foreign and self._header is not None:
                            self._tell(stream, self._header)
                    self._retire(stream, now_ns)
                else:
                    self._hand(stream, tick, canvases.get("program"))

    def request_keyframe(self, stream: StreamName, at_once: bool = False) -> StreamName | None:
        """Ask the encoder that makes this stream. Returns the stream that must be asked instead, or None. One
        that is only about to begin goes on from the programme."""
        with self._lock:
            known = self._streams.get(stream)
            own = known.own if known is not None else None
        if own is None:
            return PROGRAM_PICTURE if known is not None or (at_once and language_of(stream)) else None
        own.request_keyframe(at_once)
        return None

    def close(self) -> None:
        encoders = [*self.encoders, *(encoder for _, encoder in self._retired)]
        for encoder in encoders:
            encoder.stop()
        for encoder in encoders:
            encoder.join(2.0)
        self._streams.clear()
        self._retired.clear()

    @property
    def _working(self) -> list[RenditionEncoder]:
        return [*self.encoders, *(encoder for _, encoder in self._retired)]

    def _begin(self, name: StreamName) -> None:
        """Late comers find what is kept of the programme, under this name."""
        with self._lock:
            if self._header is None:
                return  # at the next tick, then
            upto = self._bus.open_like(_renamed(self._header, name), PROGRAM_PICTURE)
            self._streams[name] = _Stream(name, upto)

    def _give_own(self, stream: _Stream, tick: int) -> None:
        def publish(packet: Packet) -> None:
            with self._lock:
                self._send(stream, stream.splice.put(packet, "own"))

        def announce(header: StreamHeader) -> None:
            with self._lock:
                if self._header is not None and header.nut == self._header.nut:
                    return
                # the receivers must be told, and lose the picture up to the next keyframe, which is at hand
                _log.warning("encoder.unlike", stream=stream.name)
                stream.foreign = True
                self._bus.announce(header)

        stream.own = self._make(stream.name, announce, publish)
        with self._lock:
            stream.splice.change(tick, "own", tick - 1)
        stream.own.start()

    @staticmethod
    def _hand(stream: _Stream, tick: int, canvas: Canvas | None) -> None:
        assert stream.own is not None
        if canvas is not None and stream.own.offer(tick, canvas.hold()):
            stream.given = tick

    def _retire(self, stream: _Stream, now_ns: int) -> None:
        if stream.own is not None:
            self._retired.append((now_ns, stream.own))
            stream.own = None

    def _tell(self, stream: _Stream, header: StreamHeader) -> None:
        stream.foreign = False
        self._bus.announce(_renamed(header, stream.name))

    def _send(self, stream: _Stream, packets: list[Packet]) -> None:
        for packet in packets:
            renamed = packet.stream == stream.name
            self._bus.publish(packet if renamed else msgspec.structs.replace(packet, stream=stream.name))


def _renamed(header: StreamHeader, name: StreamName) -> StreamHeader:
    slate = tuple(msgspec.structs.replace(packet, stream=name) for packet in header.slate)
    return msgspec.structs.replace(header, stream=name, slate=slate)
