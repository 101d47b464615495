"""A running studio for tests: the one that ``studio bench`` measures, :mod:`studio.bench.running`."""

import os
from pathlib import Path

from studio.bench.running import RunningStudio, running_studio, wait_until

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
"""Configuration of studios whose pictures are not what is measured: what they save is the browsers'."""


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
