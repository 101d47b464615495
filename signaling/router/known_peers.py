"""What the router keeps of a peer, and what its id alone tells. Pure."""

import secrets
from typing import Literal, get_args

import msgspec

from mixer.contract.names import ProcessName
from mixer.contract.plan import CanvasName
from signaling.contract.messages import PeerKind
from signaling.contract.ports import PeerOwner

Connection = Literal["connecting", "connected"]

_CANVAS: dict[PeerKind, CanvasName] = {"wall": "wall", "multiview": "multiview"}
_WHEP_CANVAS: dict[str, CanvasName] = {"wall": "wall"}
"""By what a WHEP player watches; the programme is composed whether anybody watches or not."""
_KINDS: tuple[PeerKind, ...] = get_args(PeerKind)
_SEPARATOR = "~"
"""In peer ids: URLs take it as it is, and neither kinds, seats, clients nor random parts contain it."""


class KnownPeer(msgspec.Struct):
    """``seat`` and ``client``: see :class:`signaling.contract.ports.PeerOwner`."""

    id: str
    kind: PeerKind
    seat: str
    client: str
    shard: ProcessName | None = None
    """None while its offer waits for one."""
    state: Connection = "connecting"
    reported: bool = False
    """Its shard has listed it: from then on its absence from a report means that it is gone."""
    silent: bool = False
    """Nothing comes of it, says its shard."""
    opened_s: float = 0.0

    @property
    def canvas(self) -> CanvasName | None:
        """What it makes somebody watch."""
        return _WHEP_CANVAS.get(self.client) if self.kind == "whep" else _CANVAS.get(self.kind)


def peer_id(kind: PeerKind, seat: str, client: str) -> str:
    """A new peer's id; the random part makes it one that nobody guesses."""
    return _SEPARATOR.join((kind, seat, client, secrets.token_urlsafe(16)))


def owner_of(peer: str) -> PeerOwner | None:
    """Return whose a peer is, by its id alone; None for what is no id of ours."""
    match peer.split(_SEPARATOR):
        case [kind, seat, client, _]:
            known = next((each for each in _KINDS if each == kind), None)
            return PeerOwner(known, seat, client) if known is not None else None
    return None
