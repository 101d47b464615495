"""Decides whether a command may be, and what then happens. Pure, ``(show, command, context) → events``.

Commands that would change nothing give no events: sending one twice does no harm. Each noun has its
own module, ``decisions``, in its folder.
"""

from studio.planning.playing import played_on_take
from studio.show import commands as c
from studio.show import events as e
from studio.show.booths.commands import BoothCommand
from studio.show.booths.decisions import decide_booth
from studio.show.checks import DecisionContext
from studio.show.desk.commands import BusCommand, RundownCommand, StripCommand
from studio.show.desk.decisions import decide_bus, decide_strip
from studio.show.graphics.commands import GraphicCommand
from studio.show.graphics.decisions import decide_graphic
from studio.show.model import Show
from studio.show.outputs.decisions import OutputCommand, decide_output
from studio.show.program.commands import ProgramCommand
from studio.show.program.decisions import decide_program
from studio.show.roles import check_role
from studio.show.rundown.decisions import decide_event, decide_rundown
from studio.show.scenes.decisions import SceneCommand, decide_scene
from studio.show.seats.decisions import SeatCommand, decide_seat
from studio.show.sources.commands import SourceCommand
from studio.show.sources.decisions import decide_source

__all__ = ["DecisionContext", "decide"]


def decide(show: Show, command: c.AnyCommand, context: DecisionContext) -> tuple[e.AnyEvent, ...]:
    """The events that the command makes of the state. Raises RefusedError: 400, 403, 404 or 409."""
    check_role(show, command, context.actor)
    if isinstance(command, SeatCommand):
        return decide_seat(show, command, context)
    if isinstance(command, SceneCommand):
        return decide_scene(show, command)
    if isinstance(command, ProgramCommand):
        events = decide_program(show, command)
        return (*events, *played_on_take(show, events, context.now_ms))
    if isinstance(command, SourceCommand):
        return decide_source(show, command, context)
    if isinstance(command, GraphicCommand):
        return decide_graphic(show, command, context)
    if isinstance(command, StripCommand):
        return decide_strip(show, command)
    if isinstance(command, OutputCommand):
        return decide_output(show, command)
    if isinstance(command, BoothCommand):
        return decide_booth(show, command, context)
    if isinstance(command, BusCommand):
        return decide_bus(show, command)
    if isinstance(command, RundownCommand):
        moved = decide_rundown(show, command)
        return (*moved, *played_on_take(show, moved, context.now_ms))
    return decide_event(show, command)
