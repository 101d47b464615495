"""All seats as they arrived, on disk: what comes off the network goes into files without being decoded.

The event loop only hands packets over; one thread a shard writes them. Between the two is a bounded queue:
where the disk is slow, pictures are lost up to a keyframe and counted, and nobody waits.
"""

import contextlib
import errno
import queue
import threading
import time
from bisect import insort
from collections import deque
from pathlib import Path
from typing import NamedTuple

import av
import structlog

from mixer.containers.disk import RecordingRoom, free_bytes
from mixer.contract.names import ProcessName
from mixer.contract.output_health import DISK_FULL, Failure, disk_failure
from mixer.ipc.failures import Failures
from signaling.contract.messages import SeatsRecorded
from signaling.rtc.audio.audio_jitter import opus_samples
from signaling.rtc.recording.record_file import MAX_PARTS, SeatFiles
from signaling.rtc.timeline import LipSync

MAX_QUEUED_BYTES = 24 * 1024 * 1024
MAX_QUEUED = 8192
RETRY_S = 5.0
SPACE_CHECK_S = 1.0
CLOSE_S = 3.0
RATE_WINDOW = 6
"""Reports, one a second, over which the bit rate is told."""
SOUND_HELD = 5
"""Packets of sound kept back, so that those which overtook each other are put in order again."""
_SLEW_NS = 1_000_000
"""Change of the sound's delay per packet, at most: nobody hears it."""
_STEP_NS = 500_000_000
"""From here on it is not the delay that changed, but a clock."""
_RATE = 48_000

_log = structlog.get_logger()


class _Item(NamedTuple):
    """A packet of ``feed`` for the writer; with an empty ``codec`` its end; without a feed, ``start``."""

    feed: "RecordedConnection | None"
    codec: str = ""
    data: bytes = b""
    pts_ns: int = 0
    key: bool = False
    start: "tuple[str, str] | None" = None
    """A recording's folder and output; an empty folder ends it."""


class SeatRecorder:
    """One shard's recordings. Everything but what is said to be the writer's runs on the event loop."""

    def __init__(self, shard: ProcessName) -> None:
        self._shard = shard
        self.epoch_ns = 0
        """When the programme's time 0 was."""
        self.on = False
        self._output = ""
        self._wanted = ("", "")
        """Folder and output, as told."""
        self._queue: queue.SimpleQueue[_Item | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._put = self._put_bytes = 0
        self._taken = self._taken_bytes = 0
        self._dropped = 0
        self._said_dropped = 0
        self.failures = Failures("record")
        # the writer's
        self._folder: Path | None = None
        self._target = ""
        self._files: dict[RecordedConnection, SeatFiles] = {}
        self._failure: Failure | None = None
        self._retry_at = 0.0
        self._checked_at = 0.0
        self._parts = 0
        self._bytes = 0
        self._unwritten = 0
        self._room = RecordingRoom()
        self._remaining_s = -1.0
        self._rate: deque[tuple[float, int]] = deque(maxlen=RATE_WINDOW)

    def record(self, folder: str, output: str) -> None:
        """Write everything from now on into ``folder``; an empty one: stop, and finish the files."""
        if self._thread is None:
            if not folder:
                return
            self._thread = threading.Thread(target=self._work, name="seats", daemon=True)
            self._thread.start()
        if (folder, output if folder else "") == self._wanted:
            return  # told again, by a control that has just started
        self._wanted = (folder, output if folder else "")
        self.on = bool(folder)
        if folder:
            self._output = output
            self._dropped = self._said_dropped = 0
        self._queue.put(_Item(None, start=(folder, output)))

    def status(self) -> SeatsRecorded | None:
        """Return the status for control; None where nothing was ever recorded."""
        if self._thread is None:
            return None
        lost = self._dropped + self._unwritten
        if lost > self._said_dropped:
            _log.warning("seats not recorded", packets=lost - self._said_dropped)
            self._said_dropped = lost
        failure = self._failure
        now, written = time.monotonic(), self._bytes
        if not self._rate or written < self._rate[-1][1]:
            self._rate.clear()
        self._rate.append((now, written))
        since, before = self._rate[0]
        return SeatsRecorded(
            output=self._output,
            shard=self._shard,
            live=self.on,
            files=self._parts,
            bytes=self._bytes,
            dropped=lost,
            bitrate=round((written - before) * 8 / (now - since)) if now > since else 0,
            remaining_s=self._remaining_s,
            code=failure.code if failure is not None else "",
            reason=failure.sentence if failure is not None else "",
        )

    def close(self) -> None:
        """Finish the files; waits for the disk, but not for ever."""
        self.on = False
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join(CLOSE_S)

    def ended(self, feed: "RecordedConnection") -> None:
        """A connection is over."""
        if self._thread is not None:
            self._put += 1
            self._queue.put(_Item(feed))

    def offer(self, item: _Item) -> bool:
        """Hand an item to the writer. False: the disk doesn't keep up, it was dropped."""
        size = len(item.data)
        full = self._put_bytes - self._taken_bytes + size > MAX_QUEUED_BYTES
        if full or self._put - self._taken >= MAX_QUEUED:
            self._dropped += 1
            return False
        self._put += 1
        self._put_bytes += size
        self._queue.put(item)
        return True

    # --- the writer ----------------------------------------------------------------------------------

    def _work(self) -> None:
        while True:
            try:
                item = self._queue.get(timeout=SPACE_CHECK_S)
            except queue.Empty:
                self._look()
                continue
            if item is None:
                break
            try:
                self._do(item)
            except Exception as error:
                # it costs one seat its part; the others' files, and its next one, are still to be written
                self.failures.add(error, item.feed.seat if item.feed is not None else "")
                self._unwritten += 1
                self._give_up(item.feed)
        self._end_all()

    def _do(self, item: _Item) -> None:
        if item.start is not None:
            self._turn(*item.start)
            return
        self._taken += 1
        self._taken_bytes += len(item.data)
        self._look()
        self._take(item)

    def _give_up(self, feed: "RecordedConnection | None") -> None:
        files = self._files.pop(feed, None) if feed is not None else None
        if files is not None:
            with contextlib.suppress(Exception):
                files.abandon()

    def _turn(self, folder: str, output: str) -> None:
        """Begin a recording, or end it."""
        self._end_all()
        self._failure = None
        if folder:
            self._parts = self._bytes = self._unwritten = 0
        self._target, self._folder = output, Path(folder) if folder else None
        self._room.forget()
        self._remaining_s = -1.0
        self._checked_at = self._retry_at = 0.0

    def _look(self) -> None:
        """Is there room, and is there again?"""
        now = time.monotonic()
        if self._folder is None or now - self._checked_at < SPACE_CHECK_S or now < self._retry_at:
            return
        self._checked_at = now
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            _, enough = free_bytes(self._folder)
            free = self._room.look(self._folder, self._bytes, time.monotonic_ns())
            if free <= (enough if self._failure is DISK_FULL else 0):
                raise OSError(errno.ENOSPC, "no room")
            self._remaining_s = self._room.remaining_s()
        except OSError as error:
            self._fail(error)
        else:
            self._failure = None

    def _take(self, item: _Item) -> None:
        feed = item.feed
        if feed is None:
            return
        if not item.codec:
            self._end(feed)
            return
        if self._failure is not None or self._folder is None:
            self._unwritten += 1
            return
        files = self._files.get(feed)
        if files is None:
            files = self._files[feed] = SeatFiles(self._folder, self._target, feed.seat, self.epoch_ns)
        before, refused = files.parts, files.refused
        try:
            if item.codec == "opus":
                files.sound(item.data, item.pts_ns, opus_samples(item.data) * 1000 // _RATE)
            else:
                files.picture(item.codec, item.data, item.pts_ns, item.key)
        except OSError as error:
            self._fail(error)
        except (av.FFmpegError, ValueError) as error:
            # what one guest sends must not end the others' files
            _log.warning("seat recording ended", seat=feed.seat, error=type(error).__name__)
            files.abandon()
        else:
            self._bytes += len(item.data) if files.refused == refused else 0
        self._parts += files.parts - before
        if files.refused > refused and files.parts < MAX_PARTS:
            feed.wants_key = True

    def _end(self, feed: "RecordedConnection") -> None:
        files = self._files.pop(feed, None)
        if files is None:
            return
        before = files.parts
        try:
            files.close()
        except OSError as error:
            files.abandon()
            self._fail(error)
        except (av.FFmpegError, ValueError):
            files.abandon()
        self._parts += files.parts - before

    def _end_all(self) -> None:
        for feed in list(self._files):
            self._end(feed)

    def _fail(self, error: OSError) -> None:
        failure = disk_failure(error)
        if self._failure is None or self._failure.code != failure.code:
            _log.error("seat recordings stopped", code=failure.code, reason=failure.sentence)
        self._failure = failure
        self._room.forget()
        self._remaining_s = 0.0 if failure is DISK_FULL else -1.0
        self._retry_at = time.monotonic() + RETRY_S
        for feed, files in self._files.items():
            files.abandon()
            feed.wants_key = True
        self._files.clear()


class RecordedConnection:
    """One connection's picture and sound on their way to the recorder. On the event loop."""

    def __init__(self, recorder: SeatRecorder, seat: str, sync: LipSync) -> None:
        self.seat = seat
        self.wants_key = False
        """A keyframe is waited for: the sender is to be asked for one. Set by the writer, too."""
        self._recorder = recorder
        self._sync = sync
        self._was_on = False
        self._skipping = False
        self._origin: tuple[int, int] | None = None
        self._held: list[tuple[int, int, bytes]] = []
        self._passed = -1
        self._offset_ns: int | None = None
        self._last_ns = 0

    @property
    def on(self) -> bool:
        """True if packets are wanted now."""
        now_on = self._recorder.on
        if now_on != self._was_on:
            self._was_on = now_on
            self._skipping = self.wants_key = now_on
            self._held.clear()
        return now_on

    def picture(self, codec: str, data: bytes, pts_ns: int, key: bool) -> None:
        """A whole frame (``h264``: Annex B; or ``vp8``) that is shown at ``pts_ns``."""
        if not self.on or (self._skipping and not key):
            return
        self._skipping = not self._recorder.offer(_Item(self, codec, data, pts_ns, key))
        if key or self._skipping:
            self.wants_key = self._skipping

    def sound(self, payload: bytes, timestamp: int, origin: tuple[int, int]) -> None:
        """An Opus packet; ``timestamp`` unwrapped, by the clock that ``origin`` stands for."""
        if not self.on:
            return
        if origin != self._origin:
            self._flush()
            self._origin, self._passed, self._offset_ns = origin, -1, None
        if timestamp <= self._passed or any(held[0] == timestamp for held in self._held):
            return
        insort(self._held, (timestamp, self._pts_ns(timestamp), payload))
        while len(self._held) > SOUND_HELD:
            self._pass()

    def close(self) -> None:
        """The connection is over: its file is finished."""
        self._flush()
        self._recorder.ended(self)

    def _pts_ns(self, timestamp: int) -> int:
        media_ns = timestamp * 1_000_000_000 // _RATE
        wanted = self._sync.sound.local_ns(timestamp) + self._sync.heard_delay_ns - media_ns
        offset = self._offset_ns
        if offset is None or abs(wanted - offset) > _STEP_NS:
            offset = wanted
        else:
            offset += max(-_SLEW_NS, min(_SLEW_NS, wanted - offset))
        self._offset_ns = offset
        return media_ns + offset

    def _flush(self) -> None:
        while self._held:
            self._pass()

    def _pass(self) -> None:
        self._passed, pts_ns, payload = self._held.pop(0)
        self._last_ns = max(self._last_ns + 1, pts_ns)
        self._recorder.offer(_Item(self, "opus", payload, self._last_ns, True))
