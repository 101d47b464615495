"""Which commands go before others, and which are carried out even where the log can't take them. Pure."""

from studio import program_commands as p
from studio.booth_commands import BoothCough, BoothSpeak
from studio.commands import type_of
from studio.deciding.own import Own
from studio.desk_commands import SourceMute

_FIRST = (p.ProgramCut, p.ProgramAuto, p.ProgramFadeToBlack, p.ProgramSlate, p.ProgramUndo)
_KEPT = (*_FIRST, p.PreviewSet, p.ProgramTbar, SourceMute, BoothSpeak, BoothCough)
_FIRST_TYPES = frozenset(str(kind.__struct_config__.tag) for kind in _FIRST)


def goes_first(command: object) -> bool:
    """Takes, black, the slate, and what the session itself orders: they pass what waits."""
    return isinstance(command, (*_FIRST, Own))


def bytes_go_first(command: bytes) -> bool:
    """The same of a command as it comes from outside; False for what is no command."""
    return type_of(command) in _FIRST_TYPES


def must_happen(command: object) -> bool:
    """What the director's and the interpreters' hands do on air, and what the session itself orders: full
    disk or not. It is written as soon as there is room."""
    return isinstance(command, (*_KEPT, Own))
