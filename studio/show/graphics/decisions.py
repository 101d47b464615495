"""Decides about graphics and the theme. Pure."""

from typing import assert_never

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from mixer.contract.graphic_kinds import GRAPHIC_KINDS
from signaling.contract.ports import RefusedError
from studio.show.checks import DecisionContext, kept, new_id, texted, unknown
from studio.show.graphics import commands as g
from studio.show.graphics.zones import is_zone
from studio.show.model import MAX_GRAPHIC_TEXT, MAX_GRAPHICS, MAX_TITLE, Graphic, Show
from studio.show.program import events as e
from studio.show.text import clean

MAX_LINK = 1000
"""Bytes of UTF-8: a code that says more is read by no camera from a seat in a hall."""

Events = tuple[e.PictureEvent, ...]


def decide_graphic(show: Show, command: g.GraphicCommand, context: DecisionContext) -> Events:
    if isinstance(command, g.ThemeSet):
        if context.theme is None:
            raise unknown("theme", command.theme)
        return () if context.theme == show.theme else (e.ThemeChanged(context.theme),)
    if isinstance(command, g.GraphicCreate):
        return _create(show, command, context)
    graphic = show.graphics.get(command.graphic)
    if graphic is None:
        raise unknown("graphic", command.graphic)
    match command:
        case g.GraphicUpdate():
            changed = _changed(show, graphic, command, context)
            return () if changed == graphic else (e.GraphicUpdated(changed),)
        case g.GraphicDelete():
            if _named(show, graphic.id):
                raise RefusedError(
                    409, "graphic.in-use", "A scene shows the graphic; take it out there first."
                )
            return (e.GraphicDeleted(graphic.id),)
        case g.GraphicShow():
            return () if command.on == graphic.on else (e.GraphicShown(graphic.id, command.on),)
        case _:
            assert_never(command)


def _create(show: Show, command: g.GraphicCreate, context: DecisionContext) -> Events:
    title = texted(command.title, MAX_TITLE)
    text = _texts(show, command.text)
    name = title or next(iter(text.values()), "")
    id_ = new_id("graphic", command.graphic, show.graphics, MAX_GRAPHICS, name, command.kind)
    graphic = Graphic(
        id_,
        command.kind,
        title or name[:MAX_TITLE] or id_,
        text,
        _texts(show, command.subtext),
        command.seat,
        command.media,
        clean(command.link),
        command.anchor or GRAPHIC_KINDS[command.kind].anchor,
        _canvases(command.canvases),
        command.until,
        command.cue,
        command.zone,
        command.size,
    )
    return (e.GraphicCreated(_checked(show, graphic, context)),)


def _changed(show: Show, graphic: Graphic, command: g.GraphicUpdate, context: DecisionContext) -> Graphic:
    plain = ("seat", "media", "anchor", "until", "cue", "zone", "size")
    given = {name: value for name in plain if (value := getattr(command, name)) is not UNSET}
    changed = replace(graphic, title=kept(command.title, graphic.title, MAX_TITLE) or graphic.id, **given)
    if not isinstance(command.text, UnsetType):
        changed = replace(changed, text=_texts(show, command.text))
    if not isinstance(command.subtext, UnsetType):
        changed = replace(changed, subtext=_texts(show, command.subtext))
    if not isinstance(command.link, UnsetType):
        changed = replace(changed, link=clean(command.link))
    if not isinstance(command.canvases, UnsetType):
        changed = replace(changed, canvases=_canvases(command.canvases))
    return changed if changed == graphic else _checked(show, changed, context)


def _checked(show: Show, graphic: Graphic, context: DecisionContext) -> Graphic:
    """Raises RefusedError: 404 ``seat.unknown``, ``media.unknown``; 409 ``seat.not-speaker``; 400
    ``graphic.media-kind``, ``graphic.zone``, ``graphic.link-too-long``, ``graphic.needs-…``."""
    if graphic.seat:
        seat = show.seats.get(graphic.seat)
        if seat is None:
            raise unknown("seat", graphic.seat)
        if seat.role != "speaker":
            raise RefusedError(409, "seat.not-speaker", f"The seat {seat.id} is not a speaker's.")
    if graphic.media:
        medium = context.media.get(graphic.media)
        if medium is None:
            raise unknown("media", graphic.media)
        if medium.kind != "still":
            raise RefusedError(400, "graphic.media-kind", f"{medium.name} is no picture; choose a still.")
    if graphic.zone and not is_zone(graphic.zone):
        raise RefusedError(
            400, "graphic.zone", f"There is no time zone {graphic.zone}. Name one as Asia/Seoul; empty: here."
        )
    if len(graphic.link.encode()) > MAX_LINK:
        raise RefusedError(
            400, "graphic.link-too-long", f"A code says at most {MAX_LINK} bytes; shorten the link."
        )
    _complete(graphic)
    return graphic


def _complete(graphic: Graphic) -> None:
    needs = GRAPHIC_KINDS[graphic.kind].needs
    if any(getattr(graphic, name) for name in needs):
        return
    match needs:
        case ("seat", *_):
            raise RefusedError(
                400, "graphic.needs-text", "A lower third needs a person or a text of its own."
            )
        case ("text", *_):
            raise RefusedError(400, "graphic.needs-text", f"A {graphic.kind} needs a text.")
        case ("link", *_):
            raise RefusedError(400, "graphic.needs-link", "A QR code needs a link.")
        case ("media", *_):
            raise RefusedError(400, "graphic.needs-media", "A picture needs a still; upload one first.")
        case ("until", *_):
            raise RefusedError(
                400, "graphic.needs-end", "A countdown needs the time it runs to, or the cue's end."
            )


def _texts(show: Show, texts: dict[str, str]) -> dict[str, str]:
    """Cleaned, without those that say nothing. Raises RefusedError 400: ``language.unknown``,
    ``text.too-long``."""
    for language in texts:
        if language and language not in show.languages:
            raise RefusedError(
                400,
                "language.unknown",
                f"{language} is not a language of the event. These are: {', '.join(show.languages)}.",
            )
    cleaned = {language: texted(text, MAX_GRAPHIC_TEXT) for language, text in texts.items()}
    return {language: text for language, text in cleaned.items() if text}


def _canvases(canvases: g.Canvases) -> g.Canvases:
    return tuple(dict.fromkeys(canvases))


def _named(show: Show, graphic: str) -> bool:
    return any(
        graphic in composition.graphics
        for scene in show.scenes.values()
        for composition in scene.canvases.values()
    )
