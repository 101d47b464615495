"""How rectangles lie to each other."""

from collections.abc import Iterable

from mixer.contract.plan import Rect


def overlaps(rect: Rect, others: Iterable[Rect]) -> bool:
    """Return whether ``rect`` has a pixel in common with any of the ``others``."""
    return any(
        rect.x < other.x + other.w
        and other.x < rect.x + rect.w
        and rect.y < other.y + other.h
        and other.y < rect.y + rect.h
        for other in others
    )


def covers(outer: Rect, inner: Rect) -> bool:
    """Return whether all of ``inner`` lies in ``outer``."""
    return (
        outer.x <= inner.x
        and outer.y <= inner.y
        and outer.x + outer.w >= inner.x + inner.w
        and outer.y + outer.h >= inner.y + inner.h
    )


def clip(rect: Rect, width: int, height: int) -> Rect | None:
    """Return what of ``rect`` lies on a canvas of this size; None: nothing."""
    x, y = max(rect.x, 0), max(rect.y, 0)
    right, bottom = min(rect.x + rect.w, width), min(rect.y + rect.h, height)
    return Rect(x, y, right - x, bottom - y) if right > x and bottom > y else None
