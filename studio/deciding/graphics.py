"""Decides about graphics and the theme. Pure."""

from signaling.ports import RefusedError
from studio import graphic_commands as g
from studio import picture_events as e
from studio.deciding.checks import Context
from studio.model import Show

Events = tuple[e.PictureEvent, ...]


def decide_graphic(show: Show, command: g.GraphicCommand, context: Context) -> Events:
    raise RefusedError(409, "graphic.unavailable", "Graphics are being built.")
