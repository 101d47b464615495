"""A small file system of its own, to be filled to the last byte."""

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest


@contextlib.contextmanager
def small_disk(folder: Path, size: str = "16m") -> Iterator[Path]:
    """A tmpfs on ``folder``, which is made; skips the test where mounting isn't allowed."""
    folder.mkdir(mode=0o700)
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size},mode=0700", "studio-test", str(folder)],
        capture_output=True,
        text=True,
    )
    if mounted.returncode:
        pytest.skip(f"a small file system can't be mounted here: {mounted.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(folder: Path, name: str = "filler") -> Path:
    """Write until there is no byte left."""
    file = folder / name
    with file.open("ab", buffering=0) as out:
        for block in (bytes(1 << 20), bytes(1 << 12), b"\0"):
            with contextlib.suppress(OSError):
                while True:
                    out.write(block)
    assert os.statvfs(folder).f_bavail == 0
    return file
