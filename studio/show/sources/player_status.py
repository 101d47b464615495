"""What players say of themselves, as the public state has it, and orders to them. Bounded by the sources."""

from collections.abc import Callable

import msgspec
from msgspec.structs import replace

from mixer.contract.messages import Message
from mixer.contract.names import ProcessName, is_player, played_by, player_name
from mixer.contract.player_messages import PlayerOrder, PlayerReport
from signaling.contract.state import SourceStatus
from studio.contract.messages import ProcessChanged
from studio.planning.playing import Ended, has_player, order_of, out_point_s, takes
from studio.show.model import Show, Source

LATE_S = 5.0
"""After the end of a clip by its length: so late its player may say that it is over."""
_RESTARTING = ("player.restarting", "Its player ended and is being started anew.")


class PlayerStatus:
    """The newest report of each source with a player."""

    def __init__(self) -> None:
        self._reports: dict[str, PlayerReport] = {}
        self._over: dict[str, int] = {}
        """The order whose end was heard of, by source: whether to take is asked once."""

    def take(self, message: msgspec.Struct, show: Show) -> bool:
        """Keep what the message says; False if it says nothing about players."""
        if isinstance(message, PlayerReport):
            source = show.sources.get(message.source)
            if source is None or not has_player(source):
                return False
            self._reports[message.source] = message
            return True
        if isinstance(message, ProcessChanged) and is_player(message.process):
            source_id = played_by(message.process)
            last = self._reports.get(source_id)
            if message.state == "restarting":
                last = last or PlayerReport(source_id, "starting")
                code, reason = _RESTARTING
                # What it said before is why it may have died; that a decoder hangs, nobody could say.
                self._reports[source_id] = replace(last, state="stalled", code=code, reason=reason)
            elif message.state == "stopped":
                self._reports.pop(source_id, None)
            return True
        return False

    def ended(self, message: msgspec.Struct, show: Show, now_ms: int) -> Ended | None:
        """What the session has to do about a clip that has just come to its end, at ``now_ms`` (Unix). A
        player says it again and again: what is put into preview later was not meant to be taken."""
        if not isinstance(message, PlayerReport) or message.state != "ended":
            return None
        ended = Ended(message.source, message.order)
        if self._over.get(ended.source) == ended.order or ended.source not in show.sources:
            return None
        self._over = {id_: order for id_, order in self._over.items() if id_ in show.sources}
        self._over[ended.source] = ended.order
        return ended if takes(show, ended) and _just_now(show.sources[ended.source], now_ms) else None

    def public(self, show: Show) -> dict[str, SourceStatus]:
        """Of every source with a player."""
        known = {id_ for id_, source in show.sources.items() if has_player(source)}
        self._reports = {id_: report for id_, report in self._reports.items() if id_ in known}
        return {id_: _shown(self._reports.get(id_) or PlayerReport(id_, "starting")) for id_ in sorted(known)}


def _just_now(source: Source, now_ms: int) -> bool:
    """Or a control that has just started hears of an end that another one has dealt with."""
    playback, out_s = source.playback, out_point_s(source)
    if not out_s:
        return True  # nobody knows how long it is
    lasts_s = max(0.0, out_s - max(playback.position_s, source.in_s))
    return now_ms <= playback.at_ms + round((lasts_s + LATE_S) * 1000)


def _shown(report: PlayerReport) -> SourceStatus:
    return SourceStatus(
        state=report.state,
        code=report.code,
        reason=report.reason,
        position_s=round(report.position_s, 2),
        duration_s=round(report.duration_s, 2),
        remaining_s=round(report.remaining_s, 2),
        page=report.page,
        pages=report.pages,
        width=report.width,
        height=report.height,
        fps=report.fps,
        sound=report.sound,
        late=report.late,
    )


class PlayerOrders:
    """Sends players their orders: at each change, and whole to whoever comes back."""

    def __init__(
        self,
        send: Callable[[ProcessName, Message], None],
        unix_ms: Callable[[], int],
        monotonic_ns: Callable[[], int],
    ) -> None:
        self._send = send
        self._unix_ms = unix_ms
        self._monotonic_ns = monotonic_ns
        self._running: set[ProcessName] = set()
        self._told: dict[ProcessName, PlayerOrder] = {}
        """Without ``at_ns``, which no two clocks agree on."""
        self._show = Show()

    def planned(self, show: Show) -> None:
        """The show has changed."""
        if show.sources is self._show.sources:
            return
        self._show = show
        for name in list(self._told):
            if played_by(name) not in show.sources:
                del self._told[name]
        for source in show.sources.values():
            self._tell(player_name(source.id))

    def process_changed(self, change: ProcessChanged) -> None:
        name = change.process
        if not is_player(name):
            return
        self._told.pop(name, None)
        if change.state == "running":
            self._running.add(name)
            self._tell(name)
        else:
            self._running.discard(name)

    def _tell(self, name: ProcessName) -> None:
        source = self._show.sources.get(played_by(name))
        if name not in self._running or source is None:
            return
        order = order_of(source, self._unix_ms(), self._monotonic_ns())
        plain = replace(order, at_ns=0)
        if self._told.get(name) != plain:
            self._told[name] = plain
            self._send(name, order)
