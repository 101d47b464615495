"""What crosses the packet bus: frames of MessagePack behind a 4-byte little-endian length.

The socket is a Unix stream socket made by the supervisor (:class:`mixer.contract.messages.BusAttach`).
:mod:`mixer.contract.names` names the streams.
"""

import msgspec

from mixer.contract.names import SourceName, StreamName

MAX_FRAME = 8 * 1024 * 1024


class BusMessage(msgspec.Struct, frozen=True, tag=True, array_like=True):
    """Base of everything on the bus."""


class Packet(BusMessage, frozen=True):
    """One encoded picture or block of sound. ``pts``, ``dts``, ``duration`` in the stream's time base,
    counted from the programme's epoch, so that they go on across a mixer's death."""

    stream: StreamName
    pts: int
    dts: int
    duration: int
    key: bool
    data: bytes


class StreamHeader(BusMessage, frozen=True):
    """Sent to a subscriber before a stream's first packet, and again when the stream's encoder changed.

    ``nut`` is a header-only NUT file that carries the codec parameters (extradata, channel layout): muxers
    take them from it as a template. ``slate`` is one closed group of pictures of the slate (or a second of
    silence), encoded with these very parameters, ``pts`` from 0: what a sender fills in with when the
    mixer is gone. Empty for streams that only browsers watch.
    """

    stream: StreamName
    codec: str
    time_base: tuple[int, int]
    width: int
    height: int
    nut: bytes
    slate: tuple[Packet, ...] = ()


class ReturnAudio(BusMessage, frozen=True):
    """20 ms of what the listeners of one bus hear: one Opus packet for all who are not part of it, and one of
    their own for each who is (mix-minus), or to whom the director talks.

    A listener whose source is in ``heard`` gets ``own[source]``, and silence where that is missing;
    everyone else gets ``common``. So no listener hears their own voice, on no packet. ``pts`` in 1/48000 s.
    """

    stream: StreamName
    """By :func:`mixer.contract.names.return_stream`."""
    pts: int
    common: bytes
    heard: tuple[SourceName, ...]
    own: dict[SourceName, bytes]


FromMixer = Packet | StreamHeader | ReturnAudio


class Subscribe(BusMessage, frozen=True):
    """Subscriber → mixer: the whole set of streams wanted from now on; replaces the set before.

    A newly wanted video stream starts with its header and the current group of pictures, from its keyframe.
    """

    streams: tuple[StreamName, ...]
    live: bool = False
    """True for viewers: start at a fresh keyframe, asked for as by :class:`KeyframeRequest`, instead of at
    the group's beginning, whose pictures are in the past."""
    earlier: bool = False
    """True for a recording that goes on after its process died: start as far back as the bus keeps, so that
    restarting the process costs nothing of the programme."""


class KeyframeRequest(BusMessage, frozen=True):
    """Subscriber → mixer: a viewer lost the picture. The encoder answers at most once a second; that of a
    rendition that always runs doesn't, for ingests get its keyframes, too: the next one is the grid's."""

    stream: StreamName


ToMixer = Subscribe | KeyframeRequest
