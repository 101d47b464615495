"""The slots' descriptors: the supervisor makes them, holds them and hands them out.

A slot lives from the first :class:`~studio.wire.Desired` that names it to the first that doesn't, whatever
happens to those who write and read it.
"""

import os
from collections.abc import Iterator, Mapping

from mixer.slot import create_slot
from studio.wire import SlotSpec

_CANVAS = "canvas/"


class SlotKeeper:
    """Every slot's descriptor, by source."""

    def __init__(self) -> None:
        self._slots: dict[str, tuple[SlotSpec, int]] = {}

    def __len__(self) -> int:
        return len(self._slots)

    def reconcile(self, desired: Mapping[str, SlotSpec]) -> tuple[list[str], list[str], dict[str, OSError]]:
        """Make what is missing, drop what is too much.

        Returns the sources opened, those closed, and those that could not be made (no memory) with why;
        these are tried again at the next call. A slot whose spec changed is closed and opened.
        """
        closed = [source for source, (spec, _) in self._slots.items() if desired.get(source) != spec]
        for source in closed:
            os.close(self._slots.pop(source)[1])
        opened: list[str] = []
        failed: dict[str, OSError] = {}
        for source, spec in desired.items():
            if source in self._slots:
                continue
            try:
                fd = create_slot(f"studio:{source}", spec.width, spec.height, spec.frames)
            except OSError as error:
                failed[source] = error
                continue
            self._slots[source] = (spec, fd)
            opened.append(source)
        return opened, closed, failed

    def descriptor(self, source: str) -> int:
        return self._slots[source][1]

    def visible_to(self, process: str) -> Iterator[tuple[str, int]]:
        """Sources and descriptors that this process works with."""
        for source, (_, fd) in self._slots.items():
            if concerns(source, process):
                yield source, fd

    def close(self) -> None:
        for _, fd in self._slots.values():
            os.close(fd)
        self._slots.clear()


def concerns(source: str, process: str) -> bool:
    """Whether a process is handed this slot: the mixer all, control the canvases' snapshots, shards the
    guests' sound and pictures, a player its own, senders none."""
    if process == "mixer":
        return True
    if process == "control":
        return source.startswith(_CANVAS)
    if process.startswith("player/"):
        return source == f"source/{process.removeprefix('player/')}"
    return process.startswith("shard-") and not source.startswith(_CANVAS)
