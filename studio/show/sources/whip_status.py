"""How the sources are into which somebody publishes by WHIP: waited for, live, or stopped, and why. Pure."""

import msgspec

from mixer.contract.names import ProcessName, is_shard
from signaling.contract.messages import SILENT, PeerStats, ShardReport
from signaling.contract.state import SourceStatus
from studio.contract.messages import ProcessChanged
from studio.show.model import Show
from studio.show.sources.publishing import published

_WAITING = SourceStatus("waiting", "", "", 0, 0, 0.0, False, bitrate=0, lost=0, level_db=-100)
"""One object for all whom nobody publishes into: patches see at once that it is the same."""
_GONE = {"code": "whip.gone", "reason": "Its publisher has vanished. It may publish again at once."}
_LEFT = msgspec.structs.replace(_WAITING, **_GONE)
_REASONS = {
    "whip.gone": _GONE["reason"],
    "whip.no-picture": "Its publisher sends sound and no pictures any more: look at its encoder.",
    "video.too-large": "Its picture is larger than 1920×1080: let its encoder send a smaller one.",
    "video.over-limit": "It sends more pictures than are decoded: let its encoder send 1080p60 at most.",
}
_STALLED = ("whip.gone", "whip.no-picture", "video.too-large")


class WhipStatus:
    """Fed with the shards' reports and the supervisor's news of them; bounded by the show's sources."""

    def __init__(self) -> None:
        self._stats: dict[str, tuple[ProcessName, PeerStats]] = {}
        """By source, with the shard that says it."""
        self._pictured: set[str] = set()
        """Sources whose publisher has shown a picture."""
        self._lost: set[str] = set()
        """Those whose publisher vanished and has not been back since."""

    def take(self, sender: ProcessName, message: msgspec.Struct, show: Show) -> bool:
        """Keep what the message of process ``sender`` says; False if it says nothing of publishers."""
        if isinstance(message, ProcessChanged):
            if message.state == "running" or not is_shard(message.process):
                return False
            self._lost.update(source for source, (of, _) in self._stats.items() if of == message.process)
            return self._left(message.process, frozenset())
        if not isinstance(message, ShardReport):
            return False
        told = {stats.source: stats for stats in message.peers if stats.source in show.sources}
        changed = self._left(sender, frozenset(told))
        for source, stats in told.items():
            self._stats[source] = (sender, stats)
            if stats.problem == SILENT:
                self._lost.add(source)
            else:
                self._lost.discard(source)
            if stats.fps > 0:
                self._pictured.add(source)
        return changed or bool(told)

    def _left(self, shard: str, there: frozenset[str]) -> bool:
        gone = [source for source, (of, _) in self._stats.items() if of == shard and source not in there]
        for source in gone:
            del self._stats[source]
            self._pictured.discard(source)
        return bool(gone)

    def public(self, show: Show) -> dict[str, SourceStatus]:
        """Of every ``whip`` source: ``waiting``, ``live`` or ``stalled``."""
        whips = [source.id for source in published(show)]
        for known in (self._pictured, self._lost):
            known.intersection_update(whips)
        self._stats = {source: told for source, told in self._stats.items() if source in whips}
        return {source: self._one(source) for source in whips}

    def _one(self, source: str) -> SourceStatus:
        if source not in self._stats:
            return _LEFT if source in self._lost else _WAITING
        stats = self._stats[source][1]
        code = "whip.gone" if stats.problem == SILENT else stats.problem
        if not code and stats.fps == 0 and stats.bitrate > 0 and source in self._pictured:
            code = "whip.no-picture"
        waiting = not code and stats.width == 0 and not stats.sound
        return SourceStatus(
            state="stalled" if code in _STALLED else "waiting" if waiting else "live",
            code=code,
            reason=_REASONS.get(code, f"Something is wrong with what it sends: {code}." if code else ""),
            width=stats.width,
            height=stats.height,
            fps=round(stats.fps, 1),
            bitrate=stats.bitrate,
            lost=stats.lost,
            level_db=round(stats.level_db),
            sound=stats.sound,
        )
