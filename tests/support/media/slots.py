"""Looking into a running studio's slots from outside: when each seat's picture was written last."""

import itertools
import os
import threading
import time
from collections.abc import Iterable
from pathlib import Path

from mixer.contract.names import SourceName
from mixer.ipc.slot import SlotReader


def read_slot(supervisor: int, source: SourceName) -> SlotReader:
    """A source's slot, through the supervisor's descriptor of it. Raises LookupError when there is none."""
    folder = Path(f"/proc/{supervisor}/fd")
    for name in os.listdir(folder):
        try:
            if str((folder / name).readlink()).startswith(f"/memfd:studio:{source} "):
                fd = os.open(folder / name, os.O_RDWR)
                break
        except FileNotFoundError:
            continue
    else:
        raise LookupError(source)
    try:
        return SlotReader(fd)
    finally:
        os.close(fd)


class Arrivals:
    """When pictures were written, by source, in seconds of CLOCK_MONOTONIC. Use as a context manager."""

    def __init__(self, supervisor: int, sources: Iterable[SourceName]) -> None:
        self._readers = {source: read_slot(supervisor, source) for source in sources}
        self.at_s: dict[str, list[float]] = {source: [] for source in self._readers}
        self.serials: dict[str, int] = dict.fromkeys(self._readers, 0)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "Arrivals":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(0.005):
            now = time.monotonic()
            for source, reader in self._readers.items():
                if reader.serial != self.serials[source]:
                    self.serials[source] = reader.serial
                    self.at_s[source].append(now)

    def longest_gap_s(self, source: SourceName, since_s: float, until_s: float | None = None) -> float:
        """The longest time without a new picture after ``since_s``, up to ``until_s`` or now."""
        end = time.monotonic() if until_s is None else until_s
        at = [each for each in list(self.at_s[source]) if each <= end]
        before = max((each for each in at if each <= since_s), default=since_s)
        inside = [before, *(each for each in at if each > since_s), end]
        return max(late - early for early, late in itertools.pairwise(inside))

    def count(self, source: SourceName, since_s: float) -> int:
        return sum(each > since_s for each in list(self.at_s[source]))
