"""The guests of a bench, in a process of their own: ``python -m studio.lab.harness.generator DATA GUESTS
[FIRST]``.

Rehearsal guests, with real ICE, DTLS and SRTP and following what the studio asks them to send; but their
pictures and sounds are encoded once for a few of them and shared by all. Ends by SIGTERM.
"""

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from studio.contract.spawning import FOLDER, python

GRAIN = 2.0
"""A webcam's noise: without it pictures are so plain that codecs have little to do."""
SEEN = (480, 270)
"""The size most of them are going to send."""


def main() -> None:
    from mixer.ipc.priority import Urgency, punctual
    from studio.contract.client import Client
    from studio.lab.cast import guests_of
    from studio.lab.guest_loops import shared
    from studio.lab.rehearse import perform, seat

    # Packets go out on time, whatever the studio does. What the generator encodes beforehand, on threads of
    # its own, stays ordinary work.
    punctual(Urgency.CLOCK)
    client = Client.of(Path(sys.argv[1]))
    count, first = (int(each) for each in (*sys.argv[2:], "1")[:2])
    cast = guests_of(first - 1 + count)[first - 1 :]
    loops = shared(cast, GRAIN)
    for each in set(loops.values()):
        each.now(SEEN, 30)  # not while others are sending: that would be jitter of our own making
    perform(client, seat(client, cast), 0, 0.0, loops)


@contextlib.contextmanager
def running_generator(data: Path, guests: int, first: int = 1) -> Iterator[subprocess.Popen[bytes]]:
    """The process, for the studio of this data directory; it is ended with the block. The seats are
    ``rehearsal-<first>`` and on."""
    process = subprocess.Popen(
        python("studio.lab.harness.generator", str(data.resolve()), str(guests), str(first)),
        cwd=FOLDER,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


if __name__ == "__main__":
    main()
