"""A browser's offer, looked at before anything is made of it. Pure."""

import re

from aiortc import RTCRtpCodecCapability, sdp
from aiortc.codecs import CODECS, get_capabilities
from aiortc.rtcpeerconnection import filter_preferred_codecs, find_common_codecs

MAX_CANDIDATES = 40
_OPUS = re.compile(r"a=rtpmap:(\d+) opus/48000/2", re.IGNORECASE)


class OfferError(ValueError):
    """``code``: ``sdp.invalid`` or ``sdp.no-codec``; the text is for whoever wrote the client."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code


def clean(text: str) -> str:
    """The SDP without mDNS candidates (resolving one costs a second), without too many candidates, and
    without ``end-of-candidates`` (the browser will still be found by its own checks)."""
    kept: list[str] = []
    candidates = 0
    for line in text.replace("\r\n", "\n").split("\n"):
        if line.startswith("a=end-of-candidates"):
            continue
        if line.startswith("a=candidate:"):
            parts = line.split()
            candidates += 1
            if candidates > MAX_CANDIDATES or len(parts) < 8 or parts[4].endswith(".local"):
                continue
        kept.append(line)
    return "\r\n".join(kept)


def preferences(kind: str) -> list[RTCRtpCodecCapability]:
    """What is taken of a kind, best first: Opus; H.264 constrained baseline, baseline, then VP8."""
    capabilities = get_capabilities(kind).codecs
    if kind == "audio":
        return [codec for codec in capabilities if codec.mimeType == "audio/opus"]
    rank = {"42e01f": 0, "42001f": 1, "": 2}
    return sorted(
        capabilities,
        key=lambda codec: (
            3 if codec.mimeType == "video/rtx" else rank[str(codec.parameters.get("profile-level-id", ""))]
        ),
    )


def kinds_of(text: str, *, videos: int = 1) -> list[str]:
    """The kinds of media offered, in order. Raises :class:`OfferError` for what cannot be answered.

    At most so many sections of ``videos`` are taken, 0 … 2: a guest's second one is a screen's.
    """
    try:
        description = sdp.SessionDescription.parse(text)
        offered = [(media.kind, media.rtp.codecs) for media in description.media]
        complete = all(
            media.ice
            and media.ice.usernameFragment
            and media.ice.password
            and media.dtls
            and media.dtls.fingerprints
            and media.rtcp_mux
            and media.rtp.muxId != ""
            for media in description.media
        )
        bundled = {mid for group in description.group if group.semantic == "BUNDLE" for mid in group.items}
        mids = [media.rtp.muxId for media in description.media]
    except Exception as error:  # the parser raises whatever a bad line makes it stumble over
        raise OfferError("sdp.invalid", "the offer is not a readable SDP") from error
    kinds = [kind for kind, _ in offered]
    most = {"audio": 1, "video": videos}
    if not kinds or any(kinds.count(kind) > most.get(kind, 0) for kind in kinds):
        pictures = ("", " and one video section", " and two video sections")[videos]
        raise OfferError("sdp.invalid", f"one audio section{pictures} at most, and nothing else")
    if not complete:
        raise OfferError("sdp.invalid", "a section lacks its ICE or DTLS parameters, mid or rtcp-mux")
    if len(mids) > 1 and not bundled.issuperset(mids):
        raise OfferError("sdp.invalid", "the sections are not bundled")
    for kind, codecs in offered:
        common = filter_preferred_codecs(find_common_codecs(CODECS[kind], codecs), preferences(kind))
        if not common:
            wanted = "Opus" if kind == "audio" else "H.264 baseline (packetization-mode 1) or VP8"
            raise OfferError("sdp.no-codec", f"the {kind} section offers no {wanted}")
    return kinds


def with_error_correction(answer: str, *, stereo: bool = False) -> str:
    """The answer asking for Opus with in-band error correction (RFC 7587 §6.1): each packet then holds the
    one before as well, coarsely, as soon as our reports tell of losses. ``stereo``: it may have two channels,
    which browsers send only if asked."""
    lines: list[str] = []
    for line in answer.splitlines():
        lines.append(line)
        found = _OPUS.fullmatch(line)
        if found:
            lines.append(f"a=fmtp:{found[1]} minptime=10;useinbandfec=1" + ";stereo=1" * stereo)
    return "\r\n".join(lines) + "\r\n"
