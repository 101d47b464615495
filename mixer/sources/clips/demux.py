"""A clip's file, opened, and the packets and frames of its streams, as far as they can be read."""

from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any

import av
from av.container import InputContainer
from av.stream import Discard

from mixer.sources.player import MediaError, Trouble

CORRUPT = Trouble("media.corrupt", "This file can't be read; it is damaged, or of a kind that isn't played.")
_FORMATS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,mxf,asf,flv,wav,w64,aiff,mp3,flac,ogg,aac,caf"
)
MAX_TRACKS = 100
"""Of all kinds; cameras write up to some twenty. FFmpeg reads no further."""
TOO_MANY = Trouble(
    "clip.too-many-tracks",
    f"This file has over {MAX_TRACKS} tracks; export the picture and the sound that are wanted.",
)


def opened(path: Path) -> InputContainer:
    """The file, read by demuxers that open nothing else: neither another file nor an address. Raises
    :class:`MediaError`."""
    options = {"protocol_whitelist": "file", "format_whitelist": _FORMATS, "max_streams": str(MAX_TRACKS)}
    try:
        return av.open(str(path), options=options, metadata_errors="replace")
    except MemoryError as error:  # what FFmpeg says of too many of them
        raise MediaError(*TOO_MANY) from error
    except (av.FFmpegError, OSError, ValueError) as error:
        raise MediaError(*CORRUPT) from error


class Damage:
    """Counts what a decoder couldn't make anything of."""

    def __init__(self) -> None:
        self.packets = 0


def packets(container: InputContainer, indices: Collection[int]) -> Iterator["av.Packet[Any]"]:
    """Yield packets of these streams from where the container stands; what can't be read any more ends it.
    The last ones are empty, one a stream, for its decoder."""
    for stream in container.streams:
        stream.discard = Discard.default if stream.index in indices else Discard.all
    wanted = [container.streams[index] for index in sorted(indices)]
    iterator = container.demux(wanted)
    joined = 0
    while joined <= MAX_TRACKS:
        try:
            packet = next(iterator)
        except (StopIteration, av.FFmpegError):
            return
        except IndexError:  # of a stream that came up in the middle of a damaged file
            iterator = container.demux(wanted)
            joined += 1
            continue
        yield packet


_WITH_ALPHA = {"vp8": "libvpx", "vp9": "libvpx-vp9"}
"""FFmpeg's own decoders of these leave the alpha out."""


def alpha_decoder(stream: av.VideoStream) -> av.VideoCodecContext | None:
    """A decoder for a stream whose own one would lose the alpha that the file says it has; None: there is no
    need for it."""
    name = _WITH_ALPHA.get(stream.codec_context.name)
    if name is None or stream.metadata.get("alpha_mode") != "1":
        return None
    decoder = av.CodecContext.create(name, "r")
    assert isinstance(decoder, av.VideoCodecContext)
    return decoder


def decoded(
    container: InputContainer,
    index: int,
    beat: Callable[[], None],
    damage: Damage,
    decoder: av.VideoCodecContext | None = None,
) -> Iterator[av.VideoFrame | av.AudioFrame]:
    """The frames of one stream, from where the container stands. A packet that can't be decoded is left out;
    what can't be read any more ends it. ``decoder``: instead of the stream's own."""
    for packet in packets(container, (index,)):
        beat()
        try:
            frames = packet.decode() if decoder is None else decoder.decode(packet if packet.size else None)
        except av.FFmpegError:
            damage.packets += 1
            continue
        yield from (frame for frame in frames if isinstance(frame, av.VideoFrame | av.AudioFrame))


def rewind(container: InputContainer, index: int) -> None:
    """Back to the beginning of a stream. Raises :class:`MediaError`."""
    stream = container.streams[index]
    try:
        container.seek(stream.start_time or 0, stream=stream)
    except av.FFmpegError as error:
        raise MediaError(*CORRUPT) from error
