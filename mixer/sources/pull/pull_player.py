"""A stream pulled from a server, RTMP or RTSP: read, decoded, and shown a little after it came.

The network and the decoders work on a thread of their own, which connects anew whenever the stream breaks
off. No text of theirs is passed on: it would hold the address, and with it the key.
"""

import contextlib
import random
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any, cast

import av
import structlog
from av.audio.codeccontext import AudioCodecContext
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Stream
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream

from mixer.contract.clock import NS, RATE, ProgramClock, sample_at
from mixer.contract.picture import Picture
from mixer.contract.player_messages import PlayerConfig, PlayerOrder, PlayerReport, PlayerState
from mixer.contract.player_timing import next_tick_ns
from mixer.contract.pull_url import as_ffmpeg_takes
from mixer.ipc.slot import Samples
from mixer.sources.clips.clip_file import MAX_PIXELS
from mixer.sources.deinterlace import ENOUGH, Deinterlacer
from mixer.sources.frames import FrameConverter
from mixer.sources.player import MS, NO_TROUBLE, Trouble
from mixer.sources.pull.flv_tap import FlvTap
from mixer.sources.pull.pull_clock import PullClock
from mixer.sources.pull.pull_guard import (
    TLS,
    CertificateError,
    authorities,
    check_peers,
    host_of,
    is_certificate_wrong,
    pinned,
    tc_url,
)
from mixer.sources.pull.pull_trouble import FAILED, NO_DECODER, NO_PICTURE, STALLED, TOO_LARGE, trouble_of
from mixer.sources.slot_out import SlotOut, risen
from mixer.sources.sound import StereoSound
from mixer.sources.spans import NO_RATE

PROBE_US = 500_000
"""How much of a stream is looked at to find out what is in it. What joins later is found when it comes."""
PICTURE_WAIT_NS = 5 * NS
"""Sound without a picture for so long is a stream of sound. Groups of pictures last up to 4 s elsewhere."""
OPEN_S = 5.0
READ_S = 4.0
STALLED_NS = 2 * NS
HANG_NS = 12 * NS
"""Longer than any time-out of the network's."""
BACKOFF_S = (0.5, 1.0, 2.0, 5.0)
PICTURES = 24
SOUND_BLOCKS = 256
LEAD_TICKS = 3
SOUND_LEAD_NS = 150 * MS
STEP_NS = 8 * MS
_JUMP = RATE // 50
_PROBING = {"analyzeduration": str(PROBE_US)}
_PROTOCOLS = "rtmp,rtmps,rtsp,rtsps,rtp,udp,tcp,tls,srtp"

_log = structlog.get_logger()


class PullPlayer:
    """Implements :class:`mixer.sources.player.Player`."""

    def __init__(self, config: PlayerConfig, out: SlotOut) -> None:
        self._config = config
        self._out = out
        self._order = 0
        self._clock = ProgramClock(config.epoch_ns, Fraction(config.fps_num, config.fps_den))
        self._worker = _PullWorker(config, self._clock.fps)
        self._shown_ns = self._heard_ns = 0
        self._late = 0
        self._sample = 0
        """Where the sound written last ends."""

    def order(self, order: PlayerOrder, now_ns: int) -> None:
        self._order = order.order

    def step(self, now_ns: int) -> int:
        self._write_pictures(now_ns)
        self._write_sound(now_ns)
        return STEP_NS

    def _write_pictures(self, now_ns: int) -> None:
        worker, clock = self._worker, self._clock
        queue = worker.pictures
        while queue:
            position_s, picture = queue[0]
            time_ns = worker.time_ns(position_s)
            if time_ns is None:
                queue.clear()
                return
            due_ns = next_tick_ns(clock, time_ns - clock.period_ns // 2)
            if due_ns > now_ns + LEAD_TICKS * clock.period_ns:
                return
            with contextlib.suppress(IndexError):  # the worker drops the oldest of a full queue
                queue.popleft()
            if due_ns < now_ns - clock.period_ns and queue:
                self._late += 1
                continue
            self._out.picture(picture, due_ns)
            self._shown_ns = now_ns

    def _write_sound(self, now_ns: int) -> None:
        worker = self._worker
        queue = worker.sounds
        while queue:
            position_s, samples = queue[0]
            time_ns = worker.time_ns(position_s)
            if time_ns is None:
                queue.clear()
                return
            start = sample_at(time_ns)
            if start > sample_at(now_ns + SOUND_LEAD_NS):
                return
            with contextlib.suppress(IndexError):
                queue.popleft()
            self._heard_ns = now_ns
            if abs(start - self._sample) <= _JUMP:
                self._out.sound(self._sample, samples)
                self._sample += len(samples)
            else:
                self._out.sound(start, risen(samples))
                self._sample = start + len(samples)

    def report(self, now_ns: int) -> PlayerReport:
        worker = self._worker
        state, trouble = self._state(now_ns)
        return PlayerReport(
            source=self._config.source,
            state=state,
            order=self._order,
            code=trouble.code,
            reason=trouble.reason,
            width=worker.size[0],
            height=worker.size[1],
            fps=round(worker.fps, 2),
            sound=worker.has_sound,
            late=self._late,
        )

    def _state(self, now_ns: int) -> tuple[PlayerState, Trouble]:
        worker = self._worker
        if worker.hopeless:
            return "failed", worker.trouble
        if self._shown_ns and now_ns - self._shown_ns < STALLED_NS and not worker.trouble.code:
            return "live", NO_TROUBLE
        if worker.trouble.code:
            return "stalled", worker.trouble
        if worker.sound_alone and now_ns - self._heard_ns < STALLED_NS:
            return "live", NO_DECODER if worker.undecodable else NO_PICTURE
        if now_ns - worker.tried_ns < STALLED_NS + OPEN_S * NS and not self._shown_ns:
            return "starting", NO_TROUBLE
        return "stalled", STALLED

    def alive(self, now_ns: int) -> bool:
        return now_ns - self._worker.progress_ns < HANG_NS

    def close(self) -> None:
        self._worker.close()


class _PullWorker:
    """Connects, reads and decodes until it is closed."""

    def __init__(self, config: PlayerConfig, fps: Fraction) -> None:
        """``fps``: the programme's."""
        self._fps = fps
        self.pictures: deque[tuple[Fraction, Picture]] = deque(maxlen=PICTURES)
        self.sounds: deque[tuple[Fraction, Samples]] = deque(maxlen=SOUND_BLOCKS)
        self.trouble = NO_TROUBLE
        self.hopeless = False
        """It is connected, and will never show anything."""
        self.size = (0, 0)
        self.fps = 0.0
        self.has_sound = False
        self.sound_alone = False
        """This connection has sound, and had no picture for a while."""
        self.undecodable = False
        """It has a picture that nobody here can decode."""
        self._clocked_by_pictures = False
        """Pictures of this connection have come: sound alone no longer says what the time is."""
        self._pictured_ns = 0
        """When the last picture came, or the connection was made."""
        self.progress_ns = self.tried_ns = time.monotonic_ns()
        self._url = config.url
        self._verified = config.url.startswith(TLS) and not config.insecure
        self._ca_file = config.ca_file
        self._authorities = ""
        self._private = config.private
        self._place = config.url
        """The address with what was found for its host's name."""
        self._turn = 0
        self._box = (config.width, config.height)
        self._times = PullClock()
        self._lock = threading.Lock()
        self._closed = threading.Event()
        threading.Thread(target=self._run, daemon=True).start()

    def time_ns(self, position_s: Fraction) -> int | None:
        """Return when this position is shown; None while there is no connection's clock."""
        with self._lock:
            return self._times.time_ns(position_s) if self._times.running else None

    def close(self) -> None:
        self._closed.set()

    def _run(self) -> None:
        failures = 0
        while not self._closed.is_set():
            began_ns = time.monotonic_ns()
            try:
                self._pull()
                raise EOFError
            except Exception as error:  # whatever a codec dislikes: the thread goes on
                if not self._closed.is_set() and not self.hopeless:
                    self.trouble = trouble_of(error)
                    waited_ns = time.monotonic_ns() - self.progress_ns
                    if self.trouble is FAILED and waited_ns > (READ_S - 0.5) * NS:
                        self.trouble = STALLED  # RTSP calls a time-out invalid data
                    _log.warning("pull broke off", code=self.trouble.code, error=type(error).__name__)
            if time.monotonic_ns() - began_ns > 30 * NS:
                failures = 0
            wait_s = BACKOFF_S[min(failures, len(BACKOFF_S) - 1)] * random.uniform(0.8, 1.2)  # noqa: S311
            failures += 1
            end_ns = time.monotonic_ns() + round(wait_s * NS)
            while time.monotonic_ns() < end_ns and not self._closed.wait(0.2):
                self.progress_ns = time.monotonic_ns()

    def _pull(self) -> None:
        self.progress_ns = time.monotonic_ns()
        if not self.trouble.code:
            self.tried_ns = self.progress_ns
        try:
            container = self._open()
        except (av.FFmpegError, OSError, ValueError) as error:
            self.hopeless = False  # it is another trouble now
            unexplained = self._verified and trouble_of(error) is FAILED
            if unexplained and is_certificate_wrong(self._place, host_of(self._url), self._authorities):
                raise CertificateError from error
            raise
        with container:
            if not self._private:
                check_peers()
            self.progress_ns = self._pictured_ns = time.monotonic_ns()
            self.sound_alone = self._clocked_by_pictures = self.undecodable = False
            with self._lock:
                self._times.forget()
            decoding = _Decoding(self._box, self._fps)
            if not _is_rtmp(self._url):
                self._read(container, decoding)
                return
            tap = FlvTap(self._pieces(container))
            while tap.begin():
                with av.open(tap, format="flv", options=_PROBING, metadata_errors="replace") as part:
                    assert isinstance(part, InputContainer)
                    tap.opened()
                    self._read(part, decoding)

    def _open(self) -> InputContainer:
        options = {"protocol_whitelist": _PROTOCOLS, **_PROBING}
        if self._verified:
            self._authorities = self._authorities or authorities(self._ca_file)
            options |= {"tls_verify": "1", "ca_file": self._authorities}
        if not self._private:
            self._place = pinned(self._url, self._turn)
            self._turn += 1
            options |= {"verifyhost": host_of(self._url)} if self._url.startswith(TLS) else {}
        kind = None
        if _is_rtmp(self._url):
            options |= {"rtmp_live": "live"} | ({} if self._private else {"rtmp_tcurl": tc_url(self._url)})
            kind = "data"  # the bytes of the FLV as they come, for :class:`FlvTap`
        else:
            # By TCP; a server that answers 461 to that is asked for UDP on the same connection.
            # Where private places are out of bounds, not: the server says where UDP is sent to.
            udp = {"rtsp_transport": "tcp+udp", "rtsp_flags": "prefer_tcp"}
            options |= udp if self._private else {"rtsp_transport": "tcp"}
            options |= {"timeout": str(round(READ_S * 1e6))}
        timeout = (OPEN_S, READ_S)
        place = as_ffmpeg_takes(self._place)
        return av.open(place, format=kind, options=options, timeout=timeout, metadata_errors="replace")

    def _pieces(self, container: InputContainer) -> Iterator[bytes]:
        for packet in container.demux(container.streams[0]):
            self.progress_ns = time.monotonic_ns()
            if packet.size:
                yield bytes(packet)

    def _read(self, container: InputContainer, decoding: "_Decoding") -> None:
        """Read until the container ends, which may be a part of the stream only."""
        videos, sounds = container.streams.video[:1], container.streams.audio[:1]
        for video in videos:
            if cast(VideoCodecContext | None, video.codec_context) is None:
                videos, self.undecodable = (), True
                break
            self.fps = float(video.average_rate or 1 / NO_RATE)
        if not (videos or sounds):
            self.trouble, self.hopeless = NO_DECODER, True
            raise ValueError("nothing that can be decoded")
        decoding.take(*videos, *sounds)
        self.has_sound = bool(sounds)
        for packet in container.demux([*videos, *sounds]):
            self.progress_ns = time.monotonic_ns()
            if self._closed.is_set():
                return
            for frame in decoding.frames(packet):
                if isinstance(frame, av.VideoFrame):
                    for whole in decoding.deinterlacer.frames(frame):
                        self._shown(whole, decoding.converter, decoding.aspect)
                elif isinstance(frame, av.AudioFrame):
                    self._heard(frame, decoding.stereo)

    def _heard(self, frame: av.AudioFrame, stereo: StereoSound) -> None:
        blocks = stereo.samples(frame)
        now_ns = time.monotonic_ns()
        if blocks and not self._clocked_by_pictures:
            with self._lock:
                self._times.note(blocks[0][0], now_ns)
        self.sounds.extend(blocks)
        if now_ns - self._pictured_ns > PICTURE_WAIT_NS and not self.sound_alone:
            self.sound_alone = True
            self.trouble, self.hopeless = NO_TROUBLE, False

    def _shown(self, frame: av.VideoFrame, converter: FrameConverter, aspect: Fraction) -> None:
        if frame.pts is None or frame.time_base is None:
            return
        if frame.width * frame.height > MAX_PIXELS:
            self.trouble, self.hopeless = TOO_LARGE, True
            raise ValueError("the picture is too large")
        picture = converter.picture(frame, aspect)
        position_s = frame.pts * frame.time_base
        self._pictured_ns = time.monotonic_ns()
        self._clocked_by_pictures = True
        with self._lock:
            self._times.note(position_s, self._pictured_ns)
        self.size = (picture.width, picture.height)
        self.pictures.append((position_s, picture))
        self.trouble, self.hopeless = NO_TROUBLE, False


class _Decoding:
    """One connection's decoders, which go on where its stream is opened once more: sound has no gap there."""

    def __init__(self, box: tuple[int, int], fps: Fraction) -> None:
        self.converter = FrameConverter(box)
        self.deinterlacer = Deinterlacer(fields=False)
        self._fps = fps
        self.stereo = StereoSound()
        self.aspect = Fraction(0)
        self._contexts: dict[str, VideoCodecContext | AudioCodecContext] = {}

    def take(self, *streams: VideoStream | AudioStream) -> None:
        """The streams of the container that is read from now on."""
        for stream in streams:
            if isinstance(stream, VideoStream):
                stream.thread_type = "SLICE"  # threads by frame would keep some back
                self.aspect = Fraction(stream.sample_aspect_ratio or 0)
                rate = Fraction(stream.average_rate or 1 / NO_RATE)
                if not self.deinterlacer.seen:
                    self.deinterlacer = Deinterlacer(fields=self._fps >= ENOUGH * rate)
            before = self._contexts.get(stream.type)
            if before is None or before.name != stream.codec_context.name:
                self._contexts[stream.type] = stream.codec_context

    def frames(self, packet: "av.Packet[Stream]") -> Sequence[av.VideoFrame | av.AudioFrame]:
        """Return what is whole with this packet; nothing of a damaged one."""
        if not packet.size:
            return ()  # the container's end: the decoder goes on
        decoder: Any = self._contexts[packet.stream.type]
        frames: Sequence[av.VideoFrame | av.AudioFrame]
        try:
            frames = decoder.decode(packet)
        except av.InvalidDataError:
            return ()
        return frames


def _is_rtmp(url: str) -> bool:
    return url.startswith("rtmp")
