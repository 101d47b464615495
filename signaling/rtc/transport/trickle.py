"""ICE candidates that come after the offer: the ``application/trickle-ice-sdpfrag`` of RFC 8840 §9. Pure."""

import re

import msgspec

from signaling.contract.ports import RefusedError

CONTENT_TYPE = "application/trickle-ice-sdpfrag"
MAX_CANDIDATES = 40
_LINE = re.compile(r"[a-z]=.*")
_UFRAG = re.compile(r"a=ice-ufrag:([A-Za-z0-9+/]{4,256})")
_CANDIDATE = re.compile(
    r"a=candidate:([A-Za-z0-9+/]{1,32} \d{1,3} [A-Za-z]+ \d{1,10} \S+ \d{1,5} typ [a-z]+.*)"
)


class Fragment(msgspec.Struct, frozen=True):
    """``candidates``: as SDP has them behind ``a=candidate:``. ``ufrag``: whose ICE session it is."""

    candidates: tuple[str, ...] = ()
    ufrag: str = ""


def parse(text: str) -> Fragment:
    """Raises RefusedError 400 ``fragment.malformed``. Those with mDNS names or by TCP are left out: the one
    takes a second to look up, the other nobody here speaks."""
    lines = text.replace("\r\n", "\n").rstrip("\n").split("\n")
    if any(not _LINE.fullmatch(line) for line in lines):
        raise _malformed()
    candidates, ufrag = [], ""
    for line in lines:
        if found := _UFRAG.fullmatch(line):
            ufrag = found[1]
        elif found := _CANDIDATE.fullmatch(line):
            fields = found[1].split()
            if fields[2].lower() == "udp" and not fields[4].endswith(".local") and int(fields[5]) < 1 << 16:
                candidates.append(found[1])
        elif line.startswith(("a=ice-ufrag:", "a=candidate:")):
            raise _malformed()
    return Fragment(tuple(candidates[:MAX_CANDIDATES]), ufrag)


def _malformed() -> RefusedError:
    return RefusedError(400, "fragment.malformed", "The body is no SDP fragment with ICE candidates.")
