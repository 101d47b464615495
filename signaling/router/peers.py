"""The router of WebRTC peers: which shard holds whom. Implements :class:`ports.Peers` over the control link.

An offer that finds no shard, or whose shard dies before it answers, waits a little for the next one: so a
guest whose shard died is back as soon as there is one, and needn't ask again. A shard that says nothing any
more hangs: offers go to another, long before the supervisor ends it.

The shards are the truth. What is known here is learnt from what they say, so that a restarted control finds
its guests again: their pictures never stopped. A peer's id says whose it is, which shards give back with it.
"""

import asyncio
import time
from collections.abc import Callable, Collection, Mapping

import msgspec
import structlog

from mixer.contract.messages import Message
from mixer.contract.names import ProcessName
from mixer.contract.plan import CanvasName
from signaling.contract.messages import (
    SEATED,
    SILENT,
    Answer,
    Candidates,
    ClosePeer,
    IceServer,
    Offer,
    OfferFailed,
    PeerChanged,
    PeerKind,
    PeerStats,
    ShardReport,
)
from signaling.contract.ports import OutboxPort, PeerOwner, RefusedError
from signaling.router.known_peers import Connection, KnownPeer, owner_of, peer_id
from signaling.router.turn import IceSettings, ice_servers

__all__ = ["Connection", "PeerRouter", "owner_of", "peer_id"]

log = structlog.get_logger()

OFFER_TIMEOUT_S = 10.0
HOLD_S = 4.0
"""How long an offer waits for a shard: a restarted one is there in two seconds."""
QUIET_S = 2.0
"""A shard reports each second; without a word for so long, it hangs."""
_LOOK_S = 0.25
CONNECTING_S = 5.0
"""A publisher that is not connected after so long has given up: another one may publish."""
VACATE_S, VACATE_LOOK_S = 2.5, 0.05
"""How long a publisher waits for the one before it to be noticed as gone, which takes 2 s; and looks."""
MAX_PEERS = 1000
MAX_WHEP = 64
"""WHEP players at once, of all links together, and of one: they must not take the guests' room."""
MAX_WHEP_SEAT = 16

_STATUS = {"sdp.invalid": 400, "sdp.no-codec": 406, "sdp.unsuited": 422, "shard.full": 503}


class _AwaitedAnswer(msgspec.Struct):
    """An offer without an answer."""

    offer: Offer
    answer: asyncio.Future[str]
    hold: asyncio.TimerHandle | None = None
    """Runs while there is no shard for it, or none that has answered."""


class PeerRouter:
    """All on one event loop.

    ``send`` is the control link. ``on_presence(seats, watched)`` is called at every change, with the whole of
    it: who is connecting or connected, and which canvases somebody watches. ``on_message`` takes what shards
    send; ``shard_up`` and ``shard_down`` are called by the owner of the link.
    """

    def __init__(
        self,
        send: OutboxPort,
        ice: IceSettings,
        on_presence: Callable[[Mapping[str, Connection], Collection[CanvasName]], None],
        offer_timeout_s: float = OFFER_TIMEOUT_S,
        hold_s: float = HOLD_S,
        vacate_s: float = VACATE_S,
    ) -> None:
        self._send = send
        self._ice = ice
        self._on_presence = on_presence
        self._offer_timeout_s = offer_timeout_s
        self._hold_s = hold_s
        self._vacate_s = vacate_s
        self._shards: set[ProcessName] = set()
        self._heard_s: dict[ProcessName, float] = {}
        self._peers: dict[str, KnownPeer] = {}
        self._offers: dict[str, _AwaitedAnswer] = {}
        self._told: tuple[dict[str, Connection], frozenset[CanvasName]] = ({}, frozenset())

    # --- signaling.contract.ports.Peers ---------------------------------------------------------------------

    async def open(
        self,
        kind: PeerKind,
        seat: str,
        client: str,
        sdp: str,
        *,
        takeover: bool,
        bus: str = "",
        full: bool = False,
    ) -> tuple[str, str]:
        """See :meth:`ports.Peers.open`."""
        if len(self._peers) >= MAX_PEERS:
            raise RefusedError(503, "shard.full", "The studio is full.")
        if kind == "whep":
            self._make_sure_of_room(seat)
        if kind == "whip" and not takeover:
            await self._vacated(client)
        previous = self._previous(kind, seat, client)
        for old in previous:
            if kind in SEATED and old.client != client and not takeover:
                raise RefusedError(
                    409, "seat.in-use", "This link is open in another window or on another device."
                )
        shard = self._choose(previous)
        for old in previous:
            # Before the new one opens: a seat's slot has one writer.
            self._end(old, "replaced by a newer connection")
        peer = KnownPeer(peer_id(kind, seat, client), kind, seat, client, opened_s=time.monotonic())
        offer = Offer(
            peer.id,
            kind,
            sdp,
            seat if kind in SEATED else "",
            self.ice_servers(),
            source=client if kind == "whip" else "",
            canvas=client if kind == "whep" else "",
            bus=bus,
            full=full,
        )
        waiting = _AwaitedAnswer(offer, asyncio.get_running_loop().create_future())
        self._peers[peer.id] = peer
        self._offers[peer.id] = waiting
        self._tell()
        try:
            self._place(peer, waiting, shard)
            async with asyncio.timeout(self._offer_timeout_s):
                return peer.id, await waiting.answer
        except TimeoutError:
            self._end(peer, "no answer from its shard")
            log.warning("offer failed", shard=peer.shard, error="no answer")
            raise _unavailable() from None
        except (RefusedError, asyncio.CancelledError):
            self._end(peer, "offer refused or given up")
            raise
        finally:
            del self._offers[peer.id]
            if waiting.hold is not None:
                waiting.hold.cancel()

    async def close(self, peer: str, client: str) -> None:
        known = self._peers.get(peer)
        if known is None:
            raise RefusedError(404, "peer.unknown", "This connection is already closed.")
        if known.client != client:
            raise RefusedError(403, "peer.not-yours", "This connection belongs to another window.")
        self._end(known, "closed by its page")

    def trickle(self, peer: str, lines: tuple[str, ...], ufrag: str) -> None:
        known = self._peers.get(peer)
        if known is None:
            raise RefusedError(404, "peer.unknown", "This connection is already closed.")
        if lines and known.shard in self._shards:
            try:
                self._send(known.shard, Candidates(peer, lines, ufrag))
            except ConnectionError:
                pass  # the supervisor is gone; so are we in a moment

    def drop_source(self, source: str) -> None:
        for peer in [each for each in self._peers.values() if (each.kind, each.client) == ("whip", source)]:
            self._end(peer, "its source or its token is gone")

    def owner(self, peer: str) -> PeerOwner | None:
        known = self._peers.get(peer)
        return PeerOwner(known.kind, known.seat, known.client) if known is not None else None

    def has(self, kind: PeerKind) -> bool:
        """Return whether there is a peer of this kind, on its way or connected, of which something comes."""
        return any(each.kind == kind and not each.silent for each in self._peers.values())

    def drop_seat(self, seat: str) -> None:
        for peer in [each for each in self._peers.values() if seat and each.seat == seat]:
            self._end(peer, "its link was withdrawn")

    def ice_servers(self) -> tuple[IceServer, ...]:
        return ice_servers(self._ice)

    # --- fed by the control process --------------------------------------------------------------------

    def on_message(self, sender: ProcessName, message: Message) -> None:
        """A decoded message from the link; ``sender`` is the process's name. Others' messages are ignored."""
        if sender in self._shards:
            self._heard_s[sender] = time.monotonic()
        match message:
            case Answer(peer) | OfferFailed(peer) | PeerChanged(peer) if self._is_elsewhere(peer, sender):
                self._order_closed(sender, peer)  # it hung, and the offer went to another one
            case Answer(peer, sdp):
                waiting = self._offers.get(peer)
                if waiting is None:
                    self._order_closed(sender, peer)  # nobody waits for it any more
                elif not waiting.answer.done():
                    waiting.answer.set_result(sdp)
            case OfferFailed(peer, code, detail):
                status = _STATUS.get(code, 503)
                self._fail(
                    peer, RefusedError(status, code if code in _STATUS else "shard.unavailable", detail)
                )
                self._forget(peer)
            case PeerChanged(peer, "closed"):
                self._fail(peer, RefusedError(503, "shard.unavailable", "The connection was closed at once."))
                self._forget(peer)
            case PeerChanged(peer, state) if peer in self._peers and state == "connected":
                self._peers[peer].state = "connected"
            case ShardReport(peers):
                self._reconcile(sender, peers)
        self._tell()

    def shard_up(self, shard: ProcessName) -> None:
        """The shard runs and takes offers. Said again for one that is already up: nothing happens."""
        if shard not in self._shards:
            self._shards.add(shard)
            self._heard_s[shard] = time.monotonic()
        for peer in [each for each in self._peers.values() if not each.shard]:
            self._place(peer, self._offers[peer.id], self._choose([]))

    def shard_down(self, shard: ProcessName) -> None:
        """The shard is gone, and its peers with it; offers it has not answered go to another one."""
        self._shards.discard(shard)
        self._heard_s.pop(shard, None)
        for peer in [each for each in self._peers.values() if each.shard == shard]:
            waiting = self._offers.get(peer.id)
            if waiting is not None and not waiting.answer.done():
                self._place(peer, waiting, self._choose([]))
            else:
                self._forget(peer.id)
        self._tell()

    @property
    def presence(self) -> tuple[Mapping[str, Connection], Collection[CanvasName]]:
        """What ``on_presence`` was told last."""
        return self._told

    # --- inside ----------------------------------------------------------------------------------------

    def _previous(self, kind: PeerKind, seat: str, client: str) -> list[KnownPeer]:
        """Return the peers that the new one takes the place of: a seat's live one, or the same tab's of this
        kind; of the talkback microphone there is one in all, and who opens it last has it."""
        alike = [each for each in self._peers.values() if each.kind == kind]
        if kind == "talkback":
            return alike
        if kind == "whip":
            return [each for each in alike if each.client == client]
        if kind == "whep":
            return []
        return [each for each in alike if each.seat == seat and (kind in SEATED or each.client == client)]

    def _publishes(self, peer: KnownPeer) -> bool:
        """Return whether a publisher is at work, or about to be: who has vanished keeps nobody out."""
        if peer.state == "connected":
            return not peer.silent
        return time.monotonic() - peer.opened_s < CONNECTING_S

    async def _vacated(self, source: str) -> None:
        """Wait for a moment until nobody publishes: an encoder that was killed and starts again comes before
        its shard has noticed. Raises RefusedError 409 ``whip.in-use``."""
        waits_until_s = time.monotonic() + self._vacate_s
        while any(self._publishes(old) for old in self._previous("whip", "", source)):
            if time.monotonic() >= waits_until_s:
                raise RefusedError(
                    409,
                    "whip.in-use",
                    "Somebody publishes into this source. DELETE that session first, or add takeover=1.",
                )
            await asyncio.sleep(VACATE_LOOK_S)

    def _make_sure_of_room(self, seat: str) -> None:
        players = [each.seat for each in self._peers.values() if each.kind == "whep"]
        if len(players) >= MAX_WHEP or players.count(seat) >= MAX_WHEP_SEAT:
            raise RefusedError(503, "whep.full", "Too many players watch with this link, or in all.")

    def _is_elsewhere(self, peer: str, shard: ProcessName) -> bool:
        known = self._peers.get(peer)
        return known is not None and known.shard != shard

    def _lively(self) -> set[ProcessName]:
        """The shards that don't hang."""
        now_s = time.monotonic()
        return {shard for shard, heard_s in self._heard_s.items() if now_s - heard_s < QUIET_S}

    def _choose(self, previous: list[KnownPeer]) -> ProcessName | None:
        """The least-loaded running shard, None if there is none; a seat stays on its own, where closing comes
        before opening."""
        lively = self._lively() or self._shards
        for old in previous:
            if old.shard in lively:
                return old.shard
        load = dict.fromkeys(sorted(lively), 0)
        for peer in self._peers.values():
            if peer.shard in load:
                load[peer.shard] += 1
        return min(load, key=lambda name: load[name], default=None)

    def _place(self, peer: KnownPeer, waiting: _AwaitedAnswer, shard: ProcessName | None) -> None:
        """Send the offer to a shard; without one it is held for a while."""
        if waiting.hold is not None:
            waiting.hold.cancel()
            waiting.hold = None
        peer.shard = shard
        if not shard:
            loop = asyncio.get_running_loop()
            waiting.hold = loop.call_later(self._hold_s, self._fail, peer.id, _unavailable())
            return
        waiting.hold = asyncio.get_running_loop().call_later(_LOOK_S, self._look, peer, waiting)
        try:
            self._send(shard, waiting.offer)
        except (ConnectionError, ValueError) as error:
            log.warning("offer failed", shard=shard, error=type(error).__name__)
            self._fail(peer.id, _unavailable())

    def _look(self, peer: KnownPeer, waiting: _AwaitedAnswer) -> None:
        """Give the offer to another shard where its own hangs."""
        if waiting.answer.done():
            return
        lively = self._lively()
        if peer.shard in lively or not lively:
            waiting.hold = asyncio.get_running_loop().call_later(_LOOK_S, self._look, peer, waiting)
            return
        log.warning("shard is silent", shard=peer.shard)
        self._order_closed(peer.shard, peer.id)
        self._place(peer, waiting, self._choose([]))

    def _end(self, peer: KnownPeer, reason: str) -> None:
        if peer.id not in self._peers:
            return
        self._fail(peer.id, RefusedError(409, "peer.replaced", f"This connection was ended: {reason}."))
        self._order_closed(peer.shard, peer.id)
        self._forget(peer.id)
        self._tell()

    def _order_closed(self, shard: ProcessName | None, peer: str) -> None:
        if shard in self._shards:
            try:
                self._send(shard, ClosePeer(peer))
            except ConnectionError:
                pass  # the supervisor is gone; so are we in a moment

    def _fail(self, peer: str, error: RefusedError) -> None:
        waiting = self._offers.get(peer)
        if waiting is not None and not waiting.answer.done():
            waiting.answer.set_exception(error)
            waiting.answer.exception()  # retrieved, should the one who waits have been cancelled

    def _forget(self, peer: str) -> None:
        self._peers.pop(peer, None)

    def _reconcile(self, shard: ProcessName, reported: tuple[PeerStats, ...]) -> None:
        if shard not in self._shards:
            return  # a last word of one that is known to be gone
        names = {each.peer for each in reported}
        for stats in reported:
            known = self._peers.get(stats.peer)
            if known is None:
                self._adopt(shard, stats)
            elif known.shard != shard:
                self._order_closed(shard, stats.peer)
            else:
                known.reported, known.silent = True, stats.problem == SILENT
        for gone in [
            each.id
            for each in self._peers.values()
            if each.shard == shard and each.reported and each.id not in names
        ]:
            self._forget(gone)

    def _adopt(self, shard: ProcessName, stats: PeerStats) -> None:
        owner = owner_of(stats.peer)
        if owner is None or len(self._peers) >= MAX_PEERS:
            return
        if stats.seat != (owner.seat if owner.kind in SEATED else ""):
            return
        single = owner.kind in (*SEATED, "talkback", "whip")
        if single and self._previous(owner.kind, owner.seat, owner.client):
            self._order_closed(shard, stats.peer)  # its seat is live elsewhere: a seat has one
            return
        self._peers[stats.peer] = KnownPeer(
            stats.peer,
            owner.kind,
            owner.seat,
            owner.client,
            shard,
            "connected",
            reported=True,
            silent=stats.problem == SILENT,
        )

    def _tell(self) -> None:
        seats = {each.seat: each.state for each in self._peers.values() if each.kind in SEATED}
        watched = frozenset(each.canvas for each in self._peers.values() if each.canvas is not None)
        if (seats, watched) != self._told:
            self._told = (seats, watched)
            self._on_presence(seats, watched)


def _unavailable() -> RefusedError:
    return RefusedError(
        503, "shard.unavailable", "The studio cannot take connections now. Try again shortly."
    )
