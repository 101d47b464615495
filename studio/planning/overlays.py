"""Pure: the show's graphics → what lies over a canvas, in the languages of that canvas."""

from mixer.contract.graphic_kinds import GRAPHIC_KINDS
from mixer.contract.plan import Overlay, Plate
from mixer.graphics.characters import written_in
from signaling.contract.state import SceneCanvas
from studio.show.model import Composition, Graphic, Naming, Seat, Show

Tongues = tuple[str, str]
"""The language that comes first, and the one under it; empty for none."""


def overlays(
    show: Show, composition: Composition, canvas: SceneCanvas, tongues: Tongues, media: str
) -> tuple[Overlay, ...]:
    """The scene's graphics in its order, then those that are on, in the show's; each once, later ones above.

    Left out: what is not for this canvas, a person's lower third once the seat is gone, a countdown that has
    no end, a picture that is none. Two languages stand on the wall; a stream has its own alone. ``media``:
    folder of what was uploaded.
    """
    wanted = (*composition.graphics, *(id_ for id_, graphic in show.graphics.items() if graphic.on))
    graphics = (show.graphics[id_] for id_ in dict.fromkeys(wanted) if id_ in show.graphics)
    made = (_overlay(show, each, canvas, tongues, media) for each in graphics if canvas in each.canvases)
    return tuple(overlay for overlay in made if overlay is not None)


def name_plate(seat: Seat, tongues: Tongues) -> Plate:
    """A person's name and title, in the second language only what differs."""
    first, other = (_naming(seat, tongue) for tongue in tongues)
    spoken, second = (_spoken(seat, tongue, tongues) for tongue in tongues)
    if not tongues[1] or other == first:
        return Plate(first.name, first.title, language=spoken)
    return Plate(
        first.name,
        first.title,
        other.name if other.name != first.name else "",
        other.title if other.title != first.title else "",
        spoken,
        second,
    )


def _spoken(seat: Seat, tongue: str, hints: Tongues) -> str:
    """The language that a person's name and title are written in, where it is asked for in ``tongue``."""
    own = tongue in seat.names and seat.names[tongue].name != ""
    naming = _naming(seat, tongue)
    return written_in(f"{naming.name} {naming.title}", tongue if own else seat.language, hints)


def _naming(seat: Seat, tongue: str) -> Naming:
    own = seat.names.get(tongue)
    return Naming((own and own.name) or seat.name, (own and own.title) or seat.title)


def _overlay(
    show: Show, graphic: Graphic, canvas: SceneCanvas, tongues: Tongues, media: str
) -> Overlay | None:
    text = _text(show, graphic, tongues if canvas == "wall" else (tongues[0], ""), tongues)
    picture, until = "", 0
    if text is None:
        return None
    parts = GRAPHIC_KINDS[graphic.kind].parts
    if "media" in parts:
        picture = f"{media}/{graphic.media}/picture.npy" if graphic.media else ""
        if graphic.kind == "logo" and not picture:
            picture = show.theme.logo
        if not picture:
            return None
    if "until" in parts:
        until = cue_end(show) if graphic.cue else graphic.until
        if not until:
            return None
    return Overlay(
        graphic.id,
        graphic.kind,
        text,
        graphic.anchor,
        picture,
        graphic.link,
        until,
        graphic.zone,
        graphic.size,
    )


def _text(show: Show, graphic: Graphic, tongues: Tongues, of_people: Tongues) -> Plate | None:
    if graphic.kind == "lower-third" and graphic.seat:
        seat = show.seats.get(graphic.seat)
        return None if seat is None else name_plate(seat, of_people)
    first, second = tongues
    name, title = _in(graphic.text, first), _in(graphic.subtext, first)
    other, other_title = (_in(each, second) if second else "" for each in (graphic.text, graphic.subtext))
    return Plate(
        name,
        title,
        other if other != name else "",
        other_title if other_title != title else "",
        written_in(f"{name} {title}", first if first in graphic.text else "", tongues),
        written_in(f"{other} {other_title}", second if second in graphic.text else "", tongues),
    )


def _in(texts: dict[str, str], tongue: str) -> str:
    return texts.get(tongue) or texts.get("", "")


def cue_end(show: Show) -> int:
    """Unix seconds at which the cue that is on shall end: by its own length, else where the next one is
    planned to begin; 0 where neither is known."""
    cues = iter(show.rundown)
    cue = next((each for each in cues if each.id == show.cue), None)
    if cue is None:
        return 0
    if cue.planned and cue.duration_s:
        return cue.planned + cue.duration_s
    following = next(cues, None)
    return following.planned if following is not None else 0
