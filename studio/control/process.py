"""Entry point of the control process: ``python -m studio.control.process``, started by the supervisor.

Puts the parts together: the show (:mod:`studio.control.session`), the HTTP server
(:mod:`signaling.http.server`) and the link between them and the other processes. When it dies, the programme
goes on; it finds its state in SQLite and its peers in the shards' reports.
"""

import asyncio
import secrets
import sys
import time
from collections.abc import Collection, Mapping
from pathlib import Path

import msgspec
import structlog

from mixer.contract.findings import Demands
from mixer.contract.messages import (
    CanvasPublished,
    Heartbeat,
    Message,
    Meters,
    MixerReport,
    PlanTaken,
    Ready,
    SenderReport,
    Shutdown,
    SlotClosed,
    SlotOpened,
)
from mixer.contract.names import CONTROL, SUPERVISOR, ProcessName, is_player, is_sender, is_shard, shards
from mixer.contract.plan import CanvasName
from mixer.contract.player_messages import PlayerReport
from mixer.ipc import child
from mixer.ipc.inbox import first_message
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
from signaling.http.auth.sessions import SessionFile
from signaling.http.deps import Deps
from signaling.http.live.hub import Hub
from signaling.http.metrics import Metrics
from signaling.http.routes.context import CONTEXT
from signaling.http.server import PortTakenError, ServeError, Server, TlsFiles, make_app, serve
from signaling.http.snapshots import CanvasSnapshots
from signaling.router.peers import Connection, PeerRouter
from signaling.router.turn import IceSettings
from studio.contract import config
from studio.contract.datadir import write_private
from studio.contract.messages import (
    ControlConfig,
    Desired,
    Listening,
    ProcessChanged,
    ProcessUsage,
    SlotFailed,
    StartFailed,
)
from studio.contract.paths import PAGES
from studio.control.alarms import Alarms
from studio.control.library.appearance import appearance
from studio.control.library.media import MediaStore, open_media
from studio.control.links import link as link_to
from studio.control.log.mending import open_log
from studio.control.log.store import StoreError
from studio.control.loop_link import LoopLink
from studio.control.plan_pace import PlanPace
from studio.control.plan_sender import PlanSender
from studio.control.preparing import Surroundings
from studio.control.process_messages import ProcessMessages
from studio.control.session import Session
from studio.control.session_settings import configured
from studio.planning.planner import Plans

log = structlog.get_logger()

BEAT_S = 0.5
DATABASE = "show.db"
_SECRET_FILE = "cookie.secret"  # noqa: S105 - a file's name
_SECRET_BYTES = 32
_CLOSE_S = 4.0

ControlIn = (
    MixerReport
    | Meters
    | ShardLevels
    | SeatsRecorded
    | IceServersSilent
    | PlanTaken
    | CanvasPublished
    | SenderReport
    | PlayerReport
    | Answer
    | OfferFailed
    | PeerChanged
    | ShardReport
    | SlotOpened
    | SlotClosed
    | SlotFailed
    | ProcessChanged
    | ProcessUsage
    | Shutdown
)


_FOR_SESSION = (
    ProcessChanged,
    MixerReport,
    PlanTaken,
    SenderReport,
    PlayerReport,
    ShardReport,
    SeatsRecorded,
    IceServersSilent,
)


class CannotStartError(Exception):
    """``str()`` is one line for the operator."""


class Control:
    """The parts, and who is told what. Lives on one event loop."""

    def __init__(self, link: Link, start: ControlConfig) -> None:
        self._start = start
        file = Path(start.config_file) if start.config_file else None
        self._settings = config.load(file, Path(start.folder))
        self._metrics = Metrics()
        self._link = LoopLink(link, msgspec.msgpack.Decoder(ControlIn).decode, self._receive)
        self._peers = PeerRouter(
            self._send,
            IceSettings(
                stun=self._settings.ice.stun,
                turn=self._settings.ice.turn,
                turn_secret=self._settings.ice.turn_secret,
                ttl_s=self._settings.ice.ttl_s,
            ),
            on_presence=self._presence_changed,
        )
        self._snapshots = CanvasSnapshots(self._send, asked=self._snapshot_asked)
        self._recordings = _recordings_of(self._settings, Path(start.data))
        self._messages = ProcessMessages(self._send, str(self._recordings))
        self._alarms = Alarms(time.time)
        self._pace = PlanPace(self._publish)
        self._plans = PlanSender(self._send)
        self._planned: Desired | None = None
        self._session: Session | None = None
        self._hub: Hub | None = None
        self._server: Server | None = None
        self._media: MediaStore | None = None
        self._processes: dict[ProcessName, str] = {}
        self._presence: tuple[Mapping[str, Connection], Collection[CanvasName]] = ({}, ())
        self._stop = asyncio.Event()
        self._early: list[tuple[ProcessName, Message]] = []
        """What came before the session was there; the supervisor's news of the processes, a few at most."""

    async def run(self) -> None:
        """Until Shutdown or until the supervisor is gone. Raises :class:`CannotStartError`."""
        try:
            await self._open()
            server = self._server
            assert server is not None
            self._send(SUPERVISOR, Listening(server.url, self._settings.public_url.rstrip("/"), server.port))
            self._send(SUPERVISOR, Ready())
            await self._beat_until_told()
        finally:
            try:
                async with asyncio.timeout(_CLOSE_S):
                    await self._close()
            except TimeoutError:
                log.warning("not closed in time")

    async def _open(self) -> None:
        settings, start = self._settings, self._start
        data = Path(start.data)
        try:
            self._recordings.mkdir(parents=True, exist_ok=True)
            secret = _cookie_secret(data)
            look = await appearance(settings, data)
            kept = configured(settings, data, self._recordings, start.epoch_ns, look.first)
            demands = Demands(kept.plan.shown, kept.plan.fps, kept.plan.fonts)
            media = self._media = await open_media(
                data / "media", settings.media, demands, lambda: self._session, self._media_changed
            )
            store = await open_log(data / DATABASE, kept.new_show(), self._alarms)
        except StoreError as error:
            raise CannotStartError(str(error)) from error
        except OSError as error:
            raise CannotStartError(f"{error.filename or data}: {error.strerror}") from error
        session = Session(
            store,
            kept,
            publish=self._pace,
            happened=self._messages.happened,
            around=Surroundings(
                lambda role, token: link_to(self._public_url(), role, token),
                whip_url=lambda source: f"{self._public_url().rstrip('/')}/whip/{source}",
                theme_of=look.themes.load,
                theme_names=lambda: look.themes.names,
                glyphs=look.fonts.glyphs,
                own_fonts=lambda: look.fonts.found,
                media=lambda: media.media,
            ),
            alarms=self._alarms,
        )
        try:
            await session.start()
        except StoreError as error:
            await session.close()
            raise CannotStartError(str(error)) from error
        self._session = session
        self._fonts = asyncio.create_task(look.fonts.watch(self._media_changed))
        self._messages.planned(session.plans, session.planned)
        session.set_peers(*self._presence)
        for sender, message in self._early:
            session.handle(sender, message)
        self._early.clear()
        tls = TlsFiles(Path(settings.tls.cert), Path(settings.tls.key)) if settings.tls.cert else None
        app = make_app(
            Deps(
                show=session,
                peers=self._peers,
                snapshots=self._snapshots,
                director_token=start.director_token,
                secret=secret,
                pages=PAGES,
                public_url=settings.public_url,
                trusted_proxies=settings.server.trusted_proxies,
                tls=tls is not None,
                metrics=self._metrics,
                ready=self._not_ready,
                meters_wanted=self._messages.meters_wanted,
                media=media,
                sessions=SessionFile(data / "sessions.json", write_private),
            )
        )
        self._hub = app[CONTEXT].hub
        try:
            self._server = await serve(app, start.host, start.port, tls=tls)
        except (PortTakenError, ServeError) as error:
            raise CannotStartError(str(error)) from error

    def _media_changed(self) -> None:
        if self._session is not None:
            self._session.media_changed()

    async def _close(self) -> None:
        if self._server is not None:
            await self._server.close()
        if self._session is not None:
            await self._session.close()
            self._pace.close()
        if self._media is not None:
            await self._media.close()

    async def _beat_until_told(self) -> None:
        stopped = asyncio.create_task(self._stop.wait())
        closed = asyncio.create_task(self._link.closed.wait())
        try:
            while not (stopped.done() or closed.done()):
                self._send(SUPERVISOR, Heartbeat())
                await asyncio.wait((stopped, closed), timeout=BEAT_S, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopped.cancel()
            closed.cancel()

    def _presence_changed(self, seats: Mapping[str, Connection], watched: Collection[CanvasName]) -> None:
        """Shards report their guests while the log is still being read: kept until the show is there."""
        self._presence = (dict(seats), frozenset(watched))
        if self._session is not None:
            self._session.set_peers(seats, watched)

    def _snapshot_asked(self, canvas: CanvasName) -> None:
        if self._session is not None:
            self._session.looked(canvas)

    def _public_url(self) -> str:
        if self._settings.public_url:
            return self._settings.public_url
        return self._server.url if self._server is not None else ""

    def _not_ready(self) -> list[str]:
        return sorted(
            name
            for name, state in self._processes.items()
            if state != "running" and not (is_sender(name) or is_player(name)) and name != CONTROL
        )

    # --- the link --------------------------------------------------------------------------------------

    def _send(self, to: ProcessName, message: Message) -> None:
        self._link.send(to, message)

    def _publish(self, plans: Plans, issued_ns: int, ordinary: bool) -> None:
        """The session's plans, to those they concern; the supervisor keeps the last for who comes back."""
        try:
            self._plans.tell(plans, issued_ns, ordinary, shards(self._processes))
            # With the same desired processes it is the same plan, but for what a hand moves.
            if self._session is not None and plans.desired is not self._planned:
                self._planned = plans.desired
                self._messages.planned(plans, self._session.planned)
        except (LinkClosedError, LinkOverflowError) as error:
            log.error("plan not sent", error=str(error))

    def _receive(self, sender: ProcessName, message: ControlIn, fds: list[int]) -> None:
        match message:
            case Shutdown():
                self._stop.set()
            case SlotOpened(slot):
                if fds:
                    self._snapshots.slot_opened(slot, fds[0])
            case SlotClosed(slot):
                self._snapshots.slot_closed(slot)
            case SlotFailed(slot, reason):
                log.error("no memory for a slot", slot=slot, reason=reason)
            case ProcessUsage(cpu_seconds, resident_bytes, link_bytes):
                self._metrics.on_usage(cpu_seconds, resident_bytes, link_bytes)
            case ProcessChanged():
                self._process_changed(message)
            case Meters() | ShardLevels():
                if self._hub is not None:
                    self._hub.publish_meters(sender, message)
            case _:
                self._snapshots.on_message(message)
                self._peers.on_message(sender, message)
                self._metrics.on_message(sender, message)
        if isinstance(message, PeerChanged | ShardReport | ProcessChanged) and self._session is not None:
            self._session.set_talkback(self._peers.has("talkback"))
        if isinstance(message, ShardLevels) and self._session is not None:
            self._session.heard(message.levels)
        if isinstance(message, PlanTaken):
            self._messages.plan_taken(message)
        if isinstance(message, _FOR_SESSION):
            if self._session is not None:
                self._session.handle(sender, message)
            elif isinstance(message, ProcessChanged):
                self._early.append((sender, message))

    def _process_changed(self, change: ProcessChanged) -> None:
        name = change.process
        if change.state == "stopped":
            self._processes.pop(name, None)
        else:
            self._processes[name] = change.state
        self._metrics.on_process(name, change.restarts)
        self._messages.process_changed(change)
        if is_shard(name):
            if change.state == "running":
                self._peers.shard_up(name)
                if self._session is not None:
                    self._plans.tell_shard(name, self._session.plans)
            else:
                self._peers.shard_down(name)
                self._plans.forget_shard(name)


def _recordings_of(settings: config.Settings, data: Path) -> Path:
    """The folder of the recordings."""
    return Path(settings.outputs.recordings or data / "recordings").resolve()


def _cookie_secret(data: Path) -> bytes:
    """Signs session cookies; kept, so that a restart logs nobody out. Raises OSError."""
    file = data / _SECRET_FILE
    try:
        secret = file.read_bytes()
    except FileNotFoundError:
        secret = b""
    if len(secret) < _SECRET_BYTES:
        secret = secrets.token_bytes(_SECRET_BYTES)
        write_private(file, secret)
    return secret


async def _control(link: Link, start: ControlConfig) -> int:
    try:
        await Control(link, start).run()
    except (CannotStartError, config.ConfigError) as error:
        link.send(SUPERVISOR, StartFailed(str(error)))
        return 1
    return 0


def main() -> int:
    link = child.start(CONTROL)
    try:
        return asyncio.run(_control(link, first_message(link, ControlConfig)))
    except LinkClosedError:
        return 0


if __name__ == "__main__":
    sys.exit(main())
