"""The slots' descriptors: the supervisor makes them, holds them and hands each to who works with it.

A slot lives from the first :class:`~studio.contract.messages.Desired` that names it to the first that
doesn't, whatever happens to those who write and read it.
"""

import os
import sys
from collections.abc import Iterator, Mapping

import msgspec

from mixer.contract.names import TALKBACK, is_player, is_shard, of_screen, of_seat, of_source, played_by
from mixer.ipc.slot import create_slot, read_only
from signaling.contract.messages import PeerKind
from studio.contract.messages import SlotSpec

_CANVAS = "canvas/"
_MOST_LENT = 4096


class Guest(msgspec.Struct, frozen=True, tag="Offer"):
    """What of a :class:`signaling.contract.messages.Offer` says whose sound and pictures its shard will
    write."""

    kind: PeerKind
    seat: str = ""
    source: str = ""

    @property
    def writes(self) -> tuple[str, ...]:
        if self.seat:
            return of_seat(self.seat), of_screen(self.seat)
        if self.kind == "talkback":
            return (TALKBACK,)
        return (of_source(self.source),) if self.source else ()


class SlotKeeper:
    """Every slot's descriptor, by source."""

    def __init__(self) -> None:
        self._slots: dict[str, tuple[SlotSpec, int, int]] = {}
        """Spec, and the descriptors for its writer and for readers."""
        self._lent: dict[str, str] = {}
        """Of what guests send: the shard that each is on, or was last; also before there is a slot."""
        self.more = False
        """Whether there are others to be made, at the next :meth:`reconcile`."""
        self.failed: set[str] = set()
        """What could not be made since all was tried the last time."""

    def __len__(self) -> int:
        return len(self._slots)

    def reconcile(
        self, desired: Mapping[str, SlotSpec], most: int = sys.maxsize
    ) -> tuple[list[str], list[str], dict[str, OSError]]:
        """Make what is missing, ``most`` of them at once, drop what is too much.

        Returns the sources opened, those closed, and those that could not be made (no memory) with why;
        these are tried again once all others are made. A slot whose spec changed is closed and opened.
        """
        if not self.more:
            self.failed.clear()
        closed = [source for source, (spec, *_) in self._slots.items() if desired.get(source) != spec]
        for source in closed:
            self._close(source)
        opened: list[str] = []
        failed: dict[str, OSError] = {}
        for source, spec in desired.items():
            if source in self._slots or source in self.failed:
                continue
            if len(opened) + len(failed) >= most:
                self.more = True
                return opened, closed, failed
            try:
                fd = create_slot(f"studio:{source}", spec.width, spec.height, spec.frames, spec.alpha)
                try:
                    reading = read_only(fd)
                except OSError:
                    os.close(fd)
                    raise
            except OSError as error:
                failed[source] = error
                self.failed.add(source)
                continue
            self._slots[source] = (spec, fd, reading)
            opened.append(source)
        self.more = False
        return opened, closed, failed

    def descriptor(self, source: str, process: str) -> int:
        """What this process gets of it: one to write, or one that only reads."""
        _, writing, reading = self._slots[source]
        return writing if writes(source, process) else reading

    def visible_to(self, process: str) -> Iterator[tuple[str, int]]:
        """Sources and descriptors that this process works with."""
        for source in self._slots:
            if self.concerns(source, process):
                yield source, self.descriptor(source, process)

    def concerns(self, source: str, process: str) -> bool:
        """Whether a process is handed this slot: the mixer all, control the canvases' snapshots, a shard
        those of the guests that are on it, a player its own, senders none."""
        if process == "mixer":
            return True
        if process == "control":
            return source.startswith(_CANVAS)
        if is_player(process):
            return source == of_source(played_by(process))
        return is_shard(process) and self._lent.get(source) == process

    def lend(self, source: str, shard: str) -> str | None:
        """From now on this shard writes it. Returns the shard that did before, "" for none; None where it is
        the same."""
        before = self._lent.pop(source, "")
        self._lent[source] = shard
        while len(self._lent) > _MOST_LENT:
            del self._lent[next(iter(self._lent))]
        return None if before == shard else before

    def __contains__(self, source: str) -> bool:
        return source in self._slots

    def close(self) -> None:
        for source in list(self._slots):
            self._close(source)

    def _close(self, source: str) -> None:
        _, writing, reading = self._slots.pop(source)
        os.close(writing)
        os.close(reading)


def writes(source: str, process: str) -> bool:
    """Whether a process that is handed this slot is its writer: the mixer of canvases; shards and players of
    all they get. Control only looks."""
    if process == "mixer":
        return source.startswith(_CANVAS)
    return process != "control"
