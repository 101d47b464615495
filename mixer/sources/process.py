"""Entry point of a player: ``python -m mixer.sources.process player/<source>``.

One loop: its link, and what the player has to do next. What may hang (a decoder, a network) has threads of
its own; the heartbeat stops when they do, and the supervisor ends and restarts the process.
"""

import gc
import importlib
import select
import sys
import time

import msgspec
import structlog

from mixer.contract.messages import Heartbeat, Ready, Shutdown, SlotClosed, SlotOpened
from mixer.contract.names import CONTROL, SUPERVISOR, ProcessName
from mixer.contract.player_messages import PlayerConfig, PlayerOrder, PlayerReport
from mixer.contract.source_kinds import SOURCE_KINDS
from mixer.ipc import child
from mixer.ipc.inbox import Handlers, Inbox
from mixer.ipc.limits import PLAYER_BYTES, PLAYER_NICENESS, confine
from mixer.ipc.link import Link, LinkClosedError, LinkOverflowError
from mixer.sources.player import MS, Player
from mixer.sources.slot_out import SlotOut

HEARTBEAT_NS = 500 * MS
SLOT_BEAT_NS = 100 * MS
PLAYING_NS = 250 * MS
RESTING_NS = 1000 * MS
BEFORE_CONFIG_MS = 1000

_log = structlog.get_logger()


def main() -> int:
    link = child.start(ProcessName(sys.argv[1]))
    confine(PLAYER_BYTES, PLAYER_NICENESS)
    gc.collect()
    gc.freeze()  # what was imported is never looked at again, so that a collection is short
    try:
        PlayerProcess(link).run()
    except LinkClosedError:
        _log.warning("the supervisor is gone")
    return 0


class PlayerProcess:
    """The loop between the link and one player."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._out = SlotOut()
        self._inbox = Inbox(link, self._handlers().take)
        self._config: PlayerConfig | None = None
        self._player: Player | None = None
        self._over = False
        self._wait_ns = 0
        self._beat_ns = self._slot_ns = self._report_ns = 0
        self._reported: tuple[object, ...] = ()

    def run(self) -> None:
        """Until Shutdown, or LinkClosedError."""
        try:
            while not self._over:
                self._poll()
                self._read_link()
                if self._player is not None and self._config is not None:
                    self._turn(self._player, self._config)
        finally:
            if self._player is not None:
                self._player.close()
            self._out.detach()

    def _poll(self) -> None:
        poller = select.poll()
        poller.register(self._link.fileno(), select.POLLIN | (select.POLLOUT if self._link.backlog else 0))
        poller.poll(BEFORE_CONFIG_MS if self._player is None else max(1, self._wait_ns // MS))

    def _read_link(self) -> None:
        self._link.flush()
        while self._inbox.read_one():
            if self._config is not None and self._player is None:
                # Not in the handler: without a player the process is of no use, and ends.
                self._player = made(self._config, self._out)
                self._send(SUPERVISOR, Ready())

    def _handlers(self) -> Handlers:
        handlers = Handlers()
        handlers.on(PlayerConfig, self._configure)
        handlers.on(PlayerOrder, self._take_order)
        handlers.on_fds(SlotOpened, lambda _, fds: self._out.attach(fds[0], time.monotonic_ns()))
        handlers.on(SlotClosed, lambda _: self._out.detach())
        handlers.on(Shutdown, lambda _: self._end())
        return handlers

    def _configure(self, config: PlayerConfig) -> None:
        self._config = self._config or config

    def _take_order(self, order: PlayerOrder) -> None:
        if self._player is not None:
            self._player.order(order, time.monotonic_ns())
            self._wait_ns = 0
            self._report_ns = 0

    def _end(self) -> None:
        self._over = True

    def _turn(self, player: Player, config: PlayerConfig) -> None:
        self._wait_ns = min(player.step(time.monotonic_ns()), SLOT_BEAT_NS)
        now_ns = time.monotonic_ns()
        alive = player.alive(now_ns)
        report = player.report(now_ns)
        # Of what can't be played the mixer shows the slate, as of a player that is gone.
        if alive and report.state != "failed" and now_ns - self._slot_ns >= SLOT_BEAT_NS:
            self._slot_ns = now_ns
            self._out.beat(now_ns)
        if alive and now_ns - self._beat_ns >= HEARTBEAT_NS:
            self._beat_ns = now_ns
            self._send(SUPERVISOR, Heartbeat())
        self._tell(report, config, now_ns)

    def _tell(self, report: PlayerReport, config: PlayerConfig, now_ns: int) -> None:
        key = (report.state, report.code, report.order, report.page)
        every_ns = PLAYING_NS if report.state == "playing" else RESTING_NS
        if key == self._reported and now_ns - self._report_ns < every_ns:
            return
        if key[:2] != self._reported[:2]:
            log = _log.warning if report.code else _log.info
            log("source", source=config.source, state=report.state, code=report.code, reason=report.reason)
        self._reported = key
        self._report_ns = now_ns
        self._send(CONTROL, report)

    def _send(self, to: ProcessName, message: msgspec.Struct) -> None:
        try:
            self._link.send(to, message)
        except LinkOverflowError:
            # The next report says more than this one; a supervisor that is stuck is not ours to mend.
            _log.warning("the supervisor does not read")


def made(config: PlayerConfig, out: SlotOut) -> Player:
    """The player of this kind. It is imported here: a still has no use for a decoder of clips."""
    module, _, name = SOURCE_KINDS[config.kind].player.partition(":")
    player: Player = getattr(importlib.import_module(module), name)(config, out)
    return player


if __name__ == "__main__":
    sys.exit(main())
