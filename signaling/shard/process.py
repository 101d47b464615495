"""A shard: the process that holds WebRTC peers. ``python -m signaling.shard.process NAME``, by the
supervisor.

Takes offers from control, writes guests' media into their seats' slots and sends return feeds from the
packet bus. It keeps nothing that matters: when it dies, slots and bus are handed out again, and browsers
rejoin.
"""

import asyncio
import contextlib
import ctypes
import gc
import os
import socket
import sys
import time
from collections.abc import Coroutine
from typing import Any, Literal

import structlog
import uvloop

from mixer.contract.messages import BusAttach, Heartbeat, Ready, Shutdown, SlotClosed, SlotOpened, WatchMeters
from mixer.contract.names import CONTROL, SUPERVISOR, ProcessName, of_screen, source_in
from mixer.ipc import child, priority
from mixer.ipc.bus.client import BusReader
from mixer.ipc.failures import Failures
from mixer.ipc.inbox import Handlers
from mixer.ipc.link import Link, LinkClosedError, LinkOverflowError
from mixer.ipc.slot import SlotWriter
from signaling.contract.messages import (
    Answer,
    Candidates,
    ClosePeer,
    FromShard,
    IceServersSilent,
    Offer,
    OfferFailed,
    PeerChanged,
    PeerStats,
    RecordSeats,
    ShardConfig,
    ShardLevels,
    ShardReport,
    UplinkTarget,
    UplinkTargets,
)
from signaling.ipc.loop_link import LoopLink
from signaling.rtc import hooks
from signaling.rtc.audio.sound_in import SoundPacer
from signaling.rtc.peer import House, Peer, State
from signaling.rtc.recording.record import SeatRecorder
from signaling.rtc.returns.returns import ReturnHub
from signaling.rtc.seats import Seats
from signaling.rtc.transport.ice import IceConnection, Network
from signaling.rtc.transport.offer import OfferError
from signaling.rtc.video.decode import DecoderPool
from signaling.shard.pace import Pace

MAX_PEERS = 128
BEAT_S = 0.1
COLLECT_EVERY = 50
"""Beats: 5 s."""
METER_S = 0.05

log = structlog.get_logger()


class Shard:
    """The shard's life on its event loop; ends when :attr:`done` is set."""

    def __init__(self, link: Link) -> None:
        self._link = LoopLink(link)
        self._loop = asyncio.get_running_loop()
        self._house = House(
            DecoderPool(max(2, min(4, os.cpu_count() or 2))),
            SoundPacer(),
            ReturnHub(),
            Seats(),
            SeatRecorder(link.name),
        )
        self._peers: dict[str, Peer] = {}
        self._pace = Pace()
        self._targets: dict[str, UplinkTarget] = {}
        self._screens: dict[str, UplinkTarget] = {}
        self._open: frozenset[str] | Literal["all"] = "all"
        self._listens: dict[str, str] = {}
        self._meters: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._failures = Failures("loop")
        """What a guest's turn in the shard's own loops stumbled over."""
        self._configured = False
        self._silent: frozenset[str] = frozenset()
        """Peers of which nothing comes, as control was told last."""
        self._ice_silent: tuple[str, ...] = ()
        """STUN and TURN servers without an answer, as control was told last."""
        self._litter = False
        """Peers have left whose objects refer to each other in circles, hundreds of kilobytes each."""
        self.done = self._link.closed

    async def run(self) -> None:
        """Serve until Shutdown or until the supervisor is gone."""
        ticker = asyncio.create_task(self._tick())
        self._link.serve(self._handlers())
        await self.done.wait()
        self._link.stop()
        ticker.cancel()
        self._watch(False)
        for peer in self._peers.values():
            peer.close("shutdown")
        await asyncio.gather(*(peer.closed() for peer in self._peers.values()))
        await asyncio.to_thread(self._house.recorder.close)
        self._house.returns.close()
        self._house.pacer.close()
        IceConnection.servers.close()
        self._house.pool.close()

    # --- link ----------------------------------------------------------------------------------------

    def _handlers(self) -> Handlers:
        handlers = Handlers()
        handlers.on(ShardConfig, self._configure)
        handlers.on(Offer, lambda offer: self._start(self._join(offer)))
        handlers.on(Candidates, self._trickle)
        handlers.on(ClosePeer, self._close_peer)
        handlers.on(UplinkTargets, self._aim_all)
        handlers.on_fds(SlotOpened, self._open_slot)
        handlers.on(SlotClosed, lambda closed: self._house.seats.closed(source_in(closed.slot)))
        handlers.on(RecordSeats, lambda asked: self._house.recorder.record(asked.folder, asked.output))
        handlers.on(WatchMeters, lambda asked: self._watch(asked.on))
        handlers.on_fds(BusAttach, self._attach_bus)
        handlers.on(Shutdown, lambda _: self.done.set())
        return handlers

    def _configure(self, config: ShardConfig) -> None:
        if self._configured:
            return
        hooks.install(Network(config.ports, config.announce))
        self._house.recorder.epoch_ns = config.epoch_ns
        self._configured = True
        self._send(SUPERVISOR, Ready())

    def _trickle(self, more: Candidates) -> None:
        if more.peer in self._peers:
            self._start(self._add_candidates(self._peers[more.peer], more))

    def _close_peer(self, asked: ClosePeer) -> None:
        if asked.peer in self._peers:
            self._peers[asked.peer].close("closed")

    def _aim_all(self, told: UplinkTargets) -> None:
        self._targets, self._screens, self._listens = told.seats, told.screens, told.listens
        self._open = "all" if told.open == "all" else frozenset(told.open)
        for peer in self._peers.values():
            self._aim(peer)

    def _open_slot(self, opened: SlotOpened, fds: list[int]) -> None:
        self._house.seats.opened(source_in(opened.slot), SlotWriter(fds[0]))

    def _attach_bus(self, _: BusAttach, fds: list[int]) -> None:
        self._house.returns.attach(BusReader(socket.socket(fileno=fds.pop())))

    def _send(self, to: ProcessName, message: FromShard | Ready | Heartbeat) -> None:
        try:
            self._link.send(to, message)
        except (LinkClosedError, LinkOverflowError):
            self.done.set()
        except ValueError as error:
            log.warning("message.too-large", error=str(error))

    # --- peers ---------------------------------------------------------------------------------------

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _join(self, offer: Offer) -> None:
        if not self._configured or len(self._peers) >= MAX_PEERS or offer.peer in self._peers:
            self._send(CONTROL, OfferFailed(offer.peer, "shard.full", "no room for another peer"))
            return
        try:
            peer = Peer(offer, self._house, self._changed)
        except ValueError as error:  # an ICE server's URL in the configuration
            self._send(CONTROL, OfferFailed(offer.peer, "sdp.invalid", f"ICE servers: {error}"))
            return
        self._peers[offer.peer] = peer
        self._aim(peer)
        await self._pace.turn()
        if peer.state == "closed":
            return  # it was given up meanwhile
        try:
            sdp = await peer.answer()
        except OfferError as error:
            self._send(CONTROL, OfferFailed(offer.peer, error.code, str(error)))
            peer.close(error.code)
        except Exception:
            # one guest's odd offer is that guest's trouble
            log.exception("offer.failed", peer=offer.peer)
            self._send(CONTROL, OfferFailed(offer.peer, "sdp.invalid", "the offer cannot be answered"))
            peer.close("error")
        else:
            self._send(CONTROL, Answer(offer.peer, sdp))

    async def _add_candidates(self, peer: Peer, more: Candidates) -> None:
        try:
            await peer.trickle(more)
        except Exception as error:  # a candidate that can't be used; the others may do
            log.info("candidate.refused", peer=peer.name, error=type(error).__name__)

    def _aim(self, peer: Peer) -> None:
        peer.aim(self._targets.get(peer.seat), self._screens.get(peer.seat))
        peer.listen(self._open == "all" or not peer.seat or peer.seat in self._open)
        peer.tune(self._listens.get(peer.seat, "") if peer.seat else "")

    def _changed(self, peer: Peer, state: State, reason: str) -> None:
        if state == "closed":
            self._litter |= self._peers.pop(peer.name, None) is not None
        if state != "new":
            self._send(CONTROL, PeerChanged(peer.name, state, reason))

    # --- time ----------------------------------------------------------------------------------------

    def _watch(self, on: bool) -> None:
        """Tell all microphones' levels from now on, or no more: nothing is looked at then."""
        if on and self._meters is None:
            self._meters = asyncio.create_task(self._tell_levels())
        elif not on and self._meters is not None:
            self._meters.cancel()
            self._meters = None

    async def _tell_levels(self) -> None:
        due = self._loop.time()
        while True:
            try:
                levels = {peer.source: peer.level() for peer in self._peers.values() if peer.source}
                known = {source: level for source, level in levels.items() if level is not None}
                self._send(CONTROL, ShardLevels(known))
            except Exception as error:
                self._failures.add(error)
            due = max(due + METER_S, self._loop.time())
            await asyncio.sleep(due - self._loop.time())

    async def _tick(self) -> None:
        count = 0
        due = self._loop.time()
        while True:
            due = max(due + BEAT_S, self._loop.time())
            await asyncio.sleep(due - self._loop.time())
            count += 1
            now_ns = time.monotonic_ns()
            for index, peer in enumerate(list(self._peers.values())):
                try:
                    peer.beat(now_ns)
                    if (count + index) % 5 == 0:  # not all in the same instant
                        peer.report(now_ns)
                except Exception as error:
                    # one guest's trouble must not stop the shard's heart
                    self._failures.add(error, peer.name)
                    peer.close("error")
            if count % 5 == 0:
                self._send(SUPERVISOR, Heartbeat())
            try:
                self._tell(count, now_ns)
            except Exception as error:
                self._failures.add(error)
            if count % COLLECT_EVERY == 0 and self._litter:
                self._litter = False
                _tidy()

    def _tell(self, count: int, now_ns: int) -> None:
        """Each beat: whether somebody fell silent; each tenth one: how everybody is."""
        silent = frozenset(peer.name for peer in self._peers.values() if peer.silent(now_ns))
        if count % 10 == 0 or silent != self._silent:
            self._silent = silent
            self._send(CONTROL, ShardReport(self._stats(now_ns), self._failed()))
        if count % 10 == 0:
            self._tell_of_servers()
            if (recorded := self._house.recorder.status()) is not None:
                self._send(CONTROL, recorded)
            used = {peer.source for peer in self._peers.values() if peer.source}
            used |= {of_screen(peer.seat) for peer in self._peers.values() if peer.seat}
            self._house.seats.forget_unused(used)

    def _stats(self, now_ns: int) -> tuple[PeerStats, ...]:
        told: list[PeerStats] = []
        for peer in list(self._peers.values()):
            try:
                told.append(peer.stats(now_ns))
            except Exception as error:
                self._failures.add(error, peer.name)
                peer.close("error")
        return tuple(told)

    def _failed(self) -> dict[str, int]:
        house = self._house
        parts = (
            house.pool.failures,
            house.pacer.failures,
            house.recorder.failures,
            self._failures,
            self._link.failures,
        )
        return {each.part: each.count for each in parts if each.count}

    def _tell_of_servers(self) -> None:
        silent = IceConnection.servers.silent
        if silent or self._ice_silent:
            self._send(CONTROL, IceServersSilent(self._link.name, silent))
        self._ice_silent = silent


def _tidy() -> None:
    """Let go of what peers have left. By itself the collector would wait until a quarter of all objects are
    litter, and the C library keeps what is freed in pieces."""
    gc.collect()
    with contextlib.suppress(AttributeError):  # glibc's own
        ctypes.CDLL(None).malloc_trim(0)


def main() -> None:
    """Entry point."""
    name = ProcessName(sys.argv[1])
    link = child.start(name)
    priority.claim(
        priority.Urgency.GUESTS
    )  # a packet read late counts as jitter, and all that it brings waits longer for it
    sys.setswitchinterval(0.002)  # decoder threads must not keep the loop from its packets for 5 ms

    async def serve() -> None:
        await Shard(link).run()

    gc.collect()
    gc.freeze()  # what was imported is never looked at again
    uvloop.run(serve())
    link.close()


if __name__ == "__main__":
    main()
