"""The single writer of the show's state: commands in; events, patches and plans out.

``studio.control`` builds and feeds it::

    store = await Store.open(data / "show.db")               # StoreError: str() is one line
    session = Session(store, settings, publish=publish, link_for=link_for)
    await session.start()                                     # StoreError; publishes the first plans
    ...
    await session.close()                                     # closes the store, too

``publish(plans, issued_ns)`` is called on the event loop whenever plans changed, and by ``start``; it must
not block. It sends ``TakePlan(plans.mix, issued_ns)`` to the mixer, ``UplinkTargets(plans.uplink, …)`` to the
shards (where ``plans.known``) and ``plans.desired`` to the supervisor. ``session.plans`` is the newest: say
it again to a process that came back. ``link_for(role, token)`` gives an invite's link
(``studio.links.link(public_url, role, token)``).

All methods are called on one event loop.
"""

import asyncio
import time
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime, timedelta
from functools import reduce
from typing import Any

import msgspec
import structlog

from mixer.plan import CanvasName
from signaling.ports import (
    Actor,
    ChangeListener,
    Done,
    Grant,
    LoggedEvent,
    RefusedError,
    Role,
    Unsubscribe,
)
from studio import commands, invites
from studio.boothstatus import booth_times
from studio.changes import Changes
from studio.commands import AnyCommand, SeatCreate, SeatInvite
from studio.decide import Context, decide
from studio.deciding.event import with_used_languages
from studio.deciding.lost import Dropped, Hushed, Lost, decide_lost
from studio.demand import Demand
from studio.dropouts import Dropouts
from studio.events import AnyEvent, SeatCreated, SeatInvited, apply
from studio.faults import fault, refused, shutting_down
from studio.model import Show
from studio.planner import Live, Plans, asking, plan
from studio.session_settings import SessionSettings
from studio.status import Connection, Status
from studio.store import Store, StoreError
from studio.view import PublicView, public_event

__all__ = ["MAX_WAITING", "Session", "SessionSettings"]

MAX_WAITING = 256
"""Commands waiting for the writer; more are refused."""
MAX_EVENTS = 1000
"""Events in one answer."""
STATUS_INTERVAL_S = 0.25
"""Least time between two changes that are about the live status only."""

log = structlog.get_logger()


class _Request(msgspec.Struct, frozen=True):
    """``actor`` None: the session itself."""

    command: AnyCommand | Lost
    actor: Actor | None
    issued_ns: int
    done: "asyncio.Future[Done]"


class Session:
    """Implements :class:`signaling.ports.Show`."""

    def __init__(
        self,
        store: Store,
        settings: SessionSettings,
        *,
        publish: Callable[[Plans, int], None],
        link_for: Callable[[Role, str], str],
        happened: Callable[[AnyEvent, Show], None] = lambda event, show: None,
        unix_time: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._settings = settings
        self._publish = publish
        self._link_for = link_for
        self._happened = happened
        self._unix_time = unix_time
        self._show = settings.new_show()
        self._revision = 0
        self._live = Live()
        self._demand = Demand(time.monotonic(), settings.demand)
        self._alarm: asyncio.TimerHandle | None = None
        self._plans = self._planned()
        self._status = Status()
        self._dropouts = Dropouts(self._show)
        self._view = PublicView()
        self._changes = Changes()
        self._invites = invites.Index()
        self._requests: asyncio.Queue[_Request | None] = asyncio.Queue(MAX_WAITING)
        self._status_changed = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._closed = False

    async def start(self) -> None:
        """Restore the state and begin. Raises :class:`StoreError`."""
        show, self._revision = await self._store.replay(apply, self._show)
        self._show = with_used_languages(show)
        self._dropouts = Dropouts(self._show)
        self._demand = Demand(time.monotonic(), self._settings.demand)  # a long log takes a while
        self._plans = self._planned()
        self._changes.state = self._public()
        self._say(self._plans, time.monotonic_ns())
        self._set_alarm()
        self._tasks = [
            asyncio.create_task(self._write(), name="session writer"),
            asyncio.create_task(self._tell_status(), name="session status"),
        ]

    async def close(self) -> None:
        """Carry out what was accepted, then end. Later commands are refused."""
        if self._closed:
            return
        self._closed = True
        if self._alarm is not None:
            self._alarm.cancel()
        if self._tasks:
            writer, status = self._tasks
            status.cancel()
            await self._requests.put(None)
            await asyncio.gather(writer, status, return_exceptions=True)
        await self._store.close()

    @property
    def plans(self) -> Plans:
        """The newest."""
        return self._plans

    @property
    def show(self) -> Show:
        """The newest; it holds secrets."""
        return self._show

    def handle(self, sender: str, message: msgspec.Struct) -> None:
        """A message from the link, decoded; ``sender`` is the process's name.

        Takes MixerReport, PlanTaken, SenderReport, ShardReport, SeatsRecorded and ProcessChanged, and ignores
        the others.
        """
        if self._status.take(message, self._show):
            self._status_changed.set()
            self._look_for_dropouts()
            if self._status.sharing != self._live.sharing:
                self._live = msgspec.structs.replace(self._live, sharing=self._status.sharing)
                self._replan(time.monotonic_ns())

    def set_peers(self, seats: Mapping[str, Connection], watched: Collection[CanvasName]) -> None:
        """Which seats are connecting or connected, which canvases somebody's page shows: the whole set."""
        self._status.set_connections(seats)
        connected = frozenset(seat for seat, state in seats.items() if state == "connected")
        seen = (self._live.seen | seats.keys()) & self._show.seats.keys()
        self._live = Live(connected, frozenset(watched), seen, self._status.sharing)
        self._replan(time.monotonic_ns())
        self._status_changed.set()
        self._look_for_dropouts()

    def set_talkback(self, there: bool) -> None:
        """Whether the director's talkback microphone is there; the talk ends when it is gone."""
        known = not self._closed and self._demand.known(time.monotonic())
        if known and self._dropouts.talkback_lost(there):
            self._order(Hushed())

    def looked(self, canvas: CanvasName) -> None:
        """Somebody asked for a snapshot of this canvas."""
        now_s = time.monotonic()
        before = self._demand.watched((), now_s)
        self._demand.looked(canvas, now_s)
        if self._demand.watched((), now_s) != before:
            self._replan(time.monotonic_ns())

    # --- signaling.ports.Show --------------------------------------------------------------------------

    @property
    def revision(self) -> int:
        return self._revision

    @property
    def serial(self) -> int:
        return self._changes.serial

    def public_state(self) -> Mapping[str, Any]:
        """As of :attr:`serial`; never changed in place."""
        return self._changes.state

    async def execute(self, command: bytes, actor: Actor) -> Done:
        """See :meth:`signaling.ports.Show.execute`. Also refuses with 429 ``session.busy``, 503
        ``session.closed``, 507 ``store.disk-full`` and 503 ``store.unwritable``.

        A caller that is cancelled may find its command carried out: what is written stays written.
        """
        issued_ns = time.monotonic_ns()
        parsed = commands.decode(command)
        if self._closed:
            raise shutting_down()
        done: asyncio.Future[Done] = asyncio.get_running_loop().create_future()
        try:
            self._requests.put_nowait(_Request(parsed, actor, issued_ns, done))
        except asyncio.QueueFull:
            raise RefusedError(429, "session.busy", "Too many commands at once; try again.") from None
        return await done

    async def events(self, after: int, limit: int) -> list[LoggedEvent]:
        try:
            lines = await self._store.read(max(0, after), max(0, min(limit, MAX_EVENTS)))
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

    def still_valid(self, grant: Grant) -> bool:
        return invites.still_valid(self._show, grant, int(self._unix_time()))

    def command_schema(self) -> Mapping[str, Any]:
        return commands.schema()

    # --- the writer ------------------------------------------------------------------------------------

    async def _write(self) -> None:
        """One command after the other, in a task of its own: who hangs up leaves nothing half done."""
        try:
            while (request := await self._requests.get()) is not None:
                if not request.done.cancelled():
                    await self._answer(request)
        finally:
            # Nobody waits for ever, whatever has ended the writer.
            self._closed = True
            while not self._requests.empty():
                if (request := self._requests.get_nowait()) is not None:
                    _refuse(request, shutting_down())

    def _look_for_dropouts(self) -> None:
        """An interpreter who is on and gone is switched off by the writer, like everything else."""
        # A control that has just started learns who is there: until then nobody is missed.
        if self._closed or not self._demand.known(time.monotonic()):
            return
        for seat in self._dropouts.lost(self._show, self._status.connections, self._status.silent):
            self._order(Dropped(seat))

    def _order(self, lost: Lost) -> None:
        loop = asyncio.get_running_loop()
        done: asyncio.Future[Done] = loop.create_future()
        # Nobody waits for what the session itself does; a failure is in the log.
        done.add_done_callback(lambda done: done.cancelled() or done.exception())
        try:
            self._requests.put_nowait(_Request(lost, None, time.monotonic_ns(), done))
        except asyncio.QueueFull:
            loop.call_later(STATUS_INTERVAL_S, self._order, lost)

    async def _answer(self, request: _Request) -> None:
        try:
            done = await self._perform(request)
        except RefusedError as error:
            _refuse(request, error)
        except Exception as error:
            # Kept to this one command: the writer must outlive it.
            _refuse(request, RefusedError(500, "internal", "The command failed; see the log."))
            log.error("command failed", command=type(request.command).__name__, **fault(error))
        else:
            if not request.done.done():
                request.done.set_result(done)

    async def _perform(self, request: _Request) -> Done:
        now = self._unix_time()
        token = invites.new_token() if isinstance(request.command, SeatCreate | SeatInvite) else ""
        actor = request.actor or Actor("director")
        ttl_s, connected = self._settings.invite_ttl_s, self._live.connected
        context = Context(actor, int(now), invites.hashed(token), ttl_s, connected)
        events: tuple[AnyEvent, ...]
        if isinstance(request.command, Lost):
            events = decide_lost(self._show, request.command, context)
        else:
            events = decide(self._show, request.command, context)
        if not events:
            return Done(self._revision, ())
        reduce(apply, events, self._show)  # what can't be applied must not be written
        try:
            await self._store.append(self._revision + 1, int(now * 1000), _named(request.actor), events)
        except StoreError as error:
            log.error("event log", code=error.code, reason=str(error))
            raise refused(error) from error
        for event in events:
            self._show = apply(self._show, event)
            self._revision += 1
            self._status.forget(self._show)
            if event is events[-1]:
                # Before listeners are told: a plan on its way is worth more than a console's repaint.
                self._replan(request.issued_ns)
            self._tell_happened(event)
            self._advance(event)
        self._set_alarm()
        self._look_for_dropouts()
        return Done(self._revision, tuple(map(public_event, events)), self._result(events, token))

    def _result(self, events: tuple[AnyEvent, ...], token: str) -> Mapping[str, Any] | None:
        """The link of an invite: told once, kept nowhere."""
        for event in events:
            if isinstance(event, SeatCreated | SeatInvited):
                seat = self._show.seats[event.seat]
                return {
                    "seat": seat.id,
                    "link": self._link_for(seat.role, token),
                    "expires": event.expires,
                }
        return None

    def _tell_happened(self, event: AnyEvent) -> None:
        try:
            self._happened(event, self._show)
        except Exception as error:
            log.error("an event not passed on", **fault(error))

    # --- telling ---------------------------------------------------------------------------------------

    def _planned(self) -> Plans:
        now_s = time.monotonic()
        watched = self._demand.watched(self._live.watched, now_s)
        live = msgspec.structs.replace(self._live, watched=watched)
        plans = plan(self._show, live, self._settings.plan, self._revision)
        return asking(plans, self._demand.targets(plans.uplink, now_s), known=self._demand.known(now_s))

    def _replan(self, issued_ns: int) -> None:
        plans = self._planned()
        if plans != self._plans:
            self._plans = plans
            self._say(plans, issued_ns)
        self._set_alarm()

    def _set_alarm(self) -> None:
        """Some of the plan and of the status changes by time alone."""
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        now_s, unix_s = time.monotonic(), self._unix_time()
        due_s = self._demand.due_s(now_s)
        waits_s = [time_s - unix_s for time_s in booth_times(self._show, unix_s)]
        if due_s is not None:
            waits_s.append(due_s - now_s)
        if waits_s and not self._closed:
            later = asyncio.get_running_loop().call_later
            self._alarm = later(max(0.0, min(waits_s)), self._time_passed)

    def _time_passed(self) -> None:
        self._replan(time.monotonic_ns())
        self._status_changed.set()
        self._look_for_dropouts()

    def _say(self, plans: Plans, issued_ns: int) -> None:
        try:
            self._publish(plans, issued_ns)
        except Exception as error:
            # The state is written already; what couldn't be said is in the next plan, which is whole.
            log.error("plans not sent", **fault(error))

    def _public(self) -> dict[str, Any]:
        plans, status = self._plans, self._status
        waiting = self._demand.waiting(plans.preview, status.arriving, time.monotonic())
        uplink, screens = (plans.uplink, plans.screens) if plans.known else ({}, {})
        now = int(self._unix_time())
        live = status.public(self._show, uplink, screens, waiting, now)
        return {**self._view(self._show, now), "status": live}

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
                self._set_alarm()
            except Exception as error:
                log.error("status failed", **fault(error))
            await asyncio.sleep(STATUS_INTERVAL_S)


def _refuse(request: _Request, error: RefusedError) -> None:
    if not request.done.done():
        request.done.set_exception(error)


def _utc(time_ms: int) -> datetime:
    return datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=time_ms)


def _named(actor: Actor | None) -> str:
    if actor is None:
        return "studio"
    return f"{actor.role}/{actor.seat}" if actor.seat else actor.role
