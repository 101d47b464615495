"""``studio rehearse``: synthetic guests join a running studio the way browsers do, and are admitted.

They come one after the other, play loops that they share, and come back by themselves when they lose their
connection (:mod:`studio.lab.guest`). Who came and who didn't is in the report at the end.
"""

import asyncio
import contextlib
import logging
import signal
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import aiohttp
import uvloop

from mixer.ipc.child import configure_logging
from mixer.ipc.priority import Urgency, punctual
from signaling.rtc.synthetic.client import LoopPlayer
from studio.contract.client import Client, ClientError, tls_context
from studio.contract.datadir import RunInfo
from studio.lab.attendance import Attendance, Register
from studio.lab.cast import CastMember, guests_of
from studio.lab.guest import SyntheticGuest
from studio.lab.guest_loops import FIRST, Loops, Workshop, shared

GIVE_UP_S = 30.0
"""Without a studio for so long, the rehearsal is over."""
PER_S = 6.0
"""Guests that join in a second, if nothing else is said."""
END_S = 2.0
"""What all guests together have for taking their leave."""
CALL_S = 2.0
"""For an answer of the studio: its end waits for the calls that are under way."""
_LOOK_S = 0.2
_PROGRESS_S = 1.0


class RehearsalError(Exception):
    """The rehearsal can't go on; ``str()`` is one line."""


class Rehearsal:
    """All the guests of one process, on one event loop. ``loops``: what each seat sends."""

    def __init__(self, info: RunInfo, loss: float, loops: Mapping[str, Loops], workshop: Workshop) -> None:
        self._info = info
        self._loss = loss
        self._loops = loops
        self._workshop = workshop
        self.guests: list[SyntheticGuest] = []

    async def run(
        self,
        cast: Sequence[tuple[CastMember, str]],
        seconds: float,
        ready: Callable[[], None],
        *,
        over_s: float | None = None,
        progress: Callable[[str], None] = lambda _: None,
    ) -> Attendance:
        """Seat everybody (part and link), admit all who are connected, stay for ``seconds`` (0: for good).

        ``over_s``: their joining is spread over so long, by default at :data:`PER_S`. ``ready`` is called
        once, when all are connected and admitted. Cancelled, it ends as when the time is over. Raises
        :class:`RehearsalError`.
        """
        began_s = time.monotonic()
        register = Register(part.seat for part, _ in cast)

        def happened(seat: str, there: bool, reason: str) -> None:
            at_s = time.monotonic() - began_s
            register.came(seat, at_s) if there else register.went(seat, reason, at_s)

        player = LoopPlayer()
        guests = asyncio.create_task(self._come(cast, player, happened, over_s))
        tasks = {
            guests,
            asyncio.create_task(player.run(), name="player"),
            asyncio.create_task(self._admit([part.seat for part, _ in cast], ready), name="director"),
            asyncio.create_task(self._watch_studio(), name="studio"),
            asyncio.create_task(self._encode_ahead(), name="loops"),
            asyncio.create_task(_tell(register, len(cast), progress), name="progress"),
        }
        try:
            async with asyncio.timeout(seconds or None):
                while not guests.done():
                    done, tasks = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                    for task in done:
                        task.result()
        except (TimeoutError, asyncio.CancelledError):
            pass  # it was long enough
        finally:
            report = register.report(time.monotonic() - began_s)
            for task in tasks:
                task.cancel()
            await asyncio.wait({guests, *tasks}, timeout=END_S)
        return report

    async def _come(
        self,
        cast: Sequence[tuple[CastMember, str]],
        player: LoopPlayer,
        happened: Callable[[str, bool, str], None],
        over_s: float | None,
    ) -> None:
        """Let them all come, each at its time; until cancelled, or until none of them is left."""
        step_s = 1 / PER_S if over_s is None else over_s / len(cast)
        tls = tls_context(self._info.url)
        async with contextlib.AsyncExitStack() as stack, asyncio.TaskGroup() as group:
            connector = aiohttp.TCPConnector(ssl=tls if tls is not None else True, limit=0)
            stack.push_async_callback(connector.close)
            began_s = time.monotonic()
            for number, (part, link) in enumerate(cast):
                await asyncio.sleep(began_s + number * step_s - time.monotonic())
                guest = SyntheticGuest(
                    part,
                    link,
                    self._info.url,
                    player,
                    self._loss,
                    self._loops[part.seat],
                    self._workshop,
                    happened,
                )
                self.guests.append(guest)
                # a jar each: they are different people
                http = await stack.enter_async_context(
                    aiohttp.ClientSession(
                        cookie_jar=aiohttp.CookieJar(unsafe=True),
                        connector=connector,
                        connector_owner=False,
                        timeout=aiohttp.ClientTimeout(total=None, connect=5, sock_connect=5),
                        trust_env=False,
                    )
                )
                group.create_task(_alone(guest, http, happened), name=part.seat)

    async def _admit(self, seats: Sequence[str], ready: Callable[[], None]) -> None:
        """The director's part: each guest that is connected gets on stage, once; a hold afterwards stays."""
        client = Client(self._info, CALL_S)
        waiting = set(seats)
        while waiting:
            for seat in [
                each.part.seat for each in self.guests if each.connected and each.part.seat in waiting
            ]:
                try:
                    await asyncio.to_thread(client.command, {"type": "seat.admit", "seat": seat})
                except ClientError as error:
                    if error.status not in (404, 409):  # removed; admitted already
                        continue
                waiting.discard(seat)
            await asyncio.sleep(_LOOK_S)
        ready()

    async def _encode_ahead(self) -> None:
        """Encode what everybody begins with, while there is time."""
        try:
            for size in (None, FIRST):
                for loops in dict.fromkeys(self._loops.values()):
                    await loops.soon(self._workshop, size)
        except RuntimeError as error:
            raise RehearsalError(str(error)) from error

    async def _watch_studio(self) -> None:
        """Watch until nothing answers any more."""
        client, good_s = Client(self._info, CALL_S), time.monotonic()
        while time.monotonic() - good_s < GIVE_UP_S:
            with contextlib.suppress(ClientError):
                await asyncio.to_thread(client.check)
                good_s = time.monotonic()
            await asyncio.sleep(1.0)
        raise RehearsalError("the studio is gone")


async def _alone(
    guest: SyntheticGuest, http: aiohttp.ClientSession, happened: Callable[[str, bool, str], None]
) -> None:
    """Run one guest so that what ends it doesn't end the others."""
    try:
        await guest.live(http)
    except Exception as error:
        happened(guest.part.seat, False, _plain(error))


def _plain(error: BaseException) -> str:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return str(error) or type(error).__name__


async def _tell(register: Register, total: int, progress: Callable[[str], None]) -> None:
    """Say how many are there, whenever that has changed."""
    said = -1
    while True:
        there = register.there
        if there != said:
            said = there
            progress(f"{there} of {total} guests are there")
        await asyncio.sleep(_PROGRESS_S)


def seat_command(part: CastMember, languages: Collection[str]) -> dict[str, Any]:
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


def seat(client: Client, cast: Sequence[CastMember]) -> list[tuple[CastMember, str]]:
    """Make the seats, or new links for those that exist. Raises
    :class:`~studio.contract.client.ClientError`."""
    state = client.state()["state"]
    there, languages = state["seats"], state["event"]["languages"]
    seated = []
    for part in cast:
        command: dict[str, Any] = {"type": "seat.invite", "seat": part.seat}
        if part.seat not in there:
            command = seat_command(part, languages)
        seated.append((part, str(client.command(command)["result"]["link"])))
    return seated


def rehearse(
    data: Path,
    guests: int,
    seconds: float,
    loss: float,
    over_s: float | None = None,
    ready: Callable[[], None] = lambda: None,
    progress: Callable[[str], None] = lambda _: None,
) -> Attendance:
    """Run a rehearsal on the studio of this data directory. ``loss`` is a share, 0 … 1; for the rest, see
    :meth:`Rehearsal.run`.

    Raises :class:`~studio.contract.client.ClientError` and :class:`RehearsalError`.
    """
    punctual(Urgency.GUESTS)
    client = Client.of(data)
    cast = guests_of(guests)
    return perform(client, seat(client, cast), seconds, loss, shared(cast), over_s, ready, progress)


def perform(
    client: Client,
    cast: Sequence[tuple[CastMember, str]],
    seconds: float,
    loss: float,
    loops: Mapping[str, Loops],
    over_s: float | None = None,
    ready: Callable[[], None] = lambda: None,
    progress: Callable[[str], None] = lambda _: None,
) -> Attendance:
    """Let the cast sit there until the time is over, SIGINT or SIGTERM. Raises :class:`RehearsalError`."""
    configure_logging("rehearse")
    # aiortc leaves tasks behind of connections that were given up; why they were, the report says.
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)

    async def main(workshop: Workshop) -> Attendance:
        task = asyncio.current_task()
        assert task is not None
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, _end, task)
        rehearsal = Rehearsal(client.info, loss, loops, workshop)
        return await rehearsal.run(cast, seconds, ready, over_s=over_s, progress=progress)

    with Workshop() as workshop:
        return uvloop.run(main(workshop))


def _end(task: "asyncio.Task[Any]") -> None:
    """The first signal ends the rehearsal in order, the second one at once."""
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().remove_signal_handler(number)
        signal.signal(number, signal.SIG_DFL)
    task.cancel()
