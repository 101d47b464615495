"""The live part of the public state: who is connected, how outputs and processes are.

Messages go in, one snapshot comes out; nothing here is stored. What is kept is bounded by the
show's seats and outputs and by the supervisor's processes.
"""

from collections.abc import Collection, Mapping
from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

from mixer.contract.messages import Latency, MixerReport, PlanTaken, SenderReport, SourceState
from mixer.contract.names import (
    MIXER,
    ProcessName,
    SourceName,
    backup_of,
    is_shard,
    of_seat,
    output_of,
    sender_of,
)
from signaling.contract.messages import (
    SILENT,
    IceServersSilent,
    PeerStats,
    SeatsRecorded,
    ShardReport,
    UplinkTarget,
)
from signaling.contract.state import (
    ABSENT,
    IceStatus,
    LatencyStatus,
    LoadStatus,
    MixerStatus,
    OutputStatus,
    PreviewStatus,
    ProcessStatus,
    ScreenStatus,
    SeatState,
    SeatStatus,
    StudioStatus,
    projected,
)
from studio.contract.messages import ProcessChanged
from studio.planning.places import Staged, missing, on_scene
from studio.planning.places import coming as coming_to
from studio.planning.places import on_air as on_air_of
from studio.show.booths.status import back_again, is_on_bus, public_booths
from studio.show.desk.status import SoundProblems
from studio.show.model import Output, Seat, Show
from studio.show.outputs.status import public_output, redacted

Connection = Literal["connecting", "connected"]


class LiveStatus:
    """Fed with messages and the presence of peers; :meth:`public` gives the snapshot."""

    def __init__(self) -> None:
        self.connections: dict[str, Connection] = {}
        self._stats: dict[str, PeerStats] = {}
        self._pictures: dict[SourceName, SourceState] = {}
        self._sound = SoundProblems()
        self._back: frozenset[str] = frozenset()
        """Interpreters who were lost and have been back since."""
        self._mixer = MixerStatus()
        self._outputs: dict[str, SenderReport] = {}
        self._recorded: dict[ProcessName, SeatsRecorded] = {}
        """What each shard says of the recording of seats."""
        self._ice_silent: dict[ProcessName, tuple[str, ...]] = {}
        """STUN and TURN servers that don't answer, by shard."""
        self._processes: dict[ProcessName, ProcessChanged] = {}

    def set_connections(self, seats: Mapping[str, Connection]) -> None:
        """The whole set. Figures of those who left are forgotten."""
        self.connections = dict(seats)
        self._stats = {seat: stats for seat, stats in self._stats.items() if seat in seats}

    @property
    def sharing(self) -> frozenset[str]:
        """Seats whose shared screen arrives."""
        return frozenset(seat for seat, stats in self._stats.items() if stats.sharing)

    @property
    def silent(self) -> frozenset[str]:
        """Seats of which nothing comes, though their connection seems to be there."""
        return frozenset(seat for seat, stats in self._stats.items() if stats.problem == SILENT)

    @property
    def arriving(self) -> dict[str, tuple[int, int]]:
        """Width and height of the picture that comes from each seat that is connected; 0 for none yet."""
        none = PeerStats(peer="")
        stats = {
            seat: self._stats.get(seat, none)
            for seat, state in self.connections.items()
            if state == "connected"
        }
        return {seat: (each.width, each.height) for seat, each in stats.items()}

    def take(self, message: msgspec.Struct, show: Show) -> bool:
        """Keep what the message says; False if it says nothing about the live status."""
        match message:
            case MixerReport():
                self._pictures = message.sources
                self._sound.take(message.sound_problems, show)
                self._mixer = MixerStatus(
                    ticks=message.ticks,
                    late_ticks=message.late_ticks,
                    spared_ticks=message.spared_ticks,
                    revision=message.revision,
                    air_ticks=self._mixer.air_ticks,
                    load=projected(LoadStatus, message.load),
                    latency_ms=_latency(message.latency_ms),
                    levels={source: round(level) for source, level in message.levels.items()},
                )
            case PlanTaken(ordinary=False):
                self._mixer = msgspec.structs.replace(self._mixer, air_ticks=message.ticks_waited)
            case ShardReport():
                self._stats |= {
                    stats.seat: stats for stats in message.peers if stats.seat in self.connections
                }
            case SenderReport():
                output = show.outputs.get(sender_of(message.output).output)
                if output is None or not output.running:
                    return False
                self._outputs[message.output] = redacted(message, output)
            case IceServersSilent():
                self._ice_silent[message.shard] = message.servers
            case SeatsRecorded():
                self._recorded[message.shard] = message
            case ProcessChanged():
                self._take_process(message, show)
            case _:
                return False
        return True

    def _take_process(self, message: ProcessChanged, show: Show) -> None:
        if message.state == "stopped":
            self._processes.pop(message.process, None)
        else:
            self._processes[message.process] = message
        if message.process == MIXER and message.state != "running":
            self._pictures = {}
            self._sound.take({}, show)
            self._mixer = msgspec.structs.replace(self._mixer, load=LoadStatus(), latency_ms=LatencyStatus())
        if is_shard(message.process) and message.state != "running":
            self._recorded.pop(message.process, None)
            self._ice_silent.pop(message.process, None)
        if output := output_of(message.process):
            known = show.outputs.get(sender_of(output).output)
            if message.state == "restarting" and known is not None and known.running:
                reason = "Its process ended and is being started anew."
                self._outputs[output] = SenderReport(output, "retrying", reason, "sender.restarting")
            elif message.state == "stopped":
                self._outputs.pop(output, None)

    def public(
        self,
        show: Show,
        uplink: Mapping[str, UplinkTarget],
        screens: Mapping[str, UplinkTarget],
        waiting: Collection[str] = (),
        now: int = 0,
        leaving: Staged | None = None,
    ) -> StudioStatus:
        """Return what this knows: seats, booths, outputs, processes, mixer, ice and preview.

        ``waiting``: seats in preview whose picture isn't there in full yet; ``now`` in Unix seconds. Who is
        in the scene that a transition is ``leaving``, or on either side of the T-bar, is on air; nobody is
        while the slate or black covers it."""
        on_air, coming = on_scene(show, on_air_of(show)), on_scene(show, coming_to(show))
        if show.tbar > 0:
            on_air |= coming
        if leaving is not None:
            on_air |= on_scene(show, leaving)
        if show.slate or show.black:
            # Nobody sees or hears them meanwhile; they are the next who will be.
            on_air, coming = frozenset(), on_air | coming
        on_air |= {seat.id for seat in show.seats.values() if is_on_bus(show, seat)}
        seats = {
            seat.id: self._seat(
                seat, seat.id in on_air, seat.id in coming, uplink.get(seat.id), screens.get(seat.id)
            )
            for seat in show.seats.values()
        }
        problems = {seat: shown.problem for seat, shown in seats.items()}
        self._back = back_again(show, self.connections, problems, self._back)
        here = [seat for seat, state in self.connections.items() if state == "connected"]
        away = missing(show, coming_to(show), here)
        return StudioStatus(
            seats=seats,
            booths=public_booths(show, self.connections, problems, now, self._back),
            outputs={output.id: self._output(output) for output in show.outputs.values()},
            processes={
                name: ProcessStatus(process.state, process.restarts)
                for name, process in self._processes.items()
            },
            mixer=self._mixer,
            ice=IceStatus(tuple(sorted({url for urls in self._ice_silent.values() for url in urls}))),
            preview=PreviewStatus(not waiting and not away, tuple(waiting), tuple(away) or UNSET),
        )

    def _seat(
        self,
        seat: Seat,
        on_air: bool,
        coming: bool,
        uplink: UplinkTarget | None,
        screen: UplinkTarget | None,
    ) -> SeatStatus:
        connection = self.connections.get(seat.id)
        if connection is None:
            return ABSENT
        state: SeatState
        if connection == "connecting":
            state = "absent"
        elif not seat.stage and seat.role != "interpreter":
            state = "waiting"
        else:
            state = "on_air" if on_air else "next" if coming else "ready"
        stats = self._stats.get(seat.id) or PeerStats(peer="")
        arriving: ScreenStatus | UnsetType = UNSET
        if stats.sharing:
            arriving = ScreenStatus(stats.screen_width, stats.screen_height, round(stats.screen_fps, 1))
        return SeatStatus(
            state=state,
            connection=connection,
            picture=self._pictures.get(of_seat(seat.id), "card"),
            width=stats.width,
            height=stats.height,
            fps=round(stats.fps, 1),
            bitrate=stats.bitrate,
            lost=stats.lost,
            level_db=round(stats.level_db),
            problem=stats.problem or self._sound.problem_of(seat),
            uplink=UNSET if uplink is None else uplink,
            screen_uplink=UNSET if screen is None else screen,
            screen=arriving,
        )

    def _output(self, output: Output) -> OutputStatus:
        reports = self._outputs if output.running else {}
        recorded = [each for each in self._recorded.values() if each.output == output.id]
        return public_output(output, reports.get(output.id), reports.get(backup_of(output.id)), recorded)

    def forget(self, show: Show) -> None:
        """Drop what belongs to outputs that don't run any more: a later run starts with a clean sheet."""
        self._outputs = {
            id_: report
            for id_, report in self._outputs.items()
            if (output := show.outputs.get(sender_of(id_).output)) is not None and output.running
        }


def _latency(latency: Latency) -> LatencyStatus:
    """Whole milliseconds, and how many pictures."""
    return LatencyStatus(round(latency.p50), round(latency.p95), round(latency.max), latency.count)
