"""``studio demo``: a studio with an event, scenes and synthetic mayors, nothing to configure.

The studio runs as always; beside it, in a process of its own (``python -m studio.lab.demo``), the show is set
up through the API, as a director would, and the mayors join as guests do.
"""

import contextlib
import ctypes
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from studio.contract.client import Client, ClientError
from studio.contract.datadir import CONFIG_FILE
from studio.contract.spawning import FOLDER, python
from studio.lab.cast import MAYORS, CastMember
from studio.lab.demo_show import SLIDES, first, then
from studio.lab.demo_slides import NAME
from studio.lab.demo_slides import slides as slides_pdf

_PR_SET_PDEATHSIG = 1
_END_S = 5.0

CONFIGURATION = """\
# The demo's configuration; every other key has its default. See README.md.
[event]
title = "World Mayors' Summit: demo"
languages = ["ko", "en"]
theme = "summit"
"""


def prepare(folder: Path) -> Path:
    """Put the demo's configuration into its data directory, if none is there."""
    file = folder / CONFIG_FILE
    with contextlib.suppress(OSError):  # what is wrong with the folder, the start says better
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not file.exists():
            file.write_text(CONFIGURATION, "utf-8")
    return folder


@contextlib.contextmanager
def beside(folder: Path, guests: int) -> Iterator[Callable[[object], None]]:
    """Gives a function that starts the demo's own process; it is ended with the context."""
    running: list[subprocess.Popen[bytes]] = []

    def begin(_: object) -> None:
        command = python("studio.lab.demo", str(folder.resolve()), str(guests))
        running.append(
            subprocess.Popen(command, cwd=FOLDER, stdin=subprocess.DEVNULL, start_new_session=True)
        )

    try:
        yield begin
    finally:
        for process in running:
            process.terminate()
            try:
                process.wait(_END_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def set_up(client: Client, cast: Sequence[CastMember]) -> None:
    """Everybody is on air first, the rest follows: a deck has to be looked into.

    A demo that was run before on this data finds its things: 409 is no fault.
    """
    state = client.state()["state"]
    languages = state["event"]["languages"]
    _send(client, first(cast, languages))
    slides = None
    if cast and SLIDES not in state["sources"]:
        try:
            slides = str(client.upload(NAME, slides_pdf())["id"])
        except ClientError as error:  # a full disk, say: the show goes on without them
            sys.stderr.write(f"studio: the demo's slides: {error}\n")
    rest = then(cast, languages, slides)
    _send(client, [each for each in rest if each["type"] != "rundown.set" or not state["rundown"]])


def _send(client: Client, commands: Sequence[dict[str, Any]]) -> None:
    for command in commands:
        try:
            client.command(command)
        except ClientError as error:
            if error.status != 409:
                raise


def main() -> int:
    """``python -m studio.lab.demo DATA GUESTS``, started by ``studio demo``."""
    # Here, for the process beside the studio only: aiortc alone weighs 70 MB.
    from studio.lab.guest_loops import Loops
    from studio.lab.rehearse import RehearsalError, perform, seat

    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    data, guests = Path(sys.argv[1]), int(sys.argv[2])
    cast = MAYORS[:guests]
    try:
        client = Client.of(data)
        seated = seat(client, cast)
        set_up(client, cast)
        if seated:
            perform(client, seated, 0, 0.0, {part.seat: Loops(part) for part in cast})
    except (ClientError, RehearsalError) as error:
        sys.stderr.write(f"studio: the demo's guests: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
