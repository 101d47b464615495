"""A process goes before others while it starts, and not afterwards."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from mixer.ipc.priority import HURRY_ENV, NICENESS

ROOT = Path(__file__).parents[4]
_MODULE = """
import os, sys
from mixer.ipc import priority
def nice():
    autogroup = open("/proc/self/autogroup").read().split()[-1]
    return os.getpriority(os.PRIO_PROCESS, 0), int(autogroup)
starting = nice()
priority.settle()
print([starting, nice(), sys.argv[1:], "STUDIO_HURRY" in os.environ])
"""


@pytest.mark.skipif(
    os.geteuid() != 0 or not Path("/proc/self/autogroup").exists(), reason="nobody goes before others here"
)
@pytest.mark.parametrize("awaited", [True, False])
def test_what_the_show_waits_for_goes_before_others_until_it_has_started(
    tmp_path: Path, awaited: bool
) -> None:
    (tmp_path / "looks_at_itself.py").write_text(_MODULE, "utf-8")
    done = subprocess.run(
        [sys.executable, "-P", "-m", "mixer.ipc.started", "looks_at_itself", "argument"],
        env={**os.environ, "PYTHONPATH": f"{ROOT}:{tmp_path}", **({HURRY_ENV: "1"} if awaited else {})},
        start_new_session=True,
        capture_output=True,
        text=True,
        check=True,
    )
    own = os.getpriority(os.PRIO_PROCESS, 0)
    starting, started, arguments, told_on = ast.literal_eval(done.stdout)
    assert (arguments, told_on) == (["argument"], False)
    assert starting == ((NICENESS, NICENESS) if awaited else (own, 0))
    assert started == (own, own if awaited else 0)
