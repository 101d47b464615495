"""The kinds of outputs, a row each: who writes them, and what the pages offer. Pure.

The pages have the rows as ``web_console/shared/kinds.js``, which ``make protocol`` generates.
"""

from collections.abc import Mapping
from typing import Literal, NamedTuple

OutputKind = Literal["stream", "udp", "recording", "seats"]


class OutputRow(NamedTuple):
    """``label``: English, for the pages; ``example``: a title that people would give it. ``sink``:
    ``module:function`` that makes a :class:`mixer.outputs.sink.Sink` of a
    :class:`mixer.contract.messages.SenderConfig`; empty: it has no sender, the shards write it. ``schemes``:
    of its addresses; none: it goes to disk. ``several``: it carries several sounds side by side.
    ``account``: it takes a user, a password and a stream key."""

    label: str
    example: str
    sink: str = ""
    schemes: tuple[str, ...] = ()
    several: bool = False
    account: bool = False


OUTPUT_KINDS: Mapping[OutputKind, OutputRow] = {
    "stream": OutputRow(
        "Live stream (RTMP or RTMPS)",
        "YouTube 한국어",
        "mixer.outputs.rtmp.output:opened",
        ("rtmp", "rtmps"),
        account=True,
    ),
    "udp": OutputRow(
        "TV partner (MPEG-TS over UDP)", "TV", "mixer.outputs.mpegts.datagrams:opened", ("udp",), several=True
    ),
    "recording": OutputRow(
        "Recording on this machine", "VOD", "mixer.outputs.recording.matroska:opened", several=True
    ),
    "seats": OutputRow("Recording of every seat as it arrives", "Seats"),
}
"""All kinds, as the pages list them."""


def kind_of_scheme(scheme: str) -> OutputKind:
    """The kind with addresses of this scheme; the programme's recording where there is no address. Raises
    KeyError for a scheme that no kind has."""
    if not scheme:
        return "recording"
    for kind, row in OUTPUT_KINDS.items():
        if scheme in row.schemes:
            return kind
    raise KeyError(scheme)
