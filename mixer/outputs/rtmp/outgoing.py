"""What waits for the network on its way to an RTMP ingest: in order, but sound waits for no pictures long.

A message becomes bytes when its turn comes, a chunk at a time (Adobe, RTMP specification 1.0, §5.3: chunks of
different chunk streams may alternate). So sound that has waited goes out between the chunks of a picture, and
pictures that would come too late are still whole and can be taken back. Pure.
"""

from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from mixer.containers.flv_tags import PICTURE, Tag
from mixer.contract.output_health import SECOND_NS

PASSING_NS = 3 * SECOND_NS // 10
"""Sound that has waited this long goes before whatever picture there is. On a line that takes what we send it
never does: there everything is in order."""


class _QueuedMessage(NamedTuple):
    since_ns: int
    turn: int
    tag: Tag


class Outgoing:
    """``chunks`` makes a tag's chunks, in the order in which they are to be sent."""

    def __init__(self, chunks: Callable[[Tag], list[bytes]]) -> None:
        self._chunks = chunks
        self._sound: deque[_QueuedMessage] = deque()
        """Sound and metadata."""
        self._pictures: deque[_QueuedMessage] = deque()
        self._begun: deque[bytes] = deque()
        """Further chunks of a picture whose first ones are sent."""
        self._begun_since_ns = 0
        self._protocol: deque[bytes] = deque()
        self._last = b""
        self._head = memoryview(b"")
        """What is being sent now."""
        self._turns = 0

    def put(self, tag: Tag, now_ns: int) -> None:
        self._turns += 1
        (self._pictures if tag.kind == PICTURE else self._sound).append(
            _QueuedMessage(now_ns, self._turns, tag)
        )

    def put_protocol(self, data: bytes) -> None:
        """Whole chunks of the protocol's own: answers go before all media."""
        if data:
            self._protocol.append(data)

    def put_last(self, data: bytes) -> None:
        """Queue tags behind everything else."""
        self._last += data

    def head(self, now_ns: int) -> memoryview:
        """The bytes to send next; empty when nothing waits. What of them was sent is told by :meth:`sent`."""
        if not self._head:
            self._head = memoryview(self._next(now_ns))
        return self._head

    def sent(self, count: int) -> None:
        """``count`` bytes of the head went out."""
        self._head = self._head[count:]

    @property
    def size(self) -> int:
        """Bytes that wait; of media, without the chunks' heads."""
        parts = (*self._begun, *self._protocol, self._last, self._head)
        return sum(map(len, parts)) + sum(len(each.tag.body) for each in (*self._sound, *self._pictures))

    def __bool__(self) -> bool:
        return bool(
            self._head or self._protocol or self._begun or self._sound or self._pictures or self._last
        )

    def pictures_wait_ns(self, now_ns: int) -> int:
        """Return how long the oldest picture that isn't sent in full has waited."""
        if self._begun:
            return now_ns - self._begun_since_ns
        return now_ns - self._pictures[0].since_ns if self._pictures else 0

    def sound_waits_ns(self, now_ns: int) -> int:
        """Return how long the oldest sound has waited."""
        return now_ns - self._sound[0].since_ns if self._sound else 0

    def take_back_pictures(self) -> int:
        """Forget the pictures of which nothing was sent, and return how many. What configures the decoder
        stays."""
        kept = [each for each in self._pictures if each.tag.configures]
        taken = len(self._pictures) - len(kept)
        self._pictures = deque(kept)
        return taken

    def _next(self, now_ns: int) -> bytes:
        if self._protocol:
            return self._protocol.popleft()
        passing = self.sound_waits_ns(now_ns) >= PASSING_NS
        if self._begun and not passing:
            return self._begun.popleft()
        if self._sound and (passing or not self._pictures or self._sound[0].turn < self._pictures[0].turn):
            return b"".join(self._chunks(self._sound.popleft().tag))
        if self._pictures:
            picture = self._pictures.popleft()
            self._begun_since_ns = picture.since_ns
            self._begun.extend(self._chunks(picture.tag))
            return self._begun.popleft()
        last, self._last = self._last, b""
        return last
