"""What synthetic guests play: loops by size and rate, encoded once and shared by as many as like.

Encoding one takes a fraction of a second. It is the work of a process of its own, so that the packets of
those who play already go out on time; a guest that wants another loop meanwhile goes on with what there is.
"""

import asyncio
import contextlib
import ctypes
import math
import multiprocessing
import os
import signal
import threading
from collections.abc import Sequence
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Self

import msgspec

from signaling.rtc.synthetic.loops import Loop, LoopFrame, encode_sound, make_loop
from studio.lab.cast import CastMember
from studio.planning.uplink import bitrate_for

SMALLEST, LARGEST = (160, 90), (1280, 720)
"""Of the pictures that a guest can send; all are 16:9, or next to it."""
KEPT = 8
"""Loops with pictures that are kept of each guest: a grid that grows asks for one size after the other."""
RATES = (5, 10, 30)
"""Pictures a second a guest can send; the lowest that reaches what the studio asks for."""
VARIANTS = 4
"""Different loops of each size that more guests share: as many as are cheap, so that neighbours differ."""

FIRST = (320, 180)
"""What guests begin with, before it is known what is asked of them."""
_SECONDS = 4
_PR_SET_PDEATHSIG = 1

Size = tuple[int, int]


class _Order(msgspec.Struct, frozen=True):
    """A loop to encode; ``size`` None: its sound alone."""

    part: CastMember
    size: Size | None
    fps: int
    grain: float
    audio: tuple[bytes, ...]


def _encode(order: _Order) -> Loop:
    part = order.part
    audio = order.audio or encode_sound(_SECONDS, part.tone_hz)
    if order.size is None:
        return Loop(part.caption, "h264", *SMALLEST, (LoopFrame((), False),) * 30, audio)
    return make_loop(
        part.caption,
        part.hue,
        seconds=_SECONDS,
        size=order.size,
        bitrate=bitrate_for(*order.size, order.fps),
        audio=audio,
        fps=order.fps,
        grain=order.grain,
    )


class Workshop:
    """The process that encodes. Use as a context manager, made before there is an event loop or a thread; it
    goes at once at the end, whatever it is at."""

    def __enter__(self) -> Self:
        # Forked: what it needs is imported already.
        forking = multiprocessing.get_context("fork")
        self._pipe, theirs = forking.Pipe()
        self._process = forking.Process(target=_serve, args=(theirs, os.getpid()), daemon=True)
        self._process.start()
        theirs.close()
        self._turn = asyncio.Lock()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.join()
        self._pipe.close()

    async def encode(self, order: _Order) -> Loop:
        """One after the other. Raises RuntimeError when the process is gone, and what encoding raises."""
        async with self._turn:
            self._pipe.send(order)
            answer = await self._answered()
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def _answered(self) -> Loop | Exception:
        loop = asyncio.get_running_loop()
        readable = asyncio.Event()
        loop.add_reader(self._pipe.fileno(), readable.set)
        try:
            await readable.wait()
        finally:
            loop.remove_reader(self._pipe.fileno())
            os.set_blocking(self._pipe.fileno(), True)  # which uvloop has changed; the answer is on its way
        try:
            answer: Loop | Exception = self._pipe.recv()
        except (EOFError, OSError) as error:
            raise RuntimeError("the process that encodes loops has ended") from error
        return answer


def _serve(pipe: Connection, parent: int) -> None:
    """Life of the workshop's process."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        return
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the rehearsal's
    with contextlib.suppress(EOFError, OSError):
        while True:
            order: _Order = pipe.recv()
            try:
                pipe.send(_encode(order))
            except (ValueError, RuntimeError) as error:
                pipe.send(error)


class Loops:
    """One guest's loops by size and rate, or those that several share, encoded when they are first asked for.

    ``grain``: see :func:`signaling.rtc.synthetic.loops.draw`.
    """

    def __init__(self, part: CastMember, grain: float = 0.0) -> None:
        self._part = part
        self._grain = grain
        self._made: dict[tuple[Size | None, int], Loop] = {}
        self._coming: dict[tuple[Size | None, int], asyncio.Task[Loop]] = {}
        self._making = threading.Lock()

    def made(self, size: Size, fps: int) -> Loop | None:
        """The loop if it is there."""
        return self._made.get((size, fps))

    def now(self, size: Size, fps: int = RATES[-1]) -> Loop:
        """A size of :func:`fitting` at one of :data:`RATES`. Encodes for a fraction of a second where there
        is none yet. On any thread."""
        with self._making:
            if (size, fps) not in self._made:
                self._keep((size, fps), _encode(self._order(size, fps)))
            return self._made[size, fps]

    async def soon(self, workshop: Workshop, size: Size | None, fps: int = RATES[-1]) -> Loop:
        """The same, encoded by the workshop. ``size`` None: sound for who is asked for no picture yet."""
        key = size, fps
        if key not in self._made:
            if key not in self._coming:
                self._coming[key] = task = asyncio.create_task(workshop.encode(self._order(size, fps)))
                task.add_done_callback(lambda _: self._coming.pop(key, None))
            loop = await asyncio.shield(self._coming[key])
            self._keep(key, loop)
            return loop
        return self._made[key]

    def _keep(self, key: tuple[Size | None, int], loop: Loop) -> None:
        """Keep the loops made last, and sound alone, which is made once. Who plays another plays it on."""
        self._made[key] = loop
        pictures = [each for each in self._made if each[0] is not None and each[0] != FIRST]
        for old in pictures[:-KEPT]:
            del self._made[old]

    def _order(self, size: Size | None, fps: int) -> _Order:
        audio = next((loop.audio for loop in self._made.values()), ())
        return _Order(self._part, size, fps, self._grain, audio)


def fitting(width: int, height: int) -> Size:
    """Return what a browser makes of the box it is asked to cover: the smallest 16:9 picture of even sides
    that does, no smaller than :data:`SMALLEST` and no larger than :data:`LARGEST`."""
    covering = max(width, height * 16 / 9, SMALLEST[0])
    if covering >= LARGEST[0]:
        return LARGEST
    return math.ceil(covering / 2) * 2, max(math.ceil(height / 2), round(covering * 9 / 32)) * 2


def slowest(fps: int) -> int:
    """The lowest of :data:`RATES` that reaches ``fps``, else the highest."""
    return next((rate for rate in RATES if rate >= fps), RATES[-1])


def shared(cast: Sequence[CastMember], grain: float = 0.0) -> dict[str, Loops]:
    """Loops for every seat of the cast: each its own, or :data:`VARIANTS` in turn, which name nobody."""
    parts = list(cast[:VARIANTS])
    if len(cast) > VARIANTS:
        parts = [msgspec.structs.replace(part, caption=f"Loop {n}") for n, part in enumerate(parts, 1)]
    made = [Loops(part, grain) for part in parts]
    return {part.seat: made[number % len(made)] for number, part in enumerate(cast)}
