"""A control process's inside for tests: the real show, router, snapshots and HTTP server on a loopback port.

Only the far ends of the control link are played here: a shard that answers offers, a mixer that publishes
pictures.
"""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import msgspec

from mixer.contract.messages import CanvasPublished, Message, PublishCanvas
from mixer.contract.names import ProcessName, canvas_slot, shard_name
from mixer.contract.picture import new_picture
from mixer.ipc.slot import SlotWriter, create_slot
from signaling.contract.messages import Answer, ClosePeer, Offer, OfferFailed, PeerChanged
from signaling.contract.ports import Actor
from signaling.http.auth.auth import Authenticator
from signaling.http.auth.limits import Limits
from signaling.http.deps import Deps
from signaling.http.door import DoorLimits
from signaling.http.live.hub import Hub
from signaling.http.routes.context import CONTEXT
from signaling.http.server import Server, claim, make_app, serve
from signaling.http.snapshots import CanvasSnapshots
from signaling.router.peers import PeerRouter
from signaling.router.turn import IceSettings
from studio.control.links import link
from studio.control.log.store import Store
from studio.control.preparing import Surroundings
from studio.control.session import Session, SessionSettings
from studio.planning.demand import DemandSettings
from studio.planning.planner import PlanSettings

DIRECTOR = "director-token-of-the-tests"
PAGES = Path(__file__).resolve().parents[2] / "web_console"
SDP = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"
SIZE = (64, 48)
DEMAND = DemandSettings(learn_s=0)


class PlayedShard:
    """Answers every offer at once; an SDP with ``bad``, ``h265`` or ``unsuited`` in it is refused as a shard
    would."""

    def __init__(self) -> None:
        self.offers: list[Offer] = []
        self.closed: list[str] = []
        self.silent = False

    def take(self, name: ProcessName, message: Message, router: PeerRouter) -> None:
        reply: list[Message] = []
        match message:
            case Offer() if self.silent:
                self.offers.append(message)
            case Offer(peer, _, sdp) if "bad" in sdp:
                reply = [OfferFailed(peer, "sdp.invalid", "This is no offer.")]
            case Offer(peer, _, sdp) if "h265" in sdp:
                reply = [OfferFailed(peer, "sdp.no-codec", "No codec that we have.")]
            case Offer(peer, _, sdp) if "unsuited" in sdp:
                reply = [OfferFailed(peer, "sdp.unsuited", "This goes the wrong way.")]
            case Offer(peer):
                self.offers.append(message)
                reply = [Answer(peer, "v=0 answer"), PeerChanged(peer, "connected")]
            case ClosePeer(peer):
                self.closed.append(peer)
                reply = [PeerChanged(peer, "closed")]
        for each in reply:
            asyncio.get_running_loop().call_soon(router.on_message, name, each)


@dataclass
class House:
    """``http`` has no cookies and no token of its own."""

    server: Server
    show: Session
    router: PeerRouter
    shard: PlayedShard
    snapshots: CanvasSnapshots
    hub: Hub
    auth: Authenticator
    http: aiohttp.ClientSession
    published: list[str] = field(default_factory=list)
    mixer_away: bool = False

    @property
    def url(self) -> str:
        return self.server.url

    async def do(self, type_: str, **fields: Any) -> Mapping[str, Any]:
        """One command by the director; its result."""
        done = await self.show.execute(msgspec.json.encode({"type": type_, **fields}), Actor("director"))
        return done.result or {}

    async def invite(self, seat: str, role: str = "speaker", **fields: Any) -> str:
        """A new seat; its link's token."""
        result = await self.do("seat.create", seat=seat, name=seat, role=role, **fields)
        return token_of(result["link"])


def token_of(link_: str) -> str:
    parts = urlsplit(link_)
    return parts.query.partition("token=")[2] or parts.path.rpartition("/")[2]


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@contextlib.asynccontextmanager
async def house(
    data: Path,
    *,
    limits: Limits | None = None,
    door: DoorLimits | None = None,
    demand: DemandSettings = DEMAND,
    **deps: Any,
) -> AsyncIterator[House]:
    """A running studio without media; ``deps`` go to :class:`Deps` as they are."""
    made: House | None = None
    shard = PlayedShard()

    def send(to: ProcessName, message: Message) -> None:
        assert made is not None
        if to.startswith("shard-"):
            shard.take(to, message, made.router)
        elif to == "mixer" and isinstance(message, PublishCanvas) and not made.mixer_away:
            made.published.append(message.canvas)
            # a red of BT.709; each picture a little brighter, so that two of them differ
            picture = new_picture(*SIZE, (63 + len(made.published), 102, 240))
            writers[message.canvas].write_picture(picture, 0)
            asyncio.get_running_loop().call_soon(made.snapshots.on_message, CanvasPublished(message.canvas))

    settings = SessionSettings(
        PlanSettings({"program": (1920, 1080), "wall": (3840, 1080), "multiview": (1280, 720)}, str(data)),
        demand=demand,
    )
    show = Session(
        await Store.open(data / "show.db"),
        settings,
        publish=lambda plans, show, issued_ns: None,
        around=Surroundings(lambda role, token: link("http://studio.test", role, token)),
    )
    await show.start()
    router = PeerRouter(
        send,
        IceSettings(("stun:stun.test:3478",), ("turn:turn.test:3478",), "secret"),
        show.set_peers,
        offer_timeout_s=0.3,
        hold_s=0.1,
        vacate_s=0.1,
    )
    router.shard_up(shard_name(0))
    snapshots = CanvasSnapshots(send, timeout_s=0.3, asked=show.looked)
    writers: dict[str, SlotWriter] = {}
    for canvas in ("program", "wall", "multiview"):
        fd = create_slot(f"canvas/{canvas}", *SIZE)
        writers[canvas] = SlotWriter(fd)
        snapshots.slot_opened(canvas_slot(canvas), fd)
        os.close(fd)
    app = make_app(
        Deps(
            show=show,
            peers=router,
            snapshots=snapshots,
            director_token=deps.pop("director_token", DIRECTOR),
            secret=deps.pop("secret", b"s" * 32),
            pages=PAGES,
            limits=limits or Limits(),
            **deps,
        )
    )
    server = await serve(app, await claim("127.0.0.1", 0), limits=door)
    try:
        async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http:
            made = House(
                server, show, router, shard, snapshots, app[CONTEXT].hub, app[CONTEXT].access.auth, http
            )
            yield made
    finally:
        await server.close()
        await show.close()
        for canvas, writer in writers.items():
            snapshots.slot_closed(canvas_slot(canvas))
            writer.close()
