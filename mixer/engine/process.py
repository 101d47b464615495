"""The mixer's process: ``python -m mixer.engine.process``, started by the supervisor with a control link.

Threads: this one keeps the link; the tick; one for each encoder; one for the sound; one for the packet bus;
one that draws a plan's graphics before the tick takes it.
"""

import gc
import os
import select
import selectors
import socket
import sys
import threading
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import msgspec
import structlog

from mixer.audio.worker import SoundWorker
from mixer.contract.clock import NS, ProgramClock
from mixer.contract.messages import (
    BusAttach,
    Expect,
    Heartbeat,
    Message,
    MixerConfig,
    MixerReport,
    PublishCanvas,
    Ready,
    ResetLoudness,
    Shutdown,
    SlotClosed,
    SlotOpened,
    TakePlan,
    TakeSound,
    TakeValues,
    WatchMeters,
)
from mixer.contract.names import (
    CONTROL,
    MIXER,
    SUPERVISOR,
    ProcessName,
    StreamName,
    canvas_in,
    is_picture,
    source_in,
)
from mixer.contract.plan import CanvasName, CanvasPlan, MixPlan
from mixer.encode.latency import LatencyMeter
from mixer.encode.overload import Ladder
from mixer.encode.renditions import RenditionSet
from mixer.engine.machine_load import MachineLoad
from mixer.engine.outbox import Outbox
from mixer.engine.stage import CANVASES, Stage
from mixer.engine.tick_loop import Engine
from mixer.graphics.fonts import WatchedFonts
from mixer.graphics.graphics import ALL_AT_ONCE, Graphics, Later
from mixer.ipc import child, priority
from mixer.ipc.bus.server import PacketBus
from mixer.ipc.inbox import Handlers, Inbox, first_message
from mixer.ipc.link import Link, LinkClosedError, LinkOverflowError
from mixer.ipc.slot import SlotReader, SlotWriter

HEARTBEAT_NS = NS // 2
REPORT_NS = NS
TAKE_UP_NS = 3 * NS // 2
"""How long the first picture of a mixer that comes back waits at most for the plan's graphics."""
TAKE_UP_POLL_MS = 10
SETTLE_S = 0.3
"""Graphics that nobody sees yet are drawn once no other plan has come for so long. While forty people join,
each one changes the grid, and most of its slates would never be seen."""
_MULTIVIEW: frozenset[CanvasName] = frozenset({"multiview"})
FONTS_S = 2.0
"""How often it is looked whether the operator has other fonts."""
SWITCH_INTERVAL_S = 0.0005
"""How long a thread may keep the interpreter while another waits: the tick shall not wait 5 ms."""

_log = structlog.get_logger()


class _Preparer:
    """Draws on its own thread what a plan shows at once, then what may come next, and after :data:`SETTLE_S`
    without another plan the rest. The newest plan wins. It is drawn again when the ``fonts`` change."""

    def __init__(self, graphics: Graphics, stage: Stage, engine: Engine, fonts: WatchedFonts) -> None:
        self._fonts = fonts
        self._latest: tuple[TakePlan, threading.Event] | None = None
        self._graphics = graphics
        self._stage = stage
        self._engine = engine
        self._condition = threading.Condition()
        self._next: tuple[TakePlan, threading.Event] | None = None
        self._drawn: threading.Event | None = None
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="graphics", daemon=True)
        self._thread.start()

    @property
    def drawn(self) -> bool:
        """Whether all that the newest plan shows at once is drawn; False before the first."""
        return self._drawn is not None and self._drawn.is_set()

    def take(self, message: TakePlan) -> None:
        self._drawn = drawn = threading.Event()
        self._engine.take(message.plan, message.issued_ns, drawn.is_set, ordinary=message.ordinary)
        with self._condition:
            self._next = message, drawn
            self._condition.notify()

    def stop(self) -> None:
        with self._condition:
            self._stopping = True
            self._condition.notify()
        self._thread.join(2.0)

    def _run(self) -> None:
        while True:
            with self._condition:
                while self._next is None and not self._stopping and not self._other_fonts():
                    self._condition.wait(FONTS_S)
                if self._stopping or self._next is None:
                    return
                (message, drawn), self._next = self._next, None
                self._latest = message, drawn
            later = Later(self._engine.live, _MULTIVIEW - self._engine.shown)
            self._prepare(message.plan, later=later)
            drawn.set()
            try:
                self._stage.warm()
            except Exception as error:  # no room for buffers that only spare a transition's beginning
                _log.error("warming.failed", error=str(error))
            plans = [message.plan]
            if message.next:
                # Until there is another plan to show: that one's graphics are not to wait.
                plans.append(msgspec.structs.replace(message.plan, canvases=message.next))
                self._prepare(plans[1], self._overtaken, later)
            with self._condition:
                self._condition.wait_for(self._overtaken, SETTLE_S)
            for plan in plans:
                if not self._overtaken():
                    self._prepare(plan, self._overtaken)

    def _overtaken(self) -> bool:
        return self._stopping or self._next is not None

    def _other_fonts(self) -> bool:
        """Whether the operator's fonts have changed and there is a plan to draw again with them."""
        own = self._fonts.changed()
        if own is None:
            return False
        self._graphics.use(own)
        self._next = self._latest
        return self._next is not None

    def _prepare(
        self, plan: MixPlan, given_up: Callable[[], bool] = lambda: False, later: Later = ALL_AT_ONCE
    ) -> None:
        try:
            self._graphics.prepare(plan, given_up, later)
        except Exception as error:
            _log.error("graphics.failed", revision=plan.revision, error=str(error))


class MixerProcess:
    """The mixer at work. ``link`` stays the caller's."""

    def __init__(self, link: Link, config: MixerConfig) -> None:
        self._link = link
        self._over = False
        self._clock = ProgramClock(config.epoch_ns, Fraction(config.fps_num, config.fps_den))
        self._outbox = Outbox()
        self._resumes = config.resumes
        self._graphics = Graphics(Path(config.fonts), config.title, config.language)
        blank = {name: CanvasPlan(*size) for name, size in config.canvases.items()}
        self._graphics.prepare(MixPlan(-1, blank))
        self._bus = PacketBus(self._request_keyframe)
        self._bus.start()
        self._latency = LatencyMeter()
        self._renditions = RenditionSet(config.renditions, self._clock, self._bus, self._latency)
        self._sound = SoundWorker(
            self._clock, self._bus, config.aac_bitrate, config.opus_bitrate, self._outbox.put
        )
        stage = Stage(self._graphics, config.canvases)
        self._renditions.open(self._graphics)
        processors = os.cpu_count() or 1
        ladder = Ladder(self._clock.period_ns, config.ladder, self._renditions.steps, processors)
        self._machine = MachineLoad()
        self._engine = Engine(
            self._clock, stage, self._renditions, self._sound, self._outbox.put, ladder, self._latency
        )
        own = WatchedFonts(Path(config.own_fonts) if config.own_fonts else None)
        self._preparer = _Preparer(self._graphics, stage, self._engine, own)
        self._inbox = Inbox(link, self._handlers().take)
        gc.collect()
        gc.freeze()
        gc.disable()
        self._sound.start()

    def run(self) -> None:
        """Serve the link until :class:`Shutdown`. Raises LinkClosedError when the supervisor is gone."""
        if self._resumes:
            self._take_up()
        self._engine.start()
        self._send(SUPERVISOR, Ready())
        beat_ns = time.monotonic_ns()
        report_ns = beat_ns + REPORT_NS
        beaten = -1
        with selectors.DefaultSelector() as selector:
            selector.register(self._link, selectors.EVENT_READ)
            selector.register(self._outbox, selectors.EVENT_READ)
            while True:
                wait_ns = min(beat_ns, report_ns) - time.monotonic_ns()
                selector.select(max(0.0, wait_ns / NS))
                self._outbox.send(lambda message: self._send(CONTROL, message))
                self._inbox.read()
                if self._over:
                    return
                now = time.monotonic_ns()
                if now >= beat_ns:
                    beat_ns = now + HEARTBEAT_NS
                    ticks = self._engine.figures().ticks
                    if ticks != beaten:
                        self._send(SUPERVISOR, Heartbeat())
                    beaten = ticks
                if now >= report_ns:
                    report_ns = now + REPORT_NS
                    self._engine.free = self._machine.free()
                    self._send(CONTROL, self._report())
                if self._link.backlog:
                    self._link.flush()

    def _take_up(self) -> None:
        """A plan was on air, and is in the link: the first picture shows it whole, its graphics drawn."""
        end_ns = time.monotonic_ns() + TAKE_UP_NS
        poller = select.poll()
        poller.register(self._link.fileno(), select.POLLIN)
        while not (self._over or self._preparer.drawn):
            wait_ns = end_ns - time.monotonic_ns()
            if wait_ns <= 0:
                _log.warning("plan.late")
                return
            poller.poll(min(TAKE_UP_POLL_MS, wait_ns / 1e6))
            self._inbox.read()

    def close(self) -> None:
        """End everything in order: plans, ticks, encoders, sound, then the bus with what it still holds."""
        self._preparer.stop()
        self._engine.stop()
        self._renditions.close()
        self._sound.stop()
        self._sound.join(2.0)
        self._bus.close()
        self._outbox.close()

    def _handlers(self) -> Handlers:
        engine, sound = self._engine, self._sound
        handlers = Handlers()
        handlers.on(TakePlan, self._preparer.take)
        handlers.on(TakeSound, lambda told: engine.take_sound(told.revision, told.audio, told.issued_ns))
        handlers.on(TakeValues, lambda told: engine.take_values(told.revision, told.values, told.issued_ns))
        handlers.on(Expect, self._expect)
        handlers.on(PublishCanvas, lambda asked: engine.publish(asked.canvas))
        handlers.on_fds(SlotOpened, self._open_slot)
        handlers.on(SlotClosed, lambda closed: engine.close_source(source_in(closed.slot)))
        handlers.on(WatchMeters, lambda asked: sound.watch(asked.on))
        handlers.on(ResetLoudness, lambda asked: sound.reset_loudness(asked.bus))
        handlers.on_fds(BusAttach, self._attach_bus)
        handlers.on(Shutdown, lambda _: self._end())
        return handlers

    def _end(self) -> None:
        self._over = True

    def _attach_bus(self, asked: BusAttach, fds: list[int]) -> None:
        self._bus.attach(asked.subscriber, socket.socket(fileno=fds.pop(0)))

    def _open_slot(self, opened: SlotOpened, fds: list[int]) -> None:
        canvas = canvas_in(opened.slot)
        if not canvas:
            self._engine.open_source(source_in(opened.slot), SlotReader(fds[0]))
        elif canvas in CANVASES:
            self._engine.open_canvas(canvas, SlotWriter(fds[0]))

    def _report(self) -> MixerReport:
        figures = self._engine.figures()
        return MixerReport(
            figures.tick,
            figures.ticks,
            figures.late_ticks,
            figures.revision,
            figures.sources,
            self._sound.levels(),
            self._bus.bytes_published(),
            self._bus.dropped(),
            figures.spared_ticks,
            figures.load,
            self._latency.recent(),
            self._latency.counts(),
            self._latency.sum_s,
            dict(self._sound.problems()),
        )

    def _expect(self, asked: Expect) -> None:
        """The picture of this moment may be in its encoder still: it counts, too."""
        now = self._clock.tick_at(self._clock.now()) / self._clock.fps
        self._bus.expect(asked.subscriber, asked.streams, now)
        for stream in filter(is_picture, asked.streams):
            self._renditions.request_keyframe(stream, at_once=True)

    def _request_keyframe(self, stream: StreamName) -> None:
        self._renditions.request_keyframe(stream)

    def _send(self, to: ProcessName, message: Message) -> bool:
        """Whether the link took it."""
        try:
            self._link.send(to, message)
        except LinkOverflowError as error:
            self._inbox.failures.add(error)
            return False
        return True


def main() -> int:
    link = child.start(MIXER)
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    priority.claim()
    try:
        mixer = MixerProcess(link, first_message(link, MixerConfig))
        try:
            mixer.run()
        finally:
            mixer.close()
    except LinkClosedError:
        pass  # the supervisor is gone, and we with it
    link.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
