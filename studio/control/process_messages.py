"""What control sends to single processes beside the plans: who is to measure, loudness begun again,
recordings of seats, the recordings' marks. Whoever comes back is told again."""

import time
from collections.abc import Callable, Iterable

from mixer.contract.messages import (
    Expect,
    Mark,
    Message,
    PlanTaken,
    ResetLoudness,
    RetryNow,
    SenderConfig,
    WatchMeters,
)
from mixer.contract.names import MIXER, ProcessName, backup_of, is_shard, sender_name, shards
from signaling.contract.messages import RecordSeats
from studio.contract.messages import ProcessChanged
from studio.planning.marks import Marker
from studio.planning.places import coming, has_auto, on_air
from studio.planning.planner import Plans
from studio.show.desk.events import BusReset
from studio.show.events import AnyEvent, OutputRetried, OutputStarted
from studio.show.model import Show
from studio.show.sources.player_status import PlayerOrders


class ProcessMessages:
    """``send`` takes a process's name and a message; ``recordings`` is the folder of files."""

    def __init__(self, send: Callable[[ProcessName, Message], None], recordings: str) -> None:
        self._send = send
        self._recordings = recordings
        self._running: set[ProcessName] = set()
        self._metered = False
        self._listening = False
        """By the levels that the shards tell, who speaks fills places of a scene."""
        self._recorded: str | None = None
        """The output that takes seats as they arrive, empty for none; None: not known yet. A control that has
        just started must not end what the one before it began."""
        self._files: frozenset[ProcessName] = frozenset()
        """Senders that write recordings."""
        self._senders: tuple[SenderConfig, ...] = ()
        self._marker = Marker()
        self._orders = PlayerOrders(send, lambda: time.time_ns() // 1_000_000, time.monotonic_ns)

    def meters_wanted(self, on: bool) -> None:
        """The first one watches the meters, or the last one no longer does."""
        self._metered = on
        for name in (*self._shards(), *self._running & {MIXER}):
            self._send(name, self._watch(name))

    def happened(self, event: AnyEvent, show: Show) -> None:
        match event:
            case BusReset(bus):
                self._send(MIXER, ResetLoudness(bus))
            case OutputStarted(output):
                self._expect(output)
            case OutputRetried(output):
                backup = (backup_of(output),) if show.outputs[output].backup else ()
                for each in (output, *backup):
                    self._send(sender_name(each), RetryNow())

    def _expect(self, output: str) -> None:
        """A recording begins with the picture of this moment, however long its process takes to start."""
        for each in self._senders:
            if each.output == output and each.folder:
                self._send(MIXER, Expect(sender_name(output), (each.video, *each.audio)))

    def planned(self, plans: Plans, show: Show) -> None:
        """These plans are sent, made of this state."""
        outputs = show.outputs.values()
        self._files = frozenset(sender_name(each.id) for each in outputs if each.recording and not each.seats)
        self._senders = plans.desired.senders
        self._marker.planned(show, plans.mix)
        self._orders.planned(show)
        listening = has_auto(on_air(show)) or has_auto(coming(show))
        if listening != self._listening:
            self._listening = listening
            for name in self._shards():
                self._send(name, self._watch(name))
        if plans.recorded != self._recorded:
            self._recorded = plans.recorded
            for name in self._shards():
                self._send(name, self._seats(plans.recorded))

    def plan_taken(self, taken: PlanTaken) -> None:
        marks = self._marker.taken(taken.revision, taken.tick)
        for name in sorted(self._running & self._files):
            self._tell_marks(name, marks)

    def process_changed(self, change: ProcessChanged) -> None:
        name = change.process
        self._orders.process_changed(change)
        if change.state != "running":
            self._running.discard(name)
            return
        self._running.add(name)
        if name == MIXER or is_shard(name):
            # Also what is not wanted: it may still do what a control before this one asked for.
            self._send(name, self._watch(name))
        if is_shard(name) and self._recorded is not None:
            self._send(name, self._seats(self._recorded))
        if name in self._files:
            self._tell_marks(name, self._marker.newest)

    def _watch(self, name: ProcessName) -> WatchMeters:
        return WatchMeters(self._metered or (self._listening and name != MIXER))

    def _seats(self, recorded: str) -> RecordSeats:
        return RecordSeats(self._recordings if recorded else "", recorded)

    def _tell_marks(self, sender: ProcessName, marks: Iterable[Mark]) -> None:
        for mark in marks:
            self._send(sender, mark)

    def _shards(self) -> list[ProcessName]:
        return shards(self._running)
