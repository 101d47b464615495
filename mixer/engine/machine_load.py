"""How much processor time is unused: the overload ladder judges by it, beside late ticks.

The mixer's threads have a higher priority than the shards', so its ticks are still on time when guests'
packets already wait. Then no processor time is left, which shows here.
"""

from pathlib import Path

_STAT = Path("/proc/stat")
_NICE, _IDLE, _IOWAIT = 1, 3, 4


class MachineLoad:
    """The load of all processors between two looks. Where the system doesn't say, there is always something
    left."""

    def __init__(self) -> None:
        self._last = _times()

    def free(self) -> float:
        """Share of the time since the last look, 0 … 1, in which processors had nothing to do, or only what
        gives way to everything (``nice``: conversions, imports). A container sees the whole machine's."""
        last, self._last = self._last, _times()
        passed = sum(self._last) - sum(last)
        if passed <= 0:
            return 1.0
        return sum(self._last[each] - last[each] for each in (_NICE, _IDLE, _IOWAIT)) / passed


def _times() -> tuple[int, ...]:
    """user, nice, system, idle, iowait, irq, softirq, steal: proc(5), in clock ticks."""
    try:
        with _STAT.open("rb") as file:
            return tuple(int(each) for each in file.readline().split()[1:9])
    except (OSError, ValueError):
        return (0,) * 8
