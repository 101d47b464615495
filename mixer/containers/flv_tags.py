"""FLV as a stream of tags: cut from bytes and made of bytes. No I/O."""

from typing import NamedTuple

HEADER_BYTES = 9 + 4
"""The file's header, and the size of the tag before the first: 0."""
SOUND, PICTURE, DATA = 8, 9, 18
MAX_BODY = 8 * 1024 * 1024
_HEAD = 11
_TRAILER = 4


class FlvError(ValueError):
    """These bytes are no FLV, or go over its bounds."""


class Tag(NamedTuple):
    """``kind`` 8 sound, 9 picture, 18 metadata."""

    kind: int
    time_ms: int
    body: bytes

    def encoded(self) -> bytes:
        """The tag as it lies in a file, with its trailer."""
        time_ms = self.time_ms % (1 << 32)
        head = bytes((self.kind,)) + len(self.body).to_bytes(3, "big")
        head += (time_ms & 0xFFFFFF).to_bytes(3, "big") + bytes((time_ms >> 24, 0, 0, 0))
        return head + self.body + (_HEAD + len(self.body)).to_bytes(_TRAILER, "big")

    @property
    def configures(self) -> bool:
        """True if it has no media in it, but what a decoder has to know (AVC's and HEVC's parameter sets,
        AAC's AudioSpecificConfig; Enhanced RTMP's ``SequenceStart``)."""
        body = self.body
        if len(body) < 2 or self.kind == DATA:
            return False
        if self.kind == SOUND:
            return (body[0] >> 4 == 10 and body[1] == 0) or body[0] == 0x90
        if body[0] & 0x80:
            return body[0] & 0x0F == 0
        return body[0] & 0x0F in (7, 12) and body[1] == 0


def header(*, sound: bool, picture: bool) -> bytes:
    """Return what a file begins with."""
    return b"FLV\x01" + bytes((4 * sound | picture,)) + (9).to_bytes(4, "big") + bytes(4)


class TagSplitter:
    """Bytes in, whole tags out."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._begun = False

    def feed(self, data: bytes | bytearray) -> list[Tag]:
        """The tags that ``data`` completes. Raises :class:`FlvError`; the splitter is of no use then."""
        buffer = self._buffer
        buffer += data
        at = 0
        if not self._begun:
            if len(buffer) < HEADER_BYTES:
                return []
            if buffer[:3] != b"FLV":
                raise FlvError("no FLV header")
            self._begun, at = True, HEADER_BYTES
        tags: list[Tag] = []
        while at + _HEAD <= len(buffer):
            size = int.from_bytes(buffer[at + 1 : at + 4], "big")
            if size > MAX_BODY:
                raise FlvError("a tag is too long")
            end = at + _HEAD + size + _TRAILER
            if end > len(buffer):
                break
            time_ms = int.from_bytes(buffer[at + 4 : at + 7], "big") | buffer[at + 7] << 24
            tags.append(Tag(buffer[at], time_ms, bytes(buffer[at + _HEAD : end - _TRAILER])))
            at = end
        del buffer[:at]
        return tags
