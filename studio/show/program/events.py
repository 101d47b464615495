"""What has happened to what is on air, to graphics and to the theme. Pure."""

from typing import Literal, assert_never

from msgspec.structs import replace

from mixer.contract.theme import Theme
from studio.show.event import Event, without
from studio.show.model import AutoSpeaker, Graphic, OnAir, Show, TransitionStyle


class PreviewChanged(Event, frozen=True, tag="preview.changed"):
    scene: str | None


class ProgramChanged(Event, frozen=True, tag="program.changed"):
    """``scene`` is on air from now on, after ``transition`` (None: a cut); ``preview`` is what is being
    prepared.

    ``speaker`` and ``preview_speaker`` fill their places with ``auto``; None, in older logs: as they were.
    ``undo``: it takes the last take back.
    """

    scene: str | None
    preview: str | None
    speaker: str | None = None
    preview_speaker: str | None = None
    transition: TransitionStyle | None = None
    undo: bool = False


class ProgramFaded(Event, frozen=True, tag="program.faded_to_black"):
    on: bool
    duration_ms: int = 0


class ProgramSlated(Event, frozen=True, tag="program.slated"):
    on: bool


class TbarMoved(Event, frozen=True, tag="program.tbar_moved"):
    position: float


class TransitionChanged(Event, frozen=True, tag="transition.changed"):
    transition: TransitionStyle


class AutoSpeakerChanged(Event, frozen=True, tag="speaker.changed"):
    auto_speaker: AutoSpeaker


class SpeakerChosen(Event, frozen=True, tag="speaker.chosen"):
    """``seat`` speaks: it fills the places with ``auto`` of what is in preview, or on air."""

    seat: str
    to: Literal["preview", "program"]


class GraphicCreated(Event, frozen=True, tag="graphic.created"):
    graphic: Graphic


class GraphicUpdated(Event, frozen=True, tag="graphic.updated"):
    """The whole of it."""

    graphic: Graphic


class GraphicDeleted(Event, frozen=True, tag="graphic.deleted"):
    graphic: str


class GraphicShown(Event, frozen=True, tag="graphic.shown"):
    graphic: str
    on: bool


class ThemeChanged(Event, frozen=True, tag="theme.changed"):
    theme: Theme


PictureEvent = (
    PreviewChanged
    | ProgramChanged
    | ProgramFaded
    | ProgramSlated
    | TbarMoved
    | TransitionChanged
    | AutoSpeakerChanged
    | SpeakerChosen
    | GraphicCreated
    | GraphicUpdated
    | GraphicDeleted
    | GraphicShown
    | ThemeChanged
)


def apply_picture(show: Show, event: PictureEvent) -> Show:
    match event:
        case PreviewChanged():
            return replace(show, preview=event.scene, tbar=0.0)
        case ProgramChanged():
            return _taken(show, event)
        case ProgramFaded():
            return replace(show, black=event.on)
        case ProgramSlated():
            return replace(show, slate=event.on)
        case TbarMoved():
            return replace(show, tbar=event.position)
        case TransitionChanged():
            return replace(show, transition=event.transition)
        case AutoSpeakerChanged():
            return replace(show, auto_speaker=event.auto_speaker)
        case SpeakerChosen():
            if event.to == "program":
                return replace(show, speaker=event.seat, preview_speaker=event.seat)
            return replace(show, preview_speaker=event.seat)
        case GraphicCreated() | GraphicUpdated():
            return replace(show, graphics={**show.graphics, event.graphic.id: event.graphic})
        case GraphicDeleted():
            return replace(show, graphics=without(show.graphics, event.graphic))
        case GraphicShown():
            graphic = replace(show.graphics[event.graphic], on=event.on)
            return replace(show, graphics={**show.graphics, graphic.id: graphic})
        case ThemeChanged():
            return replace(show, theme=event.theme)
        case _:
            assert_never(event)


def without_speaker(show: Show, seat: str) -> Show:
    """Return the show in which nothing that fills places by who speaks names this seat any more, nor does a
    lower third or a deck."""

    def kept(speaker: str) -> str:
        return "" if speaker == seat else speaker

    policy, before = show.auto_speaker, show.before
    exclude = tuple(each for each in policy.exclude if each != seat)
    if before is not None:
        speaker, preview_speaker = kept(before.speaker), kept(before.preview_speaker)
        before = replace(before, speaker=speaker, preview_speaker=preview_speaker)
    return replace(
        show,
        speaker=kept(show.speaker),
        preview_speaker=kept(show.preview_speaker),
        auto_speaker=replace(policy, exclude=exclude, pin=kept(policy.pin)),
        before=before,
        graphics={
            id_: replace(each, seat="") if each.seat == seat else each for id_, each in show.graphics.items()
        },
        sources={
            id_: replace(each, presenter="") if each.presenter == seat else each
            for id_, each in show.sources.items()
        },
    )


def _taken(show: Show, event: ProgramChanged) -> Show:
    before = OnAir(show.program, show.preview, show.speaker, show.preview_speaker)
    return replace(
        show,
        program=event.scene,
        preview=event.preview,
        speaker=show.speaker if event.speaker is None else event.speaker,
        preview_speaker=show.preview_speaker if event.preview_speaker is None else event.preview_speaker,
        tbar=0.0,
        before=None if event.undo else before,
    )
