"""Packets of the bus into FFmpeg's muxers, without encoding anything again."""

import io
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction

import av
from av.container import OutputContainer
from av.packet import Packet as AvPacket
from av.stream import Stream
from av.video.stream import VideoStream

from mixer.containers.gate import TimedPacket
from mixer.containers.languages import bibliographic
from mixer.containers.marks import Chapter
from mixer.contract.names import StreamName
from mixer.ipc.bus.packets import StreamHeader

CLUSTER_MS = 200
"""What a kill may cost: Matroska's clusters are on the disk once they are complete."""
NO_WAIT_US = "500000"
"""How long a muxer keeps pictures back for the sound that belongs before them, in microseconds."""

_CHAPTER_RATE = 1_000_000


def add_stream(container: OutputContainer, header: StreamHeader) -> Stream:
    """A stream of ``container`` with the codec parameters of ``header.nut``."""
    with av.open(io.BytesIO(header.nut), "r", format="nut") as template:
        stream = container.add_stream_from_template(template.streams[0], opaque=True)
    stream.time_base = Fraction(*header.time_base)
    if isinstance(stream, VideoStream):
        # The bus counts pictures; a file that says so needn't be guessed at by players.
        stream.codec_context.framerate = 1 / stream.time_base
    return stream


def parameters(header: StreamHeader) -> tuple[object, ...]:
    """Return what two headers have in common when packets of both may follow each other in one stream."""
    return header.codec, header.time_base, header.width, header.height, header.nut


class PacketMuxer:
    """Writes placed packets to the streams that were added for their names. ``floor_language``: what is said
    of sound that isn't of one language."""

    def __init__(
        self, container: OutputContainer, headers: Iterable[StreamHeader], floor_language: str = ""
    ) -> None:
        self._container = container
        self._streams: dict[StreamName, tuple[Stream, Fraction]] = {}
        for header in headers:
            stream = add_stream(container, header)
            language = bus_language(header.stream)
            if header.codec in ("aac", "opus"):
                stream.metadata["title"] = header.stream.partition("/")[0]
                language = language or floor_language
            if language:
                stream.metadata["language"] = language
            self._streams[header.stream] = (stream, Fraction(*header.time_base))

    def describe(self, tags: Mapping[str, str]) -> None:
        """Metadata of the whole file; before the first packet."""
        self._container.metadata.update(tags)

    def mux(self, packet: TimedPacket) -> None:
        """Raises OSError."""
        stream, time_base = self._streams[packet.stream]
        # av.Packet(data) would keep a Python buffer, whose release needs the GIL in FFmpeg's threads.
        out = AvPacket(len(packet.data))
        out.update(packet.data)
        out.stream = stream
        out.time_base = time_base
        out.pts, out.dts, out.duration = packet.pts, packet.dts, packet.duration
        out.is_keyframe = packet.key
        self._container.mux_one(out)

    def close(self, chapters: Sequence[Chapter] = ()) -> None:
        """Write what the muxer kept back, and the trailer, chapters in it. Raises OSError."""
        if chapters:
            # Matroska's muxer writes them behind the clusters if it had none at the beginning.
            self._container.set_chapters(
                [
                    {
                        "id": number,
                        "start": round(chapter.start_s * _CHAPTER_RATE),
                        "end": round(chapter.end_s * _CHAPTER_RATE),
                        "time_base": Fraction(1, _CHAPTER_RATE),
                        "metadata": {"title": chapter.title},
                    }
                    for number, chapter in enumerate(chapters, 1)
                ]
            )
        self._container.close()


def bus_language(stream: StreamName) -> str:
    """The language of a sound stream, for a file: ``kor`` for bus ``ko`` of ``ko/aac``, ``chi`` for
    ``zh-TW``; empty for ``floor`` and for pictures."""
    bus, _, codec = stream.partition("/")
    return bibliographic(bus) if codec in ("aac", "opus") else ""


def open_output(target: str | object, container_format: str, options: dict[str, str]) -> OutputContainer:
    """A container to write to; ``target`` a path or an object with ``write``."""
    return av.open(target, "w", format=container_format, options=options)
