"""The router of WebRTC peers: which shard holds whom. Implements :class:`ports.Peers` over the control link.

An offer that finds no shard, or whose shard dies before it answers, waits a little for the next one: so a
guest whose shard died is back as soon as there is one, and needn't ask again. A shard that says nothing any
more hangs: offers go to another, long before the supervisor ends it.

The shards are the truth. What is known here is learnt from what they say, so that a restarted control finds
its guests again: their pictures never stopped. A peer's id says whose it is, which shards give back with it.
"""

import asyncio
import secrets
import time
from collections.abc import Callable, Collection, Mapping
from typing import Literal, get_args

import msgspec
import structlog

from mixer.plan import CanvasName
from mixer.wire import Message
from signaling.ports import Outbox, PeerOwner, RefusedError
from signaling.turn import IceSettings, ice_servers
from signaling.wire import (
    SEATED,
    SILENT,
    Answer,
    ClosePeer,
    IceServer,
    Offer,
    OfferFailed,
    PeerChanged,
    PeerKind,
    PeerStats,
    ShardReport,
)

log = structlog.get_logger()

OFFER_TIMEOUT_S = 10.0
HOLD_S = 4.0
"""How long an offer waits for a shard: a restarted one is there in two seconds."""
QUIET_S = 2.0
"""A shard reports each second; without a word for so long, it hangs."""
_LOOK_S = 0.25
MAX_PEERS = 1000

Connection = Literal["connecting", "connected"]

_STATUS = {"sdp.invalid": 400, "sdp.no-codec": 406, "shard.full": 503}
_CANVAS: dict[PeerKind, CanvasName] = {"wall": "wall", "multiview": "multiview"}
_KINDS: tuple[PeerKind, ...] = get_args(PeerKind)
_SEPARATOR = "~"
"""In peer ids: URLs take it as it is, and neither kinds, seats, clients nor random parts contain it."""


class _Peer(msgspec.Struct):
    id: str
    kind: PeerKind
    seat: str
    client: str
    shard: str = ""
    """Empty while its offer waits for one."""
    state: Connection = "connecting"
    reported: bool = False
    """Its shard has listed it: from then on its absence from a report means that it is gone."""
    silent: bool = False
    """Nothing comes of it, says its shard."""


class _Waiting(msgspec.Struct):
    """An offer without an answer."""

    offer: Offer
    answer: asyncio.Future[str]
    hold: asyncio.TimerHandle | None = None
    """Runs while there is no shard for it, or none that has answered."""


def peer_id(kind: PeerKind, seat: str, client: str) -> str:
    """A new peer's id; the random part makes it one that nobody guesses."""
    return _SEPARATOR.join((kind, seat, client, secrets.token_urlsafe(16)))


def owner_of(peer: str) -> PeerOwner | None:
    """Whose a peer is, by its id alone; None for what is no id of ours."""
    match peer.split(_SEPARATOR):
        case [kind, seat, client, _]:
            known = next((each for each in _KINDS if each == kind), None)
            return PeerOwner(known, seat, client) if known is not None else None
    return None


class PeerRouter:
    """All on one event loop.

    ``send`` is the control link. ``on_presence(seats, watched)`` is called at every change, with the whole of
    it: who is connecting or connected, and which canvases somebody watches. ``on_message`` takes what shards
    send; ``shard_up`` and ``shard_down`` are told by whoever hears of the processes.
    """

    def __init__(
        self,
        send: Outbox,
        ice: IceSettings,
        on_presence: Callable[[Mapping[str, Connection], Collection[CanvasName]], None],
        offer_timeout_s: float = OFFER_TIMEOUT_S,
        hold_s: float = HOLD_S,
    ) -> None:
        self._send = send
        self._ice = ice
        self._on_presence = on_presence
        self._offer_timeout_s = offer_timeout_s
        self._hold_s = hold_s
        self._shards: set[str] = set()
        self._heard_s: dict[str, float] = {}
        self._peers: dict[str, _Peer] = {}
        self._offers: dict[str, _Waiting] = {}
        self._told: tuple[dict[str, Connection], frozenset[CanvasName]] = ({}, frozenset())

    # --- signaling.ports.Peers -------------------------------------------------------------------------

    async def open(
        self, kind: PeerKind, seat: str, client: str, sdp: str, *, takeover: bool
    ) -> tuple[str, str]:
        """See :meth:`ports.Peers.open`."""
        if len(self._peers) >= MAX_PEERS:
            raise RefusedError(503, "shard.full", "The studio is full.")
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
        peer = _Peer(peer_id(kind, seat, client), kind, seat, client)
        offer = Offer(peer.id, kind, sdp, seat if kind in SEATED else "", self.ice_servers())
        waiting = _Waiting(offer, asyncio.get_running_loop().create_future())
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

    def owner(self, peer: str) -> PeerOwner | None:
        known = self._peers.get(peer)
        return PeerOwner(known.kind, known.seat, known.client) if known is not None else None

    def has(self, kind: PeerKind) -> bool:
        """Whether there is a peer of this kind, on its way or connected, of which something comes."""
        return any(each.kind == kind and not each.silent for each in self._peers.values())

    def drop_seat(self, seat: str) -> None:
        for peer in [each for each in self._peers.values() if seat and each.seat == seat]:
            self._end(peer, "its link was withdrawn")

    def ice_servers(self) -> tuple[IceServer, ...]:
        return ice_servers(self._ice)

    # --- fed by the control process --------------------------------------------------------------------

    def on_message(self, sender: str, message: Message) -> None:
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

    def shard_up(self, shard: str) -> None:
        """The shard runs and takes offers. Said again for one that is already up: nothing happens."""
        if shard not in self._shards:
            self._shards.add(shard)
            self._heard_s[shard] = time.monotonic()
        for peer in [each for each in self._peers.values() if not each.shard]:
            self._place(peer, self._offers[peer.id], self._choose([]))

    def shard_down(self, shard: str) -> None:
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

    def _previous(self, kind: PeerKind, seat: str, client: str) -> list[_Peer]:
        """Those that the new peer takes the place of: a seat's live one, or the same tab's of this kind; of
        the talkback microphone there is one in all, and who opens it last has it."""
        alike = [each for each in self._peers.values() if each.kind == kind]
        if kind == "talkback":
            return alike
        return [each for each in alike if each.seat == seat and (kind in SEATED or each.client == client)]

    def _is_elsewhere(self, peer: str, shard: str) -> bool:
        known = self._peers.get(peer)
        return known is not None and known.shard != shard

    def _lively(self) -> set[str]:
        """The shards that don't hang."""
        now_s = time.monotonic()
        return {shard for shard, heard_s in self._heard_s.items() if now_s - heard_s < QUIET_S}

    def _choose(self, previous: list[_Peer]) -> str:
        """The least-loaded running shard, "" if there is none; a seat stays on its own, where closing comes
        before opening."""
        lively = self._lively() or self._shards
        for old in previous:
            if old.shard in lively:
                return old.shard
        load = dict.fromkeys(sorted(lively), 0)
        for peer in self._peers.values():
            if peer.shard in load:
                load[peer.shard] += 1
        return min(load, key=lambda name: load[name], default="")

    def _place(self, peer: _Peer, waiting: _Waiting, shard: str) -> None:
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

    def _look(self, peer: _Peer, waiting: _Waiting) -> None:
        """Where an offer's shard hangs and another one doesn't, that one gets it."""
        if waiting.answer.done():
            return
        lively = self._lively()
        if peer.shard in lively or not lively:
            waiting.hold = asyncio.get_running_loop().call_later(_LOOK_S, self._look, peer, waiting)
            return
        log.warning("shard is silent", shard=peer.shard)
        self._order_closed(peer.shard, peer.id)
        self._place(peer, waiting, self._choose([]))

    def _end(self, peer: _Peer, reason: str) -> None:
        if peer.id not in self._peers:
            return
        self._fail(peer.id, RefusedError(409, "peer.replaced", f"This connection was ended: {reason}."))
        self._order_closed(peer.shard, peer.id)
        self._forget(peer.id)
        self._tell()

    def _order_closed(self, shard: str, peer: str) -> None:
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

    def _reconcile(self, shard: str, reported: tuple[PeerStats, ...]) -> None:
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

    def _adopt(self, shard: str, stats: PeerStats) -> None:
        owner = owner_of(stats.peer)
        if owner is None or len(self._peers) >= MAX_PEERS:
            return
        if stats.seat != (owner.seat if owner.kind in SEATED else ""):
            return
        if owner.kind in (*SEATED, "talkback") and self._previous(owner.kind, owner.seat, ""):
            self._order_closed(shard, stats.peer)  # its seat is live elsewhere: a seat has one
            return
        self._peers[stats.peer] = _Peer(
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
        watched = frozenset(_CANVAS[each.kind] for each in self._peers.values() if each.kind in _CANVAS)
        if (seats, watched) != self._told:
            self._told = (seats, watched)
            self._on_presence(seats, watched)


def _unavailable() -> RefusedError:
    return RefusedError(
        503, "shard.unavailable", "The studio cannot take connections now. Try again shortly."
    )
