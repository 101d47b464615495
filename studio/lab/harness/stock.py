"""Stock aiortc as its users have it, to compare with: plain classes, asyncio's loop, a process of its own.

``python -m studio.lab.harness.stock receive``: answers offers, drains every track.
``python -m studio.lab.harness.stock send``: answers offers of viewers; each one's sender encodes the same
picture, 640×360 at 30 a second, and the same sound for itself.

An SDP offer as a line of JSON on standard input gives the answer as a line of JSON on standard output.
"""

import asyncio
import json
import subprocess
import sys
from collections.abc import Sequence
from fractions import Fraction
from types import TracebackType
from typing import Self

import av
import numpy as np
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription, rtcpeerconnection
from aiortc.contrib.media import MediaBlackhole
from aiortc.mediastreams import MediaStreamTrack
from aiortc.rtcrtpreceiver import RTCRtpReceiver

from signaling.rtc.synthetic.loops import BLOCK, FPS, RATE, draw
from studio.contract.spawning import FOLDER, python

SIZE = (640, 360)


class Stock:
    """The process. Use as a context manager; ``mode`` is ``receive`` or ``send``."""

    def __init__(self, mode: str) -> None:
        self._mode = mode

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            python("studio.lab.harness.stock", self._mode),
            cwd=FOLDER,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()

    @property
    def pid(self) -> int:
        return self._process.pid

    async def answer(self, sdp: str) -> str:
        return await asyncio.to_thread(self._ask, sdp)

    def _ask(self, sdp: str) -> str:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(sdp) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("stock aiortc ended")
        return str(json.loads(line))


class Played(MediaStreamTrack):
    """The same frames over and over, each when it is due."""

    def __init__(
        self, kind: str, frames: Sequence[av.VideoFrame | av.AudioFrame], step: int, rate: int
    ) -> None:
        self.kind = kind
        super().__init__()
        self._frames, self._step, self._rate = frames, step, rate
        self._number = 0
        self._began = asyncio.get_running_loop().time()

    async def recv(self) -> av.VideoFrame | av.AudioFrame:
        loop = asyncio.get_running_loop()
        due = self._began + self._number * self._step / self._rate
        await asyncio.sleep(max(0.0, due - loop.time()))
        frame = self._frames[self._number % len(self._frames)]
        frame.pts = self._number * self._step
        frame.time_base = Fraction(1, self._rate)
        self._number += 1
        return frame


def pictures() -> list[av.VideoFrame]:
    return [draw("Return", 0.6, number, SIZE) for number in range(FPS)]


def blocks() -> list[av.AudioFrame]:
    wave = (3000 * np.sin(2 * np.pi * 220 * np.arange(RATE) / RATE)).astype(np.int16)
    frames = []
    for start in range(0, RATE, BLOCK):
        stereo = np.repeat(wave[start : start + BLOCK], 2)[None, :]
        frame = av.AudioFrame.from_ndarray(stereo, "s16", "stereo")
        frame.sample_rate = RATE
        frames.append(frame)
    return frames


async def serve(mode: str) -> None:
    assert vars(rtcpeerconnection)["RTCRtpReceiver"] is RTCRtpReceiver, "this is to be stock aiortc"
    loop = asyncio.get_running_loop()
    kept: list[object] = []
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        sink = MediaBlackhole()
        kept += [connection, sink]
        connection.on("track", sink.addTrack)
        if mode == "send":
            connection.addTrack(Played("video", pictures(), 90_000 // FPS, 90_000))
            connection.addTrack(Played("audio", blocks(), BLOCK, RATE))
        await connection.setRemoteDescription(RTCSessionDescription(json.loads(line), "offer"))
        await connection.setLocalDescription()
        if mode == "receive":
            await sink.start()
        sys.stdout.write(json.dumps(connection.localDescription.sdp) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1]))
