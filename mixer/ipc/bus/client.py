"""The subscriber's end of the packet bus: for a plain thread and for an event loop's ``add_reader`` alike.

Nothing here blocks but :meth:`BusReader.wait`. One owner at a time; no thread is started.
"""

import select
import socket
from collections.abc import Iterable

from mixer.contract.names import StreamName
from mixer.ipc.bus.frames import encode_frame, from_mixer
from mixer.ipc.bus.packets import FromMixer, KeyframeRequest, Subscribe, ToMixer

READ_BYTES = 256 * 1024
MAX_READ_BYTES = 2 * 1024 * 1024
"""At most this much is read by one :meth:`BusReader.receive`, so that an event loop gets its turn."""
MAX_OUTBOX = 64 * 1024


class BusReader:
    """Reads packets from the mixer. Owns ``sock``, the end that came with ``wire.BusAttach``."""

    def __init__(self, sock: socket.socket) -> None:
        sock.setblocking(False)
        self._sock = sock
        self._frames = from_mixer()
        self._scratch = memoryview(bytearray(READ_BYTES))
        self._outbox = bytearray()

    def fileno(self) -> int:
        return self._sock.fileno()

    def subscribe(self, streams: Iterable[StreamName], live: bool = False, earlier: bool = False) -> None:
        """Ask for this whole set of streams from now on (see :class:`mixer.ipc.bus.packets.Subscribe`).

        Raises ConnectionError when the mixer is gone.
        """
        self._send(Subscribe(tuple(streams), live, earlier))

    def request_keyframe(self, stream: StreamName) -> None:
        """Ask for a keyframe on a video stream. Raises ConnectionError when the mixer is gone."""
        self._send(KeyframeRequest(stream))

    def receive(self) -> list[FromMixer]:
        """Whatever has arrived; empty when there is nothing yet.

        Raises ConnectionError at end of stream: after the messages that came before it were returned.
        """
        self._flush()
        messages: list[FromMixer] = []
        taken = 0
        while taken < MAX_READ_BYTES:
            try:
                count = self._sock.recv_into(self._scratch)
            except BlockingIOError:
                break
            except ConnectionError:
                if messages:
                    break  # said once; the next call finds the end of the stream
                raise
            if count == 0:
                if messages:
                    break
                raise ConnectionResetError("the mixer closed the packet bus")
            messages += self._frames.feed(self._scratch[:count])
            taken += count
            if count < len(self._scratch):
                break
        return messages

    def wait(self, timeout_s: float) -> bool:
        """Block until something can be received (also the end of the stream), or the time is over."""
        poller = select.poll()
        poller.register(self._sock, select.POLLIN)
        return bool(poller.poll(max(0, round(timeout_s * 1000))))

    def close(self) -> None:
        self._sock.close()

    def _send(self, message: ToMixer) -> None:
        if len(self._outbox) > MAX_OUTBOX:
            raise ConnectionAbortedError("the mixer does not read the packet bus")
        self._outbox += encode_frame(message)
        self._flush()

    def _flush(self) -> None:
        while self._outbox:
            try:
                sent = self._sock.send(self._outbox)
            except BlockingIOError:
                return
            except BrokenPipeError:
                self._outbox.clear()  # what came before the end is still to be read; receive() says the rest
                return
            del self._outbox[:sent]
