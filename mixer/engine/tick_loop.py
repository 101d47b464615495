"""The tick loop: at each tick of the programme's clock it shows the plan, and waits for nothing else.

Inputs are looked at, never waited for; encoders are handed pictures, never waited for; a tick that comes too
late is left out and counted. Sound is told each tick's plan and mixed on its own thread. When ticks come
late, the overload ladder says which canvases are left out at every second tick; sound never is.
"""

import gc
import threading
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

import structlog
from msgspec import structs

from mixer.audio.worker import SoundWorker
from mixer.compose.canvas import Canvas
from mixer.compose.compositor import SourcePicture
from mixer.compose.transition import languages
from mixer.contract.clock import NS, ProgramClock
from mixer.contract.hand_values import HandValues, with_values
from mixer.contract.messages import CanvasPublished, Load, Message, PlanTaken, SourceState
from mixer.contract.names import SourceName, is_source
from mixer.contract.plan import AudioPlan, CanvasName, Fade, MixPlan, SourceInfo
from mixer.encode.latency import LatencyMeter
from mixer.encode.overload import Ladder, Work, full_tick, spared
from mixer.encode.renditions import RenditionSet
from mixer.engine.keeping import kept
from mixer.engine.live_sources import CARD, SourceTrack
from mixer.engine.stage import CANVASES, Stage
from mixer.engine.staging import LANGUAGE, on_air_sources, sources_of
from mixer.ipc.priority import Urgency, set_thread
from mixer.ipc.slot import SlotReader, SlotWriter

COLLECT_NS = 10 * NS
"""How often garbage is collected: after a tick's work, so that it never falls into the middle of one."""

_LOOK_AROUND = 10
"""Ticks between two looks at the sources that no canvas shows which somebody watches."""
_UNKNOWN = SourceInfo()
_AT_ONCE = Fade()

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Pending:
    plan: MixPlan
    issued_ns: int
    ready: Callable[[], bool]
    since_ns: int
    """When the first of the plans was issued that this one stands for."""
    ordinary: bool
    """Whether none of these was a take; ``issued_ns`` is the first take's else."""


@dataclass(frozen=True, slots=True)
class _Touch:
    """The plan on air with other sound, or other values of what a hand moves: its pictures need nothing."""

    plan: MixPlan
    issued_ns: int


@dataclass(frozen=True, slots=True)
class Figures:
    """What the engine counted since it started."""

    tick: int
    ticks: int
    late_ticks: int
    spared_ticks: int
    load: Load
    revision: int
    sources: dict[SourceName, SourceState]


class Engine:
    """Owns the tick's thread. Every public method may be called from any thread and returns at once.

    ``notify`` gets what control is to know; it must not block. ``ladder`` is the tick's alone.
    """

    def __init__(
        self,
        clock: ProgramClock,
        stage: Stage,
        renditions: RenditionSet,
        sound: SoundWorker,
        notify: Callable[[Message], None],
        ladder: Ladder,
        latency: LatencyMeter,
    ) -> None:
        self._clock = clock
        self._stage = stage
        self._renditions = renditions
        self._sound = sound
        self._notify = notify
        self._ladder = ladder
        self._latency = latency
        self._lock = threading.Lock()
        self._tracks: dict[SourceName, SourceTrack] = {}
        self._writers: dict[CanvasName, SlotWriter] = {}
        self._asked: frozenset[CanvasName] = frozenset()
        self._plan = MixPlan(-1, {})
        self._on: dict[str, frozenset[SourceName]] = {}
        """The sources that each of the plan's canvases shows."""
        self._newest = self._plan
        """The last that came whole, with the sound that came after it."""
        self._next: _Pending | None = None
        self._touch: _Touch | None = None
        """There while ``_next`` isn't: else that has it."""
        self._states: dict[SourceName, SourceState] = {}
        self.free = 1.0
        """As of :class:`mixer.engine.machine_load.MachineLoad`, told from time to time."""
        self.shown: frozenset[CanvasName] = frozenset()
        """Canvases that somebody saw at the last tick, be they spared at it."""
        self._tick = 0
        self._ticks = 0
        self._missed = 0
        """Ticks that were left out, or whose programme picture could not be composed."""
        self._spared = 0
        """Ticks whose programme picture was left out on purpose."""
        self._load = Load()
        self._collected_ns = self._complained_ns = 0
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="tick", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End the loop after the tick at hand and wait for it."""
        self._stopping.set()
        self._thread.join(5.0)

    def take(
        self,
        plan: MixPlan,
        issued_ns: int,
        ready: Callable[[], bool] = lambda: True,
        *,
        ordinary: bool = False,
    ) -> None:
        """Show ``plan`` from the next tick on; one that came before and was not shown yet is left out.

        While ``ready`` says that its graphics are still being drawn, it waits for a tick, not for longer:
        a cut is on time, and a plate that isn't there yet follows.
        """
        plan = kept(plan, self._newest)
        with self._lock:
            self._newest, self._touch = plan, None
            before = self._next
            since_ns = issued_ns if before is None else min(before.since_ns, issued_ns)
            if before is not None and not before.ordinary:
                issued_ns, ordinary = before.issued_ns, False
            self._next = _Pending(plan, issued_ns, ready, since_ns, ordinary)

    def take_sound(self, revision: int, audio: AudioPlan, issued_ns: int) -> None:
        """Let the newest plan sound so from the next tick on. Called by :meth:`take`'s thread."""
        same = audio == self._newest.audio
        self._newest = structs.replace(
            self._newest, revision=revision, audio=self._newest.audio if same else audio
        )
        self._touched(self._newest, issued_ns)

    def take_values(self, revision: int, values: HandValues, issued_ns: int) -> None:
        """Show and sound the newest plan with these values from the next tick on. Called by :meth:`take`'s
        thread."""
        plan = structs.replace(self._newest, revision=revision)
        self._touched(with_values(plan, values), issued_ns)

    def _touched(self, plan: MixPlan, issued_ns: int) -> None:
        with self._lock:
            if self._next is not None:
                self._next = replace(self._next, plan=plan)
            else:
                self._touch = _Touch(plan, issued_ns)

    def open_source(self, source: SourceName, reader: SlotReader) -> None:
        """See and hear ``source`` in this slot."""
        with self._lock:
            self._tracks = {**self._tracks, source: SourceTrack(reader, is_source(source))}
        self._sound.set_reader(source, reader)

    def close_source(self, source: SourceName) -> None:
        with self._lock:
            self._tracks = {name: track for name, track in self._tracks.items() if name != source}
        self._sound.set_reader(source, None)

    def open_canvas(self, name: CanvasName, writer: SlotWriter) -> None:
        """Write snapshots of this canvas here."""
        with self._lock:
            self._writers = {**self._writers, name: writer}

    def publish(self, name: CanvasName) -> None:
        """Write the canvas's next picture into its slot, then say so."""
        with self._lock:
            self._asked |= {name}

    @property
    def live(self) -> frozenset[SourceName]:
        """Sources that have a picture."""
        return frozenset(source for source, state in self._states.items() if state == "live")

    def figures(self) -> Figures:
        late = self._work().late
        states = dict(self._states)
        return Figures(self._tick, self._ticks, late, self._spared, self._load, self._plan.revision, states)

    def _work(self) -> Work:
        primary = self._renditions.primary
        if primary is None:
            return Work(self._missed, 0, 0, self.free)
        late = self._missed + primary.late + primary.dropped + self._renditions.languages.late
        return Work(late, primary.encoded, primary.busy_ns, self.free)

    # --- the tick's thread -----------------------------------------------------------------------------

    def _run(self) -> None:
        set_thread(Urgency.CLOCK)
        clock = self._clock
        tick = clock.tick_at(clock.now()) + 1
        while not self._stopping.is_set():
            wait_ns = clock.due_ns(tick) - clock.now()
            if wait_ns > 0:
                self._stopping.wait(wait_ns / NS)
                continue
            current = clock.tick_at(clock.now())
            if current > tick:
                left_out = sum(spared(self._ladder.step, each, "program") for each in range(tick, current))
                self._spared += left_out
                self._missed += current - tick - left_out
                tick = current
            begun = clock.now()
            try:
                self._do(tick, begun)
            except Exception as error:
                self._missed += 1
                self._complain(tick, begun, error)
            self._ticks += 1
            try:
                self._follow_load(tick)
            except Exception as error:
                self._complain(tick, begun, error)
            tick += 1
            self._collect_garbage(clock.due_ns(tick))

    def _complain(self, tick: int, now_ns: int, error: Exception) -> None:
        if now_ns - self._complained_ns >= NS:  # not a line a tick
            self._complained_ns = now_ns
            _log.error("tick.failed", tick=tick, error=str(error), missed=self._missed, exc_info=error)

    def _do(self, tick: int, now_ns: int) -> None:
        step = self._ladder.step
        with self._lock:
            fresh = self._next if full_tick(step, tick) else None
            if fresh is not None and (fresh.ready() or now_ns - fresh.since_ns >= self._clock.period_ns):
                self._next = None
            else:
                fresh = None
            touch = None
            if full_tick(step, tick):
                touch, self._touch = self._touch, None
            tracks, writers = self._tracks, self._writers
            asked = frozenset(name for name in self._asked if not spared(step, tick, name))
            self._asked -= asked
        shown: _Pending | _Touch | None = fresh
        if fresh is not None:
            self._on = sources_of(fresh.plan, self._plan)
            self._plan = fresh.plan
        elif touch is not None:
            if touch.plan.revision != self._plan.revision:
                shown = touch
            self._plan = touch.plan
        plan, due_ns = self._plan, self._clock.due_ns(tick)
        self._tick = tick
        fade = _AT_ONCE if plan.slate else plan.fade
        self._sound.advance(tick, plan.audio, plan.black or plan.slate, fade)
        self._renditions.follow(now_ns)
        self.shown = frozenset(name for name in CANVASES if self._wants(name, asked))
        wanted: frozenset[str] = frozenset(name for name in self.shown if not spared(step, tick, name))
        differing = languages(plan, due_ns)
        if "program" in wanted:
            running = self._renditions.languages.running
            wanted |= {LANGUAGE + tag for tag in differing if running(tag)}
        everything = fresh is not None or tick % _LOOK_AROUND == 0
        seen = plan.sources if everything else frozenset().union(*(self._on.get(n, ()) for n in wanted))
        pictures = self._look(plan, seen, tracks, due_ns, now_ns)
        canvases = self._stage.compose(plan, pictures, wanted, due_ns, time.time())
        try:
            if spared(step, tick, "program"):
                self._spared += 1
            elif "program" not in canvases:
                self._missed += 1
            else:
                self._latency.shown(tick, on_air_sources(plan, due_ns), pictures)
            for name, canvas in canvases.items():
                taken = self._renditions.offer(name, tick, canvas, full_tick(step, tick))
                if name == "program" and not taken:
                    self._latency.dropped(tick)
            if "program" in wanted:
                self._renditions.offer_languages(tick, canvases, differing, now_ns)
            if shown is not None:
                waited = tick - self._clock.tick_at(shown.issued_ns)
                ordinary = shown.ordinary if isinstance(shown, _Pending) else True
                self._notify(PlanTaken(plan.revision, tick, waited, ordinary))
            for name in asked & canvases.keys():
                self._write_snapshot(name, canvases[name], writers, now_ns)
        finally:
            for canvas in canvases.values():
                canvas.release()

    def _follow_load(self, tick: int) -> None:
        work, primary = self._work(), self._renditions.primary
        if primary is not None:
            work = replace(work, late=work.late - primary.failed)
        change = self._ladder.look(self._clock.now(), work)
        if change is None:
            return
        self._renditions.ease(change.step)
        self._load = Load(int(change.step), self._ladder.code, self._ladder.reason)
        tell = _log.warning if change.step > change.before else _log.info
        tell(
            "overload.step", step=int(change.step), before=int(change.before), tick=tick, reason=change.reason
        )

    def _look(
        self,
        plan: MixPlan,
        seen: Collection[SourceName],
        tracks: dict[SourceName, SourceTrack],
        due_ns: int,
        now_ns: int,
    ) -> dict[SourceName, SourcePicture]:
        """Return what the ``seen`` sources show; how the others are is known from the last look at them."""
        pictures: dict[SourceName, SourcePicture] = {}
        states: dict[SourceName, SourceState] = {} if seen is plan.sources else dict(self._states)
        for source in seen:
            info = plan.sources.get(source, _UNKNOWN)
            if info.kind == "bars":
                states[source] = "live"
                continue
            track = tracks.get(source)
            picture = track.look(due_ns, now_ns, info.asked, info.still) if track is not None else CARD
            pictures[source] = picture
            states[source] = picture.state
        self._states = states
        return pictures

    def _wants(self, name: CanvasName, asked: frozenset[CanvasName]) -> bool:
        return name == "program" or name in asked or self._renditions.watched(name)

    def _write_snapshot(
        self, name: CanvasName, canvas: Canvas, writers: dict[CanvasName, SlotWriter], now_ns: int
    ) -> None:
        writer = writers.get(name)
        if writer is None or not writer.fits(canvas.picture.width, canvas.picture.height):
            _log.warning("snapshot.no-slot", canvas=name)
            return
        writer.beat(now_ns)
        writer.write_picture(canvas.picture, now_ns)
        self._notify(CanvasPublished(name))

    def _collect_garbage(self, next_due_ns: int) -> None:
        """The collector is off in this process: it runs here, where at least half a period is left."""
        now = self._clock.now()
        if now - self._collected_ns > COLLECT_NS and next_due_ns - now > self._clock.period_ns // 2:
            self._collected_ns = now
            gc.collect()
