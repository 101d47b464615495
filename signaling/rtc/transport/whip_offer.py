"""Offers of WHIP and WHEP, whose media goes one way: what they must be, and H.264 as encoders and players
really offer it. Pure."""

import re

from aiortc import sdp

from signaling.rtc.transport.offer import OfferError

_SENDS = ("sendonly", "sendrecv")
_RECEIVES = ("recvonly", "sendrecv")
_NEEDED = ("v=", "o=", "s=", "t=")
"""RFC 8866 §5: every description has these."""
_PROFILE = re.compile(r"(a=fmtp:(\d+) [^\r\n]*profile-level-id=)([0-9a-fA-F]{6})")
_BASELINE = "42e01f"
_H264 = re.compile(r"a=rtpmap:(\d+) H264/90000", re.IGNORECASE)
_FORMAT = re.compile(r"a=fmtp:(\d+) ")
_MID = re.compile(r"a=mid:(\S+)")
_LAYERS = re.compile(r"a=simulcast:send ([A-Za-z0-9~;,_-]{1,200})")
_REPAIRS = re.compile(r"a=rtpmap:\d+ rtx/", re.IGNORECASE)
_MODE = "packetization-mode="
_PLAIN = re.compile(r"profile-level-id=42|a=rtpmap:\d+ VP8/", re.IGNORECASE)


def check(text: str, *, publishes: bool) -> None:
    """Refuse what can be read and makes no sense here. Raises :class:`OfferError`: ``sdp.unsuited``, and
    ``sdp.invalid`` of what is no SDP at all.

    ``publishes``: by WHIP (RFC 9725 §4.4), else by WHEP. What else can't be read is left to
    :func:`signaling.rtc.transport.offer.kinds_of`.
    """
    lines = text.split()
    if not all(any(line.startswith(field) for line in lines) for field in _NEEDED):
        raise OfferError("sdp.invalid", "the offer is not a readable SDP")
    try:
        media = sdp.SessionDescription.parse(text).media
    except Exception:  # the parser raises whatever a bad line makes it stumble over
        return
    kinds = [each.kind for each in media]
    if not kinds:
        raise OfferError("sdp.unsuited", "the offer has no media: offer one video and one audio section")
    if len(set(kinds)) < len(kinds) or not {"audio", "video"}.issuperset(kinds):
        raise OfferError("sdp.unsuited", "offer one video and one audio section at most, and nothing else")
    wanted, verb = (_SENDS, "sends") if publishes else (_RECEIVES, "receives")
    if any((each.direction or "sendrecv") not in wanted for each in media):
        raise OfferError("sdp.unsuited", f"each section of this offer must be {wanted[0]}: its client {verb}")


def with_packetization(text: str) -> str:
    """The offer, where H.264 without ``packetization-mode`` counts as mode 1 unless that is offered as well.

    Without it NAL units would go one a packet (RFC 6184 §8.1). But who leaves it out, as the pipelines do
    that are passed around for GStreamer's ``whepsrc``, takes and sends fragments all the same.
    """
    if f"{_MODE}1" in text:
        return text
    lines = text.splitlines()
    formats = {found[1]: index for index, line in enumerate(lines) if (found := _FORMAT.match(line))}
    for index, line in enumerate(lines):
        found = _H264.match(line)
        if found is None:
            continue
        at = formats.get(found[1])
        if at is None:
            lines[index] += f"\r\na=fmtp:{found[1]} {_MODE}1"
        elif _MODE not in lines[at]:
            lines[at] += f";{_MODE}1"
    return "\r\n".join(lines) + "\r\n"


def with_layers(answer: str, offer: str) -> str:
    """The answer taking every layer of a simulcast (RFC 8853), of which :mod:`signaling.rtc.video.layers`
    follows the largest: OBS sends them all in any case, and gives up where fewer are taken.

    Not of who repairs by streams of their own (RFC 4588), for these don't say whose layer they repair:
    browsers send a single layer where the answer has no simulcast.
    """
    layers: dict[str, str] = {}
    for section in offer.split("\nm=")[1:]:
        mid, sent = _MID.search(section), _LAYERS.search(section)
        if mid and sent and not _REPAIRS.search(section):
            names = re.split("[;,]", sent[1])
            lines = [f"a=rid:{name.lstrip('~')} recv" for name in names] + [f"a=simulcast:recv {sent[1]}"]
            layers[mid[1]] = "".join(f"\r\n{line}" for line in lines)
    return _MID.sub(lambda found: found[0] + layers.get(found[1], ""), answer)


def with_baseline(text: str) -> tuple[str, dict[str, str]]:
    """The offer as aiortc takes it, and the profiles that it really names, by payload type.

    aiortc knows H.264 in constrained baseline only, FFmpeg decodes every profile: an encoder that offers
    nothing but Main or High is answered in its own words (:func:`with_profiles`), and never learns of it.
    """
    if _PLAIN.search(text):
        return text, {}
    profiles = {found[2]: found[3] for found in _PROFILE.finditer(text)}
    return _PROFILE.sub(rf"\g<1>{_BASELINE}", text), profiles


def with_profiles(answer: str, profiles: dict[str, str]) -> str:
    """The answer with the profiles of :func:`with_baseline` in it again (RFC 6184 §8.2.2: they are the same
    both ways)."""
    return _PROFILE.sub(lambda found: found[1] + profiles.get(found[2], found[3]), answer)
