"""Lets FFmpeg's FLV demuxer be restarted where a sound or a picture joins a stream, on the same connection.

A demuxer knows the streams that it met while it was opened: what comes later is dropped without a word. RTMP
servers send a new player the sound at once and pictures from the next keyframe on, which may be seconds
later, and a publisher may turn its camera on in the middle. So the tap cuts the stream into tags, ends the
demuxer's file at the first tag of a new kind, and gives the next demuxer that tag behind all it has to know
beforehand.
"""

from collections import deque
from collections.abc import Iterator

from mixer.containers.flv_tags import DATA, PICTURE, SOUND, Tag, TagSplitter, header

_METADATA = b"onMetaData"


class FlvTap:
    """A file for one demuxer after the other. ``pieces``: the stream's bytes as they come."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._splitter = TagSplitter()
        self._tags: deque[Tag] = deque()
        """Read, and not given to a demuxer yet."""
        self._out = bytearray()
        self._given: set[int] = set()
        """The kinds that the demuxer at work was given."""
        self._open = False
        """Whether it takes no others any more."""
        self._before: dict[int, Tag] = {}
        """Of each kind the last tag that configures it, and the metadata."""

    def begin(self) -> bool:
        """Begin the file of the next demuxer. False: the stream is over."""
        if not self._next():
            return False
        kinds = {*self._before, self._tags[0].kind}
        self._out = bytearray(header(sound=SOUND in kinds, picture=PICTURE in kinds))
        for kind in (DATA, SOUND, PICTURE):
            if kind in self._before:
                self._out += self._before[kind].encoded()
        self._given, self._open = set(self._before), False
        return True

    def opened(self) -> None:
        """The demuxer is open: it has met all that it was given, and takes nothing of another kind."""
        self._open = True

    def read(self, size: int) -> bytes:
        """At most one tag's bytes, so that the demuxer reads nothing that it doesn't look at; empty where its
        part ends. Raises what ``pieces`` raise, and :class:`mixer.containers.flv_tags.FlvError`."""
        while not self._out:
            if not self._next():
                return b""
            tag = self._tags[0]
            if self._open and tag.kind in (SOUND, PICTURE) and tag.kind not in self._given:
                return b""
            self._tags.popleft()
            self._given.add(tag.kind)
            if tag.configures or (tag.kind == DATA and _METADATA in tag.body[:16]):
                self._before[tag.kind] = tag
            self._out += tag.encoded()
        data = bytes(self._out[:size])
        del self._out[:size]
        return data

    def _next(self) -> bool:
        """Return whether there is a tag to come."""
        while not self._tags:
            piece = next(self._pieces, None)
            if piece is None:
                return False
            self._tags += self._splitter.feed(piece)
        return True
