"""Which renditions run: those asked for always, and the others while somebody subscribes to them."""

from collections.abc import Callable, Collection, Mapping
from typing import cast

import msgspec
import numpy as np

from mixer.compose.canvas import Canvas
from mixer.contract.clock import NS, ProgramClock
from mixer.contract.messages import Rendition
from mixer.contract.names import (
    PROGRAM_PICTURE,
    PictureCodec,
    StreamName,
    is_picture,
    picture_stream,
    split_stream,
)
from mixer.contract.picture import Plane, copy_into, i420_bytes, view_i420
from mixer.contract.plan import CanvasName
from mixer.encode.language_streams import LanguageStreams
from mixer.encode.latency import LatencyMeter
from mixer.encode.overload import Step
from mixer.encode.rendition import RenditionEncoder
from mixer.encode.video import VideoSettings, can_ease, encode_slate
from mixer.graphics.graphics import Graphics
from mixer.ipc.bus.packets import Packet, StreamHeader
from mixer.ipc.bus.server import PacketBus
from mixer.ipc.priority import Urgency

IDLE_NS = 2 * NS
"""A rendition without subscribers runs on for this long, for a page that is reloaded …"""
OUTPUT_IDLE_NS = 10 * NS
"""… and one for outputs for this long: a recorder that is restarted goes on where the last one ended."""
_TWO_THREADS = 1280 * 720
"""Pixels from which a picture is worth two encoder threads."""


class RenditionSet:
    """Starts and stops encoders. Used by the tick's thread, but for :meth:`request_keyframe` and counters."""

    def __init__(
        self,
        renditions: Mapping[str, Rendition],
        clock: ProgramClock,
        bus: PacketBus,
        latency: LatencyMeter | None = None,
    ) -> None:
        self._renditions = renditions
        self._clock = clock
        self._bus = bus
        self._latency = latency or LatencyMeter()
        self.primary: RenditionEncoder | None = None
        """The programme's encoder, by which late ticks are told."""
        self._can_ease = False
        self._step = Step.NONE
        self._slates: dict[VideoSettings, tuple[Packet, ...]] = {}
        """Of renditions for outputs: what ingests are shown when the mixer is gone."""
        self._running: dict[StreamName, RenditionEncoder] = {}
        self._idle_since: dict[StreamName, int] = {}
        self._ended: list[RenditionEncoder] = []
        program = renditions.get("program")
        ticks = self._keyframe_ticks(program) if program is not None else 1
        self.languages = LanguageStreams(bus, self._like_program, ticks)

    def open(self, graphics: Graphics) -> None:
        """Start the renditions that always run, slates encoded first. Takes a second: before tick 1."""
        for name, rendition in self._renditions.items():
            if rendition.always or rendition.outputs:
                settings = self._settings(picture_stream(name))
                if settings not in self._slates:  # one for the programme and its clean feed
                    picture = _slate(graphics, settings)
                    self._slates[settings] = encode_slate(picture_stream(name), settings, picture)
            if rendition.always:
                self._start(picture_stream(name))
        if self.primary is not None:
            self._can_ease = can_ease(self.primary.settings)

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps of the overload ladder that would save something here."""
        return tuple(s for s in Step if s > Step.PRESET or (s == Step.PRESET and self._can_ease))

    def ease(self, step: Step) -> None:
        """Encode the programme, and what else goes to outputs, with the effort of this step."""
        self._step = step
        for stream, encoder in self._running.items():
            self._ease(stream, encoder)
        for encoder in self.languages.encoders:
            self._ease(PROGRAM_PICTURE, encoder)

    def follow(self, now_ns: int) -> None:
        """Start what is wanted, stop what nobody has wanted for a while. Called once a tick."""
        wanted = self._bus.wanted
        if self.primary is not None:
            self.languages.follow(wanted, now_ns)
        for stream in wanted:
            if stream not in self._running and self._known(stream):
                self._start(stream)
        for stream, encoder in list(self._running.items()):
            if stream in wanted or self._always(stream):
                self._idle_since.pop(stream, None)
            elif now_ns - self._idle_since.setdefault(stream, now_ns) > self._idle_ns(stream):
                del self._running[stream], self._idle_since[stream]
                encoder.stop()
                self._bus.end(stream)
                self._ended = [*self._ended[-8:], encoder]

    def watched(self, canvas: CanvasName) -> bool:
        """Return whether any running rendition shows this canvas."""
        return any(self._canvas(stream) == canvas for stream in self._running)

    def offer(self, name: str, tick: int, canvas: Canvas, to_all: bool = True) -> bool:
        """Hand the canvas to each of its encoders, or only to those that always run; the caller keeps its own
        hold. False: one of those that always run dropped it.
        """
        taken = True
        for stream, encoder in self._running.items():
            always = self._always(stream)
            if self._canvas(stream) == name and (to_all or always):
                taken &= encoder.offer(tick, canvas.hold()) or not always
        return taken

    def offer_languages(
        self, tick: int, canvases: Mapping[str, Canvas], differing: Collection[str], now_ns: int
    ) -> None:
        """The same for ``program-<language>/h264``; ``differing``: those that are not the programme's own."""
        self.languages.offer(tick, canvases, differing, now_ns)

    def request_keyframe(self, stream: StreamName, at_once: bool = False) -> None:
        """See :meth:`mixer.encode.rendition.RenditionEncoder.request_keyframe`.

        Viewers ask in vain where ingests get the same packets: there keyframes lie on the grid alone.
        """
        if not at_once and self._known(stream) and self._always(stream):
            return
        stream = self.languages.request_keyframe(stream, at_once) or stream
        encoder = self._running.get(stream)
        if encoder is not None:
            encoder.request_keyframe(at_once)

    def close(self) -> None:
        for encoder in self._running.values():
            encoder.stop()
        for encoder in (*self._running.values(), *self._ended):
            encoder.join(2.0)
        self.languages.close()
        self._running.clear()

    def _canvas(self, stream: StreamName) -> CanvasName:
        return self._renditions[split_stream(stream)[0]].canvas

    def _always(self, stream: StreamName) -> bool:
        name, codec = split_stream(stream)
        return codec == "h264" and self._renditions[name].always

    def _known(self, stream: StreamName) -> bool:
        return is_picture(stream) and split_stream(stream)[0] in self._renditions

    def _for_outputs(self, stream: StreamName) -> bool:
        name, codec = split_stream(stream)
        return self._always(stream) or (codec == "h264" and self._renditions[name].outputs)

    def _idle_ns(self, stream: StreamName) -> int:
        return OUTPUT_IDLE_NS if self._for_outputs(stream) else IDLE_NS

    def _ease(self, stream: StreamName, encoder: RenditionEncoder) -> None:
        if self._for_outputs(stream):
            eased = self._step >= Step.PRESET and self._can_ease
            halved = Step.PROGRAM_RATE if self._canvas(stream) == "program" else Step.WALL_RATE
            encoder.set_effort("eased" if eased else "full", self._step >= halved)

    def _settings(self, stream: StreamName) -> VideoSettings:
        name, codec = split_stream(stream)
        rendition = self._renditions[name]
        return VideoSettings(
            cast(PictureCodec, codec),
            rendition.width,
            rendition.height,
            self._clock.fps,
            rendition.bitrate,
            rendition.preset,
            constant=self._for_outputs(stream),
            threads=2 if rendition.width * rendition.height >= _TWO_THREADS else 1,
        )

    def _start(self, stream: StreamName) -> None:
        always = self._always(stream)
        rendition = self._renditions[split_stream(stream)[0]]
        primary = always and rendition.canvas == "program" and self.primary is None
        settings = self._settings(stream)
        slate = tuple(
            msgspec.structs.replace(packet, stream=stream) for packet in self._slates.get(settings, ())
        )
        encoder = RenditionEncoder(
            stream,
            settings,
            self._keyframe_ticks(rendition),
            self._clock,
            self.languages.announce if stream == PROGRAM_PICTURE else self._bus.announce,
            self.languages.publish if stream == PROGRAM_PICTURE else self._bus.publish,
            slate,
            depth=2 if settings.constant else 1,
            urgency=Urgency.PROGRAM if always else Urgency.OTHERS,
            published=self._latency.published if primary else None,
        )
        if primary:
            self.primary = encoder
        self._running[stream] = encoder
        self._ease(stream, encoder)
        encoder.start()

    def _keyframe_ticks(self, rendition: Rendition) -> int:
        return max(1, round(rendition.keyframe_s * self._clock.fps))

    def _like_program(
        self, stream: StreamName, announce: Callable[[StreamHeader], None], publish: Callable[[Packet], None]
    ) -> RenditionEncoder:
        """An encoder of the programme's in another language, which is no less urgent."""
        encoder = RenditionEncoder(
            stream,
            self._settings(PROGRAM_PICTURE),
            self._keyframe_ticks(self._renditions["program"]),
            self._clock,
            announce,
            publish,
            depth=2,
            urgency=Urgency.PROGRAM,
        )
        self._ease(PROGRAM_PICTURE, encoder)
        return encoder


def _slate(graphics: Graphics, settings: VideoSettings) -> Plane:
    buffer: Plane = np.empty(i420_bytes(settings.width, settings.height), np.uint8)
    copy_into(
        view_i420(buffer, settings.width, settings.height),
        graphics.event_picture(settings.width, settings.height),
    )
    return buffer
