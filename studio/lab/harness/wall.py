"""One real WebRTC viewer of the wall, in a process of its own: ``python -m studio.lab.harness.wall LINK``.

It opens the wall's link as a browser does, connects, and prints the number of RTP packets of the picture it
has received as a line each second. Ends by SIGTERM.
"""

import asyncio
import contextlib
import subprocess
import sys
import time
from collections.abc import Iterator

from studio.contract.spawning import FOLDER, python

CONNECT_S = 15.0


@contextlib.contextmanager
def running_wall(link: str) -> Iterator[subprocess.Popen[str]]:
    """The process, once the wall's picture comes; it is ended with the block. Raises RuntimeError."""
    process = subprocess.Popen(
        python("studio.lab.harness.wall", link),
        cwd=FOLDER,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        if not process.stdout.readline():
            raise RuntimeError("the wall's viewer got no picture")
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


async def watch(link: str) -> None:
    # here, for the process of the viewer only
    from signaling.rtc.synthetic.client import LoopPlayer, RehearsalGuest
    from studio.lab.harness.visit import visit

    viewer = RehearsalGuest(None, LoopPlayer())
    async with visit(link, "wall", viewer):
        picture = next(each for each in viewer.receivers if each.kind == "video")
        async with asyncio.timeout(CONNECT_S):
            while not picture.totals[1]:  # noqa: ASYNC110 - packets are no event
                await asyncio.sleep(0.05)
        while True:
            # the pipe holds hours of this: nobody has to read it
            sys.stdout.write(f"{picture.totals[1]}\n")
            sys.stdout.flush()
            for receiver in viewer.receivers:
                receiver.acknowledge(time.monotonic_ns())
            await asyncio.sleep(1)


if __name__ == "__main__":
    import uvloop

    uvloop.run(watch(sys.argv[1]))
