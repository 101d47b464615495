"""Looks into an uploaded file, in a process of its own: ``python -m mixer.players.importer FILE FOLDER``.

What it finds it prints as one line of JSON: a :class:`Found` or a :class:`Refused`. A picture is brought into
``FOLDER/picture.npy``, so that nobody else ever decodes what was uploaded. The kind is told by the content;
neither the file's name nor what the browser said of it plays a part. It needs no network, and has limits of
memory and time: whoever dies in here takes nothing along.
"""

import os
import resource
import sys
from pathlib import Path
from typing import Literal, NoReturn

import msgspec
import numpy as np

from mixer.players.limits import IMPORTER_BYTES, IMPORTER_NICENESS, confine
from mixer.players.player import MediaError

MAX_WIDTH, MAX_HEIGHT = 3840, 2160
"""Of a still as it is kept; larger ones are made smaller."""
MAX_PIXELS = 100_000_000
"""Of an uploaded picture: more than any camera takes, and what takes 400 MB to decode."""
MAX_SIDE = 32_767
PICTURE_FILE = "picture.npy"
IMAGE_BYTES = 50_000_000
PDF_BYTES = 200_000_000
CPU_S = 120

_HEAD = 4096


class Found(msgspec.Struct, frozen=True, tag=True):
    """Fields as of ``studio.medium.Medium``."""

    kind: Literal["clip", "still", "slides"]
    width: int = 0
    height: int = 0
    duration_s: float = 0.0
    fps: float = 0.0
    sound: bool = False
    pages: int = 0
    warnings: tuple[str, ...] = ()


class Refused(msgspec.Struct, frozen=True, tag=True):
    code: str
    reason: str


Outcome = Found | Refused


def kind_of(head: bytes) -> Literal["clip", "slides", "png", "jpeg", "webp"] | None:
    """What a file is, by its first bytes (at least 1024, or all); None: nothing that is taken."""
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if head.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp"
    if b"%PDF-" in head[:1024]:
        return "slides"
    if head.startswith(b"\x1a\x45\xdf\xa3"):
        return "clip"  # EBML: Matroska, WebM
    if head[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"):
        return "clip"  # ISO base media, QuickTime
    return None


def examine(path: Path, folder: Path) -> Found:
    """Raises :class:`MediaError`: ``media.unsupported`` and what each kind has to say."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
    kind = kind_of(head)
    size = path.stat().st_size
    if kind is None:
        raise MediaError(
            "media.unsupported",
            "Only MP4, MOV, MKV and WebM clips, PNG, JPEG and WebP pictures and PDF files are taken.",
        )
    if kind == "clip":
        return _clip(path)
    if kind == "slides":
        _check_size(size, PDF_BYTES, "A PDF")
        return _slides(path)
    _check_size(size, IMAGE_BYTES, "A picture")
    return _still(path, folder)


def _check_size(size: int, limit: int, what: str) -> None:
    if size > limit:
        raise MediaError("media.too-large", f"{what} may have at most {limit // 1_000_000} MB.")


def _clip(path: Path) -> Found:
    from mixer.players.clipfile import look

    info = look(path)
    warnings = {
        "clip.truncated": info.truncated,
        "clip.no-sound": not info.sound,
        "clip.variable-rate": info.varying,
    }
    return Found(
        "clip",
        info.width,
        info.height,
        round(float(info.duration_s), 3),
        round(float(1 / info.frame_s), 3),
        info.sound,
        warnings=tuple(code for code, on in warnings.items() if on),
    )


def _slides(path: Path) -> Found:
    from mixer.players.pdf import Deck

    deck = Deck(path)
    try:
        width, height = deck.size(1)
        deck.render(1, (320, 180))
        return Found("slides", round(width), round(height), pages=deck.pages)
    finally:
        deck.close()


def _still(path: Path, folder: Path) -> Found:
    import pyvips

    broken = MediaError("media.corrupt", "This picture can't be read; it is damaged.")
    try:
        image = pyvips.Image.new_from_file(str(path), access="sequential", fail_on="truncated")
    except pyvips.Error as error:
        raise broken from error
    if image.width * image.height > MAX_PIXELS or max(image.width, image.height) > MAX_SIDE:
        raise MediaError(
            "picture.too-large",
            f"The picture is {image.width}×{image.height}; at most {MAX_PIXELS // 1_000_000} megapixels are"
            " taken.",
        )
    try:
        # Turned as its EXIF says, of sRGB whatever its profile.
        small = pyvips.Image.thumbnail(
            str(path), MAX_WIDTH, height=MAX_HEIGHT, size="down", export_profile="srgb", fail_on="error"
        )
        if small.interpretation != "srgb":
            small = small.colourspace("srgb")
        if small.format != "uchar":
            small = small.cast("uchar")
        rgba = (small if small.hasalpha() else small.bandjoin(255)).numpy()
    except pyvips.Error as error:
        raise broken from error
    if rgba.ndim != 3 or rgba.shape[2] != 4:
        raise broken
    np.save(folder / PICTURE_FILE, np.ascontiguousarray(rgba), allow_pickle=False)
    height, width = rgba.shape[:2]
    return Found("still", width, height)


def _tell(outcome: Outcome) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(outcome))
    sys.stdout.buffer.flush()


def main() -> NoReturn:
    """Exit status 0 and an outcome, or another status where the file was too much for this process."""
    path, folder = (Path(argument) for argument in sys.argv[1:3])
    confine(IMPORTER_BYTES, IMPORTER_NICENESS)
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    os.environ["VIPS_CONCURRENCY"] = "1"
    try:
        _tell(examine(path, folder))
    except MediaError as error:
        _tell(Refused(*error.trouble))
    except OSError as error:
        _tell(
            Refused("media.disk-full" if error.errno == 28 else "media.unreadable", "The file can't be kept.")
        )
    except MemoryError:
        _tell(Refused("media.too-complex", "This file takes more memory than is allowed to look into it."))
    sys.exit(0)


if __name__ == "__main__":
    main()
