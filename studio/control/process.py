"""Entry point of the control process: ``python -m studio.control.process``, started by the supervisor.

Joins the show (:mod:`studio.control.session`), the HTTP server (:mod:`signaling.http.server`) and the link to
the other processes; :mod:`studio.control.opening` makes them. When it dies, the programme goes on; it finds
its state in SQLite and its peers in the shards' reports.
"""

import asyncio
import contextlib
import sys
from contextlib import AsyncExitStack

import structlog

from mixer.contract.messages import (
    CanvasPublished,
    Heartbeat,
    Meters,
    MixerReport,
    PlanTaken,
    Ready,
    SenderReport,
    Shutdown,
    SlotClosed,
    SlotOpened,
)
from mixer.contract.names import CONTROL, SUPERVISOR, is_shard
from mixer.contract.player_messages import PlayerReport
from mixer.ipc import child
from mixer.ipc.inbox import Handlers, first_message
from mixer.ipc.link import Link, LinkClosedError, LinkOverflowError
from signaling.contract.messages import (
    Answer,
    IceServersSilent,
    OfferFailed,
    PeerChanged,
    SeatsRecorded,
    ShardLevels,
    ShardReport,
)
from signaling.http.server import ServeError, serve
from signaling.ipc.loop_link import LoopLink
from studio.contract import config
from studio.contract.messages import (
    ControlConfig,
    Listening,
    ProcessChanged,
    ProcessUsage,
    SlotFailed,
    StartFailed,
)
from studio.control.opening import CannotStartError, Parts, opened

log = structlog.get_logger()

BEAT_S = 0.5
_CLOSE_S = 4.0


class Control:
    """What comes over the link, and whom it concerns."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self.stop = asyncio.Event()

    def handlers(self) -> Handlers:
        """Type of message → who handles it, in this order. Peers hear of shards that hang by what is silent:
        they get all that shards say, but for meters."""
        parts = self._parts
        peers, metrics, session = parts.peers.on_message, parts.metrics.on_message, parts.session.handle
        handlers = Handlers()
        handlers.on(Shutdown, lambda _: self.stop.set())
        handlers.on_fds(SlotOpened, lambda opened, fds: parts.snapshots.slot_opened(opened.slot, fds[0]))
        handlers.on(SlotClosed, lambda closed: parts.snapshots.slot_closed(closed.slot))
        handlers.on(SlotFailed, _slot_failed)
        handlers.on(ProcessUsage, self._used)
        handlers.on(ProcessChanged, self._process_changed)
        handlers.on_from(ProcessChanged, session)
        handlers.on_from(Meters, parts.hub.publish_meters)
        handlers.on_from(ShardLevels, parts.hub.publish_meters)
        handlers.on(ShardLevels, lambda told: parts.session.heard(told.levels))
        handlers.on(CanvasPublished, parts.snapshots.on_message)
        handlers.on_from(MixerReport, metrics, session)
        handlers.on_from(PlanTaken, metrics)
        handlers.on(PlanTaken, parts.processes.messages.plan_taken)
        handlers.on_from(PlanTaken, session)
        handlers.on_from(SenderReport, metrics, session)
        handlers.on_from(PlayerReport, session)
        handlers.on_from(ShardReport, peers, metrics)
        handlers.on(ShardReport, self._look_for_talkback)
        handlers.on_from(ShardReport, session)
        handlers.on_from(PeerChanged, peers)
        handlers.on(PeerChanged, self._look_for_talkback)
        handlers.on_from(Answer, peers)
        handlers.on_from(OfferFailed, peers)
        handlers.on_from(SeatsRecorded, peers, session)
        handlers.on_from(IceServersSilent, peers, session)
        return handlers

    def _used(self, usage: ProcessUsage) -> None:
        self._parts.metrics.on_usage(usage.cpu_seconds, usage.resident_bytes, usage.link_bytes)

    def _process_changed(self, change: ProcessChanged) -> None:
        parts, name = self._parts, change.process
        parts.metrics.on_process(name, change.restarts)
        if is_shard(name) and change.state == "running":
            parts.peers.shard_up(name)
        elif is_shard(name):
            parts.peers.shard_down(name)
        parts.processes.changed(change, parts.session.plans)
        self._look_for_talkback(change)

    def _look_for_talkback(self, _: object) -> None:
        self._parts.session.set_talkback(self._parts.peers.has("talkback"))


def _slot_failed(failed: SlotFailed) -> None:
    log.error("no memory for a slot", slot=failed.slot, reason=failed.reason)


async def _run(link: LoopLink, start: ControlConfig, stack: AsyncExitStack) -> None:
    """Until Shutdown or until the supervisor is gone. Raises CannotStartError and ConfigError."""
    # Before the log is read: that may take longer than a process without heartbeats is given to start.
    beating = asyncio.create_task(_beat(link), name="heartbeat")
    stack.callback(beating.cancel)
    parts = await opened(link, start, stack)
    control = Control(parts)
    link.serve(control.handlers())
    stack.callback(link.stop)
    try:
        server = await serve(parts.app, parts.address, tls=parts.tls)
    except ServeError as error:
        raise CannotStartError(str(error)) from error
    stack.push_async_callback(server.close)
    link.send(SUPERVISOR, Listening(server.url, parts.settings.public_url.rstrip("/"), server.port))
    link.send(SUPERVISOR, Ready())
    stopped, closed = asyncio.create_task(control.stop.wait()), asyncio.create_task(link.closed.wait())
    try:
        await asyncio.wait((stopped, closed, beating), return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopped.cancel()
        closed.cancel()


async def _beat(link: LoopLink) -> None:
    """Ends when the link does."""
    with contextlib.suppress(LinkClosedError):
        while True:
            with contextlib.suppress(LinkOverflowError):  # the next one says the same
                link.send(SUPERVISOR, Heartbeat())
            await asyncio.sleep(BEAT_S)


async def _control(link: Link, start: ControlConfig) -> int:
    stack = AsyncExitStack()
    try:
        await _run(LoopLink(link), start, stack)
    except (CannotStartError, config.ConfigError) as error:
        link.send(SUPERVISOR, StartFailed(str(error)))
        return 1
    finally:
        try:
            async with asyncio.timeout(_CLOSE_S):
                await stack.aclose()
        except TimeoutError:
            log.warning("not closed in time")
    return 0


def main() -> int:
    link = child.start(CONTROL)
    try:
        return asyncio.run(_control(link, first_message(link, ControlConfig)))
    except LinkClosedError:
        return 0


if __name__ == "__main__":
    sys.exit(main())
