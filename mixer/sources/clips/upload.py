"""Uploaded clips and sound: what they are told by, and what is in them."""

from fractions import Fraction
from pathlib import Path

from mixer.contract.findings import Demands, Found

_CONTAINERS = (
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


def recognised(head: bytes) -> bool:
    """See :class:`mixer.sources.upload.UploadKind`. Asked last: some pictures are in the same containers."""
    if head.startswith(_CONTAINERS) or (head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC")):
        return True
    if head[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"):
        return True  # ISO base media, QuickTime
    if any(head[at::step][:3] == b"\x47\x47\x47" for at, step in ((0, 188), (4, 192))):
        return True  # MPEG's transport stream, and AVCHD's
    return _is_mpeg_sound(head)


def _is_mpeg_sound(head: bytes) -> bool:
    """Frames of MP3 or AAC, with nothing before them: eleven bits, and then nothing that is reserved."""
    if len(head) < 3 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return False
    if head[1] & 0xF6 == 0xF0:
        return True  # ADTS
    return bool(head[1] & 0x18 != 0x08 and head[1] & 0x06 and head[2] >> 4 != 15 and head[2] & 0x0C != 0x0C)


def examined(path: Path, folder: Path, demands: Demands) -> Found:
    """Raises :class:`mixer.sources.player.MediaError`."""
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
