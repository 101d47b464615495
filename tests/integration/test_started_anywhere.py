"""A studio started in a folder of other people's files: none is run; relative paths mean that folder."""

import ast
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from studio.contract.client import Client
from studio.contract.datadir import read_run
from tests.support.running import wait_until

ROOT = Path(__file__).resolve().parents[2]
NAMES = (
    "queue",
    "json",
    "socket",
    "asyncio",
    "typing",
    "random",
    "logging",
    "site",
    "msgspec",
    "numpy",
    "av",
)
TRAP = "import os\nopen(os.environ['TRAP'], 'a').write(__file__)\nraise SystemExit(9)\n"


@pytest.fixture(scope="module")
def trapped(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The folder, and what the demo said on standard output before it was ended."""
    folder = tmp_path_factory.mktemp("operator")
    for name in NAMES:
        (folder / f"{name}.py").write_text(TRAP)
    data = folder / "data"
    data.mkdir()
    (data / "studio.toml").write_text('[event]\ntheme = "summit"\n[outputs]\nrecordings = "tapes"\n')
    log = folder / "log"
    err = log.open("wb")
    process = subprocess.Popen(
        [sys.executable, "-m", "studio", "demo", "--guests", "1", "--port", "0", "--data", "data"],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=err,
        text=True,
        env={**os.environ, "TRAP": str(folder / "sprung"), "INVOCATION_ID": "0" * 32},
    )

    def ready() -> bool:
        if process.poll() is not None:
            raise RuntimeError(f"it ended ({process.returncode}): {log.read_text()}")
        return read_run(data) is not None

    try:
        wait_until("it is ready", ready, 40)
        client = Client.of(data)

        def set_up() -> bool:
            """The demo's own process has been at work, and the importer, too."""
            state = client.state()["state"]
            return bool(state["outputs"] and state["status"]["media"])

        try:
            wait_until("the demo is set up", set_up, 40)
        except TimeoutError as error:
            raise AssertionError(log.read_text()) from error
    finally:
        err.close()
        process.send_signal(signal.SIGTERM)
        said, _ = process.communicate(timeout=30)
    return folder, said


def test_no_file_of_that_folder_is_run(trapped: tuple[Path, str]) -> None:
    folder, _ = trapped
    assert not (folder / "sprung").exists()


def test_relative_paths_are_taken_from_it(trapped: tuple[Path, str]) -> None:
    folder, _ = trapped
    assert (folder / "tapes").is_dir()


def test_under_systemd_the_directors_token_is_not_said(trapped: tuple[Path, str]) -> None:
    folder, said = trapped
    assert "token=" not in said
    assert str(folder / "data" / "run.json") in said


def test_every_process_is_started_alike() -> None:
    """Commands of Python are made in one place."""
    for file in ROOT.glob("studio/**/*.py"):
        if file.name == "spawning.py":
            continue
        names = [
            ast.unparse(each)
            for each in ast.walk(ast.parse(file.read_text()))
            if isinstance(each, ast.Attribute)
        ]
        assert "sys.executable" not in names, file
