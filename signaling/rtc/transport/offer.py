"""A browser's offer, looked at before anything is made of it. Pure."""

import re

from aiortc import RTCRtpCodecCapability, sdp
from aiortc.codecs import CODECS, get_capabilities
from aiortc.rtcpeerconnection import filter_preferred_codecs, find_common_codecs

MAX_CANDIDATES = 40
_OPUS = re.compile(r"a=rtpmap:(\d+) opus/48000/2", re.IGNORECASE)


class OfferError(ValueError):
    """``code``: ``sdp.invalid`` or ``sdp.no-codec``; the text is for the client's author."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code


def apart(text: str) -> tuple[str, tuple[str, ...]]:
    """The SDP without its ICE candidates, and those of its one transport, as SDP has them behind
    ``a=candidate:``.

    All sections share the transport that the bundle's first one describes (RFC 9143 §7.2), and browsers write
    the candidates into that one. They are told to the transport by themselves, for aiortc would take the last
    section's. Left out are those by TCP, which nobody here speaks, mDNS names (resolving one costs a second),
    and too many. ``end-of-candidates`` goes as well: the browser is still found by its own checks.
    """
    lines = text.replace("\r\n", "\n").split("\n")
    kept = [line for line in lines if not line.startswith(("a=candidate:", "a=end-of-candidates"))]
    session, *sections = _sections(lines)
    first = next((line.split()[1] for line in session if line.startswith("a=group:BUNDLE ")), "")
    tagged = next((each for each in sections if f"a=mid:{first}" in each), sections[0] if sections else [])
    ufrag = _ufrag(tagged)
    found = [
        line.removeprefix("a=candidate:")
        for section in sections
        if section is tagged or _ufrag(section) == ufrag
        for line in section
        if line.startswith("a=candidate:")
    ]
    return "\r\n".join(kept), tuple(filter(usable, dict.fromkeys(found)))[:MAX_CANDIDATES]


def _sections(lines: list[str]) -> list[list[str]]:
    """The session's lines, then each section's."""
    parts: list[list[str]] = [[]]
    for line in lines:
        if line.startswith("m="):
            parts.append([])
        parts[-1].append(line)
    return parts


def _ufrag(section: list[str]) -> str:
    """The ICE session that a section's candidates belong to; "" for the one that the session names."""
    return next((line for line in section if line.startswith("a=ice-ufrag:")), "")


def usable(candidate: str) -> bool:
    """Return whether a check can be sent there: by UDP, of the one component, to an address and a port."""
    fields = candidate.split()
    return (
        len(fields) >= 8
        and (fields[1], fields[2].lower()) == ("1", "udp")
        and not fields[4].endswith(".local")
        and fields[5].isdecimal()
        and 0 < int(fields[5]) < 1 << 16
    )


def preferences(kind: str, *, vp8: bool = True) -> list[RTCRtpCodecCapability]:
    """Return what is taken of a kind, best first: Opus; H.264 constrained baseline, baseline, then VP8 unless
    ``vp8`` is False."""
    capabilities = get_capabilities(kind).codecs
    if kind == "audio":
        return [codec for codec in capabilities if codec.mimeType == "audio/opus"]
    rank = {"42e01f": 0, "42001f": 1, "": 2}
    return sorted(
        (codec for codec in capabilities if vp8 or codec.mimeType != "video/VP8"),
        key=lambda codec: (
            3 if codec.mimeType == "video/rtx" else rank[str(codec.parameters.get("profile-level-id", ""))]
        ),
    )


def kinds_of(text: str, *, videos: int = 1, vp8: bool = True) -> list[str]:
    """The kinds of media offered, in order. Raises :class:`OfferError` for what cannot be answered.

    At most so many sections of ``videos`` are taken, 0 … 2: a guest's second one is a screen's. ``vp8``:
    whether that will do.
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
        besides = ("", " and one video section", " and two video sections")[videos]
        raise OfferError("sdp.invalid", f"one audio section{besides} at most, and nothing else")
    if not complete:
        raise OfferError("sdp.invalid", "a section lacks its ICE or DTLS parameters, mid or rtcp-mux")
    if len(mids) > 1 and not bundled.issuperset(mids):
        raise OfferError("sdp.invalid", "the sections are not bundled")
    for kind, codecs in offered:
        known = find_common_codecs(CODECS[kind], codecs)
        if not filter_preferred_codecs(known, preferences(kind, vp8=vp8)):
            h264 = "H.264 baseline (packetization-mode 1)"
            pictures = f"{h264} or VP8" if vp8 else f"{h264}, and full quality comes in H.264 alone"
            wanted = "Opus" if kind == "audio" else pictures
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
