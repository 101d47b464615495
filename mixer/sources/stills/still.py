"""A still: written once, with its alpha where it is transparent."""

from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from mixer.compose.alpha import Layer
from mixer.contract.colour import planes_of
from mixer.contract.picture import Picture
from mixer.contract.player_messages import PlayerConfig, PlayerOrder, PlayerReport
from mixer.graphics.stills import StillError, read_still
from mixer.sources.clips.demux import CORRUPT
from mixer.sources.frames import fitted
from mixer.sources.player import IDLE_NS, NO_TROUBLE, Trouble
from mixer.sources.slot_out import SlotOut


class StillPlayer:
    """Implements :class:`mixer.sources.player.Player`."""

    def __init__(self, config: PlayerConfig, out: SlotOut) -> None:
        self._config = config
        self._out = out
        self._order = 0
        self._picture: Picture | None = None
        self._trouble = NO_TROUBLE
        self._size = (0, 0)

    def order(self, order: PlayerOrder, now_ns: int) -> None:
        self._order = order.order

    def step(self, now_ns: int) -> int:
        if self._picture is None and not self._trouble.code:
            self._read(now_ns)
        return IDLE_NS

    def _read(self, now_ns: int) -> None:
        try:
            rgba = read_still(Path(self._config.file))
        except StillError:
            self._trouble = Trouble(*CORRUPT)
            return
        height, width = rgba.shape[:2]
        self._size = (width, height)
        size = fitted(width, height, Fraction(1), (self._config.width, self._config.height))
        self._picture, alpha = layer_of(np.asarray(rgba), size)
        self._out.picture(self._picture, now_ns, alpha)

    def report(self, now_ns: int) -> PlayerReport:
        return PlayerReport(
            source=self._config.source,
            state="failed" if self._trouble.code else "ready" if self._picture is not None else "starting",
            order=self._order,
            code=self._trouble.code,
            reason=self._trouble.reason,
            width=self._size[0],
            height=self._size[1],
        )

    def alive(self, now_ns: int) -> bool:
        return True

    def close(self) -> None:
        """Do nothing: there is nothing to end."""


def layer_of(rgba: NDArray[np.uint8], size: tuple[int, int]) -> Layer:
    """``rgba`` (h, w, 4), not premultiplied, scaled to ``size`` (width, height; even)."""
    width, height = size
    pixels: NDArray[np.float32] = rgba.astype(np.float32) / np.float32(255)
    pixels[..., :3] *= pixels[..., 3:]
    if (rgba.shape[1], rgba.shape[0]) != size:
        pixels = _resized(pixels, size)
    luma, blue, red = planes_of(pixels[..., :3], np.ones(pixels.shape[:2], np.float32))
    half = ((width + 1) // 2, (height + 1) // 2)
    picture = Picture(_rounded(luma), _rounded(_resized(blue, half)), _rounded(_resized(red, half)))
    transparent = int(rgba[..., 3].min()) < 255
    return Layer(picture, _rounded(255 * pixels[..., 3]) if transparent else None)


def _resized(pixels: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float32]:
    smaller = size[1] < pixels.shape[0]
    return np.asarray(
        cv2.resize(pixels, size, interpolation=cv2.INTER_AREA if smaller else cv2.INTER_LINEAR), np.float32
    )


def _rounded(plane: NDArray[np.float32]) -> NDArray[np.uint8]:
    rounded: NDArray[np.uint8] = np.clip(np.rint(plane), 0, 255).astype(np.uint8)
    return rounded
