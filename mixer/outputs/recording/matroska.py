"""One recording: a Matroska file that is playable whenever the power, the disk or this process goes.

Each run, each change of the encoder and each mended disk begins a new part; no file is ever written twice.
"""

import contextlib
import errno
import os
import re
from collections.abc import Callable
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path

import structlog

from mixer.containers.clock_tags import clock_at
from mixer.containers.disk import RecordingRoom, free_bytes
from mixer.containers.gate import Group, KeyframeGate
from mixer.containers.marks import MarkLog
from mixer.containers.muxing import CLUSTER_MS, NO_WAIT_US, PacketMuxer, open_output, parameters
from mixer.contract.messages import Mark, OutputState, SenderConfig
from mixer.contract.names import StreamName
from mixer.contract.output_health import DISK_FULL, SECOND_NS, Failure, disk_failure
from mixer.ipc.bus.packets import Packet
from mixer.outputs.sink import POLL_MS, Headers, SinkStatus

RETRY_NS = 5 * SECOND_NS
LONGEST_RETRY_NS = 60 * SECOND_NS
SHORT_NS = 30 * SECOND_NS
"""A part that fails sooner than this doubles the pause before the next: no folder full of short files."""
_SPACE_CHECK_NS = SECOND_NS
GROUPS = 16
"""Groups of pictures that are kept until a part begins: all that the bus has to give to one that starts, be
they only half a second long."""
RESUME_S = 10.0
"""A part left unfinished no longer ago than this is gone on with: the next begins before its end."""
_UNFINISHED = bytes.fromhex("18538067 01ffffffffffffff")
"""Matroska's Segment, its size not known yet (RFC 9559 §4.5, RFC 8794 §6.2)."""

_log = structlog.get_logger()


class Recording:
    """A :class:`mixer.outputs.sink.Sink` that writes ``<output>-<UTC time>-part<n>.mkv`` into ``folder``.

    ``utc_now`` names the parts; ``title`` goes into the file, and so does when it begins
    (:mod:`mixer.containers.clock_tags`), for which ``epoch_ns`` is the programme's. Marks become chapters.
    """

    def __init__(
        self,
        output: str,
        folder: Path,
        video: StreamName,
        title: str = "",
        utc_now: Callable[[], datetime] = lambda: datetime.now(UTC),
        epoch_ns: int = 0,
    ) -> None:
        self._output = re.sub(r"[^A-Za-z0-9_-]+", "_", output)[:64] or "recording"
        self._folder = folder
        self._video = video
        self._title = title
        self._utc_now = utc_now
        self._epoch_ns = epoch_ns
        self._headers: Headers = {}
        self._bases: dict[StreamName, Fraction] = {}
        self._resumes = _left_unfinished(folder, self._output, utc_now().timestamp())
        self._group = Group(video, GROUPS)
        self._path: Path | None = None
        self._gate: KeyframeGate | None = None
        self._muxer: PacketMuxer | None = None
        self._marks = MarkLog()
        self._end_s = Fraction(0)
        """Of the part's picture so far, in its own time."""
        self._room = RecordingRoom()
        self._failure: Failure | None = None
        self._retry_ns = 0
        self._begun_ns = 0
        self._pause_ns = RETRY_NS
        self._checked_ns = 0
        self._bytes_sent = 0
        self._dropped_before = 0
        self._finished = False

    def resumes(self) -> bool:
        return self._resumes

    def watched(self) -> tuple[int, int] | None:
        return None

    def prepare(self, headers: Headers, now_ns: int) -> None:
        changed = {name: parameters(header) for name, header in headers.items()} != {
            name: parameters(header) for name, header in self._headers.items()
        }
        self._headers = headers
        self._bases = {name: Fraction(*header.time_base) for name, header in headers.items()}
        if changed and self._muxer is not None:
            self._end_part(now_ns)

    def offer(self, packet: Packet, now_ns: int) -> None:
        if self._finished or packet.stream not in self._bases:
            return
        if self._gate is None:
            self._group.add(packet, self._bases)
            return
        fresh = not self._gate.started
        placed = self._gate.place(packet)
        if placed is None or self._muxer is None:
            return
        base = self._bases[placed.stream]
        if fresh and self._path is not None:
            self._muxer.describe(self._clock_tags(now_ns))
            self._marks.begin(self._path, self._gate.start_s, self._bases[self._video])
        try:
            self._muxer.mux(placed)
        except OSError as error:
            self._fail(disk_failure(error), now_ns)
            return
        if placed.stream == self._video:
            self._end_s = (placed.pts + placed.duration) * base
        self._bytes_sent += len(placed.data)

    def interrupt(self) -> None:
        if self._gate is not None:
            self._gate.gap()

    def mark(self, mark: Mark) -> None:
        self._marks.take(mark)

    def retry(self, now_ns: int) -> None:
        self._retry_ns, self._pause_ns = now_ns, RETRY_NS

    def wait_ms(self) -> int:
        return POLL_MS

    def step(self, now_ns: int) -> None:
        if self._finished or not self._headers:
            return
        if self._muxer is None:
            if now_ns >= self._retry_ns:
                self._begin_part(now_ns)
        elif now_ns - self._checked_ns >= _SPACE_CHECK_NS:
            self._checked_ns = now_ns
            if now_ns - self._begun_ns >= SHORT_NS:
                self._pause_ns = RETRY_NS
            try:
                if self._room.look(self._folder, self._bytes_sent, now_ns) <= 0:
                    self._fail(DISK_FULL, now_ns)
            except OSError as error:
                self._fail(disk_failure(error), now_ns)

    def finish(self, now_ns: int) -> None:
        self._end_part(now_ns)
        self._finished = True

    def finished(self) -> bool:
        return self._finished

    def close(self) -> None:
        self._end_part(0)
        self._finished = True

    def status(self, now_ns: int) -> SinkStatus:
        state: OutputState = "live" if self._gate is not None else "starting"
        if self._finished:
            state = "stopped"
        elif self._failure is not None:
            state = "failed"
        failed = state == "failed" and self._failure is not None
        return SinkStatus(
            state=state,
            reason=self._failure.sentence if failed and self._failure else "",
            code=self._failure.code if failed and self._failure else "",
            bytes_sent=self._bytes_sent,
            dropped=self._dropped_before + (self._gate.dropped if self._gate else 0),
            file=self._path.name if self._path else "",
            retry_in_s=max(0.0, (self._retry_ns - now_ns) / SECOND_NS) if failed else 0.0,
            remaining_s=0.0 if self._failure is DISK_FULL else self._room.remaining_s(),
        )

    def _begin_part(self, now_ns: int) -> None:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            free, enough = free_bytes(self._folder)
            if free <= (enough if self._failure is DISK_FULL else 0):
                raise OSError(errno.ENOSPC, "no room")
            self._path = self._reserve_name()
            options = {
                "flush_packets": "1",
                "cluster_time_limit": str(CLUSTER_MS),
                "max_interleave_delta": NO_WAIT_US,
            }
            container = open_output(str(self._path), "matroska", options)
            if self._title:
                container.metadata["title"] = self._title
            self._muxer = PacketMuxer(container, self._headers.values())
        except OSError as error:
            self._drop_empty()
            self._note(disk_failure(error), now_ns)
            return
        self._failure = None
        self._begun_ns = now_ns
        self._gate = KeyframeGate(self._video, self._headers)
        _log.info("recording", file=self._path.name)
        for packet in self._group.take():
            self.offer(packet, now_ns)

    def _reserve_name(self) -> Path:
        """Make the part's file, empty. Numbers go on over the folder's life, so that parts sort."""
        pattern = _pattern(self._output)
        found = (pattern.fullmatch(entry.name) for entry in self._folder.iterdir())
        number = 1 + max((int(match[1]) for match in found if match), default=0)
        stamp = self._utc_now().strftime("%Y%m%dT%H%M%SZ")
        while True:
            path = self._folder / f"{self._output}-{stamp}-part{number}.mkv"
            try:
                os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o640))
            except FileExistsError:
                number += 1
            else:
                return path

    def _end_part(self, now_ns: int) -> None:
        muxer, self._muxer = self._muxer, None
        if self._gate is not None:
            self._dropped_before += self._gate.dropped
            self._gate = None
        if muxer is not None:
            try:
                muxer.close(self._marks.chapters(self._end_s))
            except OSError as error:
                self._note(disk_failure(error), now_ns)
        self._marks.end()
        self._room.forget()
        self._drop_empty()

    def _drop_empty(self) -> None:
        if self._path is not None:
            try:
                if self._path.stat().st_size == 0:
                    self._path.unlink()
                    self._path = None
            except OSError:
                self._path = None

    def _fail(self, failure: Failure, now_ns: int) -> None:
        """The part that is being written ends here."""
        self._end_part(now_ns)
        pause_ns, self._pause_ns = self._pause_ns, min(2 * self._pause_ns, LONGEST_RETRY_NS)
        self._note(failure, now_ns)
        self._retry_ns = now_ns + pause_ns

    def _clock_tags(self, now_ns: int) -> dict[str, str]:
        assert self._gate is not None
        start_ns = round(self._gate.start_s * SECOND_NS)
        return clock_at(start_ns, self._epoch_ns, now_ns, self._utc_now()).tags()

    def _note(self, failure: Failure, now_ns: int) -> None:
        if self._failure is None or self._failure.code != failure.code:
            _log.error("recording stopped", code=failure.code, reason=failure.sentence)
        self._failure = failure
        self._retry_ns = now_ns + RETRY_NS


def _pattern(output: str) -> re.Pattern[str]:
    return re.compile(rf"{re.escape(output)}-\d{{8}}T\d{{6}}Z-part(\d+)\.mkv")


def _left_unfinished(folder: Path, output: str, now_s: float) -> bool:
    """Whether a part was being written a moment ago and nobody finished it."""
    pattern = _pattern(output)
    with contextlib.suppress(OSError):
        for entry in folder.iterdir():
            if pattern.fullmatch(entry.name) and abs(now_s - entry.stat().st_mtime) < RESUME_S:
                with entry.open("rb") as file:
                    if _UNFINISHED in file.read(256):
                        return True
    return False


def opened(config: SenderConfig) -> Recording:
    """Raises OSError."""
    return Recording(config.output, Path(config.folder), config.video, config.title, epoch_ns=config.epoch_ns)
