"""The kinds of graphics, a row each: what commands check, where each lies and what the pages offer. Pure.

:mod:`mixer.graphics.kinds` says who draws each. The pages have the rows as ``web_console/shared/kinds.js``,
which ``make protocol`` generates.
"""

from collections.abc import Mapping
from typing import Literal, NamedTuple

Anchor = Literal[
    "top-left", "top", "top-right", "left", "centre", "right", "bottom-left", "bottom", "bottom-right"
]
GraphicKind = Literal["lower-third", "title", "ticker", "logo", "clock", "countdown", "qr", "card", "picture"]
"""``title``: the session's; ``card``: a full-screen title card; ``picture``: a still laid over."""
GraphicPart = Literal["text", "subtext", "seat", "media", "link", "zone", "until", "anchor"]


class GraphicRow(NamedTuple):
    """``label``: English, for the pages. ``parts``: what it is made of, in the form's order. ``anchor``:
    where it lies unless it is told. ``needs``: fields of which it needs one."""

    label: str
    parts: tuple[GraphicPart, ...]
    anchor: Anchor
    needs: tuple[Literal["seat", "text", "media", "link", "until", "cue"], ...] = ()


GRAPHIC_KINDS: Mapping[GraphicKind, GraphicRow] = {
    "lower-third": GraphicRow(
        "Lower third", ("seat", "text", "subtext", "anchor"), "bottom-left", ("seat", "text")
    ),
    "title": GraphicRow("Session title", ("text", "subtext", "anchor"), "top-left", ("text",)),
    "ticker": GraphicRow("Ticker", ("text", "anchor"), "bottom", ("text",)),
    "logo": GraphicRow("Logo", ("media", "anchor"), "top-right"),
    "clock": GraphicRow("Clock", ("text", "zone", "anchor"), "top-right"),
    "countdown": GraphicRow("Countdown", ("until", "text", "anchor"), "top-right", ("until", "cue")),
    "qr": GraphicRow("QR code", ("link", "text", "anchor"), "bottom-right", ("link",)),
    "card": GraphicRow("Full-screen card", ("text", "subtext"), "centre", ("text",)),
    "picture": GraphicRow("Picture", ("media", "anchor"), "centre", ("media",)),
}
"""All kinds, as the pages list them."""
