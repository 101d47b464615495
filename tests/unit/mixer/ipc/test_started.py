"""A process goes before others while it starts, and not afterwards."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mixer.ipc.priority import NICENESS

ROOT = Path(__file__).parents[4]
_MODULE = """
import os, sys
from mixer.ipc import priority
def nice(): return os.getpriority(os.PRIO_PROCESS, 0)
starting = nice()
priority.settle()
print(starting, nice(), sys.argv[1:])
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root goes before others")
@pytest.mark.parametrize("own", [0, 5])
def test_a_process_goes_before_others_until_it_has_started(tmp_path: Path, own: int) -> None:
    (tmp_path / "looks_at_itself.py").write_text(_MODULE, "utf-8")
    done = subprocess.run(
        [sys.executable, "-P", "-m", "mixer.ipc.started", "looks_at_itself", "argument"],
        env={**os.environ, "PYTHONPATH": f"{ROOT}:{tmp_path}"},
        preexec_fn=lambda: os.setpriority(os.PRIO_PROCESS, 0, own),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split(maxsplit=2) == [str(NICENESS), str(own), "['argument']\n"]
