"""The slots' descriptors: the supervisor makes them, holds them and hands each to who works with it.

A slot lives from the first :class:`~studio.contract.messages.Desired` that names it to the first that
doesn't, whatever happens to those who write and read it.
"""

import os
import sys
from collections.abc import Iterator, Mapping

import msgspec

from mixer.contract.names import (
    CONTROL,
    MIXER,
    TALKBACK,
    ProcessName,
    SlotName,
    canvas_in,
    is_player,
    is_shard,
    of_screen,
    of_seat,
    of_source,
    played_by,
    slot_of,
)
from mixer.ipc.slot import create_slot, read_only
from signaling.contract.messages import PeerKind
from studio.contract.messages import SlotSpec

_MOST_LENT = 4096


class Guest(msgspec.Struct, frozen=True, tag="Offer"):
    """The part of a :class:`signaling.contract.messages.Offer` that says whose sound and pictures its shard
    will write."""

    kind: PeerKind
    seat: str = ""
    source: str = ""

    @property
    def writes(self) -> tuple[SlotName, ...]:
        if self.seat:
            return slot_of(of_seat(self.seat)), slot_of(of_screen(self.seat))
        if self.kind == "talkback":
            return (slot_of(TALKBACK),)
        return (slot_of(of_source(self.source)),) if self.source else ()


class SlotKeeper:
    """Descriptors of all slots, by the slot's name."""

    def __init__(self) -> None:
        self._slots: dict[SlotName, tuple[SlotSpec, int, int]] = {}
        """Spec, and the descriptors for its writer and for readers."""
        self._lent: dict[SlotName, ProcessName] = {}
        """Of what guests send: the shard that each is on, or was last; also before there is a slot."""
        self.more = False
        """Whether there are others to be made, at the next :meth:`reconcile`."""
        self.failed: set[SlotName] = set()
        """What could not be made since all was tried the last time."""

    def __len__(self) -> int:
        return len(self._slots)

    def reconcile(
        self, desired: Mapping[SlotName, SlotSpec], most: int = sys.maxsize
    ) -> tuple[list[SlotName], list[SlotName], dict[SlotName, OSError]]:
        """Make what is missing, ``most`` of them at once, drop what is too much.

        Returns the slots opened, those closed, and those that could not be made (no memory) with why;
        these are tried again once all others are made. A slot whose spec changed is closed and opened.
        """
        if not self.more:
            self.failed.clear()
        closed = [slot for slot, (spec, *_) in self._slots.items() if desired.get(slot) != spec]
        for slot in closed:
            self._close(slot)
        opened: list[SlotName] = []
        failed: dict[SlotName, OSError] = {}
        for slot, spec in desired.items():
            if slot in self._slots or slot in self.failed:
                continue
            if len(opened) + len(failed) >= most:
                self.more = True
                return opened, closed, failed
            try:
                fd = create_slot(f"studio:{slot}", spec.width, spec.height, spec.frames, spec.alpha)
                try:
                    reading = read_only(fd)
                except OSError:
                    os.close(fd)
                    raise
            except OSError as error:
                failed[slot] = error
                self.failed.add(slot)
                continue
            self._slots[slot] = (spec, fd, reading)
            opened.append(slot)
        self.more = False
        return opened, closed, failed

    def descriptor(self, slot: SlotName, process: ProcessName) -> int:
        """Return what this process gets of it: one to write, or one that only reads."""
        _, writing, reading = self._slots[slot]
        return writing if writes(slot, process) else reading

    def visible_to(self, process: ProcessName) -> Iterator[tuple[SlotName, int]]:
        """Slots and descriptors that this process works with."""
        for slot in self._slots:
            if self.concerns(slot, process):
                yield slot, self.descriptor(slot, process)

    def concerns(self, slot: SlotName, process: ProcessName) -> bool:
        """Return whether a process is handed this slot: the mixer all, control the canvases' snapshots, a
        shard those of the guests that are on it, a player its own, senders none."""
        if process == MIXER:
            return True
        if process == CONTROL:
            return canvas_in(slot) != ""
        if is_player(process):
            return slot == slot_of(of_source(played_by(process)))
        return is_shard(process) and self._lent.get(slot) == process

    def lent_to(self, slot: SlotName) -> ProcessName | None:
        """Return the shard that writes it, or did last."""
        return self._lent.get(slot)

    def lend(self, slot: SlotName, shard: ProcessName) -> None:
        """Let this shard write it from now on."""
        self._lent.pop(slot, None)
        self._lent[slot] = shard
        while len(self._lent) > _MOST_LENT:
            del self._lent[next(iter(self._lent))]

    def __contains__(self, slot: SlotName) -> bool:
        return slot in self._slots

    def close(self) -> None:
        for slot in list(self._slots):
            self._close(slot)

    def _close(self, slot: SlotName) -> None:
        _, writing, reading = self._slots.pop(slot)
        os.close(writing)
        os.close(reading)


def writes(slot: SlotName, process: ProcessName) -> bool:
    """Return whether a process that is handed this slot is its writer: the mixer of canvases; shards and
    players of all they get. Control only looks."""
    if process == MIXER:
        return canvas_in(slot) != ""
    return process != CONTROL
