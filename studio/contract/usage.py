"""What a process has used of the machine, from /proc. A process that is gone has used nothing."""

import os
from pathlib import Path

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


def cpu_seconds(pid: int) -> float:
    """User and system time of all its threads; a zombie's counts too."""
    return _stat_seconds(f"/proc/{pid}/stat")


def _stat_seconds(path: str) -> float:
    try:
        stat = Path(path).read_text("ascii", "replace")
    except OSError:
        return 0.0
    fields = stat[stat.rfind(")") + 2 :].split()  # the name before may hold spaces and brackets
    return (int(fields[11]) + int(fields[12])) / _TICKS_PER_S


def resident_bytes(pid: int) -> int:
    """Physical memory in use, shared pages included."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1]) * _PAGE_BYTES
    except (OSError, IndexError):
        return 0


def proportional_bytes(pid: int) -> int:
    """Memory with shared pages divided among those who share them (PSS): sums up over processes."""
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text("ascii").splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    except OSError:
        return 0
    return 0


def waited_ns(pid: int) -> int:
    """Return how long its main thread was ready to run and had no processor, in all; 0 where the kernel keeps
    no account of it."""
    try:
        return int(Path(f"/proc/{pid}/schedstat").read_text("ascii").split()[1])
    except (OSError, IndexError, ValueError):
        return 0


def loop_seconds(pid: int) -> float:
    """User and system time of its main thread alone: the event loop, where it has one."""
    return _stat_seconds(f"/proc/{pid}/task/{pid}/stat")
