"""``studio doctor``: what this machine has and can hold, each finding with a verdict."""

import os
import platform
import shutil
import socket
import sys
import time
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Literal

import msgspec

from mixer.ipc import priority
from studio.contract import config
from studio.contract.client import ClientError, running
from studio.contract.datadir import OWN_FONTS
from studio.contract.paths import PAGES, SET_UP
from studio.control.library import scripts
from studio.control.library.own_fonts import SUFFIXES
from studio.supervisor.start import Options, fonts_folder, read_settings

Verdict = Literal["ok", "warning", "missing"]

_GIB = 1 << 30
_LOW_DISK = 5 * _GIB
_LOW_MEMORY = 1 * _GIB


class Finding(msgspec.Struct, frozen=True):
    """``missing``: the studio can't run without it; ``warning``: it can, less well."""

    topic: str
    verdict: Verdict
    text: str


def examine(data: Path, file: Path | None) -> list[Finding]:
    """Everything, in the order it is shown. Takes a few seconds: the encoder is measured."""
    findings: list[Finding] = []
    settings = config.Settings()
    try:
        settings, found = read_settings(Options(data, file))
        findings.append(Finding("configuration", "ok", found or "no file: the defaults"))
    except config.ConfigError as error:
        findings.append(Finding("configuration", "missing", str(error)))
    for part in (_versions, _machine, _urgency, _codecs, _encoder, _parts, _space, _ports, _network):
        findings.extend(part(data, settings))
    return findings


def _versions(_data: Path, _settings: config.Settings) -> Iterator[Finding]:
    import aiortc
    import av
    import cv2
    import numpy as np

    supported = sys.version_info >= (3, 11)
    yield Finding("python", "ok" if supported else "missing", platform.python_version())
    ffmpeg = ".".join(map(str, av.library_versions["libavcodec"]))
    yield Finding(
        "libraries",
        "ok",
        f"aiortc {aiortc.__version__}, PyAV {av.__version__} (libavcodec {ffmpeg}), "
        f"OpenCV {cv2.__version__}, numpy {np.__version__}",
    )


def _machine(_data: Path, settings: config.Settings) -> Iterator[Finding]:
    cores = os.cpu_count() or 1
    shards = config.shard_count(settings, cores)
    verdict: Verdict = "ok" if cores > 1 else "warning"
    yield Finding(
        "cores", verdict, f"{cores} ({platform.machine()}); guests are received by {shards} process(es)"
    )
    free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    try:
        for line in Path("/proc/meminfo").read_text("ascii").splitlines():
            if line.startswith("MemAvailable:"):
                free = int(line.split()[1]) * 1024
    except OSError:
        pass
    yield Finding("memory", "ok" if free >= _LOW_MEMORY else "warning", f"{free / _GIB:.1f} GiB available")


def _urgency(_data: Path, _settings: config.Settings) -> Iterator[Finding]:
    if priority.allowed():
        yield Finding("real time", "ok", "the mixer's and the shards' threads go before all others")
    else:
        yield Finding(
            "real time",
            "warning",
            "not allowed: ticks may be late on a busy machine; LimitRTPRIO=4 in the systemd unit allows it",
        )


def _codecs(_data: Path, _settings: config.Settings) -> Iterator[Finding]:
    import av
    from av.codec.codec import UnknownCodecError

    for name, mode, why in (
        ("libx264", "w", "the streams' picture"),
        ("aac", "w", "the streams' sound"),
        ("libopus", "w", "what guests hear"),
        ("libvpx", "w", "browsers without H.264"),
        ("h264", "r", "guests' cameras"),
        ("vp8", "r", "guests' cameras"),
    ):
        try:
            av.codec.Codec(name, mode)  # type: ignore[arg-type]
        except UnknownCodecError:
            yield Finding(f"codec {name}", "missing", f"not in this PyAV: {why} need it")
        else:
            yield Finding(f"codec {name}", "ok", why)


def encoder_ms(width: int, height: int, preset: str, pictures: int = 30) -> float:
    """Mean CPU milliseconds (all threads) that x264 takes for a moving picture with a camera's grain."""
    import av
    import numpy as np

    encoder = av.CodecContext.create("libx264", "w")
    assert isinstance(encoder, av.VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuv420p"
    encoder.framerate = Fraction(30)
    encoder.bit_rate = 6_000_000
    encoder.options = {"preset": preset, "tune": "zerolatency", "threads": "2", "nal-hrd": "cbr"}
    chance = np.random.default_rng(1)
    y, x = np.mgrid[0 : height * 3 // 2, 0 : width * 2]
    scene = 110 + 60 * np.sin(x / 37) * np.sin(y / 29) + chance.normal(0, 3, y.shape)
    frames = []
    for number in range(pictures):
        moved = scene[:, number * 4 : number * 4 + width].clip(16, 235).astype(np.uint8)
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(moved), format="yuv420p")
        frame.pts = number
        frames.append(frame)
    before = time.process_time()
    for frame in frames:
        encoder.encode(frame)
    return (time.process_time() - before) * 1000 / pictures


def _encoder(_data: Path, settings: config.Settings) -> Iterator[Finding]:
    width, height = settings.video.program
    preset, rate = settings.renditions.program.preset, float(settings.video.rate)
    took = encoder_ms(width, height, preset)
    share = took * rate / 1000
    verdict: Verdict = "ok" if share < 1 else "warning"
    yield Finding(
        "encoder",
        verdict,
        f"{width}×{height} {preset}: {took:.1f} ms a picture, {share:.0%} of a core at {rate:g} fps",
    )


def _parts(data: Path, settings: config.Settings) -> Iterator[Finding]:
    from mixer.graphics.fonts import check_fonts
    from signaling.contract import vendor

    fonts = fonts_folder(settings)
    if scripts := check_fonts(fonts):
        yield Finding("fonts", "missing", f"{', '.join(scripts)} in {fonts}: run `{SET_UP}`")
    else:
        yield Finding("fonts", "ok", str(fonts))
        yield _scripts(fonts, data / OWN_FONTS)
    try:
        absent = vendor.missing(PAGES, vendor.entries(PAGES))
    except (OSError, msgspec.DecodeError) as error:
        absent = [str(error)]
    text = f"{', '.join(absent)}: run `{SET_UP}`" if absent else str(PAGES)
    yield Finding("pages", "missing" if absent else "ok", text)


def _scripts(ours: Path, own: Path) -> Finding:
    """Return which scripts in daily use no font here has."""
    from mixer.graphics.fonts import FontRefusedError, load_manifest, read_font

    files = [*load_manifest(ours).files]
    refused = []
    for path in sorted(own.glob("*")) if own.is_dir() else ():
        if path.suffix.lower() in SUFFIXES:
            try:
                files.append(read_font(path))
            except (FontRefusedError, OSError) as error:
                refused.append(f"; {path.name} {error}")
    none = ", ".join(scripts.without({each.family: each.ranges for each in files}.values()))
    text = f"no font for {none}: put one into {own}, it is used at once" if none else "all have a font"
    return Finding("scripts", "warning" if refused else "ok", text + "".join(refused))


def _space(data: Path, settings: config.Settings) -> Iterator[Finding]:
    folder = Path(settings.outputs.recordings or data)
    there = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    free = shutil.disk_usage(there).free
    rate = settings.renditions.program.bitrate + settings.audio.aac_bitrate
    hours = free * 8 / rate / 3600
    if not os.access(there, os.W_OK):
        yield Finding("data", "missing", f"{there} is not writable")
    else:
        verdict: Verdict = "ok" if free >= _LOW_DISK else "warning"
        yield Finding("data", verdict, f"{there}: {free / _GIB:.1f} GiB free, {hours:.0f} h of recording")
    yield from _shared_memory()


def _shared_memory() -> Iterator[Finding]:
    from mixer.ipc.slot import create_slot

    try:
        os.close(create_slot("doctor", 1920, 1080))
    except OSError as error:
        yield Finding("shared memory", "missing", f"no room for one 1080p slot: {error.strerror}")
    else:
        # memfds live in memory, not on the mount, whose size in containers is often 64 MB
        shm = shutil.disk_usage("/dev/shm").free if Path("/dev/shm").is_dir() else 0  # noqa: S108
        yield Finding(
            "shared memory", "ok", f"a 1080p slot fits; /dev/shm has {shm / (1 << 20):.0f} MiB (unused)"
        )


def _ports(data: Path, settings: config.Settings) -> Iterator[Finding]:
    host, port = settings.server.host, settings.server.port
    try:
        info = running(data)
    except ClientError:
        pass
    else:
        yield Finding("port", "ok", f"a studio (pid {info.pid}) is running at {info.url}")
        return
    if not _free(host, port, socket.SOCK_STREAM):
        yield Finding("port", "missing", f"TCP {host}:{port} is taken or not ours: set server.port")
    else:
        yield Finding("port", "ok", f"TCP {host}:{port} is free")
    first, last = settings.rtc.ports
    if first:
        taken = [number for number in range(first, last + 1) if not _free("", number, socket.SOCK_DGRAM)]
        text = f"UDP {first}–{last}: {len(taken)} of {last - first + 1} taken"
        yield Finding("media ports", "warning" if taken else "ok", text)


def _free(host: str, port: int, kind: socket.SocketKind) -> bool:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, kind) as probe:
        if kind == socket.SOCK_STREAM:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def _network(_data: Path, settings: config.Settings) -> Iterator[Finding]:
    from aioice.ice import get_host_addresses

    addresses = get_host_addresses(use_ipv4=True, use_ipv6=True)
    if addresses:
        yield Finding("ICE addresses", "ok", ", ".join(addresses))
    else:
        text = "only the loopback address: browsers can't connect"
        yield Finding("ICE addresses", "missing", text)
    servers = [*settings.ice.stun, *settings.ice.turn]
    yield Finding("STUN, TURN", "ok", ", ".join(servers) or "none configured, none contacted")


def show(findings: Sequence[Finding], *, as_json: bool) -> None:
    """Print the findings on standard output."""
    if as_json:
        sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(findings)) + b"\n")
        return
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    colours = {"ok": "green", "warning": "yellow", "missing": "red"}
    table = Table(box=None, show_header=False, pad_edge=False)
    for finding in findings:
        mark = f"[{colours[finding.verdict]}]{finding.verdict}[/]"
        table.add_row(mark, escape(finding.topic), escape(finding.text))
    Console().print(table)
