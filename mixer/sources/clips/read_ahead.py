"""Decodes a stretch of a clip ahead, picture and sound each on a thread of its own with a file of its own.

Apart from each other, so that a file whose sound lies seconds away from its picture starves neither. What is
ahead is bounded: :data:`PICTURES` pictures, fewer where they are large, :data:`SOUND` samples.
"""

import contextlib
import gc
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import av
import numpy as np
import structlog
from av.container import InputContainer
from numpy.typing import NDArray

from mixer.contract.clock import RATE
from mixer.contract.picture import Picture, Plane
from mixer.ipc.slot import Samples
from mixer.sources.clips.clip_file import ClipInfo
from mixer.sources.clips.demux import Damage, alpha_decoder, decoded, opened, rewind
from mixer.sources.deinterlace import Deinterlacer
from mixer.sources.frames import FrameConverter
from mixer.sources.sound import StereoSound
from mixer.sources.tonemap import told_by

PICTURES = 12
PICTURE_BYTES = 48 << 20
"""Of pictures so large that twelve take more than this, fewer are read ahead …"""
FEWEST = 5
"""… but so many always: a decoder's threads hand them over in spurts."""
SOUND = RATE
_WAIT_S = 0.2
_NEAR_S = Fraction(1, 1000)
"""Times in files are rounded; a picture so little after a position belongs to it."""
_REORDERED = 8
"""Pictures: MP4 finds keyframes by the time of decoding, which is so far before that of showing at most."""
_PREROLL_S = Fraction(1, 10)
"""Decoders of sound need so much before they are right."""
_JUMP = RATE // 50
"""Samples: what sound is off by more than this is a gap, and less a rounding."""

_log = structlog.get_logger()


class Shown(NamedTuple):
    """A picture at ``position_s`` of the media, for ``lasts_s``; ``alpha`` as of
    :class:`mixer.ipc.slot.Taken`."""

    position_s: Fraction
    lasts_s: Fraction
    picture: Picture
    alpha: Plane | None = None


class DecodedSound(NamedTuple):
    """Samples (n, 2) from sample number ``start`` of the media on."""

    start: int
    samples: Samples


class _Reader:
    """A thread that fills a queue; ``ended`` once there is no more. ``until_s`` may change as it goes."""

    def __init__(self, path: Path, info: ClipInfo, from_s: Fraction, until_s: Fraction) -> None:
        self.from_s = from_s
        self.until_s = until_s
        self.ended = False
        self.begun = False
        """Something of it was read."""
        self.end_s = from_s
        """Where what was read last ends."""
        self.damage = Damage()
        self.progress_ns = time.monotonic_ns()
        self._path = path
        self._info = info
        self._changed = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Tell the thread to end; it is not waited for, since it may be deep in a decoder."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _beat(self) -> None:
        self.progress_ns = time.monotonic_ns()
        if self._closed:
            raise _ClosedError

    def _run(self) -> None:
        try:
            self._read()
        except _ClosedError:
            return
        except Exception as error:
            # What was read so far is played; the player tells a clip without a picture by its emptiness.
            self.damage.packets += 1
            _log.warning("a clip can't be read on", error=type(error).__name__)
        finally:
            # A frame whose side data was looked at is in a cycle, and holds all of its decoder's pictures.
            gc.collect()
        self.ended = True

    def _read(self) -> None:
        raise NotImplementedError

    def _full(self) -> bool:
        raise NotImplementedError

    def _wait_for_room(self) -> None:
        with self._changed:
            while self._full() and not self._closed:
                self.progress_ns = time.monotonic_ns()
                self._changed.wait(_WAIT_S)
        self._beat()


class _ClosedError(Exception):
    """The reader is no longer wanted."""


class PictureReader(_Reader):
    """Pictures from the one that is shown at ``from_s`` on, scaled into ``box``."""

    def __init__(
        self,
        path: Path,
        info: ClipInfo,
        from_s: Fraction,
        until_s: Fraction,
        box: tuple[int, int],
        *,
        fields: bool = False,
    ) -> None:
        """``fields``: each field of an interlaced picture becomes a picture."""
        super().__init__(path, info, from_s, until_s)
        self._deinterlacer = Deinterlacer(fields=fields)
        self.wanted_s = Fraction(-1)
        """Pictures over before this position come too late: they needn't be scaled any more."""
        self.spared = 0
        self._queue: deque[Shown] = deque()
        self._converter = FrameConverter(box)
        self.start()

    def peek(self, place: int = 0) -> Shown | None:
        """The next picture, or the ``place``-th after it."""
        return self._queue[place] if len(self._queue) > place else None

    def take(self) -> None:
        """Done with the next one."""
        self._queue.popleft()
        with self._changed:
            self._changed.notify_all()

    def _full(self) -> bool:
        count = len(self._queue)
        if count < FEWEST:
            return False
        return count >= PICTURES or count * _nbytes(self._queue[-1]) >= PICTURE_BYTES

    def _read(self) -> None:
        info = self._info
        if info.picture is None:
            return
        with opened(self._path) as container:
            stream = container.streams[info.picture]
            assert isinstance(stream, av.VideoStream)
            self._converter.told = told_by(stream)
            self._converter.alpha = info.alpha
            decoder = alpha_decoder(stream) if info.alpha else None
            context = stream.codec_context if decoder is None else decoder
            context.thread_type = "AUTO"
            context.thread_count = 2
            base = stream.time_base or Fraction(1, 1000)
            aspect = Fraction(stream.sample_aspect_ratio or 0)
            if self.from_s > 0:
                at_s = max(Fraction(0), self.from_s - _REORDERED * info.frame_s)
                sought(container, stream, at_s + info.start_s)
            held: tuple[Fraction, Fraction, av.VideoFrame] | None = None
            frames = decoded(container, stream.index, self._beat, self.damage, decoder)
            for frame in self._whole(frames):
                if frame.pts is None:
                    continue
                tick_s = frame.time_base or base
                position_s = frame.pts * tick_s - info.start_s
                lasts_s = (frame.duration or 0) * tick_s or info.frame_s
                if position_s >= self.until_s - min(lasts_s, info.frame_s) / 2:
                    break
                if not self.begun and position_s <= self.from_s + _NEAR_S:
                    held = (position_s, lasts_s, frame)
                    continue
                if held is not None:
                    self._put(*held, aspect)
                    held = None
                self._put(position_s, lasts_s, frame, aspect)
            if held is not None:
                self._put(*held, aspect)

    def _whole(self, frames: Iterable[av.VideoFrame | av.AudioFrame]) -> Iterator[av.VideoFrame]:
        for frame in frames:
            if isinstance(frame, av.VideoFrame):
                yield from self._deinterlacer.frames(frame)
        yield from self._deinterlacer.rest()

    def _put(self, position_s: Fraction, lasts_s: Fraction, frame: av.VideoFrame, aspect: Fraction) -> None:
        self.begun = True
        self.end_s = position_s + lasts_s
        if self.end_s < self.wanted_s:
            self.spared += 1
            return
        self._wait_for_room()
        self._queue.append(Shown(position_s, lasts_s, *self._converter.layer(frame, aspect)))


class SoundReader(_Reader):
    """Stereo sound at 48 kHz from ``from_s`` to ``until_s``, to the sample."""

    def __init__(self, path: Path, info: ClipInfo, from_s: Fraction, until_s: Fraction) -> None:
        super().__init__(path, info, from_s, until_s)
        self._queue: deque[DecodedSound] = deque()
        self._samples = 0
        self.start()

    def peek(self) -> DecodedSound | None:
        return self._queue[0] if self._queue else None

    def take(self) -> None:
        with self._changed:
            self._samples -= len(self._queue.popleft().samples)
            self._changed.notify_all()

    def _full(self) -> bool:
        return self._samples >= SOUND

    def _read(self) -> None:
        with contextlib.ExitStack() as stack:
            blocks = [
                self._blocks(stack.enter_context(opened(self._path)), each) for each in self._info.sounds
            ]
            for at, samples in blocks[0] if len(blocks) == 1 else sides(*blocks):
                if at >= self.until_s * RATE:
                    return
                self._put(at, samples)

    def _blocks(self, container: InputContainer, index: int) -> Iterator[DecodedSound]:
        """One track's sound, gapless but where there is a gap."""
        info = self._info
        stream = container.streams[index]
        if self.from_s > 0:
            sought(container, stream, max(Fraction(0), self.from_s - _PREROLL_S) + info.start_s)
        stereo = StereoSound()
        at: int | None = None
        for frame in decoded(container, index, self._beat, self.damage):
            if not isinstance(frame, av.AudioFrame):
                continue
            for position_s, samples in stereo.samples(frame):
                told = round((position_s - info.start_s) * RATE)
                at = told if at is None or abs(told - at) > _JUMP else at
                yield DecodedSound(at, samples)
                at += len(samples)

    def _put(self, start: int, samples: Samples) -> None:
        first = max(0, round(self.from_s * RATE) - start)
        last = min(len(samples), round(self.until_s * RATE) - start)
        if first >= last:
            return
        self._wait_for_room()
        heard = DecodedSound(start + first, samples[first:last])
        with self._changed:
            self._samples += len(heard.samples)
        self.begun = True
        self.end_s = Fraction(start + last, RATE)
        self._queue.append(heard)


def _nbytes(shown: Shown) -> int:
    planes = shown.picture if shown.alpha is None else (*shown.picture, shown.alpha)
    return sum(plane.nbytes for plane in planes)


def sought(container: InputContainer, stream: "av.stream.Stream", at_s: Fraction) -> None:
    """Stand at ``at_s`` of the container's time, or before; at the beginning where a file can't be sought."""
    try:
        container.seek(int(at_s / (stream.time_base or Fraction(1, 1000))), stream=stream)
    except av.FFmpegError:
        rewind(container, stream.index)


def sides(left: Iterable[DecodedSound], right: Iterable[DecodedSound]) -> Iterator[DecodedSound]:
    """Two mono sounds (in both channels each) as the two sides of one, each where its samples lie."""
    readers = [_Side(left), _Side(right)]
    while any(reader.fill() for reader in readers):
        rest = [reader for reader in readers if reader.held is not None]
        start = min(reader.start for reader in rest)
        # To where one of them ends or the other begins.
        end = min(reader.start if reader.start > start else reader.end for reader in rest)
        samples = np.zeros((end - start, 2), np.float32)
        for side, reader in enumerate(readers):
            if reader.held is not None and reader.start == start:
                samples[:, side] = reader.taken(end - start)
        yield DecodedSound(start, samples)


class _Side:
    """One of the two, block by block."""

    def __init__(self, blocks: Iterable[DecodedSound]) -> None:
        self._blocks = iter(blocks)
        self.held: DecodedSound | None = None

    @property
    def start(self) -> int:
        assert self.held is not None
        return self.held.start

    @property
    def end(self) -> int:
        assert self.held is not None
        return self.held.start + len(self.held.samples)

    def fill(self) -> bool:
        """Have a block at hand; False: there is no more."""
        while self.held is None or not len(self.held.samples):
            self.held = next(self._blocks, None)
            if self.held is None:
                return False
        return True

    def taken(self, count: int) -> NDArray[np.float32]:
        assert self.held is not None
        start, samples = self.held
        self.held = DecodedSound(start + count, samples[count:])
        return samples[:count, 0]
