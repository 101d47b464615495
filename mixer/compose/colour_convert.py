"""Pictures of other colour encodings brought into the house's own: 8-bit Y′CbCr, BT.709, limited range.

Two encodings of one R′G′B′ differ by a 3 × 3 matrix of the form ``[s a b; 0 c d; 0 e f]``, since grey stays
grey (ITU-T H.273 §8.3, equations 38 to 43, solved for each other). So chroma becomes a sum of chroma, a
quarter of the samples, and luma is corrected by a sum of chroma, one sample for each 2 × 2 of luma (to
interpolate it doubles the time, and only differs beside edges between strong colours). Primaries and
transfer are left as they are: those of BT.601 and BT.709 differ by less than cameras do, and no browser
converts them either.
"""

import functools
import threading
from types import ModuleType
from typing import Final, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mixer.contract.picture import Picture, Plane, i420_bytes, view_i420

Matrix = Literal["bt601", "bt709", "smpte240m", "fcc", "bt2020"]

_WEIGHTS: Final[dict[Matrix, tuple[float, float]]] = {
    "bt601": (0.299, 0.114),
    "bt709": (0.2126, 0.0722),
    "smpte240m": (0.212, 0.087),
    "fcc": (0.30, 0.11),
    "bt2020": (0.2627, 0.0593),
}
"""K_R and K_B of each matrix: ITU-T H.273, table 4."""
_BY_CODE: Final[dict[int, Matrix]] = {
    1: "bt709",
    4: "fcc",
    5: "bt601",  # BT.470 system B, G
    6: "bt601",  # SMPTE 170M
    7: "smpte240m",
    9: "bt2020",
    10: "bt2020",  # constant luminance: nearest that can be had without its transfer function
}
_FULL_RANGE = 2
_ROOM = 3.0
"""Steps of the luma's correction per code value, so that rounding it costs a sixth of one. It is at most
33 code values, and 8 bits hold 42 either way."""


class ColourEncoding(NamedTuple):
    """How a picture's numbers mean colours. ``full``: 0 … 255 (JPEG), else 16 … 235 and 16 … 240."""

    matrix: Matrix = "bt709"
    full: bool = False


HOUSE: Final = ColourEncoding()
"""What every picture in the house is."""


class _Factors(NamedTuple):
    """``y' = y_y·y + y_u·u + y_v·v`` and so on, for u and v around 0, y over ``black`` and y' over
    ``new_black``."""

    y_y: float
    y_u: float
    y_v: float
    u_u: float
    u_v: float
    v_u: float
    v_v: float
    black: float
    new_black: float


def weights(matrix: Matrix) -> tuple[float, float]:
    """K_R and K_B."""
    return _WEIGHTS[matrix]


def encoding_of(colorspace: int, color_range: int, unspecified: Matrix) -> ColourEncoding:
    """Return what a decoder says of a frame: ``AVColorSpace`` and ``AVColorRange`` as numbers (H.273's
    MatrixCoefficients; PyAV's ``frame.colorspace`` and ``frame.color_range``).

    ``unspecified``: the matrix where the stream names none. A range that isn't named is the limited one.
    """
    return ColourEncoding(_BY_CODE.get(int(colorspace), unspecified), int(color_range) == _FULL_RANGE)


def by_size(height: int) -> Matrix:
    """The matrix of a file or a broadcast stream that names none: BT.709 from 720 lines on, BT.601 below, as
    players have it."""
    return "bt709" if height >= 720 else "bt601"


def to_house(source: Picture, encoding: ColourEncoding, into: Picture) -> None:
    """Write ``source`` into ``into`` (same size, any strides) as BT.709, limited range.

    Both may be the same picture. Within 1 code value of the exact result, where that lies in 0 … 255.
    """
    convert(source, encoding, into, HOUSE)


def convert(source: Picture, encoding: ColourEncoding, into: Picture, wanted: ColourEncoding) -> None:
    """The same into any other encoding."""
    if encoding == wanted:
        if into is not source:
            for target, plane in zip(into, source, strict=True):
                np.copyto(target, plane)
        return
    cv2 = _opencv()
    f = _factors(encoding, wanted)
    plain = not (f.y_u or f.y_v or f.u_v or f.v_u)
    if plain:  # the range alone differs
        cv2.convertScaleAbs(source.y, into.y, f.y_y, f.new_black - f.black * f.y_y)
        cv2.convertScaleAbs(source.u, into.u, f.u_u, 128 * (1 - f.u_u))
        cv2.convertScaleAbs(source.v, into.v, f.v_v, 128 * (1 - f.v_v))
        return
    y_u, y_v = _ROOM * f.y_u, _ROOM * f.y_v
    correction = cv2.addWeighted(source.u, y_u, source.v, y_v, 128 * (1 - y_u - y_v))
    u = cv2.addWeighted(source.u, f.u_u, source.v, f.u_v, 128 * (1 - f.u_u - f.u_v))
    cv2.addWeighted(source.u, f.v_u, source.v, f.v_v, 128 * (1 - f.v_u - f.v_v), dst=into.v)
    np.copyto(into.u, u)
    width = source.width
    wide = cv2.merge((correction, correction)).reshape(len(correction), -1)[:, :width]
    offset = f.new_black - f.black * f.y_y - 128 / _ROOM
    for first in (0, 1):  # rows two by two have one row of chroma
        rows, target = source.y[first::2], into.y[first::2]
        if len(rows):
            cv2.addWeighted(rows, f.y_y, wide[: len(rows)], 1 / _ROOM, offset, dst=target)


class HouseCopies(threading.local):
    """One buffer a thread for converted copies of pictures that are somebody else's."""

    def __init__(self) -> None:
        self._buffer: Plane = np.empty(0, np.uint8)

    def of(self, source: Picture, encoding: ColourEncoding) -> Picture:
        """``source`` itself if it is as the house has it, else a converted copy, good until the next call."""
        if encoding == HOUSE:
            return source
        size = i420_bytes(source.width, source.height)
        if len(self._buffer) != size:
            self._buffer = np.empty(size, np.uint8)
        copy = view_i420(self._buffer, source.width, source.height)
        to_house(source, encoding, copy)
        return copy


def exact(yuv: NDArray[np.float64], encoding: ColourEncoding) -> NDArray[np.float64]:
    """The same for single colours, not rounded and not cut off: (…, 3) code values to (…, 3) code values."""
    f = _factors(encoding, HOUSE)
    y, u, v = yuv[..., 0] - f.black, yuv[..., 1] - 128, yuv[..., 2] - 128
    return np.stack(
        (
            f.new_black + f.y_y * y + f.y_u * u + f.y_v * v,
            128 + f.u_u * u + f.u_v * v,
            128 + f.v_u * u + f.v_v * v,
        ),
        axis=-1,
    )


@functools.lru_cache(maxsize=1)
def _opencv() -> ModuleType:
    """30 MB that a shard needs only where somebody's pictures must be converted."""
    import cv2

    cv2.setNumThreads(1)
    return cv2


@functools.lru_cache(maxsize=16)
def _factors(of: ColourEncoding, wanted: ColourEncoding) -> _Factors:
    both = np.linalg.inv(_rgb_of(*_WEIGHTS[wanted.matrix])) @ _rgb_of(*_WEIGHTS[of.matrix])
    both = np.diag(_steps(wanted)) @ both @ np.diag(1 / _steps(of))
    both[abs(both) < 1e-9] = 0.0
    (y_y, y_u, y_v), (_, u_u, u_v), (_, v_u, v_v) = both.tolist()
    return _Factors(y_y, y_u, y_v, u_u, u_v, v_u, v_v, _black(of), _black(wanted))


def _steps(encoding: ColourEncoding) -> NDArray[np.float64]:
    """Code values of E′Y's, E′PB's and E′PR's whole range."""
    return np.array([255.0] * 3 if encoding.full else [219.0, 224.0, 224.0])


def _black(encoding: ColourEncoding) -> float:
    return 0.0 if encoding.full else 16.0


def _rgb_of(k_r: float, k_b: float) -> NDArray[np.float64]:
    """R′G′B′ from E′Y, E′PB, E′PR (H.273 equations 38 to 40 solved)."""
    k_g = 1 - k_r - k_b
    return np.array(
        [
            [1.0, 0.0, 2 * (1 - k_r)],
            [1.0, -2 * (1 - k_b) * k_b / k_g, -2 * (1 - k_r) * k_r / k_g],
            [1.0, 2 * (1 - k_b), 0.0],
        ]
    )
