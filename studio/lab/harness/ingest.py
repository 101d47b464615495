"""An RTMP ingest for the bench: FFmpeg's own server, in a process of its own.

``with Ingest() as ingest: ingest.url``. It takes one publisher, reads all it sends and throws it away.
"""

import contextlib
import socket
import subprocess
import sys
from types import TracebackType
from typing import Self

from studio.contract.spawning import FOLDER, python


def free_port() -> int:
    """A TCP port on loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Ingest:
    """Listens from the start of the block to its end; after a publisher has left it takes the next."""

    def __init__(self) -> None:
        self.url = f"rtmp://127.0.0.1:{free_port()}/live/bench"

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            python("studio.lab.harness.ingest", self.url),
            cwd=FOLDER,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()


def main() -> None:
    """``python -m studio.lab.harness.ingest URL``: until it is killed."""
    import av

    while True:
        # a publisher that leaves is an I/O error; the next one is welcome
        with contextlib.suppress(av.FFmpegError), av.open(sys.argv[1], options={"listen": "1"}) as container:
            for packet in container.demux():
                del packet


if __name__ == "__main__":
    main()
