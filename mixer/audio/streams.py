"""The sound's encoders: which of them run, and that one's failure stays its own.

The floor's AAC always runs, every other stream while somebody subscribes to it. All AAC streams have the same
settings, so one header, made beforehand, serves them all: a language starts within a block.
"""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Protocol

import msgspec
import structlog

from mixer.audio.core import Mixed
from mixer.audio.returns import Feed
from mixer.contract.clock import RATE
from mixer.contract.names import StreamName, sound_stream, split_stream
from mixer.encode.audio import AacEncoder, OpusEncoder
from mixer.ipc.bus.packets import Packet, ReturnAudio, StreamHeader
from mixer.ipc.slot import Samples

FLOOR_AAC = sound_stream("floor")
IDLE = 10 * RATE
"""Samples for which a bus's encoder runs on without subscribers: a recorder that restarts finds no hole.
As :data:`mixer.encode.renditions.OUTPUT_IDLE_NS`."""
QUIET = RATE
"""Samples between two lines in the log about the same stream."""

_log = structlog.get_logger()


class SoundBus(Protocol):
    """Where the sound goes: :class:`mixer.ipc.bus.server.PacketBus`."""

    @property
    def wanted(self) -> frozenset[StreamName]: ...
    def announce(self, header: StreamHeader) -> None: ...
    def publish(self, packet: Packet) -> None: ...
    def publish_returns(self, block: ReturnAudio) -> None: ...
    def end(self, stream: StreamName) -> None: ...


class Streams:
    """All encoders of the sound. :meth:`open` comes first, :meth:`publish` for each block after it."""

    def __init__(self, bus: SoundBus, aac_bitrate: int, opus_bitrate: int) -> None:
        self._bus = bus
        self._aac_bitrate, self._opus_bitrate = aac_bitrate, opus_bitrate
        self._aac: dict[StreamName, AacEncoder] = {}
        self._opus: dict[StreamName, OpusEncoder] = {}
        """Both by stream."""
        self._returns: dict[tuple[StreamName, str], OpusEncoder] = {}
        """By stream and row."""
        self._announced: set[StreamName] = set()
        self._wanted_at: dict[StreamName, int] = {}
        """The block in which each of them was last wanted."""
        self._complained: dict[StreamName, int] = {}
        self._header: StreamHeader | None = None

    def open(self) -> None:
        """Announce the floor. Takes some 20 ms, for its slate is encoded: before the first block."""
        self._aac[FLOOR_AAC] = encoder = AacEncoder(FLOOR_AAC, self._aac_bitrate)
        self._header = encoder.header()
        self._announce(self._header)

    def publish(self, mixed: Mixed, wanted: Collection[StreamName], start: int) -> None:
        """Encode one block, which begins at programme sample ``start``, into the streams that are wanted."""
        for name, samples in zip(mixed.buses, mixed.bus_samples, strict=True):
            for stream in (sound_stream(name, "aac"), sound_stream(name, "opus")):
                if stream in wanted or stream == FLOOR_AAC:
                    self._wanted_at[stream] = start
                if stream in self._wanted_at:
                    with self._contained(stream, start):
                        self._push(stream, start, samples)
        for stream in [s for s, at in self._wanted_at.items() if start - at > IDLE]:
            self._end(stream)
        for feed in mixed.feeds:
            with self._contained(feed.stream, start):
                self._push_feed(feed, mixed.rows, start)
        rows = {(feed.stream, row) for feed in mixed.feeds for row in (feed.common, *feed.own.values())}
        for key in self._returns.keys() - rows:
            del self._returns[key]

    def _push(self, stream: StreamName, start: int, samples: Samples) -> None:
        encoder: AacEncoder | OpusEncoder
        if split_stream(stream)[1] == "aac":
            if stream not in self._aac:
                self._aac[stream] = AacEncoder(stream, self._aac_bitrate)
                if self._header is not None:
                    self._announce(_named(self._header, stream))
            encoder = self._aac[stream]
        else:
            if stream not in self._opus:
                self._opus[stream] = OpusEncoder(stream, self._opus_bitrate)
                self._announce(self._opus[stream].header())
            encoder = self._opus[stream]
        for packet in encoder.push(start, samples):
            self._bus.publish(packet)

    def _push_feed(self, feed: Feed, rows: Mapping[str, Samples], start: int) -> None:
        encoded: dict[str, bytes] = {}
        for row in dict.fromkeys((feed.common, *feed.own.values())):
            key = feed.stream, row
            if key not in self._returns:
                self._returns[key] = OpusEncoder(feed.stream, self._opus_bitrate)
            encoded[row] = self._returns[key].push(start, rows[row])[0].data
        own = {source: encoded[row] for source, row in feed.own.items()}
        self._bus.publish_returns(ReturnAudio(feed.stream, start, encoded[feed.common], feed.heard, own))

    def _announce(self, header: StreamHeader) -> None:
        """Announce a stream once, because every later encoder of it has the same header."""
        if header.stream not in self._announced:
            self._announced.add(header.stream)
            self._bus.announce(header)

    def _end(self, stream: StreamName) -> None:
        del self._wanted_at[stream]
        self._forget(stream)
        self._complained.pop(stream, None)
        self._bus.end(stream)

    def _forget(self, stream: StreamName) -> None:
        self._aac.pop(stream, None)
        self._opus.pop(stream, None)
        for key in [key for key in self._returns if key[0] == stream]:
            del self._returns[key]

    @contextmanager
    def _contained(self, stream: StreamName, start: int) -> Iterator[None]:
        """Contain a codec's refusal: it costs its own stream this block and the encoder's state, nobody
        else."""
        try:
            yield
        except Exception as error:
            self._forget(stream)
            if start - self._complained.get(stream, start - QUIET) >= QUIET:
                self._complained[stream] = start
                _log.error("sound.encoder-failed", stream=stream, error=str(error))


def _named(header: StreamHeader, stream: StreamName) -> StreamHeader:
    """The same header for another stream."""
    slate = tuple(msgspec.structs.replace(packet, stream=stream) for packet in header.slate)
    return msgspec.structs.replace(header, stream=stream, slate=slate)
