"""``studio run``: what is checked before anything is started, and the supervisor's life."""

import contextlib
import os
import resource
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec
import structlog

from mixer.graphics.fonts import check_fonts
from mixer.ipc.child import configure_logging
from signaling.contract import vendor
from studio.contract import config
from studio.contract.datadir import CONFIG_FILE, DataDir, RunInfo
from studio.contract.messages import Listening
from studio.contract.paths import FONTS, PAGES, SET_UP
from studio.supervisor.roster import Launch
from studio.supervisor.supervisor import StartError, Supervisor

log = structlog.get_logger()

ENOUGH_DESCRIPTORS = 1 << 20
"""Where the system has no limit of its own."""
_EVERYWHERE = ("0.0.0.0", "::", "")  # noqa: S104 - compared with, not listened on


@dataclass(frozen=True)
class Options:
    """The command line's say; None leaves it to the configuration file."""

    data: Path
    config: Path | None = None
    host: str | None = None
    port: int | None = None
    shards: int | None = None


@dataclass(frozen=True)
class Started:
    """``console`` holds the director's token: print it, don't log it."""

    info: RunInfo
    console: str
    data: Path


def read_settings(options: Options) -> tuple[config.Settings, str]:
    """The settings and the file they came from: the one named, else DATA's ``studio.toml`` if it is there.

    Raises :class:`~studio.contract.config.ConfigError`.
    """
    file = options.config
    if file is None and (options.data / CONFIG_FILE).exists():
        file = options.data / CONFIG_FILE
    return config.load(file), str(file.resolve()) if file else ""


def fonts_folder(settings: config.Settings) -> Path:
    return Path(settings.video.fonts) if settings.video.fonts else FONTS


def check_parts(settings: config.Settings) -> None:
    """Check what set-up installs and a configuration can point at. Raises :class:`StartError`."""
    fonts = fonts_folder(settings)
    if missing := check_fonts(fonts):
        raise StartError(f"fonts for {', '.join(missing)} are missing in {fonts}; `{SET_UP}` puts them there")
    try:
        absent = vendor.missing(PAGES, vendor.entries(PAGES))
    except (OSError, msgspec.DecodeError) as error:
        raise StartError(f"the pages are not whole: {error}") from error
    if absent:
        raise StartError(f"libraries of the pages are missing ({', '.join(absent)}); `{SET_UP}` fetches them")
    for key, name in (
        ("tls.cert", settings.tls.cert),
        ("tls.key", settings.tls.key),
        ("outputs.ca_file", settings.outputs.ca_file),
    ):
        if name and not os.access(name, os.R_OK):
            raise StartError(f"{key}: the file {name} cannot be read")


def run(options: Options, up: Callable[[Started], None]) -> None:
    """Run a studio until it is told to stop; ``up`` is called once, when it is ready.

    Raises :class:`~studio.contract.config.ConfigError`, :class:`~studio.contract.datadir.DataDirError`,
    :class:`~studio.supervisor.supervisor.StartError`.
    """
    settings, file = read_settings(options)
    check_parts(settings)
    shards = options.shards or config.shard_count(settings, os.cpu_count() or 1)
    config.shard_config(settings, 0, shards)
    configure_logging("supervisor")
    _raise_limits()
    host = options.host or settings.server.host
    data = DataDir(options.data)
    with contextlib.closing(data):
        token = data.director_token()

        def ready(listening: Listening) -> None:
            if host in _EVERYWHERE and not listening.public:
                log.warning("links name this machine only: set public_url for guests elsewhere", host=host)
            info = RunInfo(os.getpid(), listening.url, token)
            data.write_run(info)
            console = f"{listening.public or listening.url}/console?token={token}"
            up(Started(info, console, data.path))

        launch = Launch(
            settings=settings,
            config_file=file,
            data=data.path.resolve(),
            host=host,
            port=settings.server.port if options.port is None else options.port,
            fonts=fonts_folder(settings).resolve(),
            director_token=token,
            shards=shards,
            folder=str(Path.cwd()),
        )
        try:
            Supervisor(launch, ready).run()
        finally:
            data.remove_run()


def _raise_limits() -> None:
    """Guests cost a shard and control a few descriptors each; the usual limit of 1024 is a wall, and children
    inherit. All that is allowed, therefore."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = ENOUGH_DESCRIPTORS if hard == resource.RLIM_INFINITY else hard
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
