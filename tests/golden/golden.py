"""Comparison with pictures that a person has looked at.

``STUDIO_GOLDEN=write pytest tests/golden`` draws them again; look at every one before committing it. When a
picture differs, what was drawn is left beside the golden one as ``NAME.actual.png``.
"""

import os
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from mixer.contract.picture import Picture

FOLDER = Path(__file__).parent / "images"

MEAN_TOLERANCE = 0.7
PIXEL_TOLERANCE = 40
SHARE_TOLERANCE = 0.002
"""Of all pixels, so many may differ by more than PIXEL_TOLERANCE: edges of letters move with a library."""


def bgr(picture: Picture) -> NDArray[np.uint8]:
    """The picture as (h, w, 3), to be looked at: OpenCV's conversion, the same for golden and drawn."""
    flat = np.concatenate([plane.ravel() for plane in picture])
    sheet = flat.reshape(picture.height * 3 // 2, picture.width)
    return np.asarray(cv2.cvtColor(sheet, cv2.COLOR_YUV2BGR_I420), np.uint8)


def assert_golden(name: str, image: NDArray[np.uint8]) -> None:
    """Fail unless ``image`` looks like ``images/NAME.png``."""
    path, actual = FOLDER / f"{name}.png", FOLDER / f"{name}.actual.png"
    if os.environ.get("STUDIO_GOLDEN") == "write":
        FOLDER.mkdir(exist_ok=True)
        cv2.imwrite(str(path), image, [cv2.IMWRITE_PNG_COMPRESSION, 9])
        actual.unlink(missing_ok=True)
        return
    golden = cv2.imread(str(path))
    assert golden is not None, f"no golden image {path.name}: draw it with STUDIO_GOLDEN=write and look at it"
    same_size = golden.shape == image.shape
    difference = np.abs(golden.astype(np.int16) - image.astype(np.int16)) if same_size else np.full(1, 255)
    mean, share = float(difference.mean()), float((difference > PIXEL_TOLERANCE).mean())
    if not same_size or mean > MEAN_TOLERANCE or share > SHARE_TOLERANCE:
        cv2.imwrite(str(actual), image)
        raise AssertionError(
            f"{path.name} differs: mean {mean:.2f}, {100 * share:.2f} % of pixels; see {actual.name}"
        )
    actual.unlink(missing_ok=True)
