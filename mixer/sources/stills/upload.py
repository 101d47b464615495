"""Uploaded pictures: what they are told by; they are brought into plain pixels, so that nobody else ever
decodes what was uploaded."""

from pathlib import Path

import numpy as np

from mixer.contract.findings import Demands, Found, PictureKind
from mixer.contract.source_kinds import PICTURE_FILE
from mixer.sources.upload import check_size, head_of

IMAGE_BYTES = 50_000_000
_BRANDS: dict[bytes, PictureKind] = {
    b"avif": "avif",
    b"avis": "avif",
    b"heic": "heic",
    b"heix": "heic",
    b"heim": "heic",
    b"heis": "heic",
    b"hevc": "heic",
    b"hevx": "heic",
    b"mif1": "heic",
    b"msf1": "heic",
}
_MOVIES = {b"isom", b"iso2", b"iso4", b"iso5", b"iso6", b"mp41", b"mp42", b"avc1", b"qt  ", b"M4V ", b"M4A "}


def picture_kind(head: bytes) -> PictureKind | None:
    """Tell a file's kind by its first bytes; None: it is no picture."""
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if head.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp"
    if head[:6] in (b"GIF87a", b"GIF89a"):
        return "gif"
    brands = _brands(head) if head[4:8] == b"ftyp" else set()
    return next((kind for brand, kind in _BRANDS.items() if brand in brands), None)


def _brands(head: bytes) -> set[bytes]:
    """Return the brands of an ISO file: the major one, and the compatible ones where that is not enough."""
    size = min(int.from_bytes(head[:4], "big"), 256)
    first = {head[8:12]}
    return first if first <= _MOVIES else first | {head[at : at + 4] for at in range(16, size - 3, 4)}


def recognised(head: bytes) -> bool:
    """See :class:`mixer.sources.upload.UploadKind`."""
    return picture_kind(head) is not None


def examined(path: Path, folder: Path, demands: Demands) -> Found:
    """Raises :class:`mixer.sources.player.MediaError`."""
    check_size(path, IMAGE_BYTES, "A picture")
    kind = picture_kind(head_of(path))
    assert kind is not None
    from mixer.sources.stills.still_file import read_picture

    pixels, warnings = read_picture(path, kind)
    np.save(folder / PICTURE_FILE, pixels, allow_pickle=False)
    height, width = pixels.shape[:2]
    alpha = int(pixels[..., 3].min()) < 255
    return Found("still", width, height, warnings=warnings, alpha=alpha)
