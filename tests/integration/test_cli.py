"""The command line as an operator meets it: one clear line and the right exit status."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mixer.ipc import priority
from studio.contract.datadir import RUN_FILE
from tests.support.running import RunningStudio, running_studio


def studio_command(
    *arguments: str, data: Path | None = None, given: str = "", timeout_s: float = 60, **environment: str
) -> subprocess.CompletedProcess[str]:
    env = {key: value for key, value in os.environ.items() if not key.startswith("STUDIO_")}
    if data is not None:
        env["STUDIO_DATA"] = str(data)
    return subprocess.run(
        [sys.executable, "-m", "studio", *arguments],
        input=given,
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
        env={**env, **environment},
    )


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStudio]:
    with running_studio(tmp_path_factory.mktemp("cli"), config="[event]\ntitle = '회의'\n") as running:
        yield running


@pytest.mark.parametrize("command", ["", "run", "demo", "rehearse", "invite", "ctl", "doctor", "bench"])
def test_help(command: str) -> None:
    done = studio_command(*command.split(), "--help")
    assert done.returncode == 0
    assert "Usage" in done.stdout


def test_every_option_has_an_environment_variable() -> None:
    for command in ("run", "demo", "rehearse", "invite", "ctl", "doctor", "bench"):
        text = studio_command(command, "--help", COLUMNS="200").stdout
        options = text.count("--") - text.count("--help")
        assert text.count("STUDIO_") >= options, command


def test_config_error_is_one_line_and_status_2(tmp_path: Path) -> None:
    file = tmp_path / "my.toml"
    file.write_text("[server]\nprot = 1\n")
    done = studio_command("run", "--config", str(file), data=tmp_path / "data")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"studio: {file}: server.prot: unknown key\n"


def test_config_from_the_environment(tmp_path: Path) -> None:
    file = tmp_path / "my.toml"
    file.write_text("shards = 'two'\n")
    done = studio_command("run", data=tmp_path / "data", STUDIO_CONFIG=str(file))
    assert done.returncode == 2
    assert done.stderr == f"studio: {file}: shards: expected int, got str\n"


def test_wrong_option_is_status_2(tmp_path: Path) -> None:
    assert studio_command("run", "--prot", "1", data=tmp_path).returncode == 2
    assert studio_command("run", data=tmp_path, STUDIO_PORT="http").returncode == 2


def test_data_directory_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = studio_command("run", "--data", str(tmp_path / "file" / "data"))
    assert done.returncode == 1
    assert done.stderr.startswith("studio: the data directory ")
    assert done.stderr.count("\n") == 1


def test_full_disk(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=32k", "none", str(disk)], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip("needs the right to mount a small file system")
    try:
        done = studio_command("run", "--data", str(disk), "--port", "0")
    finally:
        subprocess.run(["umount", str(disk)], check=True)
    assert done.returncode == 1
    assert done.stderr == f"studio: the disk of the data directory {disk} is full\n"


def test_missing_fonts(tmp_path: Path) -> None:
    file = tmp_path / "my.toml"
    file.write_text(f"[video]\nfonts = '{tmp_path}'\n")
    done = studio_command("run", "--config", str(file), data=tmp_path / "data")
    assert done.returncode == 1
    assert done.stderr.startswith("studio: fonts for Latin, Han, Kana and Hangul, Arabic")
    assert done.stderr.count("\n") == 1


def test_nothing_runs(tmp_path: Path) -> None:
    for command in (["ctl", "state"], ["invite", "Somebody"], ["rehearse"]):
        done = studio_command(*command, data=tmp_path)
        assert done.returncode == 1
        assert (
            done.stderr == f"studio: no studio is running on {tmp_path} (there is no valid {RUN_FILE})\n"
        ), command


def test_ctl_sends_commands_and_shows_state(studio: RunningStudio) -> None:
    create = '{"type": "source.create", "source": "bars", "kind": "bars"}'
    done = studio_command("ctl", create, data=studio.data)
    assert done.returncode == 0
    assert json.loads(done.stdout)["events"][0]["type"] == "source.created"
    scene = '{"type": "scene.create", "scene": "one"}'
    assert studio_command("ctl", "-", data=studio.data, given=scene).returncode == 0
    state = json.loads(studio_command("ctl", "state", data=studio.data).stdout)["state"]
    assert state["event"]["title"] == "회의"
    assert "bars" in state["sources"]
    assert "one" in state["scenes"]


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ('{"type": "nothing.known"}', "command.unknown"),
        ('{"type": ', "command.malformed"),
        ('{"type": "program.cut", "scene": "nowhere"}', "scene.unknown"),
    ],
)
def test_ctl_passes_refusals_on(studio: RunningStudio, command: str, code: str) -> None:
    done = studio_command("ctl", command, data=studio.data)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"studio: {code}: ")


def test_ctl_watch_tells_the_snapshot_and_changes(studio: RunningStudio) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "studio", "ctl", "watch"],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "STUDIO_DATA": str(studio.data)},
    ) as watch:
        assert watch.stdout is not None
        assert json.loads(watch.stdout.readline())["type"] == "snapshot"
        studio.do("scene.create", scene="watched")
        for line in watch.stdout:
            event = json.loads(line).get("event") or {}
            if event.get("scene") == "watched":
                break
        watch.terminate()


def test_invite_prints_a_link_that_opens(studio: RunningStudio) -> None:
    import urllib.request

    done = studio_command("invite", "市長", "--seat", "shicho", "--title", "Mayor", data=studio.data)
    assert done.returncode == 0
    link = done.stdout.strip()
    assert link.startswith(f"{studio.url}/join/")
    assert studio.state()["seats"]["shicho"]["name"] == "市長"
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    with opener.open(link, timeout=10) as page:
        assert page.status == 200
        assert link.rpartition("/")[2] not in page.url
    again = studio_command("invite", "市長", "--seat", "shicho", data=studio.data)
    assert again.stdout.strip() not in ("", link)
    studio.do("booth.create", booth="kr", languages=["ko", "en"])
    booth = studio_command("invite", "통역", "--seat", "anna", "--booth", "kr", data=studio.data)
    assert booth.stdout.startswith(f"{studio.url}/booth/")
    seat = studio.state()["seats"]["anna"]
    assert (seat["role"], seat["booth"], seat["into"]) == ("interpreter", "kr", "ko")


def test_doctor_finds_everything_here(tmp_path: Path) -> None:
    done = studio_command("doctor", "--json", data=tmp_path)
    findings = {each["topic"]: each for each in json.loads(done.stdout)}
    assert done.returncode == 0, done.stdout
    assert findings["codec libx264"]["verdict"] == "ok"
    assert findings["fonts"]["verdict"] == "ok"
    assert "no font for Adlam" in findings["scripts"]["text"]
    assert "ms a picture" in findings["encoder"]["text"]
    assert findings["real time"]["verdict"] == ("ok" if priority.allowed() else "warning")


def test_doctor_says_what_is_missing(tmp_path: Path) -> None:
    file = tmp_path / "my.toml"
    file.write_text(f"[video]\nfonts = '{tmp_path}'\n")
    done = studio_command("doctor", "--json", "--config", str(file), data=tmp_path)
    assert done.returncode == 1
    findings = {each["topic"]: each for each in json.loads(done.stdout)}
    assert findings["fonts"]["verdict"] == "missing"
