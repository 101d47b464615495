"""Lines of text under each other, and the sheet they are drawn for."""

from collections.abc import Sequence
from dataclasses import dataclass

from mixer.compose.sprites import Paint, rounded_box
from mixer.contract.theme import Theme
from mixer.graphics.text import Line, Typesetter

SMALLEST_TEXT = 9
PLAIN = Theme()


@dataclass(frozen=True, slots=True)
class Sheet:
    """The tile or canvas to draw for: its size in pixels, who sets its text, and what it is to look like."""

    type: Typesetter
    width: int
    height: int
    theme: Theme = PLAIN

    @property
    def short(self) -> int:
        """The side that sizes follow: a tall tile's text is bounded by its width."""
        return min(self.height, self.width * 9 // 16)


@dataclass(frozen=True, slots=True)
class Row:
    """``above`` and ``below``: pixels it takes over and under its (first) baseline. ``gap``: over it, where
    it isn't the first."""

    line: Line
    colour: str
    above: int
    below: int
    gap: int


def rows_of(*rows: tuple[Line | None, str]) -> list[Row]:
    """Rows as high as an ordinary line, higher where the ink (Arabic, Thai) needs it."""
    return [
        Row(
            line,
            colour,
            max(line.above, round(0.9 * line.size_px)),
            # Of several lines, where the last one's baseline is isn't known: some air under its ink.
            line.below + round(0.2 * line.size_px)
            if line.below > 0.6 * line.size_px
            else max(line.below, round(0.28 * line.size_px)),
            round(0.12 * line.size_px),
        )
        for line, colour in rows
        if line is not None
    ]


def stack_height(rows: Sequence[Row]) -> int:
    return sum(row.above + row.below for row in rows) + sum(row.gap for row in rows[1:])


def stack_width(rows: Sequence[Row]) -> int:
    return max((row.line.width for row in rows), default=0)


def put_stack(
    paint: Paint, rows: Sequence[Row], top: float, left: int | None = None, right: int | None = None
) -> None:
    """Draw the rows from ``top`` down: from ``left``, or up to ``right``, or else centred."""
    y = round(top)
    for index, row in enumerate(rows):
        if index:
            y += row.gap
        if right is not None:
            x = right - row.line.width
        else:
            x = (paint.width - row.line.width) // 2 if left is None else left
        paint.put(row.line.mask, x, y + row.above - row.line.above, row.colour)
        y += row.above + row.below


def put_bar(paint: Paint, top: int, width: int, height: int, colour: str) -> None:
    """A short bar in the middle."""
    width = min(width, paint.width)
    paint.put(rounded_box(width, height, height / 2), (paint.width - width) // 2, top, colour)


def even(number: float) -> int:
    """The next even number below, or this."""
    return int(number // 1) & ~1
