"""What the sender process asks of its destination, be it an ingest or a recording."""

from typing import NamedTuple, Protocol

from mixer.contract.messages import Mark, OutputState
from mixer.contract.names import StreamName
from mixer.ipc.bus.packets import Packet, StreamHeader

Headers = dict[StreamName, StreamHeader]
POLL_MS = 100
"""How often :meth:`Sink.step` is called at least."""


class SinkStatus(NamedTuple):
    """What the report says of a sink. ``bytes_sent`` and ``dropped`` count from the process's start."""

    state: OutputState
    reason: str
    code: str
    bytes_sent: int
    dropped: int
    file: str
    retry_in_s: float
    remaining_s: float = -1.0
    """Of the disk at the present rate; −1: unknown, or no recording."""


class Sink(Protocol):
    """Nothing here raises for what the destination does: it is in :meth:`status`. Nothing blocks."""

    def resumes(self) -> bool:
        """Return whether it goes on where a process that died left off: then the past is wanted, too."""

    def watched(self) -> tuple[int, int] | None:
        """A descriptor and the poll events on it after which :meth:`step` has work to do."""

    def prepare(self, headers: Headers, now_ns: int) -> None:
        """The streams' parameters: once before the first packet, again whenever they changed."""

    def offer(self, packet: Packet, now_ns: int) -> None:
        """The next packet of the bus."""

    def interrupt(self) -> None:
        """Packets are missing here: the mixer went, or came back."""

    def mark(self, mark: Mark) -> None:
        """A scene or a cue is on air. Of use to recordings only."""

    def retry(self, now_ns: int) -> None:
        """End the pause before the next attempt. Without effect while there is none."""

    def wait_ms(self) -> int:
        """Return how long the next :meth:`step` may keep waiting, at most :data:`POLL_MS`."""

    def step(self, now_ns: int) -> None:
        """Go on with whatever is due: called when :meth:`watched` fires, and after :meth:`wait_ms`."""

    def finish(self, now_ns: int) -> None:
        """Begin to end the stream or the file in order."""

    def finished(self) -> bool:
        """Is there nothing left to do after :meth:`finish`?"""

    def close(self) -> None:
        """Let go of everything at once."""

    def status(self, now_ns: int) -> SinkStatus: ...
