"""The single writer of the show's state: commands in; events, patches and plans out.

``studio.control.opening`` builds it, ``studio.control.process`` feeds it::

    store = await Store.open(data / "show.db")               # StoreError: str() is one line
    session = Session(store, settings, publish=publish, around=Surroundings(link_for))
    await session.start()                                     # StoreError; publishes the first plans
    ...
    await session.close()                                     # closes the store, too

``publish(plans, show, issued_ns)`` is called on the event loop whenever plans changed, with what they are
made of, and by ``start``; it must not block. It sends ``TakePlan(plans.mix, issued_ns)`` to the mixer,
``UplinkTargets(plans.uplink, …)`` to the shards (where ``plans.known``) and ``plans.desired`` to the
supervisor. ``session.plans`` is the newest: say it again to a process that came back.

All methods are called on one event loop.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import structlog

from mixer.contract.names import ProcessName, SourceName
from mixer.contract.plan import CanvasName
from signaling.contract.ports import (
    Actor,
    ChangeListener,
    Done,
    Grant,
    LoggedEvent,
    RefusedError,
    Unsubscribe,
)
from signaling.contract.state import DirectorState
from studio.control import invites
from studio.control.alarms import Alarms
from studio.control.changes import Changes
from studio.control.hands import STILL_S, Hands, Value, hand_values, is_live, lets_go, moved, values_of
from studio.control.lanes import bytes_go_first, bytes_panic, is_panic, must_happen
from studio.control.log.faults import fault, refused
from studio.control.log.ledger import Ledger, LogLine
from studio.control.log.mending import replayed
from studio.control.log.snapshots import BEHIND, LogSnapshots
from studio.control.log.store import Store, StoreError
from studio.control.plans import PlannedStep, Planning
from studio.control.preparing import Prepared, Surroundings
from studio.control.session_settings import SessionSettings
from studio.control.status import Connection, LiveStatus
from studio.control.writer import MAX_WAITING, Request, Writer
from studio.planning.planner import Live, Plans
from studio.planning.playing import used_media
from studio.planning.speaking import Speaking
from studio.show import commands
from studio.show.booths.dropouts import Dropouts
from studio.show.booths.status import booth_times
from studio.show.decide import decide
from studio.show.events import AnyEvent, apply
from studio.show.model import Show
from studio.show.own import HandsAtRest, Own, decide_own
from studio.show.rundown.decisions import with_used_languages
from studio.show.seats.lost import Dropped, Hushed
from studio.show.sources.player_status import PlayerStatus
from studio.show.sources.publishing import publisher_of
from studio.show.sources.whip_status import WhipStatus
from studio.show.view import PublicView, public_event

__all__ = ["MAX_WAITING", "Session", "SessionSettings"]

MAX_EVENTS = 1000
"""Events in one answer."""
STATUS_INTERVAL_S = 0.25
"""Least time between two changes that are about the live status only."""

log = structlog.get_logger()


class Session:
    """Implements :class:`signaling.contract.ports.ShowPort`."""

    def __init__(
        self,
        store: Store,
        settings: SessionSettings,
        *,
        publish: Callable[[Plans, Show, int], None],
        around: Surroundings,
        happened: Callable[[AnyEvent, Show], None] = lambda event, show: None,
        unix_time: Callable[[], float] = time.time,
        alarms: Alarms | None = None,
    ) -> None:
        self._store = store
        self._settings = settings
        self._publish = publish
        self._around = around
        self._happened = happened
        self._unix_time = unix_time
        self._alarms = Alarms(unix_time) if alarms is None else alarms
        self._show = settings.new_show()
        self._snapshots = LogSnapshots(store.path, self._show)
        self._ledger = Ledger(store, self._alarms, Path(settings.plan.recordings), self._snapshots)
        self._coming = self._show
        """The show with what is being written now."""
        self._revision = 0
        self._planning = Planning(self._show, settings.plan, settings.demand, self._alarms, self._say)
        self._speaking = Speaking()
        self._timer: asyncio.TimerHandle | None = None
        self._status = LiveStatus()
        self._whip = WhipStatus()
        self._players = PlayerStatus()
        self._dropouts = Dropouts(self._show)
        self._view = PublicView()
        self._invites = invites.Index()
        self._hands = Hands()
        self._still: asyncio.TimerHandle | None = None
        self._writer = Writer(self._perform)
        self._status_changed = asyncio.Event()
        self._alarms.listen(self._status_changed.set)
        self._telling: asyncio.Task[None] | None = None
        self._closing = False
        self._changes = Changes(self._public())

    async def start(self) -> None:
        """Restore the state and begin. Raises :class:`StoreError`."""
        newest: deque[Show] = deque(maxlen=BEHIND)

        def step(show: Show, event: AnyEvent) -> Show:
            if show is self._show:  # the log's beginning, perhaps once more: it was mended
                newest.clear()
            newest.appendleft(show)
            return apply(show, event)

        show, self._revision = await replayed(self._store, step, self._show, self._alarms, self._snapshots)
        if newest:
            self._snapshots.seed(newest[-1], self._revision - len(newest))
        self._show = self._coming = self._here(show)
        self._dropouts = Dropouts(self._show)
        self._planning.begin(self._show, self._revision, map(self._here, newest))
        await self._ledger.start(self._revision)
        self._changes.state = self._public()
        self._set_timer()
        self._writer.start()
        self._telling = asyncio.create_task(self._tell_status(), name="session status")

    def _here(self, show: Show) -> Show:
        return self._settings.here(with_used_languages(show))

    async def close(self) -> None:
        """Carry out what was accepted, then end. Later commands are refused."""
        if self._closing:
            return
        if self._hands:
            self._order(HandsAtRest())
        self._closing = True
        if self._timer is not None:
            self._timer.cancel()
        if self._telling is not None:
            self._telling.cancel()
        if self._still is not None:
            self._still.cancel()
        self._changes.close()
        await self._writer.close()
        await self._ledger.close()

    @property
    def plans(self) -> Plans:
        """The newest."""
        return self._planning.plans

    @property
    def show(self) -> Show:
        """The newest; it holds secrets."""
        return self._show

    @property
    def media_used(self) -> frozenset[str]:
        """Ids of what was uploaded that the show names, or is about to."""
        return used_media(self._show) | used_media(self._coming)

    def handle(self, sender: ProcessName, message: msgspec.Struct) -> None:
        """A message from the link, decoded; ``sender`` is the process's name.

        Takes MixerReport, PlanTaken, SenderReport, PlayerReport, ShardReport, SeatsRecorded and
        ProcessChanged, and ignores the others.
        """
        if self._whip.take(sender, message, self._show):
            self._status_changed.set()
        if self._players.take(message, self._show):
            self._status_changed.set()
            ended = self._players.ended(message, self._show, int(self._unix_time() * 1000))
            if ended is not None and not self._writer.closed:
                self._order(ended)
        if self._status.take(message, self._show):
            self._status_changed.set()
            self._look_for_dropouts()
            live = self._planning.live
            if self._status.sharing != live.sharing:
                self._planning.live = msgspec.structs.replace(live, sharing=self._status.sharing)
                self._replan(time.monotonic_ns())

    def set_peers(self, seats: Mapping[str, Connection], watched: Collection[CanvasName]) -> None:
        """Which seats are connecting or connected, which canvases somebody's page shows: the whole set."""
        self._status.set_connections(seats)
        connected = frozenset(seat for seat, state in seats.items() if state == "connected")
        seen = (self._planning.live.seen | seats.keys()) & self._show.seats.keys()
        self._planning.live = Live(connected, frozenset(watched), seen, self._status.sharing)
        self._replan(time.monotonic_ns())
        self._status_changed.set()
        self._look_for_dropouts()

    def set_talkback(self, there: bool) -> None:
        """Whether the director's talkback microphone is there; the talk ends when it is gone."""
        known = not self._writer.closed and self._planning.known
        if known and self._dropouts.talkback_lost(there):
            self._order(Hushed())

    def heard(self, levels: Mapping[SourceName, float]) -> None:
        """Levels of microphones (:class:`signaling.contract.messages.ShardLevels`): who speaks fills
        places."""
        speaks = self._speaking.heard(self._show, levels, time.monotonic())
        if speaks is not None:
            self._order(speaks)

    def media_changed(self) -> None:
        """Something was uploaded, or deleted."""
        self._status_changed.set()

    def looked(self, canvas: CanvasName) -> None:
        """Somebody asked for a snapshot of this canvas."""
        now_s, demand = time.monotonic(), self._planning.demand
        before = demand.watched((), now_s)
        demand.looked(canvas, now_s)
        if demand.watched((), now_s) != before:
            self._replan(time.monotonic_ns())

    # --- signaling.contract.ports.ShowPort ------------------------------------------------------------------

    @property
    def revision(self) -> int:
        return self._revision

    @property
    def serial(self) -> int:
        return self._changes.serial

    def public_state(self) -> DirectorState:
        """As of :attr:`serial`."""
        return self._changes.state

    def goes_first(self, command: bytes) -> bool:
        return bytes_go_first(command)

    def is_panic(self, command: bytes) -> bool:
        return bytes_panic(command)

    async def execute(self, command: bytes, actor: Actor, client: str = "") -> Done:
        """See :meth:`signaling.contract.ports.ShowPort.execute`. Also refuses with 429 ``session.busy``, 503
        ``session.closed``, 507 ``store.disk-full`` and 503 ``store.unwritable``.

        A caller that is cancelled may find its command carried out: what is written stays written.
        """
        decoded = commands.decode(command)
        prepared = await self._around.prepare(decoded, actor)
        now_ns = time.monotonic_ns()
        over = None
        if is_panic(decoded) and self._writer.busy:
            over = self._ahead(decoded, actor, prepared, now_ns)
        try:
            return await self._writer.execute(decoded, actor, now_ns, prepared, client)
        finally:
            if over is not None:
                over()
                self._replan(now_ns)  # of the show, whatever has become of it

    def _ahead(
        self, command: commands.AnyCommand, actor: Actor, prepared: Prepared, now_ns: int
    ) -> Callable[[], None] | None:
        """Show black or the slate before its turn; None where it is there already, or goes off."""
        now = self._unix_time()
        connected = self._planning.live.connected
        try:
            context = self._around.context(prepared, actor, now, self._settings, connected)
            events = decide(self._show, command, context)
        except RefusedError:
            return None  # it will be said in its turn
        if not getattr(command, "on", False) or not events:
            return None
        return self._planning.ahead(self._show, events, now_ns, int(now * 1000))

    async def events(self, after: int, limit: int) -> list[LoggedEvent]:
        try:
            lines = await self._ledger.read(max(0, after), max(0, min(limit, MAX_EVENTS)))
        except StoreError as error:
            raise refused(error) from error
        return [
            LoggedEvent(line.revision, _utc(line.time_ms), line.actor, public_event(line.event))
            for line in lines
        ]

    def listen(self, callback: ChangeListener) -> Unsubscribe:
        return self._changes.listen(callback)

    def grant(self, token: str) -> Grant | None:
        return self._invites.grant(self._show, token, int(self._unix_time()))

    def publisher(self, token: str) -> str | None:
        return publisher_of(self._show, token)

    def still_valid(self, grant: Grant) -> bool:
        return invites.still_valid(self._show, grant, int(self._unix_time()))

    def command_schema(self) -> Mapping[str, Any]:
        return commands.schema()

    # --- the writer ------------------------------------------------------------------------------------

    def _look_for_dropouts(self) -> None:
        """An interpreter who is on and gone is switched off by the writer, like everything else."""
        # A control that has just started learns who is there: until then nobody is missed.
        if self._writer.closed or not self._planning.known:
            return
        for seat in self._dropouts.lost(self._show, self._status.connections, self._status.silent):
            self._order(Dropped(seat))

    def _order(self, own: Own) -> None:
        self._writer.order(own, time.monotonic_ns())

    async def _perform(self, request: Request) -> Done:
        now = self._unix_time()
        context = self._around.context(
            request.prepared, request.actor, now, self._settings, self._planning.live.connected
        )
        events: tuple[AnyEvent, ...]
        if isinstance(request.command, Own):
            events = decide_own(self._show, request.command, context)
        else:
            events = decide(self._show, request.command, context)
        if is_live(request.command) and (values := values_of(events)) is not None:
            return self._move(values, request)
        owed: tuple[AnyEvent, ...] = ()
        if events or lets_go(request.command):
            owed = self._hands.owed(events)
        lines = self._lines(owed, events, request.actor, int(now * 1000))
        if not lines:
            return Done(self._revision, ())
        # What can't be applied, or can't be planned, must not be written.
        last = lines[-1]
        step = self._planning.step(self._show, (*owed, *events), request.issued_ns, last.time_ms, last.last)
        try:
            if must_happen(request.command):
                self._ledger.check()
                self._carry_out((*owed, *events), step, request.issued_ns)
                for line in lines:
                    await self._ledger.keep(line)
            else:
                self._coming = step.show
                for line in lines:
                    await self._ledger.append(line)
                    self._carry_out(line.events, step if line is last else None, request.issued_ns)
        except StoreError as error:
            raise refused(error) from error
        finally:
            self._coming = self._show
        told = self._around.told(events, self._show, request.prepared.token)
        return Done(last.last, tuple(map(public_event, events or owed)), told)

    def _lines(
        self, owed: tuple[AnyEvent, ...], events: tuple[AnyEvent, ...], actor: Actor | None, time_ms: int
    ) -> list[LogLine]:
        """What hands have moved before, as theirs who moved it; then what happens now."""
        lines: list[LogLine] = []
        revision = self._revision + 1
        for part, whose in ((owed, self._hands.actor), (events, actor)):
            if part:
                lines.append(LogLine(revision, time_ms, _named(whose), part))
                revision += len(part)
        return lines

    def _move(self, values: Sequence[Value], request: Request) -> Done:
        """Heard and seen at once, told to consoles now and then, logged when the hand lets go."""
        for value in values:
            self._show = apply(self._show, value)
        self._coming = self._show
        if values:
            assert request.actor is not None
            self._hands.move(values, request.actor)
            self._planning.move(self._show, hand_values(values), self._revision, request.issued_ns)
            self._changes.later(moved(self._changes.coming, values), self._revision)
        if self._still is not None:
            self._still.cancel()
        self._still = asyncio.get_running_loop().call_later(STILL_S, self._order, HandsAtRest())
        return Done(self._revision, ())

    def _carry_out(self, events: tuple[AnyEvent, ...], step: PlannedStep | None, issued_ns: int) -> None:
        self._hands.settled(events)
        for event in events:
            self._show = apply(self._show, event)
            self._revision += 1
            self._status.forget(self._show)
            if event is events[-1] and step is not None:
                # Before listeners are told: a plan on its way is worth more than a console's repaint.
                self._planning.take(step, self._revision, issued_ns)
            self._tell_happened(event)
            self._advance(event)
        self._set_timer()
        self._look_for_dropouts()

    def _tell_happened(self, event: AnyEvent) -> None:
        try:
            self._happened(event, self._show)
        except Exception as error:
            log.error("an event not passed on", **fault(error))

    # --- telling ---------------------------------------------------------------------------------------

    def _replan(self, issued_ns: int) -> None:
        self._planning.renew(self._show, self._revision, issued_ns)
        self._set_timer()

    def _set_timer(self) -> None:
        """Some of the plan and of the status changes by time alone."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        unix_s = self._unix_time()
        waits_s = [time_s - unix_s for time_s in booth_times(self._show, unix_s)]
        if (due_s := self._planning.due_s()) is not None:
            waits_s.append(due_s)
        if waits_s and not self._writer.closed:
            later = asyncio.get_running_loop().call_later
            self._timer = later(max(0.0, min(waits_s)), self._time_passed)

    def _time_passed(self) -> None:
        self._replan(time.monotonic_ns())
        self._status_changed.set()
        self._look_for_dropouts()

    def _say(self, plans: Plans, show: Show, issued_ns: int) -> None:
        try:
            self._publish(plans, show, issued_ns)
        except Exception as error:
            # The state is written already; what couldn't be said is in the next plan, which is whole.
            log.error("plans not sent", **fault(error))

    def _public(self) -> DirectorState:
        plans, status, planning = self.plans, self._status, self._planning
        waiting = planning.demand.waiting(plans.preview, status.arriving, time.monotonic())
        uplink, screens = (plans.uplink, plans.screens) if plans.known else ({}, {})
        now = int(self._unix_time())
        leaving = planning.taking.take.leaving if planning.taking.take is not None else None
        live = status.public(planning.show, uplink, screens, waiting, now, leaving)
        live = msgspec.structs.replace(
            self._around.public(self._show, live),
            take=planning.taking.public(),
            alarms=self._alarms.public(),
            sources={**self._players.public(self._show), **self._whip.public(self._show)},
        )
        return self._view(self._show, live, now)

    def _advance(self, event: AnyEvent | None) -> None:
        """Make the new public state and tell the listeners the step to it."""
        shown = None if event is None else public_event(event)
        self._changes.advance(self._public(), self._revision, shown)

    async def _tell_status(self) -> None:
        while True:
            await self._status_changed.wait()
            self._status_changed.clear()
            try:
                self._advance(None)
                self._set_timer()
            except Exception as error:
                log.error("status failed", **fault(error))
            await asyncio.sleep(STATUS_INTERVAL_S)


def _utc(time_ms: int) -> datetime:
    return datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=time_ms)


def _named(actor: Actor | None) -> str:
    if actor is None:
        return "studio"
    return f"{actor.role}/{actor.seat}" if actor.seat else actor.role
