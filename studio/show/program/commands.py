"""Commands that change what is on air: takes and transitions, fade to black, slate, who speaks."""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from mixer.contract.plan import Direction, TransitionKind
from mixer.contract.theme import Colour
from studio.show.fields import Command, Id
from studio.show.model import MAX_SEATS, MAX_TRANSITION_MS

Milliseconds = Annotated[int, Meta(ge=0, le=MAX_TRANSITION_MS)]


class PreviewSet(Command, frozen=True, tag="preview.set"):
    """``null`` empties the preview."""

    scene: Id | None


class ProgramCut(Command, frozen=True, tag="program.cut"):
    """Without ``scene``, the preview and the programme change places."""

    scene: Id | None = None


class ProgramAuto(Command, frozen=True, tag="program.auto"):
    """Takes like ``program.cut``, with a transition: the show's (``transition.update``) but for what is named
    here. 0 ms is a cut."""

    scene: Id | None = None
    transition: TransitionKind | None = None
    duration_ms: Milliseconds | None = None
    direction: Direction | None = None
    colour: Colour | None = None


class ProgramTbar(Command, frozen=True, tag="program.tbar"):
    """The transition by hand: 0 shows the programme, 1 takes the preview. ``live``: as of ``source.gain``; a
    take is an event all the same."""

    position: Annotated[float, Meta(ge=0, le=1)]
    live: bool = False


class ProgramFadeToBlack(Command, frozen=True, tag="program.fade_to_black"):
    """``duration_ms``: 500 where it isn't named."""

    on: bool
    duration_ms: Milliseconds | None = None


class ProgramSlate(Command, frozen=True, tag="program.slate"):
    """The panic slate, at once and silent, whatever is on air under it."""

    on: bool


class ProgramUndo(Command, frozen=True, tag="program.undo"):
    """What was on air and in preview before the last take, by a cut."""


class TransitionUpdate(Command, frozen=True, tag="transition.update"):
    """What AUTO and the T-bar do."""

    transition: TransitionKind | UnsetType = UNSET
    duration_ms: Milliseconds | UnsetType = UNSET
    direction: Direction | UnsetType = UNSET
    colour: Colour | UnsetType = UNSET


class SpeakerUpdate(Command, frozen=True, tag="speaker.update"):
    """How places with ``auto`` are filled by who speaks. ``pin``: this seat, no matter who speaks; ``null``
    for none."""

    to: Literal["preview", "program"] | UnsetType = UNSET
    hold_ms: Annotated[int, Meta(ge=200, le=10_000)] | UnsetType = UNSET
    least_ms: Annotated[int, Meta(ge=0, le=60_000)] | UnsetType = UNSET
    exclude: Annotated[tuple[Id, ...], Meta(max_length=MAX_SEATS)] | UnsetType = UNSET
    pin: Id | UnsetType | None = UNSET


ProgramCommand = (
    PreviewSet
    | ProgramCut
    | ProgramAuto
    | ProgramTbar
    | ProgramFadeToBlack
    | ProgramSlate
    | ProgramUndo
    | TransitionUpdate
    | SpeakerUpdate
)
