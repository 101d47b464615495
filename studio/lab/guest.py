"""One synthetic guest's life, as a page lives it: joins, sends what is asked of it, comes back by itself.

It opens its link over HTTP, keeps the cookie, connects the WebSocket, posts an offer and sends a loop over
real WebRTC. The WebSocket and the peer live apart, as on the page: while control restarts, the media goes on.
"""

import asyncio
import contextlib
import secrets
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import msgspec
import structlog

from signaling.rtc.synthetic.client import LoopPlayer, RehearsalGuest
from signaling.rtc.synthetic.loops import Loop
from studio.lab.cast import CastMember
from studio.lab.guest_loops import FIRST, RATES, Loops, Workshop, fitting, slowest

log = structlog.get_logger()

CONNECT_S = 10.0
"""Time for ICE and DTLS; longer, and the guest tries again."""
OFFER_S = 20.0
"""Time for an answer: when many come at once, they wait for their turn."""
SILENT_S = 1.5
"""Without a packet or a report for so long, the connection is dead: ICE notices only after 30 s."""
_STEADY_S = 2.0
"""What is asked of it so long without a change is worth encoding: a grid that fills changes all the time."""
_TOLD_S = 1.0
"""How long the guest waits for the studio's wishes before it joins all the same."""
_LEAVE_S = 1.0
_BACKOFF_S = (0.2, 0.5, 1.0, 2.0)
_CHECK_S = 0.2
_NO_SESSION = (401, 403)
"""The session is not good any more; whether the link is, opening it once more will say."""

_Size = tuple[int, int]
Happened = Callable[[str, bool, str], None]
"""Takes the seat, whether it is connected now, and why not."""


class AwayError(Exception):
    """The studio or the peer's shard is away, or busy: try again, but not before ``retry_s``."""

    def __init__(self, reason: str, retry_s: float = 0.0) -> None:
        super().__init__(reason)
        self.retry_s = retry_s


class SentAwayError(Exception):
    """The link is not good any more; ``str()`` says so."""


class SyntheticGuest:
    """``happened`` is told when it has come and when it is away."""

    def __init__(
        self,
        part: CastMember,
        link: str,
        base: str,
        player: LoopPlayer,
        loss: float,
        loops: Loops,
        workshop: Workshop,
        happened: Happened,
    ) -> None:
        self.part = part
        self._path = urlsplit(link).path
        self._base = base
        self._player = player
        self._loss = loss
        self._loops = loops
        self._workshop = workshop
        self._happened = happened
        self._as: str | None = None
        self._asked = {"width": FIRST[0], "height": FIRST[1], "fps": RATES[-1]}
        self._asking = asyncio.Event()
        """Something else is asked of it."""
        self._told = asyncio.Event()
        """It knows what is asked of it."""
        self._loop: Loop | None = None
        """What it plays, or would play."""
        # As a browser's tab does, so that coming back replaces the own peer silently.
        self._client = secrets.token_urlsafe(9)
        self._peer: RehearsalGuest | None = None

    @property
    def connected(self) -> bool:
        return self._peer is not None and self._peer.connected

    async def live(self, http: aiohttp.ClientSession) -> None:
        """Live until cancelled, or until the link is refused (:class:`SentAwayError`)."""
        self._loop = await self._loops.soon(self._workshop, None)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._again_and_again(http, self._listen))
            group.create_task(self._again_and_again(http, self._send))
            group.create_task(self._dress())

    async def _again_and_again(
        self, http: aiohttp.ClientSession, visit: Callable[[aiohttp.ClientSession, str], Awaitable[None]]
    ) -> None:
        """``visit(http, as)`` for ever; pauses grow in a row of failures."""
        now = asyncio.get_running_loop().time
        failures = 0
        while True:
            began, retry_s = now(), 0.0
            try:
                await visit(http, await self._enter(http))
                reason = "the connection was closed"
            except AwayError as error:
                reason, retry_s = str(error), error.retry_s
            except (aiohttp.ClientError, TimeoutError, OSError) as error:
                reason = f"the studio cannot be reached ({type(error).__name__})"
                if isinstance(error, aiohttp.ClientResponseError) and error.status in _NO_SESSION:
                    self._as = None
            log.debug("away", seat=self.part.seat, reason=reason)
            if visit == self._send:
                self._happened(self.part.seat, False, reason)
            if now() - began > CONNECT_S:
                failures = 0
            await asyncio.sleep(max(retry_s, _BACKOFF_S[min(failures, len(_BACKOFF_S) - 1)]))
            failures += 1

    # --- the connection --------------------------------------------------------------------------------

    async def _enter(self, http: aiohttp.ClientSession) -> str:
        """Open the link as a browser does, once; returns the session's name (``as``)."""
        if self._as is None:
            async with asyncio.timeout(OFFER_S), http.get(self._base + self._path) as page:
                await page.read()
                if page.status in (401, 403, 404, 410):
                    raise SentAwayError(f"its link was refused ({page.status})")
                if page.status != 200:
                    raise AwayError(f"the page answered {page.status}")
                self._as = page.url.query.get("as", "")
        return self._as

    async def _send(self, http: aiohttp.ClientSession, as_: str) -> None:
        """Connect and send until the connection is gone."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._told.wait(), _TOLD_S)
        assert self._loop is not None
        peer = RehearsalGuest(self._loop, self._player, loss=self._loss)
        peer.pause(self._asked["fps"] == 0)
        self._peer = peer
        location = ""
        try:
            location = await self._offer(http, as_, peer)
            await self._arrive(peer)
            self._happened(self.part.seat, True, "")
            await self._stay(peer)
        finally:
            self._peer = None
            with contextlib.suppress(aiohttp.ClientError, TimeoutError, OSError):
                async with asyncio.timeout(_LEAVE_S):
                    await peer.close()
                    if location:
                        await self._leave(http, as_, location)

    async def _offer(self, http: aiohttp.ClientSession, as_: str, peer: RehearsalGuest) -> str:
        """Offer, take the answer; returns where the studio says the peer is."""
        query = {"kind": "guest", "client": self._client, "as": as_}
        offer = (await peer.offer()).encode()
        async with (
            asyncio.timeout(OFFER_S),
            http.post(
                f"{self._base}/api/v1/peers",
                params=query,
                data=offer,
                headers={"Content-Type": "application/sdp", "Origin": self._base},
            ) as answer,
        ):
            text = await answer.text()
            if answer.status in _NO_SESSION:
                self._as = None
            if answer.status != 201:
                raise AwayError(_problem(answer.status, text), float(answer.headers.get("Retry-After", 0)))
            location = answer.headers["Location"]
        await peer.accept(text)
        return location

    async def _arrive(self, peer: RehearsalGuest) -> None:
        try:
            async with asyncio.timeout(CONNECT_S):
                while not peer.connected:
                    if peer.state in ("failed", "closed"):
                        raise AwayError("the media connection could not be made")
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise AwayError(f"no media connection within {CONNECT_S:.0f} s") from None

    async def _stay(self, peer: RehearsalGuest) -> None:
        """Stay until nothing comes any more."""
        now = asyncio.get_running_loop().time
        heard = looked = now()
        while peer.connected:
            heard = max(heard, now() - peer.silent_s)
            # Who has not been on the processor for a while has read nothing either, and blames nobody for it.
            if now() - looked > 3 * _CHECK_S:
                heard = now()
            if now() - heard > SILENT_S:
                raise AwayError(f"nothing came from the studio for {SILENT_S:g} s")
            looked = now()
            await asyncio.sleep(_CHECK_S)
        raise AwayError("the media connection was lost")

    async def _leave(self, http: aiohttp.ClientSession, as_: str, location: str) -> None:
        query = {"client": self._client, "as": as_}
        async with http.delete(self._base + location, params=query, headers={"Origin": self._base}):
            pass

    # --- what is asked of it ---------------------------------------------------------------------------

    async def _listen(self, http: aiohttp.ClientSession, as_: str) -> None:
        """Follow the studio's wishes for the picture until the socket closes."""
        url = f"{self._base}/ws?as={as_}"
        async with http.ws_connect(url, headers={"Origin": self._base}, max_msg_size=0) as socket:
            async for message in socket:
                if message.type is aiohttp.WSMsgType.TEXT:
                    data = message.json()
                    self.follow(data.get("state") or data.get("patch") or {})

    def follow(self, part: dict[str, Any]) -> None:
        """``part``: the seat's state, or what of it changed."""
        uplink = (part.get("status") or {}).get("uplink") or {}
        told = {key: uplink[key] for key in self._asked if key in uplink}
        if told:
            self._told.set()
        if told.items() <= self._asked.items():
            return
        self._asked |= told
        if self._peer is not None:
            self._peer.pause(self._asked["fps"] == 0)
        self._asking.set()

    def _wish(self) -> tuple[_Size, int]:
        return fitting(self._asked["width"], self._asked["height"]), slowest(self._asked["fps"])

    async def _dress(self) -> None:
        """Have the loop that is asked for, for ever: at once where it is there, else once the wish is steady.

        Until then, and on a connection made meanwhile, the one before is played.
        """
        await self._told.wait()
        while True:
            self._asking.clear()
            if self._asked["fps"]:
                wish = self._wish()
                if self._bare and self._loops.made(*wish) is None:
                    self._play(await self._loops.soon(self._workshop, FIRST))  # something, and soon
                if self._loops.made(*wish) is None and not await self._steady():
                    continue
                self._play(await self._loops.soon(self._workshop, *wish))
            await self._asking.wait()

    async def _steady(self) -> bool:
        """Return whether nothing else is asked of it for a while."""
        try:
            await asyncio.wait_for(self._asking.wait(), _STEADY_S)
        except TimeoutError:
            return True
        return False

    @property
    def _bare(self) -> bool:
        """It has no pictures yet."""
        return self._loop is None or not any(frame.payloads for frame in self._loop.video)

    def _play(self, loop: Loop) -> None:
        if loop is not self._loop:
            self._loop = loop
            if self._peer is not None:
                self._peer.change(loop)


def _problem(status: int, text: str) -> str:
    """Return what the studio refuses with, in a few words."""
    try:
        problem = msgspec.json.decode(text, type=dict[str, Any])
        return f"{status} {problem['code']}"
    except (msgspec.MsgspecError, KeyError):
        return f"the studio answered {status}"
