"""A running mixer for tests: the real process, a stand-in for its supervisor, and slots the test writes."""

import contextlib
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

import av
import msgspec
import numpy as np
from av.video.frame import VideoFrame

from mixer.compose.colour_convert import encoding_of, exact
from mixer.contract.clock import RATE, sample_at
from mixer.contract.messages import (
    BusAttach,
    CanvasPublished,
    Heartbeat,
    Message,
    Meters,
    MixerConfig,
    MixerReport,
    PlanTaken,
    Ready,
    Rendition,
    Shutdown,
    SlotOpened,
    TakePlan,
)
from mixer.contract.names import MIXER, SUPERVISOR, ProcessName, SourceName, StreamName, canvas_slot, slot_of
from mixer.contract.picture import Picture, new_picture
from mixer.contract.plan import AudioInput, AudioPlan, CanvasPlan, MixPlan, Rect, SourceInfo, Tile
from mixer.ipc import link
from mixer.ipc.bus.client import BusReader
from mixer.ipc.bus.packets import FromMixer, Packet, ReturnAudio, StreamHeader
from mixer.ipc.slot import Samples, SlotReader, SlotWriter, create_slot
from studio.lab.harness.waiting import PATIENCE_S, unmet

ROOT = Path(__file__).parents[3]
FONTS = ROOT / "web_console" / "vendor" / "fonts-whole"

_FromMixer = Ready | Heartbeat | PlanTaken | CanvasPublished | MixerReport | Meters
_decode = msgspec.msgpack.Decoder(_FromMixer).decode

M = TypeVar("M", bound=Message)
T = TypeVar("T")

RED, GREEN, BLUE = (81, 90, 240), (145, 54, 34), (41, 240, 110)
"""Colours as (Y, Cb, Cr)."""


def wait_for(found: Callable[[], T | None], what: str, deadline_s: float = PATIENCE_S) -> T:
    """Poll until ``found`` gives something; TimeoutError with ``what`` after the deadline."""
    end = time.monotonic() + deadline_s
    while (result := found()) is None:
        if time.monotonic() > end:
            raise unmet(what, deadline_s, found, result)
        time.sleep(0.005)
    return result


def small_config(**changes: Any) -> MixerConfig:
    """A mixer of small canvases at 30 fps, light enough for a busy test machine."""
    config = MixerConfig(
        epoch_ns=time.monotonic_ns(),
        fps_num=30,
        fps_den=1,
        canvases={"program": (640, 360), "wall": (960, 270), "multiview": (320, 180)},
        renditions={
            "program": Rendition("program", 640, 360, 1_000_000, always=True),
            "return": Rendition("program", 320, 180, 300_000, preset="ultrafast"),
            "wall": Rendition("wall", 960, 270, 600_000, preset="ultrafast"),
            "multiview": Rendition("multiview", 320, 180, 200_000, preset="ultrafast"),
        },
        title="Summit",
        fonts=str(FONTS),
    )
    return msgspec.structs.replace(config, **changes)


class Mixer:
    """The mixer process and the far end of its link. Use as a context manager."""

    def __init__(
        self, config: MixerConfig, command: tuple[str, ...] = (sys.executable, "-m", "mixer.engine.process")
    ) -> None:
        self.config = config
        ours, theirs = link.pair()
        os.set_inheritable(theirs.fileno(), True)
        environment = {**os.environ, link.LINK_FD_ENV: str(theirs.fileno()), "PYTHONWARNINGS": "error"}
        self.process = subprocess.Popen(
            command,
            env=environment,
            pass_fds=[theirs.fileno()],
            cwd=ROOT,
            start_new_session=True,  # as the supervisor does
        )
        theirs.close()
        self._link = link.Link(ours, SUPERVISOR)
        self._lock = threading.Lock()
        self.messages: list[tuple[str, Message]] = []
        """(to, message) as they came."""
        self._closing = False
        self._thread = threading.Thread(target=self._receive, daemon=True)
        self._thread.start()
        self._taps: list[Tap] = []
        self._writers: list[SlotWriter] = []
        try:
            self.send(config)
        except link.LinkClosedError:
            self._end()
            raise

    def __enter__(self) -> "Mixer":
        try:
            self.expect(Ready)
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        status = None
        try:
            if self.process.poll() is None:
                with contextlib.suppress(link.LinkClosedError):
                    self.send(Shutdown())
            status = self.process.wait(10)
        finally:
            self._end()
        if kind is None:
            assert status == 0, f"the mixer ended with status {status}"

    def _end(self) -> None:
        self.process.kill()
        self.process.wait()
        self._closing = True
        self._thread.join()
        for tap in self._taps:
            tap.close()
        self._link.close()

    def send(self, message: Message, fds: tuple[int, ...] = ()) -> None:
        with self._lock:
            self._link.send(MIXER, message, fds)

    def open_slot(self, source: SourceName, width: int = 640, height: int = 360) -> SlotWriter:
        """A slot for ``source``, opened in the mixer; the test writes into it."""
        fd = create_slot("slot", width, height)
        self.send(SlotOpened(slot_of(source)), (fd,))
        writer = SlotWriter(fd)
        os.close(fd)
        return writer

    def open_canvas(self, name: str, width: int, height: int) -> SlotReader:
        """The slot into which the mixer publishes a canvas."""
        fd = create_slot("canvas", width, height)
        self.send(SlotOpened(canvas_slot(name)), (fd,))
        reader = SlotReader(fd)
        os.close(fd)
        return reader

    def tap(self, *streams: StreamName, name: ProcessName = ProcessName("test"), live: bool = False) -> "Tap":
        """Subscribe to streams of the bus; a thread collects what comes."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        self.send(BusAttach(name), (theirs.fileno(),))
        theirs.close()
        reader = BusReader(ours)
        reader.subscribe(streams, live)
        tap = Tap(reader)
        self._taps.append(tap)
        return tap

    def take(self, plan: MixPlan) -> PlanTaken:
        """Put a plan on air and wait until it is."""
        self.send(TakePlan(plan, time.monotonic_ns()))
        return self.expect(PlanTaken, lambda taken: taken.revision == plan.revision)

    def expect(self, kind: type[M], which: Callable[[M], bool] = lambda _: True) -> M:
        """The first message of this kind that ``which`` accepts, past or to come."""

        def found() -> M | None:
            for _, message in list(self.messages):
                if isinstance(message, kind) and which(message):
                    return message
            assert self.process.poll() is None, "the mixer ended"
            return None

        return wait_for(found, kind.__name__)

    def reports(self) -> list[MixerReport]:
        return [message for _, message in list(self.messages) if isinstance(message, MixerReport)]

    def _receive(self) -> None:
        while not self._closing:
            try:
                with self._lock:
                    received = self._link.receive()
            except link.LinkClosedError:
                return
            if received is None:
                time.sleep(0.002)
                continue
            envelope, _ = received
            self.messages.append((envelope.to, _decode(envelope.body)))


class Tap:
    """A subscriber of the packet bus that keeps everything, with the time it came."""

    def __init__(self, reader: BusReader) -> None:
        self.reader = reader
        self.received: list[tuple[int, FromMixer]] = []
        self.ended = False
        self._stop = False
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def packets(self, stream: StreamName) -> list[Packet]:
        return [m for _, m in list(self.received) if isinstance(m, Packet) and m.stream == stream]

    def headers(self, stream: StreamName) -> list[StreamHeader]:
        return [m for _, m in list(self.received) if isinstance(m, StreamHeader) and m.stream == stream]

    def returns(self) -> list[ReturnAudio]:
        return [m for _, m in list(self.received) if isinstance(m, ReturnAudio)]

    def wait(
        self, stream: StreamName, which: Callable[[list[Packet]], bool], what: str = "packets"
    ) -> list[Packet]:
        """All packets of a stream as soon as they are what ``which`` wants."""

        def found() -> list[Packet] | None:
            packets = self.packets(stream)
            return packets if which(packets) else None

        return wait_for(found, f"{what} of {stream}")

    def close(self) -> None:
        self._stop = True
        self._thread.join()
        self.reader.close()

    def _run(self) -> None:
        while not self._stop:
            if self.reader.wait(0.05):
                try:
                    messages = self.reader.receive()
                except ConnectionError:
                    self.ended = True
                    return
                now = time.monotonic_ns()
                self.received += [(now, message) for message in messages]


AHEAD = RATE // 2
"""Samples by which a guest's sound is written before its time: a busy test machine must not make gaps."""


@dataclass
class Guest:
    """Writes a picture of one colour and a tone into a slot, as a shard would, until it is stopped."""

    writer: SlotWriter
    yuv: tuple[int, int, int] = RED
    tone_hz: float = 0.0
    level: float = 0.25
    width: int = 320
    height: int = 180
    fps: int = 15
    pictures: bool = True
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> "Guest":
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        return self

    def stop(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        picture = new_picture(self.width, self.height, self.yuv)
        sample = sample_at(time.monotonic_ns()) // 960 * 960
        shown_ns = 0
        while not self._stop.is_set():
            now = time.monotonic_ns()
            self.writer.beat(now)
            if self.pictures and now - shown_ns >= 1_000_000_000 // self.fps:
                shown_ns = now
                self.writer.write_picture(picture, now)
            while sample <= sample_at(now) + AHEAD:
                self.writer.write_sound(sample, tone(sample, 960, self.tone_hz, self.level))
                sample += 960
            self._stop.wait(0.01)


@contextlib.contextmanager
def guests(*running: Guest) -> Iterator[None]:
    """Run guests for the length of a block."""
    try:
        for guest in running:
            guest.start()
        yield
    finally:
        for guest in running:
            guest.stop()


def tone(start: int, count: int, hz: float, level: float = 0.25) -> Samples:
    """A stereo sine whose phase belongs to the absolute sample number; silence for 0 Hz."""
    wave = level * np.sin(2 * np.pi * hz * np.arange(start, start + count) / RATE)
    return np.repeat(wave.astype(np.float32)[:, None], 2, axis=1)


def plan_of(
    revision: int,
    tiles: tuple[Tile, ...],
    sound: tuple[SourceName, ...] = (),
    *,
    wall: tuple[Tile, ...] | None = None,
    multiview: CanvasPlan | None = None,
    black: bool = False,
) -> MixPlan:
    """A plan for the small config's canvases."""
    everywhere = (*tiles, *(wall or ()), *(multiview.tiles if multiview is not None else ()))
    return MixPlan(
        revision,
        {
            "program": CanvasPlan(640, 360, tiles),
            "wall": CanvasPlan(960, 270, tiles if wall is None else wall),
            "multiview": multiview or CanvasPlan(320, 180),
        },
        AudioPlan(tuple(AudioInput(source) for source in sound)),
        {source: SourceInfo(name=source) for source in {*(tile.source for tile in everywhere), *sound}},
        black,
    )


LEFT, RIGHT = Rect(0, 0, 320, 360), Rect(320, 0, 320, 360)


def decoded(
    packets: list[Packet], codec: str = "h264", header: StreamHeader | None = None
) -> list[VideoFrame]:
    """Decode video packets, the first of them a keyframe."""
    context = av.CodecContext.create(codec, "r")
    if header is not None:
        context.extradata = extradata(header)
    frames: list[Any] = []
    for packet in packets:
        coded = av.Packet(packet.data)
        coded.pts = packet.pts
        frames += context.decode(coded)  # type: ignore[attr-defined]
    frames += context.decode(None)  # type: ignore[attr-defined]
    return frames


def extradata(header: StreamHeader) -> bytes:
    """The codec's parameters from a stream's header."""
    import io

    with av.open(io.BytesIO(header.nut)) as container:
        return container.streams[0].codec_context.extradata or b""


def sound_of(packets: list[Packet], codec: str, header: StreamHeader | None = None) -> tuple[int, Samples]:
    """Decode audio packets: programme sample number of the first sample, and samples of shape (n, 2)."""
    context = av.CodecContext.create(codec, "r")
    if header is not None:
        context.extradata = extradata(header)
    context.sample_rate = RATE  # type: ignore[attr-defined]
    context.layout = "stereo"  # type: ignore[attr-defined]
    blocks: list[Any] = []
    for packet in packets:
        coded = av.Packet(packet.data)
        coded.pts = packet.pts
        blocks += [frame.to_ndarray() for frame in context.decode(coded)]  # type: ignore[attr-defined]
    joined = np.concatenate([b if b.shape[0] == 2 else b.reshape(-1, 2).T for b in blocks], axis=1)
    if joined.dtype == np.int16:
        joined = joined / 32768.0
    return packets[0].pts, np.ascontiguousarray(joined.T, np.float32)


def colour_at(frame: VideoFrame, x: int, y: int) -> tuple[int, int, int]:
    """(Y, Cb, Cr) of one pixel of a decoded picture, in BT.709 limited, whatever its codec has (VP8:
    BT.601)."""
    values = []
    for plane, (px, py) in zip(frame.planes, ((x, y), (x // 2, y // 2), (x // 2, y // 2)), strict=True):
        rows = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)  # type: ignore[call-overload]
        values.append(int(rows[py, px]))
    encoding = encoding_of(frame.colorspace, frame.color_range, "bt709")
    y, u, v = np.rint(exact(np.array(values, np.float64), encoding)).astype(int).tolist()
    return y, u, v


def is_colour(frame: VideoFrame, x: int, y: int, yuv: tuple[int, int, int], within: int = 8) -> bool:
    return all(abs(a - b) <= within for a, b in zip(colour_at(frame, x, y), yuv, strict=True))


def level_db(samples: Samples, hz: float) -> float:
    """Level of one tone in dBFS (of a full-scale sine's amplitude), by correlation over both channels."""
    mono = samples.mean(axis=1).astype(np.float64)
    phase = np.exp(-2j * np.pi * hz * np.arange(len(mono)) / RATE)
    window = np.hanning(len(mono))
    amplitude = 2 * abs((mono * phase * window).sum()) / window.sum()
    return float(20 * np.log10(max(amplitude, 1e-9)))


def still(width: int, height: int, yuv: tuple[int, int, int]) -> Picture:
    return new_picture(width, height, yuv)
