"""Starts the processes in order, watches them, restarts them, and ends them in order.

The supervisor does no media and no HTTP, so that there is nothing in it to crash. It owns what must outlive
its children: the programme's epoch, the slots' memory, what shall exist
(:class:`~studio.contract.messages.Desired`) and the last plan, so that a mixer that comes back shows what was
on air.

One thread, one selector: links, pidfds and signals are its events; every wait is bounded.
"""

import os
import selectors
import signal
import socket
import time
from collections import Counter
from collections.abc import Callable

import msgspec
import structlog

from mixer.contract.messages import (
    BusAttach,
    Heartbeat,
    Ready,
    Shutdown,
    SlotClosed,
    SlotOpened,
    TakePlan,
    TakeSound,
    TakeValues,
)
from mixer.contract.names import (
    CONTROL,
    MIXER,
    SUPERVISOR,
    ProcessName,
    SlotName,
    is_player,
    is_sender,
    is_shard,
)
from mixer.ipc.failures import Failures
from mixer.ipc.inbox import Handlers
from mixer.ipc.link import UNREADABLE
from studio.contract import usage
from studio.contract.messages import (
    Desired,
    Listening,
    ProcessChanged,
    ProcessUsage,
    SlotFailed,
    StartFailed,
)
from studio.supervisor.children import HEALTHY_S, STOP_S, Child, backoff_s
from studio.supervisor.roster import Launch, desired_children, fixed_children
from studio.supervisor.routing import Switchboard
from studio.supervisor.slots import Guest, SlotKeeper

log = structlog.get_logger()

BUS_BUFFER = 1024 * 1024
"""Bytes asked of the kernel for each direction of a packet-bus socket; a keyframe fits several times."""
_USAGE_EVERY_S = 5.0
_SLOT_RETRY_S = 5.0
_START_TRIES = 3
_PLAN = ("TakePlan", "TakeSound", "TakeValues")
"""Messages that the mixer is sent again when it comes back. Each replaces its own kind and those after it."""
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StartError(Exception):
    """The studio can't start; ``str()`` is one line for the operator."""


class Supervisor:
    """``up`` is called once, when everything runs; :meth:`run` returns when all is ended."""

    def __init__(self, launch: Launch, up: Callable[[Listening], None]) -> None:
        self._up = up
        self.epoch_ns = time.monotonic_ns()
        self._selector = selectors.DefaultSelector()
        self._board = Switchboard(self._selector, self._deliver, self._observe)
        self._of_all, self._of_control = self._handlers(control=False), self._handlers(control=True)
        self._decode_guest = msgspec.msgpack.Decoder(Guest).decode
        self._failures = Failures("supervising")
        self._slots = SlotKeeper()
        self._desired = Desired(slots={}, senders=())
        self._plan: dict[str, msgspec.Raw] = {}
        """By its messages' tags: the last :class:`TakePlan`, and what came after it of sound and values. As
        they came: to decode each would make it late."""
        self._listening: Listening | None = None
        self._port = launch.port
        self._announced = False
        self._stages = fixed_children(launch, self.epoch_ns, lambda: self._port, lambda: bool(self._plan))
        self._children = {child.name: child for stage in self._stages for child in stage}
        self._stage = 0
        self._ending: list[list[Child]] | None = None
        self._failure = ""
        self._stop_signals = 0
        self._usage_at_ns = self._slots_at_ns = 0

    # --- the loop --------------------------------------------------------------------------------------

    def run(self) -> None:
        """Until SIGINT, SIGTERM or SIGHUP. Raises :class:`StartError`; in any case no child is left."""
        wake_read, wake_write = socket.socketpair()
        wake_read.setblocking(False)
        wake_write.setblocking(False)
        before_fd = signal.set_wakeup_fd(wake_write.fileno(), warn_on_full_buffer=False)
        before = {number: signal.signal(number, self._on_signal) for number in _SIGNALS}
        self._selector.register(wake_read, selectors.EVENT_READ, lambda _: wake_read.recv(4096))
        try:
            self._start_stage()
            while not self._over():
                for key, mask in self._selector.select(self._pause_s()):
                    self._contained(key.data, mask)
                self._contained(self._attend, time.monotonic_ns())
        finally:
            self._kill_all()
            for child in self._children.values():
                if child.alive:
                    child.reap()
            self._slots.close()
            for number, handler in before.items():
                signal.signal(number, handler)
            signal.set_wakeup_fd(before_fd)
            self._selector.close()
            wake_read.close()
            wake_write.close()
        if self._failure:
            raise StartError(self._failure)

    def _contained(self, act: Callable[[int], None], argument: int) -> None:
        """What goes wrong with one process must not end all of them."""
        try:
            act(argument)
        except Exception as error:
            self._failures.add(error)

    def _on_signal(self, _number: int, _frame: object) -> None:
        self._stop_signals += 1

    def _pause_s(self) -> float:
        now = time.monotonic_ns()
        due = [child.start_at_ns for child in self._children.values() if child.start_at_ns is not None]
        due += [self._slots_at_ns] if self._slots_at_ns and self._ending is None else []
        return max(0.0, min([0.25, *((at - now) / 1e9 for at in due)]))

    def _over(self) -> bool:
        return self._ending == []

    def _attend(self, now: int) -> None:
        """What time demands: starts that are due, children that are silent, figures, the end."""
        if self._stop_signals and self._ending is None:
            log.info("stopping")
            self._end()
        if self._stop_signals > 1:  # whoever presses Ctrl-C twice doesn't want to wait
            self._kill_all()
        started = False
        for child in list(self._children.values()):
            if reason := child.silent(now):
                log.error("process killed", child=child.name, reason=reason)
                child.kill()
                child.heard(now)
            if child.state == "running" and child.deaths and now - child.started_ns > HEALTHY_S * 1e9:
                child.deaths = 0
            due = child.start_at_ns is not None and now >= child.start_at_ns
            waits = self._slots.more and is_player(child.name)  # for its slot
            if due and not started and not waits and self._ending is None:
                started = True  # one a turn, as with slots
                self._spawn(child)
        if self._ending is not None:
            self._go_on_ending()
            return
        if now >= self._usage_at_ns:
            self._usage_at_ns = now + int(_USAGE_EVERY_S * 1e9)
            self._report_usage()
        if self._slots_at_ns and now >= self._slots_at_ns:
            self._reconcile_slots()

    # --- starting --------------------------------------------------------------------------------------

    def _start_stage(self) -> None:
        for child in self._stages[self._stage]:
            self._spawn(child)

    def _spawn(self, child: Child) -> None:
        now = time.monotonic_ns()
        try:
            child.spawn(now)
        except (OSError, ValueError) as error:
            log.error("process not started", child=child.name, error=str(error))
            child.deaths += 1
            child.start_at_ns = now + int(backoff_s(child.deaths) * 1e9)
            return
        self._selector.register(child.pidfd, selectors.EVENT_READ, lambda _, child=child: self._exited(child))
        self._board.connect(child)
        log.info("process started", child=child.name, pid=child.pid)
        for source, fd in self._slots.visible_to(child.name):
            self._board.send(child, SlotOpened(source), (fd,))
        if child.name == MIXER:
            self._say_plan(child, now)
            for other in self._children.values():
                self._attach(other)
        else:
            self._attach(child)
        if child.name == CONTROL:
            for other in self._children.values():
                self._tell_control(other)
        else:
            self._tell_control(child)

    def _attach(self, child: Child) -> None:
        """Give a subscriber and the mixer the two ends of a fresh packet-bus socket, if both are there."""
        mixer = self._children[MIXER]
        if not (child.alive and mixer.alive) or not (is_shard(child.name) or is_sender(child.name)):
            return
        try:
            ends = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        except OSError as error:  # no descriptors left: it is given another one when it restarts
            log.error("packet bus not attached", child=child.name, error=str(error))
            child.kill()
            return
        with ends[0], ends[1]:
            for end, process in zip(ends, (mixer, child), strict=True):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUS_BUFFER)
                self._board.send(process, BusAttach(child.name), (end.fileno(),))

    def _ready(self, child: Child) -> None:
        if child.state != "starting":
            return
        child.state = "running"
        log.info("process ready", child=child.name, ms=(time.monotonic_ns() - child.started_ns) // 1_000_000)
        self._tell_control(child)
        if self._stage < len(self._stages) and self._ending is None:
            if any(child.state != "running" for child in self._stages[self._stage]):
                return
            self._stage += 1
            if self._stage < len(self._stages):
                self._start_stage()
                return
            self._reconcile_children()
        if not self._announced and self._listening is not None and self._stage == len(self._stages):
            self._announced = True
            self._up(self._listening)

    def _exited(self, child: Child) -> None:
        self._board.disconnect(child)
        self._selector.unregister(child.pidfd)
        ready = child.state == "running"
        expected = child.stop_by_ns is not None
        status = child.reap()
        now = time.monotonic_ns()
        (log.info if expected and status == 0 else log.error)(
            "process ended", child=child.name, status=status
        )
        if self._ending is not None or (expected and not child.wanted):
            child.state = "stopped"
            self._tell_control(child)
            if _is_made(child.name):
                del self._children[child.name]
            return
        if expected:  # one that was stopped for its new configuration
            child.stop_by_ns = None
            child.start_at_ns = now
            return
        child.deaths += 1
        # A file that no player can open must not keep the studio from starting.
        vital = not is_player(child.name)
        if not self._announced and vital and not ready and child.deaths >= _START_TRIES:
            self._fail(f"the process {child.name} does not start (exit status {status}); its log is above")
            return
        child.restarts += 1
        child.state = "restarting"
        child.start_at_ns = now + int(backoff_s(child.deaths) * 1e9)
        self._tell_control(child)

    # --- what children say -----------------------------------------------------------------------------

    def _deliver(self, child: Child, body: msgspec.Raw) -> None:
        handlers = self._of_control if child.name == CONTROL else self._of_all
        message = handlers.decoded(body)
        child.heard(time.monotonic_ns())
        handlers.handle(child.name, message, [])

    def _handlers(self, *, control: bool) -> Handlers:
        """The table for a child's messages; only control's has those that change what runs."""
        handlers = Handlers()
        handlers.on(Heartbeat, lambda _: None)  # it was heard
        handlers.on_from(Ready, lambda name, _: self._ready(self._children[name]))
        if control:
            handlers.on(Listening, self._listens)
            handlers.on(StartFailed, self._start_failed)
            handlers.on(Desired, self._want)
        return handlers

    def _listens(self, message: Listening) -> None:
        self._listening = message
        # A restarted control must come back where browsers look for it, also where the system chose the port.
        self._port = message.port or self._port

    def _start_failed(self, message: StartFailed) -> None:
        log.error("control cannot start", reason=message.reason)
        if not self._announced:
            self._fail(message.reason)

    def _observe(self, to: ProcessName, tag: str, body: msgspec.Raw) -> None:
        if to == MIXER and tag in _PLAN:
            for later in _PLAN[_PLAN.index(tag) :]:
                self._plan.pop(later, None)
            self._plan[tag] = body
        elif tag == "Offer":
            for slot in self._decode_guest(body).writes:
                self._lend(slot, to)

    def _lend(self, slot: SlotName, shard: ProcessName) -> None:
        """Hand a guest's slot to the shard that holds the guest now, and take it from the one before."""
        before = self._slots.lent_to(slot)
        self._slots.lend(slot, shard)
        if before == shard or slot not in self._slots:
            return
        old = self._children.get(before) if before is not None else None
        new = self._children.get(shard)
        if old is not None and old.alive:
            self._board.send(old, SlotClosed(slot))
        if new is not None and new.alive:
            self._board.send(new, SlotOpened(slot), (self._slots.descriptor(slot, shard),))

    def _say_plan(self, mixer: Child, now_ns: int) -> None:
        for body in self._plan.values():
            try:
                part = msgspec.msgpack.decode(body, type=TakePlan | TakeSound | TakeValues)
            except UNREADABLE as error:
                log.warning("unreadable plan", error=str(error))
                return
            self._board.send(mixer, msgspec.structs.replace(part, issued_ns=now_ns))

    def _tell_control(self, about: Child) -> None:
        control = self._children[CONTROL]
        if self._ending is None and control.alive:
            state = ProcessChanged(about.name, about.state, about.pid, about.restarts)
            self._board.send(control, state)

    def _report_usage(self) -> None:
        cpu = {child.name: self._cpu_s(child) for child in self._children.values()}
        resident = {child.name: usage.resident_bytes(child.pid) for child in self._children.values()}
        cpu[SUPERVISOR] = usage.cpu_seconds(os.getpid())
        resident[SUPERVISOR] = usage.resident_bytes(os.getpid())
        carried = {
            sender: {to: size for to, size in sizes.items() if to in cpu}
            for sender, sizes in self._board.carried.items()
            if sender in cpu
        }
        self._board.carried = {sender: Counter(sizes) for sender, sizes in carried.items()}
        self._board.send(self._children[CONTROL], ProcessUsage(cpu, resident, carried))
        if self._board.dropped:
            log.info("messages without a receiver", dropped=dict(self._board.dropped))
            self._board.dropped.clear()

    @staticmethod
    def _cpu_s(child: Child) -> float:
        return child.cpu_before_s + (usage.cpu_seconds(child.pid) if child.alive else 0.0)

    # --- what shall exist ------------------------------------------------------------------------------

    def _want(self, desired: Desired) -> None:
        if self._ending is not None:
            return
        self._desired = desired
        self._reconcile_slots()
        if self._stage == len(self._stages):
            self._reconcile_children()

    def _reconcile_slots(self) -> None:
        """One slot a turn: what others send each other, a cut on its way to the mixer, goes in between."""
        opened, closed, failed = self._slots.reconcile(self._desired.slots, most=1)
        alive = [child for child in self._children.values() if child.alive]
        for slot in closed:
            for child in alive:
                if self._slots.concerns(slot, child.name):
                    self._board.send(child, SlotClosed(slot))
        for slot in opened:
            for child in alive:
                if self._slots.concerns(slot, child.name):
                    self._board.send(child, SlotOpened(slot), (self._slots.descriptor(slot, child.name),))
        for slot, error in failed.items():
            reason = error.strerror or "no memory"
            log.error("slot not made", slot=slot, reason=reason)
            self._board.send(self._children[CONTROL], SlotFailed(slot, reason))
        now = time.monotonic_ns()
        if self._slots.more:
            self._slots_at_ns = now
        else:
            self._slots_at_ns = now + int(_SLOT_RETRY_S * 1e9) if self._slots.failed else 0

    def _reconcile_children(self) -> None:
        wanted = {child.name: child for child in desired_children(self._desired)}
        for name, child in list(self._children.items()):
            if _is_made(name) and name not in wanted:
                child.wanted = False
                self._stop(child)
        for name, child in wanted.items():
            existing = self._children.get(name)
            if existing is None:
                self._children[name] = child
                child.start_at_ns = time.monotonic_ns()
                continue
            changed = existing.configure() != child.configure()
            existing.configure = child.configure
            existing.wanted = True
            if changed:
                self._stop(existing)

    def _stop(self, child: Child) -> None:
        """Ask for an orderly end; one that isn't running is simply forgotten."""
        child.start_at_ns = None
        if child.alive:
            if child.stop_by_ns is None:
                child.stop_by_ns = time.monotonic_ns() + int(STOP_S * 1e9)
                self._board.send(child, Shutdown())
        elif not child.wanted:
            child.state = "stopped"
            self._tell_control(child)
            self._children.pop(child.name, None)
        elif self._ending is None:
            child.start_at_ns = time.monotonic_ns()

    # --- ending ----------------------------------------------------------------------------------------

    def _fail(self, reason: str) -> None:
        """The first start failed: end what runs and say why."""
        if not self._failure:
            self._failure = reason
        self._end()

    def _end(self) -> None:
        """Senders first, while the mixer still feeds them, and players; the mixer last."""
        if self._ending is not None:
            return
        senders = [child for name, child in self._children.items() if _is_made(name)]
        self._ending = [senders, *self._stages]
        for child in self._children.values():
            child.start_at_ns = None
            child.wanted = False
        self._stop_stage()

    def _stop_stage(self) -> None:
        assert self._ending
        for child in self._ending[0]:
            if child.alive:
                self._stop(child)

    def _go_on_ending(self) -> None:
        assert self._ending is not None
        while self._ending and not any(child.alive for child in self._ending[0]):
            self._ending.pop(0)
            if self._ending:
                self._stop_stage()

    def _kill_all(self) -> None:
        for child in self._children.values():
            if child.alive:
                child.kill()


def _is_made(process: ProcessName) -> bool:
    """Whether it comes and goes with what is desired."""
    return is_sender(process) or is_player(process)
