"""Time zones by every name that people write, whatever the machine has."""

import os
import subprocess
import sys

CODE = (
    "from zoneinfo import ZoneInfo; from studio.show.graphics.zones import is_zone;"
    "names = ('Asia/Calcutta', 'Europe/Kiev', 'Asia/Kolkata', 'US/Pacific');"
    "assert all(is_zone(name) and ZoneInfo(name) for name in names); assert not is_zone('Asia/Atlantis')"
)


def test_aliases_are_known_without_the_systems_files() -> None:
    environment = {**os.environ, "PYTHONTZPATH": ""}
    subprocess.run([sys.executable, "-c", CODE], check=True, env=environment, timeout=60)
