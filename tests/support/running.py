"""A running studio for tests: the one that ``studio bench`` measures, :mod:`studio.lab.harness.running`."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from studio.lab.harness import running
from studio.lab.harness.running import RunningStudio
from studio.lab.harness.waiting import wait_until

__all__ = ["LIGHT", "RunningStudio", "left_behind", "running_studio", "wait_until"]

LIGHT = """
[video]
fps = 24
program = [640, 360]
wall = [1280, 360]
multiview = [640, 360]

[renditions.program]
bitrate = 800_000
preset = "ultrafast"
"""
"""Where nobody looks closely at the pictures: an idle studio takes 0.26 core, and 0.67 with the default's."""


@contextmanager
def running_studio(
    data: Path,
    *arguments: str,
    config: str = "",
    command: str = "run",
    before: Sequence[str] = (),
    environment: dict[str, str] | None = None,
    light: bool = True,
) -> Iterator[RunningStudio]:
    """As :func:`studio.lab.harness.running.running_studio`, with pictures as in :data:`LIGHT`, unless
    ``config`` has some of its own or ``light`` is false."""
    config = config + LIGHT if light and "[video]" not in config else config
    with running.running_studio(
        data, *arguments, config=config, command=command, before=before, environment=environment
    ) as studio:
        yield studio


def left_behind(data: Path) -> list[str]:
    """Command lines of all processes on this machine that were started for this data directory."""
    mark = f"STUDIO_DATA={data}"
    return [
        _read(f"/proc/{pid}/cmdline").replace("\0", " ")
        for pid in os.listdir("/proc")
        if pid.isdigit() and mark in _read(f"/proc/{pid}/environ").split("\0")
    ]


def _read(path: str) -> str:
    try:
        return Path(path).read_text("utf-8", "replace")
    except OSError:
        return ""
