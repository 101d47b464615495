"""Which commands go before others, and which are carried out even where the log can't take them. Pure."""

from studio.show.booths.commands import BoothCough, BoothHandover, BoothInto, BoothRelay, BoothSpeak
from studio.show.commands import head_of
from studio.show.desk.commands import RundownGo, RundownNext, SourceMute, TalkbackSet
from studio.show.own import Own
from studio.show.program import commands as p

_FIRST = (p.ProgramCut, p.ProgramAuto, p.ProgramFadeToBlack, p.ProgramSlate, p.ProgramUndo)
_CUES = (RundownGo, RundownNext)
"""Takes or previews, as each one says."""
_BOOTH = (BoothSpeak, BoothCough, BoothInto, BoothRelay, BoothHandover)
_KEPT = (*_FIRST, *_CUES, p.PreviewSet, p.ProgramTbar, SourceMute, TalkbackSet, *_BOOTH)
_FIRST_TYPES = frozenset(str(kind.__struct_config__.tag) for kind in _FIRST)
_PANIC = (p.ProgramSlate, p.ProgramFadeToBlack)
_PANIC_TYPES = frozenset(str(kind.__struct_config__.tag) for kind in _PANIC)
_CUE_TYPES = frozenset(str(kind.__struct_config__.tag) for kind in _CUES)


def goes_first(command: object) -> bool:
    """Takes, black, the slate, and what the session itself orders: they pass what waits."""
    return isinstance(command, (*_FIRST, Own)) or (isinstance(command, _CUES) and command.take)


def bytes_go_first(command: bytes) -> bool:
    """The same of a command as it comes from outside; False for what is no command."""
    type_, take = head_of(command)
    return type_ in _FIRST_TYPES or (type_ in _CUE_TYPES and take)


def is_panic(command: object) -> bool:
    """The slate and black: they pass even what goes first."""
    return isinstance(command, _PANIC)


def bytes_panic(command: bytes) -> bool:
    """The same of a command as it comes from outside."""
    return head_of(command)[0] in _PANIC_TYPES


def must_happen(command: object) -> bool:
    """Return what the director's and the interpreters' hands do on air, and what the session itself orders:
    full disk or not. It is written as soon as there is room."""
    return isinstance(command, (*_KEPT, Own))
