"""The configuration file: TOML, decoded strictly into frozen structs, with a default for every key.

:func:`parse` is pure. :func:`load` reads the file and turns every fault into a :class:`ConfigError`, whose
text is one line with the file, the key and the reason.
"""

import ipaddress
import re
import tomllib
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta, field
from msgspec.structs import replace

from mixer.contract.messages import MixerConfig, Rendition
from mixer.contract.plan import CanvasName, Ducking
from signaling.contract.messages import ShardConfig
from signaling.contract.ports import RefusedError
from studio.planning.multiview import preview_size
from studio.show.desk.commands import Loudness
from studio.show.fields import ID_PATTERN, Tongue
from studio.show.model import FLOOR, LANGUAGES, MAX_LANGUAGES
from studio.show.rundown.decisions import checked_event_languages
from studio.show.text import NOT_UTF8, typed

Preset = Literal["ultrafast", "superfast", "veryfast", "faster", "fast", "medium"]
Bitrate = Annotated[int, Meta(ge=50_000, le=100_000_000)]
Side = Annotated[int, Meta(ge=16, le=8192, multiple_of=2)]
Port = Annotated[int, Meta(ge=0, le=65535)]

_FPS: Final[dict[str, Fraction]] = {
    "23.976": Fraction(24000, 1001),
    "24000/1001": Fraction(24000, 1001),
    "24": Fraction(24),
    "25": Fraction(25),
    "29.97": Fraction(30000, 1001),
    "30000/1001": Fraction(30000, 1001),
    "30": Fraction(30),
    "50": Fraction(50),
    "59.94": Fraction(60000, 1001),
    "60000/1001": Fraction(60000, 1001),
    "60": Fraction(60),
}


class ConfigError(Exception):
    """A fault in the configuration: ``str()`` is one line that says the file, the key and the reason."""

    def __init__(self, file: str, key: str, reason: str) -> None:
        super().__init__(": ".join(part for part in (file, key, reason) if part))
        self.file = file
        self.key = key
        self.reason = reason


class _Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Base of every table: a key that isn't known is an error, not a silent nothing."""


class EventSection(_Section, frozen=True):
    """``languages``: each has a bus of its name. All are what a new show begins with; ``theme``: a built-in
    one (``plain``, ``summit``) or a folder of DATA/themes."""

    title: Annotated[str, Meta(min_length=1, max_length=120)] = "Summit Studio"
    languages: Annotated[tuple[Tongue, ...], Meta(min_length=1, max_length=MAX_LANGUAGES)] = LANGUAGES
    theme: Annotated[str, Meta(pattern=ID_PATTERN)] = "plain"


class Interpretation(_Section, frozen=True):
    """How the floor gives way to an interpreter; see :class:`mixer.contract.plan.Ducking`. ``both_open``: two
    may be open into one language at once, which a new show begins with."""

    duck_db: Annotated[float, Meta(ge=-60, le=0)] = -18.0
    attack_ms: Annotated[int, Meta(ge=10, le=500)] = 80
    hold_ms: Annotated[int, Meta(ge=0, le=900)] = 400
    release_ms: Annotated[int, Meta(ge=20, le=900)] = 300
    both_open: bool = False


class ServerSection(_Section, frozen=True):
    """``trusted_proxies``: addresses or networks whose X-Forwarded headers are believed."""

    host: str = "127.0.0.1"
    port: Port = 8330
    trusted_proxies: tuple[str, ...] = ()


class Tls(_Section, frozen=True):
    """PEM files; both or neither."""

    cert: str = ""
    key: str = ""


class Ice(_Section, frozen=True):
    """STUN and TURN servers, as ``stun:host:port`` and ``turn:host:port?transport=udp`` URLs.

    ``turn_secret`` is the secret shared with the TURN server (coturn's ``static-auth-secret``), from which
    each guest gets credentials that expire after ``ttl_s`` seconds.
    """

    stun: tuple[str, ...] = ()
    turn: tuple[str, ...] = ()
    turn_secret: str = ""
    ttl_s: Annotated[int, Meta(ge=60, le=7 * 86400)] = 43_200


class Rtc(_Section, frozen=True):
    """``announce``: the public address in ICE candidates. ``ports``: first and last UDP port, 0 for any."""

    announce: str = ""
    ports: tuple[Port, Port] = (0, 0)


class Video(_Section, frozen=True):
    """``fps``: 24, 25, 30, 50, 60 or a 1001 rate as ``"30000/1001"``. Sizes are ``[width, height]``."""

    fps: str | int | float = 30
    program: tuple[Side, Side] = (1920, 1080)
    wall: tuple[Side, Side] = (3840, 1080)
    multiview: tuple[Side, Side] = (1280, 720)
    fonts: str = ""
    """Folder of the TTF files for plates; empty for those that ``make setup`` installed."""

    @property
    def rate(self) -> Fraction:
        """Pictures a second, exact."""
        return _FPS[str(self.fps)]


class Encoding(_Section, frozen=True):
    """``bitrate`` in bit/s, constant; ``keyframe_s`` seconds between keyframes."""

    bitrate: Bitrate = 6_000_000
    preset: Preset = "superfast"
    keyframe_s: Annotated[float, Meta(ge=0.5, le=4.0)] = 2.0


ON_REQUEST_S = 4.0
"""Between keyframes for browsers: they ask for one when they need it, so that the grid is there only for a
request that got lost. Each is some 20 packets to every viewer. The bus keeps two groups: 4 s is the most."""


class Renditions(_Section, frozen=True):
    program: Encoding = Encoding()
    wall: Encoding = Encoding(8_000_000, "ultrafast", ON_REQUEST_S)
    multiview: Encoding = Encoding(2_500_000, "ultrafast", ON_REQUEST_S)
    # field() because "return" is a Python keyword
    return_feed: Encoding = field(name="return", default=Encoding(800_000, "ultrafast", ON_REQUEST_S))


class Audio(_Section, frozen=True):
    aac_bitrate: Annotated[int, Meta(ge=48_000, le=512_000)] = 160_000
    opus_bitrate: Annotated[int, Meta(ge=16_000, le=256_000)] = 64_000
    targets: dict[str, Loudness] = {}
    """Loudness of each bus in LUFS, which a new show begins with; −23 where it isn't named."""


class Outputs(_Section, frozen=True):
    """``ca_file``: an additional authority (PEM) for rtmps, and for pulls by TLS. ``recordings``: their
    folder; empty: DATA's."""

    ca_file: str = ""
    recordings: str = ""


class Sources(_Section, frozen=True):
    """``private_addresses``: streams may be pulled from private networks and this machine."""

    private_addresses: bool = False


class Media(_Section, frozen=True):
    """``max_gb``: the largest clip that may be uploaded, in gigabytes. ``convert_over``: clips that need more
    of a processor than that to be played are converted once; 0: none is.

    Half a processor: a clip that ends and one that begins play beside each other, and on two cores the
    programme needs most of one."""

    max_gb: Annotated[float, Meta(gt=0, le=1000)] = 8.0
    convert_over: Annotated[float, Meta(ge=0, le=64)] = 0.5


class Invites(_Section, frozen=True):
    days: Annotated[int, Meta(ge=1, le=366)] = 14


class Settings(_Section, frozen=True):
    """The whole file."""

    event: EventSection = EventSection()
    server: ServerSection = ServerSection()
    tls: Tls = Tls()
    public_url: str = ""
    """How browsers reach the service when that isn't how it listens: behind a proxy, under a name."""
    ice: Ice = Ice()
    rtc: Rtc = Rtc()
    video: Video = Video()
    renditions: Renditions = Renditions()
    audio: Audio = Audio()
    interpretation: Interpretation = Interpretation()
    outputs: Outputs = Outputs()
    sources: Sources = Sources()
    media: Media = Media()
    invites: Invites = Invites()
    shards: Annotated[int, Meta(ge=0, le=64)] = 0
    """Processes that receive guests; 0: one on two cores, else about half the cores."""


COMPLETE_MS = 900
"""Of the second in which the floor must be back; the rest is for hearing that the interpreter is silent."""

_AT = re.compile(r"^(?P<reason>.*?)(?: - at `\$\.?(?P<key>[^`]*)`)?$", re.DOTALL)
_UNKNOWN = re.compile(r"Object contains unknown field `(?P<field>[^`]*)`")


def parse(text: str, file: str = "") -> Settings:
    """TOML text → settings. ``file`` only names the source in errors. Raises :class:`ConfigError`."""
    try:
        tree: dict[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(file, "", f"not TOML: {error}") from error
    try:
        settings = msgspec.convert(tree, Settings)
    except msgspec.ValidationError as error:
        raise _located(str(error), file) from error
    _check(settings, file)
    return settings


def load(path: Path | None, folder: Path | None = None) -> Settings:
    """The settings of a file, or the defaults for None. Files and folders named in it are taken from
    ``folder``, by default the current one. Raises :class:`ConfigError`."""
    if path is None:
        return Settings()
    try:
        text = typed(path.read_bytes())
    except OSError as error:
        raise ConfigError(str(path), "", error.strerror or "cannot be read") from error
    except UnicodeDecodeError as error:
        raise ConfigError(str(path), "", NOT_UTF8) from error
    return _placed(parse(text, str(path)), folder or Path.cwd())


def _placed(settings: Settings, folder: Path) -> Settings:
    """Return the settings with absolute paths, because processes don't run in the folder that the operator
    started them in."""

    def placed(name: str) -> str:
        return str(folder / name) if name else ""

    tls, video, outputs = settings.tls, settings.video, settings.outputs
    return replace(
        settings,
        tls=replace(tls, cert=placed(tls.cert), key=placed(tls.key)),
        video=replace(video, fonts=placed(video.fonts)),
        outputs=replace(outputs, ca_file=placed(outputs.ca_file), recordings=placed(outputs.recordings)),
    )


def _located(message: str, file: str) -> ConfigError:
    match = _AT.match(message)
    reason, key = (match["reason"], match["key"] or "") if match else (message, "")
    if unknown := _UNKNOWN.search(reason):
        key = ".".join(part for part in (key, unknown["field"]) if part)
        return ConfigError(file, key, "unknown key")
    return ConfigError(file, key, reason[:1].lower() + reason[1:].replace("`", ""))


def _check(settings: Settings, file: str) -> None:
    """Check what types alone can't say."""

    def fail(key: str, reason: str) -> None:
        raise ConfigError(file, key, reason)

    if str(settings.video.fps) not in _FPS:
        fail("video.fps", f"{settings.video.fps} is not one of {', '.join(_FPS)}")
    if bool(settings.tls.cert) != bool(settings.tls.key):
        fail("tls.key" if settings.tls.cert else "tls.cert", "tls.cert and tls.key belong together")
    if settings.public_url:
        url = urlsplit(settings.public_url)
        bare = not (url.path.strip("/") or url.query or url.fragment or url.username)
        if url.scheme not in ("http", "https") or not url.hostname or not bare:
            fail("public_url", "must be like https://studio.example, without a path")
    for number, proxy in enumerate(settings.server.trusted_proxies):
        try:
            ipaddress.ip_network(proxy, strict=False)
        except ValueError:
            fail(f"server.trusted_proxies[{number}]", "not an IP address or network")
    if settings.rtc.announce:
        try:
            ipaddress.ip_address(settings.rtc.announce)
        except ValueError:
            fail("rtc.announce", "not an IP address")
    first, last = settings.rtc.ports
    if first > last or (first == 0) != (last == 0):
        fail("rtc.ports", "must be [first, last] with first ≤ last, or [0, 0]")
    _check_sound(settings, fail)
    _check_ice(settings.ice.stun, "ice.stun", ("stun:", "stuns:"), fail)
    _check_ice(settings.ice.turn, "ice.turn", ("turn:", "turns:"), fail)
    if settings.ice.turn and not settings.ice.turn_secret:
        fail("ice.turn_secret", "is needed with ice.turn")


def _check_sound(settings: Settings, fail: Callable[[str, str], None]) -> None:
    try:
        checked_event_languages(settings.event.languages)
    except RefusedError as error:
        fail("event.languages", error.detail)
    how = settings.interpretation
    if how.hold_ms + how.release_ms > COMPLETE_MS:
        fail(
            "interpretation.release_ms",
            f"hold_ms and release_ms together are at most {COMPLETE_MS}: the floor is back within a second",
        )
    for bus in settings.audio.targets:
        if bus not in (FLOOR, *settings.event.languages):
            fail(f"audio.targets.{bus}", "is neither floor nor a language of the event")


def _check_ice(urls: Sequence[str], key: str, schemes: tuple[str, ...], fail: Any) -> None:
    for number, url in enumerate(urls):
        if not url.startswith(schemes):
            fail(f"{key}[{number}]", f"must start with {' or '.join(schemes)}")


# --- what the processes are told -----------------------------------------------------------------------


def canvas_sizes(settings: Settings) -> dict[CanvasName, tuple[int, int]]:
    """Pixels of every canvas but ``clean``, which has the programme's."""
    video = settings.video
    preview = preview_size(video.multiview, video.program)
    return {"program": video.program, "wall": video.wall, "preview": preview, "multiview": video.multiview}


def ducking(settings: Settings) -> Ducking:
    how = settings.interpretation
    return Ducking(how.duck_db, how.attack_ms, how.hold_ms, how.release_ms)


def mixer_config(
    settings: Settings, epoch_ns: int, fonts: Path, own_fonts: Path | None = None
) -> MixerConfig:
    """The mixer's first message. ``fonts`` is our folder of them, ``own_fonts`` the operator's."""
    sizes = canvas_sizes(settings)

    def rendition(
        canvas: CanvasName, size: tuple[int, int], how: Encoding, *, always: bool, outputs: bool = False
    ) -> Rendition:
        return Rendition(canvas, *size, how.bitrate, how.preset, how.keyframe_s, always, outputs)

    encodings = settings.renditions
    return MixerConfig(
        epoch_ns=epoch_ns,
        fps_num=settings.video.rate.numerator,
        fps_den=settings.video.rate.denominator,
        canvases=sizes,
        renditions={
            "program": rendition("program", sizes["program"], encodings.program, always=True),
            # Encoded as the programme is, so that recordings of both line up keyframe by keyframe.
            "clean": rendition("clean", sizes["program"], encodings.program, always=False, outputs=True),
            "return": rendition("program", (640, 360), encodings.return_feed, always=False),
            "wall": rendition("wall", sizes["wall"], encodings.wall, always=False),
            "multiview": rendition("multiview", sizes["multiview"], encodings.multiview, always=False),
        },
        title=settings.event.title,
        language=next(iter(settings.event.languages), ""),
        fonts=str(fonts),
        own_fonts=str(own_fonts or ""),
        aac_bitrate=settings.audio.aac_bitrate,
        opus_bitrate=settings.audio.opus_bitrate,
    )


def shard_count(settings: Settings, cores: int) -> int:
    """Shards to run on a machine with that many cores."""
    return settings.shards or max(1, cores // 2)


def shard_config(settings: Settings, index: int, count: int, epoch_ns: int = 0) -> ShardConfig:
    """Shard ``index``'s first message: its own share of the UDP ports, as two processes can't share one.

    Raises :class:`ConfigError` when there are fewer ports than shards.
    """
    first, last = settings.rtc.ports
    if first == 0:
        return ShardConfig(announce=settings.rtc.announce, epoch_ns=epoch_ns)
    share = (last - first + 1) // count
    if share < 1:
        raise ConfigError("", "rtc.ports", f"fewer ports than the {count} shards")
    start = first + index * share
    end = last if index == count - 1 else start + share - 1
    return ShardConfig(ports=(start, end), announce=settings.rtc.announce, epoch_ns=epoch_ns)
