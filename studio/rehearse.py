"""``studio rehearse``: synthetic guests join a running studio the way browsers do, and are admitted.

Each opens its link over HTTP, keeps the cookie, connects the WebSocket, posts an offer and sends a loop over
real WebRTC. A guest that is disconnected comes back to its seat by itself, as a page would. Pictures are
encoded once a size and sound once, in a process of its own that yields to the studio.
"""

import asyncio
import contextlib
import os
import secrets
import signal
import sys
import threading
from collections.abc import Awaitable, Callable, Collection, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import structlog
import uvloop

from mixer.child import configure_logging
from signaling.rtc.client import Player, RehearsalGuest
from signaling.rtc.loops import Loop, make_loop
from studio.cast import Part, guests_of
from studio.client import Client, ClientError, tls_context
from studio.datadir import RunInfo

log = structlog.get_logger()

NICENESS = 10
CONNECT_S = 10.0
"""Time for ICE and DTLS; longer, and the guest tries anew."""
SILENT_S = 1.5
"""Without a packet or a report for so long, the connection is dead: ICE notices only after 30 s."""
GIVE_UP_S = 30.0
"""Without a studio for so long, the rehearsal is over."""
_BACKOFF_S = (0.2, 0.5, 1.0, 2.0)
_CHECK_S = 0.2
SIZES = ((160, 90), (320, 180), (480, 270), (640, 360), (960, 540), (1280, 720))
"""Pictures a guest can send; the smallest that fills what the studio asks for is sent."""
RATES = (5, 10, 30)
"""Pictures a second a guest can send; the lowest that reaches what the studio asks for."""
_FIRST = (640, 360)
_BITRATES = {
    (160, 90): 80_000,
    (320, 180): 250_000,
    (480, 270): 420_000,
    (640, 360): 600_000,
    (960, 540): 1_100_000,
    (1280, 720): 1_800_000,
}


class RehearsalError(Exception):
    """The rehearsal can't go on; ``str()`` is one line."""


class _Away(Exception):  # noqa: N818 - not an error of ours: the guest tries again
    """The studio or the peer's shard is away."""


class Loops:
    """One guest's loops by size, or those that several share, encoded when they are first asked for.

    ``grain``: see :func:`signaling.rtc.loops.draw`.
    """

    def __init__(self, part: Part, grain: float = 0.0) -> None:
        self._part = part
        self._grain = grain
        self._made: dict[tuple[tuple[int, int], int], Loop] = {}
        self._making = threading.Lock()

    def now(self, size: tuple[int, int], fps: int = RATES[-1]) -> Loop:
        """One of :data:`SIZES` at one of :data:`RATES`. Encodes for a fraction of a second where the loop
        isn't there yet. On any thread."""
        with self._making:
            if (size, fps) not in self._made:
                part = self._part
                bitrate = max(_BITRATES[SIZES[0]], int(_BITRATES[size] * (fps / RATES[-1]) ** 0.5))
                self._made[size, fps] = make_loop(
                    part.caption,
                    part.hue,
                    size=size,
                    bitrate=bitrate,
                    tone_hz=part.tone_hz,
                    fps=fps,
                    grain=self._grain,
                )
            return self._made[size, fps]


def fitting(width: int, height: int) -> tuple[int, int]:
    """The smallest of :data:`SIZES` that fills the box, else the largest."""
    return next((size for size in SIZES if size[0] >= width and size[1] >= height), SIZES[-1])


def slowest(fps: int) -> int:
    """The lowest of :data:`RATES` that reaches ``fps``, else the highest."""
    return next((rate for rate in RATES if rate >= fps), RATES[-1])


class SyntheticGuest:
    """One guest's life: joins, sends, comes back after a break."""

    def __init__(
        self, part: Part, link: str, base: str, player: Player, loss: float, loops: Loops | None = None
    ) -> None:
        self.part = part
        self._path = urlsplit(link).path
        self._base = base
        self._player = player
        self._loss = loss
        self._loops = loops or Loops(part)
        self._sent = (_FIRST, RATES[-1])
        self._asked = {"width": _FIRST[0], "height": _FIRST[1], "fps": RATES[-1]}
        # As a browser's tab does, so that coming back replaces the own peer silently.
        self._client = secrets.token_urlsafe(9)
        self._peer: RehearsalGuest | None = None

    @property
    def connected(self) -> bool:
        return self._peer is not None and self._peer.connected

    async def live(self, http: aiohttp.ClientSession) -> None:
        """Until cancelled. Raises :class:`RehearsalError` when the link was refused or the studio is gone.

        The WebSocket and the peer live apart, as on the page: while control restarts, the media goes on.
        """
        await asyncio.to_thread(self._loops.now, *self._sent)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._again_and_again(http, self._listen))
            group.create_task(self._again_and_again(http, self._send))

    async def _again_and_again(
        self, http: aiohttp.ClientSession, visit: Callable[[aiohttp.ClientSession, str], Awaitable[None]]
    ) -> None:
        """``visit(http, as)`` until :class:`RehearsalError`; pauses grow in a row of failures."""
        now = asyncio.get_running_loop().time
        failures, good = 0, now()
        while now() - good < GIVE_UP_S:
            began = now()
            try:
                await visit(http, await self._enter(http))
            except (_Away, aiohttp.ClientError, TimeoutError, OSError) as reason:
                log.debug("away", seat=self.part.seat, reason=repr(reason))
            if now() - began > CONNECT_S:
                failures, good = 0, now()
            await asyncio.sleep(_BACKOFF_S[min(failures, len(_BACKOFF_S) - 1)])
            failures += 1
        raise RehearsalError("the studio is gone")

    async def _send(self, http: aiohttp.ClientSession, as_: str) -> None:
        """Connect and send until the connection is gone."""
        peer = RehearsalGuest(self._loops.now(*self._sent), self._player, loss=self._loss)
        peer.pause(self._asked["fps"] == 0)
        self._peer = peer
        location = ""
        try:
            location = await self._connect(http, as_, peer)
            await self._stay(peer)
        finally:
            self._peer = None
            await peer.close()
            if location:
                with contextlib.suppress(aiohttp.ClientError, TimeoutError, OSError):
                    await self._leave(http, as_, location)

    async def _stay(self, peer: RehearsalGuest) -> None:
        """Until nothing comes any more."""
        while peer.connected and peer.silent_s < SILENT_S:  # noqa: ASYNC110 - silence is no event
            await asyncio.sleep(_CHECK_S)

    async def _enter(self, http: aiohttp.ClientSession) -> str:
        """Open the link as a browser does; returns the session's name (``as``)."""
        async with http.get(self._base + self._path) as page:
            await page.read()
            if page.status in (401, 403, 404, 410):
                raise RehearsalError(f"the link of {self.part.seat} was refused ({page.status})")
            if page.status != 200:
                raise _Away
            return page.url.query.get("as", "")

    async def _connect(self, http: aiohttp.ClientSession, as_: str, peer: RehearsalGuest) -> str:
        query = {"kind": "guest", "client": self._client, "as": as_}
        async with http.post(
            f"{self._base}/api/v1/peers",
            params=query,
            data=(await peer.offer()).encode(),
            headers={"Content-Type": "application/sdp", "Origin": self._base},
        ) as answer:
            text = await answer.text()
            if answer.status != 201:
                raise _Away
            location = answer.headers["Location"]
        await peer.accept(text)
        async with asyncio.timeout(CONNECT_S):
            while not peer.connected:
                if peer.state in ("failed", "closed"):
                    raise _Away
                await asyncio.sleep(0.05)
        return location

    async def _leave(self, http: aiohttp.ClientSession, as_: str, location: str) -> None:
        query = {"client": self._client, "as": as_}
        async with http.delete(self._base + location, params=query, headers={"Origin": self._base}):
            pass

    async def _listen(self, http: aiohttp.ClientSession, as_: str) -> None:
        """Follow the studio's wishes for the picture until the socket closes."""
        url = f"{self._base}/ws?as={as_}"
        async with http.ws_connect(url, headers={"Origin": self._base}, max_msg_size=0) as socket:
            async for message in socket:
                if message.type is aiohttp.WSMsgType.TEXT:
                    data = message.json()
                    await self._follow(data.get("state") or data.get("patch") or {})

    async def _follow(self, part: dict[str, Any]) -> None:
        """``part``: the seat's state, or what of it changed."""
        uplink = (part.get("status") or {}).get("uplink") or {}
        self._asked |= {key: uplink[key] for key in self._asked if key in uplink}
        width, height, fps = self._asked["width"], self._asked["height"], self._asked["fps"]
        if self._peer is not None:
            self._peer.pause(fps == 0)
        wanted = (fitting(width, height), slowest(fps)) if fps else self._sent
        if wanted != self._sent:
            # Sent once it is there: until then, and on a connection made meanwhile, it is the one before.
            loop = await asyncio.to_thread(self._loops.now, *wanted)
            self._sent = wanted
            if self._peer is not None:
                self._peer.change(loop)


class Rehearsal:
    """All the guests of one process, on one event loop. ``loops``: what each sends, by default its own."""

    def __init__(self, info: RunInfo, loss: float, loops: Callable[[Part], Loops] = Loops) -> None:
        self._info = info
        self._loss = loss
        self._loops = loops
        self.guests: list[SyntheticGuest] = []

    async def run(self, cast: Sequence[tuple[Part, str]], seconds: float, ready: Callable[[], None]) -> None:
        """Seat everybody (part and link), admit whoever is connected, stay for ``seconds`` (0: for good).

        ``ready`` is called once, when all are connected and admitted. Raises :class:`RehearsalError`.
        """
        player = Player()
        tls = tls_context(self._info.url)
        async with contextlib.AsyncExitStack() as stack:
            tasks = [asyncio.create_task(player.run(), name="player")]
            for part, link in cast:
                guest = SyntheticGuest(part, link, self._info.url, player, self._loss, self._loops(part))
                self.guests.append(guest)
                # a jar each: they are different people
                http = await stack.enter_async_context(
                    aiohttp.ClientSession(
                        cookie_jar=aiohttp.CookieJar(unsafe=True),
                        connector=aiohttp.TCPConnector(ssl=tls if tls is not None else True),
                        timeout=aiohttp.ClientTimeout(total=None, connect=5, sock_connect=5),
                        trust_env=False,
                    )
                )
                tasks.append(asyncio.create_task(guest.live(http), name=part.seat))
            tasks.append(asyncio.create_task(self._admit(ready), name="director"))
            try:
                done, _ = await asyncio.wait(
                    tasks, timeout=seconds or None, return_when=asyncio.FIRST_EXCEPTION
                )
                for task in done:
                    _raise_plain(task)
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    async def _admit(self, ready: Callable[[], None]) -> None:
        """The director's part: each guest that is connected gets on stage, once; a hold afterwards stays."""
        client = Client(self._info)
        waiting = list(self.guests)
        while waiting:
            for guest in [each for each in waiting if each.connected]:
                try:
                    await asyncio.to_thread(client.command, {"type": "seat.admit", "seat": guest.part.seat})
                except ClientError as error:
                    if error.status == 404:
                        raise RehearsalError(str(error)) from error
                    if error.status != 409:  # admitted already
                        continue
                waiting.remove(guest)
            await asyncio.sleep(_CHECK_S)
        ready()


def _raise_plain(task: "asyncio.Task[None]") -> None:
    """Raise what ended a task, without the group around it."""
    error = task.exception()
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if error is not None:
        raise error


def seat_command(part: Part, languages: Collection[str]) -> dict[str, Any]:
    """Makes the part's seat, named in those of the event's ``languages`` that it has a name in."""
    return {
        "type": "seat.create",
        "seat": part.seat,
        "name": part.name,
        "title": part.title,
        "language": part.language,
        "names": {
            language: {"name": name, "title": title}
            for language, (name, title) in part.names.items()
            if language in languages
        },
    }


def seat(client: Client, cast: Sequence[Part]) -> list[tuple[Part, str]]:
    """Make the seats, or new links for those that exist. Raises :class:`~studio.client.ClientError`."""
    state = client.state()["state"]
    there, languages = state["seats"], state["event"]["languages"]
    seated = []
    for part in cast:
        command: dict[str, Any] = {"type": "seat.invite", "seat": part.seat}
        if part.seat not in there:
            command = seat_command(part, languages)
        seated.append((part, str(client.command(command)["result"]["link"])))
    return seated


def rehearse(data: Path, guests: int, seconds: float, loss: float) -> None:
    """Run a rehearsal on the studio of this data directory. ``loss`` is a share, 0 … 1.

    Raises :class:`~studio.client.ClientError` and :class:`RehearsalError`.
    """
    client = Client.of(data)
    perform(client, seat(client, guests_of(guests)), seconds, loss)


def perform(
    client: Client,
    cast: Sequence[tuple[Part, str]],
    seconds: float,
    loss: float,
    loops: Callable[[Part], Loops] = Loops,
) -> None:
    """Let the cast sit there until the time is over, SIGINT or SIGTERM. Raises :class:`RehearsalError`."""
    configure_logging("rehearse")
    with contextlib.suppress(OSError):
        os.nice(NICENESS)
    rehearsal = Rehearsal(client.info, loss, loops)

    def ready() -> None:
        sys.stdout.write(f"{len(cast)} guests are on stage\n")
        sys.stdout.flush()

    async def main() -> None:
        task = asyncio.current_task()
        assert task is not None
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)
        with contextlib.suppress(asyncio.CancelledError):
            await rehearsal.run(cast, seconds, ready)

    uvloop.run(main())
