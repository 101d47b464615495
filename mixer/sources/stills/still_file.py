"""An uploaded picture's file → plain pixels: turned, of sRGB, no larger than any canvas.

A file that lacks no more than its end is read: its picture is all there, or but for a few lines.
"""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyvips
from numpy.typing import NDArray

from mixer.contract.findings import PictureKind
from mixer.graphics.stills import MAX_HEIGHT, MAX_WIDTH
from mixer.sources.player import MediaError

MAX_KEPT = 4096 * 2304
"""Pixels of a still as it is kept; larger ones are made smaller."""
MAX_PIXELS = 100_000_000
"""Of an uploaded picture: more than any camera takes, and what takes 400 MB to decode."""
MAX_SIDE = 32_767
_BY_LINES: tuple[PictureKind, ...] = ("jpeg", "png")
"""Of these it can be seen how much is missing."""
_MISSING = 1 / 16
"""Of a picture's lines may be missing at its end, or of its bytes."""

Rgba = NDArray[np.uint8]

pyvips.cache_set_max(0)  # it would know files again by where they lay in memory


class Still(NamedTuple):
    """``pixels``: shape (h, w, 4), not premultiplied. ``warnings`` as of ``Found``."""

    pixels: Rgba
    warnings: tuple[str, ...]


def read_picture(path: Path, kind: PictureKind) -> Still:
    """Raises :class:`MediaError`: ``media.corrupt``, ``picture.too-large``."""
    broken = MediaError("media.corrupt", "This picture can't be read; it is damaged.")
    data = path.read_bytes()
    warnings = ("picture.animated",) if _moves(data, kind) else ()
    try:
        if kind == "heic":
            return Still(_rgba(_shown(_heic(data))), warnings)
        try:
            image = _read(data, "truncated")
            if image.get_typeof("n-pages") and image.get("n-pages") > 1:
                warnings = ("picture.animated",)
            return Still(_rgba(_shown(image)), warnings)
        except pyvips.Error:
            whole = mended(data, kind)
        try:
            # But for its end mark it may all be there.
            return Still(_rgba(_shown(_read(whole, "warning"))), (*warnings, "picture.end-missing"))
        except pyvips.Error:
            pixels = _rgba(_shown(_read(whole, "none" if kind in _BY_LINES else "truncated")))
    except (pyvips.Error, ValueError, EOFError, OSError, SyntaxError) as error:
        raise broken from error
    if not _in_order(data, kind) or missing_lines(pixels) > _MISSING * len(pixels):
        raise broken
    return Still(pixels, (*warnings, "picture.end-missing"))


def _read(data: bytes, fail_on: str) -> Any:
    image = pyvips.Image.new_from_buffer(data, "", fail_on=fail_on)
    _check_size(image.width, image.height)
    return image


def _moves(data: bytes, kind: PictureKind) -> bool:
    """Return whether it is an animation, where its reader doesn't say so."""
    if kind == "png":
        return 0 < data.find(b"acTL") < data.find(b"IDAT")
    return kind in ("avif", "heic") and data[8:12] in (b"avis", b"hevc", b"msf1")


def mended(data: bytes, kind: PictureKind) -> bytes:
    """The file with the end that it lacks."""
    match kind:
        case "jpeg" if data.rfind(b"\xff\xd9") < data.rfind(b"\xff\xda"):
            return data.rstrip(b"\xff") + b"\xff\xd9"
        case "png" if (at := data.rfind(b"IEND")) < 0 or len(data) < at + 8:
            return data[: at - 4 if at >= 0 else len(data)] + b"\0\0\0\0IEND\xae\x42\x60\x82"
        case "gif" if not data.rstrip(b"\0").endswith(b";"):
            return data + b"\0;"
        case "webp":
            told = int.from_bytes(data[4:8], "little") + 8
            return data + bytes(told - len(data)) if 0 < told - len(data) <= len(data) * _MISSING else data
    return data


def missing_lines(pixels: Rgba) -> int:
    """Return how many lines at the end show one colour only, as decoders fill up what they lack."""
    same = (pixels == pixels[-1, -1]).all(axis=(1, 2))
    others = np.flatnonzero(~same)
    return len(pixels) - 1 - int(others[-1]) if len(others) else len(pixels)


def _in_order(data: bytes, kind: PictureKind) -> bool:
    """Return whether what is missing at the end of the file is missing at the foot of the picture; of those
    that get finer by and by, whether the last step has begun."""
    if kind == "png":
        return data[28:29] == b"\0"  # not interlaced
    first = data.find(b"\xff\xda")
    if kind != "jpeg" or not 0 < data.find(b"\xff\xc2") < first:
        return True
    scans = [data[at + 4 :][: 4 + 2 * data[at + 4]] for at in _found(data, b"\xff\xda")]
    parts = {part for scan in scans for part in scan[1 : 2 * scan[0] + 1 : 2]}
    # Of each part of the picture the finest step of its finest frequencies.
    ended = {scan[1] for scan in scans if scan[-2:-1] == b"\x3f" and not scan[-1] & 15}
    return parts == ended


def _found(data: bytes, mark: bytes) -> Iterator[int]:
    at = data.find(mark)
    while 0 <= at < len(data) - 12:
        yield at
        at = data.find(mark, at + 2)


def _check_size(width: int, height: int) -> None:
    if width * height > MAX_PIXELS or max(width, height) > MAX_SIDE:
        raise MediaError(
            "picture.too-large",
            f"The picture is {width}×{height}; at most {MAX_PIXELS // 1_000_000} megapixels are taken.",
        )


def _box(image: Any) -> tuple[int, int]:
    """Return what it has to fit into, turned as it will be."""
    width, height = image.width, image.height
    if image.get_typeof("orientation") and image.get("orientation") >= 5:
        width, height = height, width
    share = min(1.0, MAX_WIDTH / width, MAX_HEIGHT / height, math.sqrt(MAX_KEPT / (width * height)))
    return max(1, round(width * share)), max(1, round(height * share))


def _shown(image: Any) -> Any:
    """Turned as its EXIF says, of sRGB whatever its profile."""
    width, height = _box(image)
    return image.thumbnail_image(width, height=height, size="down", export_profile="srgb")


def _rgba(image: Any) -> Rgba:
    if image.interpretation != "srgb":
        image = image.colourspace("srgb")
    if image.format != "uchar":
        image = image.cast("uchar")
    pixels = (image if image.hasalpha() else image.bandjoin(255)).numpy()
    if pixels.ndim != 3 or pixels.shape[2] != 4:
        raise ValueError("not RGBA")
    return np.ascontiguousarray(pixels, np.uint8)


def _heic(data: bytes) -> Any:
    """A phone's photo, all tiles of it, turned. libvips' wheel has no decoder for it."""
    import pillow_heif

    file = pillow_heif.open_heif(data)
    _check_size(*file.size)
    pixels = np.asarray(file.to_pillow().convert("RGBA" if file.has_alpha else "RGB"))
    image = pyvips.Image.new_from_array(np.ascontiguousarray(pixels), interpretation="srgb")
    profile = file.info.get("icc_profile")
    if profile:
        image = image.copy()
        image.set_type(pyvips.GValue.blob_type, "icc-profile-data", profile)
    return image
