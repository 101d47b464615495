"""Puts control's parts together, each made of those before it: log, session, peers, HTTP application."""

import asyncio
import secrets
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import NamedTuple

from aiohttp import web

from mixer.contract.findings import Demands
from signaling.http.auth.sessions import SessionFile
from signaling.http.deps import Deps
from signaling.http.live.hub import Hub
from signaling.http.metrics import Metrics
from signaling.http.routes.context import CONTEXT
from signaling.http.server import Address, ServeError, TlsFiles, claim, make_app
from signaling.http.snapshots import CanvasSnapshots
from signaling.ipc.loop_link import LoopLink
from signaling.router.peers import PeerRouter
from signaling.router.turn import IceSettings
from studio.contract import config
from studio.contract.datadir import write_private
from studio.contract.messages import ControlConfig
from studio.contract.paths import PAGES
from studio.control.alarms import Alarms
from studio.control.library.appearance import appearance
from studio.control.library.media import open_media
from studio.control.links import link as link_to
from studio.control.log.mending import open_log
from studio.control.log.store import StoreError
from studio.control.plan_pace import PlanPace
from studio.control.preparing import Surroundings
from studio.control.processes import Processes
from studio.control.session import Session
from studio.control.session_settings import configured

DATABASE = "show.db"
_SECRET_FILE = "cookie.secret"  # noqa: S105 - a file's name
_SECRET_BYTES = 32


class CannotStartError(Exception):
    """``str()`` is one line for the operator."""


class Parts(NamedTuple):
    """All that control is made of."""

    settings: config.Settings
    metrics: Metrics
    processes: Processes
    session: Session
    peers: PeerRouter
    snapshots: CanvasSnapshots
    hub: Hub
    app: web.Application
    address: Address
    """Nobody answers there yet."""
    tls: TlsFiles | None


async def opened(link: LoopLink, start: ControlConfig, stack: AsyncExitStack) -> Parts:
    """What has to be closed is on the ``stack``. Raises CannotStartError and ConfigError."""
    settings = config.load(Path(start.config_file) if start.config_file else None, Path(start.folder))
    try:
        return await _opened(link, start, settings, stack)
    except (StoreError, ServeError) as error:
        raise CannotStartError(str(error)) from error
    except ConnectionError:
        raise  # the supervisor's end of the link
    except OSError as error:
        raise CannotStartError(f"{error.filename or start.data}: {error.strerror or error}") from error


async def _opened(
    link: LoopLink, start: ControlConfig, settings: config.Settings, stack: AsyncExitStack
) -> Parts:
    data = Path(start.data)
    tls = TlsFiles(Path(settings.tls.cert), Path(settings.tls.key)) if settings.tls.cert else None
    recordings = _recordings(settings, data)
    secret = _cookie_secret(data)
    look = await appearance(settings, data)
    kept = configured(settings, data, recordings, start.epoch_ns, look.first)
    demands = Demands(kept.plan.shown, kept.plan.fps, kept.plan.fonts)
    media = await open_media(data / "media", settings.media, demands)
    stack.push_async_callback(media.close)
    alarms = Alarms(time.time)
    address = await claim(start.host, start.port, https=tls is not None)
    stack.callback(address.close)
    store = await open_log(data / DATABASE, kept.new_show(), alarms)
    public_url = settings.public_url or address.url
    processes = Processes(link.send, str(recordings))
    pace = PlanPace(processes.publish)
    stack.callback(pace.close)
    session = Session(
        store,
        kept,
        publish=pace,
        happened=processes.messages.happened,
        around=Surroundings(
            lambda role, token: link_to(public_url, role, token),
            whip_url=lambda source: f"{public_url.rstrip('/')}/whip/{source}",
            theme_of=look.themes.load,
            theme_names=lambda: look.themes.names,
            glyphs=look.fonts.glyphs,
            own_fonts=lambda: look.fonts.found,
            media=lambda: media.media,
        ),
        alarms=alarms,
    )
    stack.push_async_callback(session.close)
    await session.start()
    media.listen(session.media_changed)
    watching = asyncio.create_task(look.fonts.watch(session.media_changed))
    stack.callback(watching.cancel)
    ice = settings.ice
    peers = PeerRouter(
        link.send,
        IceSettings(stun=ice.stun, turn=ice.turn, turn_secret=ice.turn_secret, ttl_s=ice.ttl_s),
        on_presence=session.set_peers,
    )
    snapshots = CanvasSnapshots(link.send, asked=session.looked)
    metrics = Metrics()
    app = make_app(
        Deps(
            show=session,
            peers=peers,
            snapshots=snapshots,
            director_token=start.director_token,
            secret=secret,
            pages=PAGES,
            public_url=settings.public_url,
            trusted_proxies=settings.server.trusted_proxies,
            tls=tls is not None,
            metrics=metrics,
            ready=processes.not_ready,
            meters_wanted=processes.messages.meters_wanted,
            media=media,
            sessions=SessionFile(data / "sessions.json", write_private),
        )
    )
    hub = app[CONTEXT].hub
    return Parts(settings, metrics, processes, session, peers, snapshots, hub, app, address, tls)


def _recordings(settings: config.Settings, data: Path) -> Path:
    """The folder of the recordings, made where it isn't there. Raises OSError."""
    folder = Path(settings.outputs.recordings or data / "recordings").resolve()
    folder.mkdir(parents=True, exist_ok=True)
    return folder


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
