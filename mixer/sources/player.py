"""What the player's process and the kinds of players agree on."""

from typing import NamedTuple, Protocol

from mixer.contract.player_messages import PlayerOrder, PlayerReport

MS = 1_000_000
IDLE_NS = 100 * MS
"""How long a player that shows a still picture may be left alone: orders wake the process anyway."""


class Trouble(NamedTuple):
    """``code`` is stable; ``reason`` one sentence that says what to do, without secrets."""

    code: str
    reason: str


NO_TROUBLE = Trouble("", "")


class MediaError(Exception):
    """The media can't be shown. ``str()`` is a sentence for the director."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.trouble = Trouble(code, reason)


class Player(Protocol):
    """One source being shown. All methods are called on the process's main thread, and none of them waits;
    what may take time (a decoder, a network) has threads of its own."""

    def order(self, order: PlayerOrder, now_ns: int) -> None:
        """Take what it is to do from now on."""
        ...

    def step(self, now_ns: int) -> int:
        """Do what is due; returns in how many nanoseconds there is more to do."""
        ...

    def report(self, now_ns: int) -> PlayerReport:
        """Return how it is."""
        ...

    def alive(self, now_ns: int) -> bool:
        """Return whether its own work goes on: a decoder that hangs is ended by the supervisor."""
        ...

    def close(self) -> None: ...
