"""One stream made of two encoders' packets, by turns: who has which tick is said as ticks go by. Pure.

An encoder may take longer over a picture than the other over a later one. So what comes of the new one waits
until the old one's last picture is out, and the stream's time only ever rises.
"""

from collections import deque
from dataclasses import dataclass
from typing import Literal

from mixer.ipc.bus.packets import Packet

Voice = Literal["shared", "own"]
"""The encoder that other streams have, too, or the stream's own."""

MAX_HELD = 12
"""Packets that wait at a change; with more, the old encoder is taken to have failed."""
_MAX_TURNS = 16


@dataclass(frozen=True, slots=True)
class _Turn:
    first: int
    """The tick it begins with."""
    voice: Voice
    after: int
    """The last tick of the voice before that must be out first."""


class Splice:
    """Two voices of one stream, by turns. Not thread-safe. It begins with ``shared``; ``upto``: the tick up
    to which packets are known already."""

    def __init__(self, upto: int = -1) -> None:
        self._turns: deque[_Turn] = deque([_Turn(upto + 1, "shared", upto)], _MAX_TURNS)
        self._out: dict[Voice, int] = {"shared": -1, "own": -1}
        """The last tick whose packet came from each."""
        self._held: deque[tuple[_Turn, Packet]] = deque()
        self._begun = self._turns[0]
        """The turn of the last packet that went out."""
        self._last = upto
        self._open = upto >= 0
        """Whether the turn's keyframe is out."""

    @property
    def voice(self) -> Voice:
        """The voice whose turn it is from the newest tick on."""
        return self._turns[-1].voice

    def change(self, tick: int, voice: Voice, after: int) -> None:
        """Give ``voice`` the stream from ``tick`` on; ``after``: the last tick the other one was given."""
        self._turns.append(_Turn(tick, voice, after))

    def put(self, packet: Packet, voice: Voice) -> list[Packet]:
        """A packet (``pts`` in ticks) that came of ``voice``. Returns what the stream has next, in order."""
        self._out[voice] = max(self._out[voice], packet.pts)
        turn = next((turn for turn in reversed(self._turns) if turn.first <= packet.pts), None)
        if turn is not None and turn.voice == voice:
            self._held.append((turn, packet))
        return self._ready()

    def _ready(self) -> list[Packet]:
        ready: list[Packet] = []
        while self._held:
            # a quick change to and fro may leave packets of the later turn before those of the earlier
            turn, packet = min(self._held, key=lambda entry: entry[1].pts)
            if turn.first > self._begun.first:
                other: Voice = "own" if turn.voice == "shared" else "shared"
                if self._out[other] < turn.after and len(self._held) <= MAX_HELD:
                    break
                self._begun, self._open = turn, False
            self._held.remove((turn, packet))
            self._open |= packet.key
            if self._open and packet.pts > self._last:
                self._last = packet.pts
                ready.append(packet)
        return ready
