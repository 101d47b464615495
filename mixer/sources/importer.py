"""Looks into an uploaded file, in a process: ``python -m mixer.sources.importer FILE FOLDER DEMANDS``.

What it finds it prints as one line of JSON: a :class:`Found` or a :class:`Refused`. A picture is brought into
``FOLDER/picture.npy``, so that nobody else ever decodes what was uploaded. The kind is told by the content;
neither the file's name nor what the browser said of it plays a part. It needs no network, and has limits of
memory and time: whoever dies in here takes nothing along.
"""

import os
import resource
import sys
from fractions import Fraction
from pathlib import Path
from typing import Literal, NoReturn

import msgspec
import numpy as np

from mixer.contract.findings import PICTURE_FILE, Demands, Found, Outcome, PictureKind, Refused
from mixer.ipc.limits import IMPORTER_BYTES, IMPORTER_NICENESS, confine
from mixer.sources.clips.demux import CORRUPT
from mixer.sources.player import MediaError

IMAGE_BYTES = 50_000_000
PDF_BYTES = 200_000_000
CPU_S = 120

_HEAD = 4096
_NO_DEMANDS = Demands()
_STILLS: dict[bytes, PictureKind] = {
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
_CLIPS = (
    b"\x1a\x45\xdf\xa3",  # EBML: Matroska, WebM
    b"RIFF",  # AVI, WAV
    b"RF64",
    b"riff\x2e\x91\xcf\x11",  # Wave64
    b"fLaC",
    b"OggS",
    b"ID3",
    b"caff",
    b"FLV\x01",
    b"\x00\x00\x01\xba",  # MPEG's programme stream
    b"\x06\x0e\x2b\x34\x02\x05\x01\x01\x0d\x01\x02",  # MXF
    b"\x30\x26\xb2\x75\x8e\x66\xcf\x11",  # Windows Media
)


def kind_of(head: bytes) -> Literal["clip", "slides"] | PictureKind | None:
    """What a file is, by its first bytes (at least 1024, or all); None: nothing that is taken."""
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if head.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp"
    if head[:6] in (b"GIF87a", b"GIF89a"):
        return "gif"
    if head[4:8] == b"ftyp" and (brands := _brands(head)) & _STILLS.keys():
        return next(kind for brand, kind in _STILLS.items() if brand in brands)
    if b"%PDF-" in head[:1024]:
        return "slides"
    if head.startswith(_CLIPS) or (head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC")):
        return "clip"
    if head[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"):
        return "clip"  # ISO base media, QuickTime
    if any(head[at::step][:3] == b"\x47\x47\x47" for at, step in ((0, 188), (4, 192))):
        return "clip"  # MPEG's transport stream, and AVCHD's
    return "clip" if _is_mpeg_sound(head) else None


def _brands(head: bytes) -> set[bytes]:
    """Of an ISO file: what it says it is, first of all and besides."""
    size = min(int.from_bytes(head[:4], "big"), 256)
    first = {head[8:12]}
    return first if first <= _MOVIES else first | {head[at : at + 4] for at in range(16, size - 3, 4)}


def _is_mpeg_sound(head: bytes) -> bool:
    """Frames of MP3 or AAC, with nothing before them: eleven bits, and then nothing that is reserved."""
    if len(head) < 3 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return False
    if head[1] & 0xF6 == 0xF0:
        return True  # ADTS
    return bool(head[1] & 0x18 != 0x08 and head[1] & 0x06 and head[2] >> 4 != 15 and head[2] & 0x0C != 0x0C)


def examine(path: Path, folder: Path, demands: Demands = _NO_DEMANDS) -> Found:
    """Raises :class:`MediaError`: ``media.unsupported`` and what each kind has to say."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
    kind = kind_of(head)
    size = path.stat().st_size
    if kind is None:
        raise MediaError(
            "media.unsupported",
            "Only clips (MP4, MOV, MKV, WebM and their like), sound (WAV, MP3, M4A, FLAC, Ogg), pictures"
            " (PNG, JPEG, WebP, GIF, HEIC, AVIF) and PDF files are taken.",
        )
    if kind == "clip":
        return _clip(path, demands)
    if kind == "slides":
        _check_size(size, PDF_BYTES, "A PDF")
        return _slides(path, demands)
    _check_size(size, IMAGE_BYTES, "A picture")
    return _still(path, folder, kind)


def _check_size(size: int, limit: int, what: str) -> None:
    if size > limit:
        raise MediaError("media.too-large", f"{what} may have at most {limit // 1_000_000} MB.")


def _clip(path: Path, demands: Demands) -> Found:
    from mixer.sources.clips.clip_file import look
    from mixer.sources.clips.effort import effort, shown_size

    info = look(path)
    warnings = {
        "clip.truncated": info.truncated,
        "clip.no-sound": not info.sound,
        "clip.variable-rate": info.varying,
        "clip.alpha-damaged": info.alpha_lost,
        "clip.sound-codec": any(each.kind == "sound" and not each.playable for each in info.tracks),
    }
    return Found(
        "clip",
        info.width,
        info.height,
        round(float(info.duration_s), 3),
        round(float(1 / info.frame_s), 3) if info.picture is not None else 0.0,
        info.sound,
        warnings=tuple(code for code, on in warnings.items() if on),
        tracks=info.tracks,
        orientation=info.orientation.name,
        colour=info.colour,
        fields="interlaced" if info.interlaced else "",
        alpha=info.alpha,
        effort=round(effort(path, info, shown_size(info, demands.canvases), Fraction(*demands.fps)), 3),
    )


def _slides(path: Path, demands: Demands) -> Found:
    from mixer.sources.slides.pdf import Deck

    deck = Deck(path, Path(demands.fonts) if demands.fonts else None)
    try:
        width, height = deck.size(1)
        deck.render(1, (320, 180))
        warnings = ("pdf.fonts",) if deck.lacks_fonts() else ()
        return Found("slides", round(width), round(height), pages=deck.pages, warnings=warnings)
    finally:
        deck.close()


def _still(path: Path, folder: Path, kind: PictureKind) -> Found:
    from mixer.sources.stills.still_file import read_picture

    pixels, warnings = read_picture(path, kind)
    np.save(folder / PICTURE_FILE, pixels, allow_pickle=False)
    height, width = pixels.shape[:2]
    alpha = int(pixels[..., 3].min()) < 255
    return Found("still", width, height, warnings=warnings, alpha=alpha)


def _tell(outcome: Outcome) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(outcome))
    sys.stdout.buffer.flush()


def main() -> NoReturn:
    """Exit status 0 and an outcome, or another status where the file was too much for this process."""
    path, folder = (Path(argument) for argument in sys.argv[1:3])
    demands = msgspec.json.decode(sys.argv[3], type=Demands)
    confine(IMPORTER_BYTES, IMPORTER_NICENESS)
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    os.environ["VIPS_CONCURRENCY"] = "1"
    try:
        _tell(examine(path, folder, demands))
    except MediaError as error:
        _tell(Refused(*error.trouble))
    except OSError as error:
        _tell(
            Refused("media.disk-full" if error.errno == 28 else "media.unreadable", "The file can't be kept.")
        )
    except MemoryError:
        _tell(Refused("media.too-complex", "This file takes more memory than is allowed to look into it."))
    except Exception as error:  # what a library makes of a file that nobody has thought of
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        _tell(Refused(*CORRUPT))
    sys.exit(0)


if __name__ == "__main__":
    main()
