"""Pictures of other matrices and ranges become BT.709, limited range, to within a code value."""

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from mixer.compose.colour_convert import (
    HOUSE,
    ColourEncoding,
    HouseCopies,
    Matrix,
    by_size,
    encoding_of,
    exact,
    to_house,
)
from mixer.contract.colour import parse_hex, yuv_of
from mixer.contract.picture import Picture, new_picture
from signaling.http.snapshots import encode_jpeg

MATRICES: tuple[Matrix, ...] = ("bt601", "bt709", "smpte240m", "fcc", "bt2020")
ENCODINGS = [ColourEncoding(matrix, full) for matrix in MATRICES for full in (False, True)]
WEIGHTS = {"bt601": (0.299, 0.114), "bt709": (0.2126, 0.0722)}
BARS = ("#ffffff", "#bfbf00", "#00bfbf", "#00bf00", "#bf00bf", "#bf0000", "#0000bf", "#000000")


def encoded(colour: str, encoding: ColourEncoding) -> tuple[int, int, int]:
    """``#rrggbb`` by the definitions of BT.601-7 §2.5 and BT.709-6 §3, and JFIF's for full range."""
    red, green, blue = parse_hex(colour)
    k_r, k_b = WEIGHTS[encoding.matrix]
    luma = k_r * red + (1 - k_r - k_b) * green + k_b * blue
    u, v = (blue - luma) / (2 * (1 - k_b)), (red - luma) / (2 * (1 - k_r))
    if encoding.full:
        return round(255 * luma), min(255, round(128 + 255 * u)), min(255, round(128 + 255 * v))
    return round(16 + 219 * luma), round(128 + 224 * u), round(128 + 224 * v)


def noise(seed: int, width: int, height: int) -> Picture:
    """Anything: planes of random code values, each row a little further apart than it is wide."""
    rng = np.random.default_rng(seed)
    sizes = ((height, width), *(((height + 1) // 2, (width + 1) // 2),) * 2)
    planes = (rng.integers(0, 256, (h, w + 3)).astype(np.uint8)[:, :w] for h, w in sizes)
    return Picture(*planes)


def reference(source: Picture, encoding: ColourEncoding) -> list[NDArray[np.float64]]:
    """In floating point, pixel by pixel, the nearest chroma sample for each luma."""
    u, v = (np.repeat(np.repeat(plane, 2, 0), 2, 1) for plane in (source.u, source.v))
    height, width = source.y.shape
    full = np.stack((source.y, u[:height, :width], v[:height, :width]), axis=-1).astype(np.float64)
    converted = np.clip(exact(full, encoding), 0, 255)
    return [converted[..., 0], converted[::2, ::2, 1], converted[::2, ::2, 2]]


@settings(max_examples=60, deadline=None)
@given(
    encoding=st.sampled_from(ENCODINGS),
    seed=st.integers(0, 2**32 - 1),
    width=st.integers(1, 70),
    height=st.integers(1, 40),
    in_place=st.booleans(),
)
def test_any_picture_is_within_a_code_value_of_floating_point(
    encoding: ColourEncoding, seed: int, width: int, height: int, in_place: bool
) -> None:
    source = noise(seed, width, height)
    expected = reference(source, encoding)
    target = source if in_place else new_picture(width, height)
    to_house(source, encoding, target)
    for plane, wanted in zip(target, expected, strict=True):
        assert np.abs(plane - wanted).max() <= 1.0


@pytest.mark.parametrize(
    "encoding", [ColourEncoding("bt601"), ColourEncoding("bt601", True), ColourEncoding("bt709", True)]
)
@pytest.mark.parametrize("colour", [*BARS, "#ff0000", "#00ff00", "#0000ff", "#7f7f7f", "#ffc0a0"])
def test_a_colour_is_itself_again(colour: str, encoding: ColourEncoding) -> None:
    picture = new_picture(16, 16, encoded(colour, encoding))
    to_house(picture, encoding, picture)
    for plane, wanted in zip(picture, yuv_of(colour), strict=True):
        assert np.abs(plane.astype(int) - wanted).max() <= 1


def test_what_is_right_is_left_as_it_is_and_nobody_elses_picture_is_touched() -> None:
    copies, source = HouseCopies(), noise(3, 32, 18)
    before = [plane.copy() for plane in source]
    assert copies.of(source, HOUSE) is source
    copy = copies.of(source, ColourEncoding("bt601", True))
    assert not np.shares_memory(copy.y, source.y)
    assert all(np.array_equal(plane, was) for plane, was in zip(source, before, strict=True))
    assert np.shares_memory(copies.of(source, ColourEncoding("bt601")).y, copy.y), "one buffer"
    other = new_picture(32, 18)
    to_house(source, HOUSE, other)
    assert all(np.array_equal(plane, was) for plane, was in zip(other, before, strict=True))


@pytest.mark.parametrize(
    ("colorspace", "color_range", "expected"),
    [
        (1, 1, ColourEncoding("bt709")),
        (1, 2, ColourEncoding("bt709", True)),
        (5, 1, ColourEncoding("bt601")),
        (6, 2, ColourEncoding("bt601", True)),
        (7, 0, ColourEncoding("smpte240m")),
        (9, 1, ColourEncoding("bt2020")),
        (2, 0, ColourEncoding("bt601")),
        (0, 2, ColourEncoding("bt601", True)),
        (99, 0, ColourEncoding("bt601")),
    ],
)
def test_what_a_decoder_says(colorspace: int, color_range: int, expected: ColourEncoding) -> None:
    assert encoding_of(colorspace, color_range, "bt601") == expected
    if colorspace in (0, 2, 99):
        assert encoding_of(colorspace, color_range, "bt709").matrix == "bt709"


def test_files_without_a_word_go_by_their_size() -> None:
    assert [by_size(height) for height in (480, 576, 719, 720, 1080)] == ["bt601"] * 3 + ["bt709"] * 2


def test_it_is_cheap() -> None:
    """0.6 ms a 1080p picture, 0.35 for the range alone; measured against one pass of OpenCV over the same
    picture, which takes 0.45, since machines differ."""
    import cv2

    source, target = noise(1, 1920, 1080), new_picture(1920, 1080)

    def cpu_s(run: object) -> float:
        best = 1.0
        for _ in range(12):
            begun = time.thread_time()
            run()  # type: ignore[operator]
            best = min(best, time.thread_time() - begun)
        return best

    to_house(source, ColourEncoding("bt601"), target)
    pairs = list(zip(source, target, strict=True))
    once = cpu_s(lambda: [cv2.addWeighted(of, 0.5, to, 0.5, 0, dst=to) for of, to in pairs])
    assert cpu_s(lambda: to_house(source, ColourEncoding("bt601"), target)) < 2.5 * once
    assert cpu_s(lambda: to_house(source, ColourEncoding("bt709", True), target)) < 2.5 * once


def test_a_snapshot_has_the_right_colours() -> None:
    """A JPEG's colours are BT.601, full range (JFIF): any viewer sees the bars as they were meant."""
    import cv2

    picture = new_picture(640, 64)
    for index, colour in enumerate(BARS):
        for plane, value, width in zip(picture, yuv_of(colour), (80, 40, 40), strict=True):
            plane[:, index * width : (index + 1) * width] = value
    shown = cv2.imdecode(np.frombuffer(encode_jpeg(picture), np.uint8), cv2.IMREAD_COLOR)
    assert shown is not None
    for index, colour in enumerate(BARS):
        red, green, blue = (round(255 * part) for part in parse_hex(colour))
        assert np.abs(shown[32, index * 80 + 40].astype(int) - (blue, green, red)).max() <= 3, colour
