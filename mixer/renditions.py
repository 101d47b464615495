"""Which renditions run: those asked for always, and the others while somebody subscribes to them."""

from collections.abc import Mapping
from typing import cast, get_args

import numpy as np

from mixer.clock import NS, ProgrammeClock
from mixer.compositor import Canvas
from mixer.encode import VideoCodec, VideoSettings, encode_slate
from mixer.graphics import Graphics
from mixer.packets import PacketBus
from mixer.picture import Plane, copy_into, i420_bytes, view_i420
from mixer.plan import CanvasName
from mixer.priority import Urgency
from mixer.rendition import RenditionEncoder
from mixer.wire import Rendition

IDLE_NS = 2 * NS
"""A rendition without subscribers runs on for this long, for a page that is reloaded."""
_TWO_THREADS = 1280 * 720
"""Pixels from which a picture is worth two encoder threads."""


class RenditionSet:
    """Starts and stops encoders. Used by the tick's thread, but for :meth:`request_keyframe` and counters."""

    def __init__(self, renditions: Mapping[str, Rendition], clock: ProgrammeClock, bus: PacketBus) -> None:
        self._renditions = renditions
        self._clock = clock
        self._bus = bus
        self._running: dict[str, RenditionEncoder] = {}
        self._idle_since: dict[str, int] = {}
        self._ended: list[RenditionEncoder] = []

    def open(self, graphics: Graphics) -> None:
        """Start the renditions that always run, their slates encoded first. Takes a second: before tick 1."""
        for name, rendition in self._renditions.items():
            if rendition.always:
                stream = f"{name}/h264"
                self._start(stream, graphics)

    @property
    def primary(self) -> RenditionEncoder | None:
        """The programme's encoder, by which late ticks are told."""
        for stream, encoder in self._running.items():
            if self._always(stream) and self._canvas(stream) == "program":
                return encoder
        return None

    def follow(self, now_ns: int) -> None:
        """Start what is wanted, stop what nobody has wanted for a while. Called once a tick."""
        wanted = self._bus.wanted
        for stream in wanted:
            if stream not in self._running and self._known(stream):
                self._start(stream, None)
        for stream, encoder in list(self._running.items()):
            if stream in wanted or self._always(stream):
                self._idle_since.pop(stream, None)
            elif now_ns - self._idle_since.setdefault(stream, now_ns) > IDLE_NS:
                del self._running[stream], self._idle_since[stream]
                encoder.stop()
                self._bus.end(stream)
                self._ended = [*self._ended[-8:], encoder]

    def watched(self, canvas: CanvasName) -> bool:
        """Whether any running rendition shows this canvas."""
        return any(self._canvas(stream) == canvas for stream in self._running)

    def offer(self, name: CanvasName, tick: int, canvas: Canvas) -> None:
        """Hand the canvas to each of its encoders; the caller keeps its own hold."""
        for stream, encoder in self._running.items():
            if self._canvas(stream) == name:
                encoder.offer(tick, canvas.hold())

    def request_keyframe(self, stream: str) -> None:
        encoder = self._running.get(stream)
        if encoder is not None:
            encoder.request_keyframe()

    def close(self) -> None:
        for encoder in self._running.values():
            encoder.stop()
        for encoder in (*self._running.values(), *self._ended):
            encoder.join(2.0)
        self._running.clear()

    def _canvas(self, stream: str) -> CanvasName:
        return self._renditions[stream.partition("/")[0]].canvas

    def _always(self, stream: str) -> bool:
        name, _, codec = stream.partition("/")
        return codec == "h264" and self._renditions[name].always

    def _known(self, stream: str) -> bool:
        name, _, codec = stream.partition("/")
        return name in self._renditions and codec in get_args(VideoCodec)

    def _start(self, stream: str, graphics: Graphics | None) -> None:
        name, _, codec = stream.partition("/")
        rendition = self._renditions[name]
        fps = self._clock.fps
        settings = VideoSettings(
            cast(VideoCodec, codec),
            rendition.width,
            rendition.height,
            fps,
            rendition.bitrate,
            rendition.preset,
            constant=self._always(stream),
            threads=2 if rendition.width * rendition.height >= _TWO_THREADS else 1,
        )
        encoder = RenditionEncoder(
            stream,
            settings,
            max(1, round(rendition.keyframe_s * fps)),
            self._clock,
            self._bus.announce,
            self._bus.publish,
            encode_slate(stream, settings, _slate(graphics, settings)) if graphics is not None else (),
            depth=2 if self._always(stream) else 1,
            urgency=Urgency.PROGRAMME if self._always(stream) else Urgency.OTHERS,
        )
        self._running[stream] = encoder
        encoder.start()


def _slate(graphics: Graphics, settings: VideoSettings) -> Plane:
    buffer: Plane = np.empty(i420_bytes(settings.width, settings.height), np.uint8)
    copy_into(
        view_i420(buffer, settings.width, settings.height),
        graphics.event_picture(settings.width, settings.height),
    )
    return buffer
