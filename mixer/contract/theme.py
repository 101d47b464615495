"""How a show looks: colours, sizes and pictures, as one frozen struct. No behaviour.

A theme is written as ``theme.toml`` with the folder of its pictures beside it;
``studio.control.library.themes`` reads it, and puts the pictures into files that :mod:`mixer.graphics.stills`
reads, for the mixer decodes nothing.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Colour = Annotated[str, Meta(pattern=r"^#[0-9a-fA-F]{6}(?![\s\S])")]
Share = Annotated[float, Meta(ge=0, le=0.25)]
"""Of a canvas's shorter side."""
PlateStyle = Literal["box", "bar", "line"]
"""``box``: a ground with an accent at its side; ``bar``: a ground over the tile's whole width; ``line``: no
ground, the text over a soft shadow with a line above it."""


class ThemeLook(msgspec.Struct, frozen=True):
    """Colours are ``#rrggbb``. Lengths are shares of the canvas's shorter side, so that a theme fits any
    canvas."""

    name: Annotated[str, Meta(max_length=64)] = "plain"
    background: Colour = "#10141c"
    plate: Colour = "#0e1b2c"
    card: Colour = "#182436"
    slate: Colour = "#151b25"
    caption: Colour = "#0b0f16"
    event: Colour = "#101a2a"
    accent: Colour = "#3fa7c4"
    warning: Colour = "#d8a13a"
    text: Colour = "#f4f7fa"
    text_soft: Colour = "#a9bacb"
    text_dim: Colour = "#8a97a6"
    plate_style: PlateStyle = "box"
    font: Literal["sans"] = "sans"
    gap: Share = 1 / 90
    margin: Share = 2 / 90
    radius: Share = 0.0
    border: Share = 0.0
    border_colour: Colour = "#ffffff"
    safe: Annotated[float, Meta(ge=0, le=0.2)] = 0.05
    """Of each side: graphics stay within what remains (EBU R 95: 5 %)."""
    glide_ms: Annotated[int, Meta(ge=0, le=3000)] = 400
    animate_ms: Annotated[int, Meta(ge=0, le=3000)] = 400
    """How long graphics take to come and to go."""


class Theme(ThemeLook, frozen=True, omit_defaults=True, forbid_unknown_fields=True, cache_hash=True):
    """A theme with its pictures' files."""

    logo: str = ""
    """Picture's file; empty for none."""
    backdrop: str = ""
    """Picture behind all tiles where a scene names no background of its own."""
