"""Which characters of a show's texts no font here has: told when they are typed, not found on the wall.

Pure over the fonts' manifest (:mod:`mixer.graphics.fonts`): nothing is shaped, so control needs no Pango.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from mixer.contract.names import of_cue, of_graphic, of_seat
from mixer.graphics.characters import inkless
from mixer.graphics.fonts import FontFile, covers
from studio.show.model import Cue, Graphic, Seat, Show

MOST = 40
"""Characters named for one thing."""

Ranges = tuple[tuple[int, int], ...]


def lacking(text: str, fonts: Iterable[Ranges]) -> str:
    """The characters of ``text`` that none of ``fonts`` covers, each once, in their order; of what has no ink
    none is missing."""
    ranges = tuple(fonts)
    return "".join(
        dict.fromkeys(
            char for char in text if not inkless(char) and not any(covers(each, ord(char)) for each in ranges)
        )
    )[:MOST]


class Glyphs:
    """What is missing in a show; each of its things is looked at once, as they are frozen."""

    def __init__(self, files: Iterable[FontFile] = ()) -> None:
        self._fonts: tuple[Ranges, ...] = ()
        self._known: dict[str, tuple[object, str]] = {}
        self._last: tuple[object, ...] = ()
        self._missing: dict[str, str] = {}
        self.use(files)

    def use(self, files: Iterable[FontFile]) -> None:
        """These are the fonts from now on; without any, nothing is missing, for nobody can say."""
        families = {each.family: each.ranges for each in files}  # a family's weights cover the same
        self._fonts, self._known, self._last = tuple(families.values()), {}, ()

    def missing(self, show: Show) -> Mapping[str, str]:
        """``{"show" | "seat/<id>" | "graphic/<id>" | "cue/<id>": characters}``, only where there are some;
        the same object while the show's texts are. Of seats, speakers': only their names are drawn."""
        if not self._fonts:
            return self._missing
        parts = (show.title, show.seats, show.graphics, show.rundown)
        if len(self._last) == len(parts) and all(a is b for a, b in zip(parts, self._last, strict=True)):
            return self._missing
        things: dict[str, Any] = {"show": show.title}
        things |= {of_seat(seat.id): seat for seat in show.seats.values() if seat.role == "speaker"}
        things |= {of_graphic(graphic.id): graphic for graphic in show.graphics.values()}
        things |= {of_cue(cue.id): cue for cue in show.rundown}
        known = {key: self._looked_at(key, thing) for key, thing in things.items()}
        self._known = known
        self._last = parts
        self._missing = {key: characters for key, (_, characters) in known.items() if characters}
        return self._missing

    def _looked_at(self, key: str, thing: object) -> tuple[object, str]:
        before = self._known.get(key)
        if before is not None and before[0] is thing:
            return before
        return thing, lacking("".join(_texts(thing)), self._fonts)

    def warnings(self, keys: Iterable[str], show: Show) -> list[dict[str, str]]:
        """Return the warnings of these things, as a command's answer has them: ``[{"code",
        "characters"}]``."""
        missing = self.missing(show)
        characters = "".join(dict.fromkeys("".join(missing.get(key, "") for key in keys)))
        return [{"code": "text.missing-glyph", "characters": characters}] if characters else []


def _texts(thing: object) -> tuple[str, ...]:
    match thing:
        case Seat():
            own = (part for naming in thing.names.values() for part in (naming.name, naming.title))
            return (thing.name, thing.title, *own)
        case Graphic():
            return (*thing.text.values(), *thing.subtext.values())
        case Cue():
            return (thing.title,)
        case str():
            return (thing,)
        case _:
            return ()
