"""A slot: pictures and sound of one source in shared memory, one writer, any number of readers.

A slot is a memfd, allocated in full when it is made, and only while the machine has room for it (a full
machine says ENOMEM there, and no later write dies of SIGBUS); its size is sealed, so that nobody can take the
memory from under the others. The supervisor holds the descriptor and hands it out, to readers one that can't
be written to; the memory survives its writer and vanishes with its last holder.

Layout, little-endian, 8-byte fields so that each store is one aligned machine word::

    header   64 fields: see the _H constants
    frames   per frame 8 fields of meta, then the planes, packed I420; in a slot with alpha then a plane of it
    sound    float32 stereo frames, a ring addressed by absolute sample number

The writer makes a frame's sequence number odd, writes, makes it even, and publishes the index last. A reader
takes the newest frame that is due, uses it in place, and asks :meth:`Taken.intact` afterwards. Nobody waits.
A picture with alpha lies in its planes as it looks over black: who knows nothing of alpha is right all the
same.
x86-64 and AArch64 under CPython: the interpreter's own locking orders the stores.

Sound is addressed by time: sample number n of the ring is the instant n / 48000 s of CLOCK_MONOTONIC. So a
reader that wants an interval of time knows where it lies, and a writer's death leaves silence, not drift.
"""

import errno
import fcntl
import mmap
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mixer.contract.clock import RATE
from mixer.contract.picture import Picture, Plane, copy_into, i420_bytes, view_i420

AUDIO_SECONDS = 1
MAGIC = 0x534C4F54_00000001

_FIELDS = 64
(
    _H_MAGIC,
    _H_FRAMES,
    _H_CAPACITY,
    _H_MAX_WIDTH,
    _H_MAX_HEIGHT,
    _H_SAMPLES,
    _H_HEAD,
    _H_HEARTBEAT,
    _H_SOUND_END,
    _H_SOUND_START,
    _H_ALPHA,
) = range(11)
_META = 8
_M_SEQ, _M_PTS, _M_WIDTH, _M_HEIGHT, _M_ARRIVED, _M_ALPHA = range(6)

Samples = NDArray[np.float32]


def create_slot(name: str, max_width: int, max_height: int, frames: int = 4, alpha: bool = False) -> int:
    """Make a slot and return its descriptor. Raises OSError (ENOMEM, ENOSPC) when there is no room.

    A ring of four pictures is enough for readers that use a picture within two frame periods. ``alpha``: its
    pictures may say where they are transparent, for two thirds of the memory more.
    """
    capacity = _pages(i420_bytes(max_width, max_height))
    alpha_capacity = _pages(max_width * max_height) if alpha else 0
    samples = RATE * AUDIO_SECONDS
    size = 8 * _FIELDS + frames * (8 * _META + capacity + alpha_capacity) + samples * 8
    if size > _available_bytes() // 2:
        raise OSError(errno.ENOMEM, f"no room for a slot of {size} bytes")
    fd = os.memfd_create(name, os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        os.posix_fallocate(fd, 0, size)
        with mmap.mmap(fd, size) as memory:
            header = np.frombuffer(memory, np.uint64, _FIELDS)
            for field, value in (
                (_H_FRAMES, frames),
                (_H_CAPACITY, capacity),
                (_H_MAX_WIDTH, max_width),
                (_H_MAX_HEIGHT, max_height),
                (_H_SAMPLES, samples),
                (_H_ALPHA, alpha_capacity),
                (_H_MAGIC, MAGIC),
            ):
                header[field] = value
            del header
        fcntl.fcntl(fd, fcntl.F_ADD_SEALS, fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_SEAL)
    except OSError:
        os.close(fd)
        raise
    return fd


def _pages(size: int) -> int:
    return -(-size // 4096) * 4096


def read_only(fd: int) -> int:
    """Another descriptor of the slot, through which it can only be read. Raises OSError."""
    return os.open(f"/proc/self/fd/{fd}", os.O_RDONLY | os.O_CLOEXEC)


def _available_bytes() -> int:
    """Memory that can be had without swapping. A memfd knows no limit of its own: asked for more than there
    is, the kernel would end some process instead of answering ENOSPC."""
    with Path("/proc/meminfo").open() as lines:
        for line in lines:
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    return 0


@dataclass(frozen=True, slots=True)
class Taken:
    """A picture in place in the slot. ``serial`` is its number since the slot was made (1, 2, …).

    ``arrived_ns``: when the last packet of it came in; 0 where its writer doesn't say. ``alpha``: shape (h,
    w), uint8, 255 where the picture hides what lies beneath; the picture itself lies over black. None: it
    hides all.
    """

    picture: Picture
    pts_ns: int
    serial: int
    meta: "memoryview[int]"
    seq: int
    arrived_ns: int = 0
    alpha: Plane | None = None

    def intact(self) -> bool:
        """Return whether the planes were left alone since the picture was taken; False: draw it again."""
        return self.meta[_M_SEQ] == self.seq


class _Mapped:
    """The mapped memory, shared by writer and reader. Owns its own duplicate of nothing but the mapping."""

    _PROTECTION = mmap.PROT_READ

    def __init__(self, fd: int) -> None:
        size = os.fstat(fd).st_size
        self._memory = mmap.mmap(fd, size, prot=self._PROTECTION)
        # memory as Python's own integers: a tenth of a microsecond less for each field than by numpy
        self._header = memoryview(self._memory)[: 8 * _FIELDS].cast("Q")
        if self._header[_H_MAGIC] != MAGIC:
            raise ValueError("not a slot, or one of another version")
        self._ring = self._header[_H_FRAMES]
        self.max_width = self._header[_H_MAX_WIDTH]
        self.max_height = self._header[_H_MAX_HEIGHT]
        capacity, alpha_capacity = self._header[_H_CAPACITY], self._header[_H_ALPHA]
        offset = 8 * _FIELDS
        self._metas: list[memoryview[int]] = []
        self._buffers: list[Plane] = []
        self._alphas: list[Plane] = []
        for _ in range(self._ring):
            self._metas.append(memoryview(self._memory)[offset : offset + 8 * _META].cast("Q"))
            offset += 8 * _META
            self._buffers.append(np.frombuffer(self._memory, np.uint8, capacity, offset))
            offset += capacity
            self._alphas.append(np.frombuffer(self._memory, np.uint8, alpha_capacity, offset))
            offset += alpha_capacity
        self._samples = self._header[_H_SAMPLES]
        self._sound: Samples = np.frombuffer(self._memory, np.float32, self._samples * 2, offset).reshape(
            -1, 2
        )

    def close(self) -> None:
        """Forget the mapping; it goes when the last picture taken from it goes."""
        self._metas.clear()
        self._buffers.clear()
        self._alphas.clear()
        del self._header, self._sound, self._memory


class SlotWriter(_Mapped):
    """The one writer. Several threads may write pictures only one after the other; sound likewise."""

    _PROTECTION = mmap.PROT_READ | mmap.PROT_WRITE

    def fits(self, width: int, height: int) -> bool:
        room = self._alphas[0].size
        if room and width * height > room:
            return False
        return i420_bytes(width, height) <= self._buffers[0].size and width > 1 and height > 1

    def write_picture(
        self, picture: Picture, pts_ns: int, arrived_ns: int = 0, alpha: Plane | None = None
    ) -> None:
        """Publish a copy of ``picture``, to be shown from ``pts_ns`` on. Raises ValueError if it is too big.

        ``pts_ns`` must not run backwards; a picture older than the newest is published all the same and
        shown at once. ``arrived_ns`` is when its last packet came in, for the mixer's latency meter; 0 for
        a picture that came in no packets. ``alpha``: as of :class:`Taken`, of the picture's size; a slot
        without alpha leaves it out, and shows the picture over black.
        """
        width, height = picture.width, picture.height
        if not self.fits(width, height):
            raise ValueError(f"a picture of {width}×{height} does not fit this slot")
        serial = self._header[_H_HEAD] + 1
        index = serial % self._ring
        meta = self._metas[index]
        seq = meta[_M_SEQ] | 1  # odd already where a writer died in the middle
        meta[_M_SEQ] = seq
        copy_into(view_i420(self._buffers[index], width, height), picture)
        if alpha is not None and self._alphas[index].size:
            np.copyto(self._alphas[index][: width * height].reshape(height, width), alpha)
            meta[_M_ALPHA] = 1
        else:
            meta[_M_ALPHA] = 0
        meta[_M_PTS] = pts_ns
        meta[_M_WIDTH] = width
        meta[_M_HEIGHT] = height
        meta[_M_ARRIVED] = arrived_ns
        meta[_M_SEQ] = seq + 1
        self._header[_H_HEAD] = serial

    def write_sound(self, start: int, samples: Samples) -> None:
        """Write float32 samples of shape (n, 2), −1 … 1, at absolute sample number ``start``.

        A gap after what was written last is silence. n is at most the ring's length.
        """
        end = start + len(samples)
        written = self._header[_H_SOUND_END]
        if written < start:
            self._fill(max(written, start - self._samples), start, None)
        self._fill(start, end, samples)
        if written < start - self._samples or written == 0:
            self._header[_H_SOUND_START] = start
        self._header[_H_SOUND_END] = max(end, written)

    def _fill(self, start: int, end: int, samples: Samples | None) -> None:
        at, done = start % self._samples, 0
        while done < end - start:
            count = min(end - start - done, self._samples - at)
            self._sound[at : at + count] = 0 if samples is None else samples[done : done + count]
            done += count
            at = 0

    def beat(self, now_ns: int) -> None:
        """Say that the writer lives. Readers take a beat older than 1 s for the writer's death."""
        self._header[_H_HEARTBEAT] = now_ns


class SlotReader(_Mapped):
    """A reader. Reading never blocks and never disturbs the writer; its pictures can't be written to."""

    @property
    def heartbeat_ns(self) -> int:
        """When the writer last said that it lives; 0 before it ever did."""
        return self._header[_H_HEARTBEAT]

    @property
    def serial(self) -> int:
        """Number of the newest picture; 0 before the first."""
        return self._header[_H_HEAD]

    def take(self, at_ns: int) -> Taken | None:
        """The newest picture due at ``at_ns``; None before the first.

        When none in the ring is due yet, the oldest of them is taken: early is better than nothing.
        """
        head = self.serial
        best: Taken | None = None
        for serial in range(head, max(0, head - self._ring + 1), -1):
            meta = self._metas[serial % self._ring]
            seq = meta[_M_SEQ]
            if seq % 2 or seq == 0:
                continue
            pts = meta[_M_PTS]
            width, height, arrived = meta[_M_WIDTH], meta[_M_HEIGHT], meta[_M_ARRIVED]
            has_alpha = meta[_M_ALPHA]
            if meta[_M_SEQ] != seq:
                continue
            planes = view_i420(self._buffers[serial % self._ring], width, height)
            alpha = None
            if has_alpha:
                alpha = self._alphas[serial % self._ring][: width * height].reshape(height, width)
            best = Taken(planes, pts, serial, meta, seq, arrived, alpha)
            if pts <= at_ns:
                return best
        return best

    def read_sound(self, start: int, count: int) -> tuple[Samples, int]:
        """A copy of samples ``start`` … ``start + count`` as float32 (count, 2), and how many are real.

        What is not written yet, or no longer held, is silence.
        """
        out = np.zeros((count, 2), np.float32)
        end = self._header[_H_SOUND_END]
        first = max(start, end - self._samples, self._header[_H_SOUND_START])
        last = min(start + count, end)
        if last <= first:
            return out, 0
        done, total, at = 0, last - first, first % self._samples
        offset = first - start
        while done < total:
            n = min(total - done, self._samples - at)
            out[offset + done : offset + done + n] = self._sound[at : at + n]
            done += n
            at = 0
        return out, total
