"""Decoded pictures as the mixer reads them: it trusts nothing but a plain array of the right shape."""

import io
import pickle
from pathlib import Path

import numpy as np
import pytest

from mixer.contract.colour import yuv_of
from mixer.graphics.stills import StillError, covering, inside, read_still, scaled


class Evil:
    def __reduce__(self) -> tuple[object, ...]:
        return (print, ("run",))


def saved(array: object) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=True)  # type: ignore[arg-type]
    return stream.getvalue()


def archived() -> bytes:
    stream = io.BytesIO()
    np.savez(stream, a=np.zeros((2, 2, 4), np.uint8))
    return stream.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x89PNG\r\n\x1a\n",
        pickle.dumps([1]),
        archived(),
        saved(np.array([Evil()], object)),
        saved(np.zeros((2, 2, 3), np.uint8)),
        saved(np.zeros((2, 2, 4), np.float32)),
        saved(np.zeros((0, 2, 4), np.uint8)),
        saved(np.zeros((16,), np.uint8)),
        saved(np.zeros((1, 5761, 4), np.uint8)),
        saved(np.zeros((64, 64, 4), np.uint8))[:-1],
        saved(np.zeros((2, 2, 4), np.uint8)).replace(b"(2, 2, 4)", b"(9**9,2,4)"),
    ],
)
def test_what_is_no_still_is_refused(
    tmp_path: Path, content: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "picture.npy"
    file.write_bytes(content)
    with pytest.raises(StillError) as caught:
        read_still(file)
    assert str(tmp_path) not in str(caught.value)
    assert capsys.readouterr().out == ""
    with pytest.raises(StillError):
        read_still(tmp_path / "none.npy")


def test_a_picture_keeps_its_shape_and_covers_a_canvas(tmp_path: Path) -> None:
    rgba = np.full((40, 80, 4), 255, np.uint8)
    rgba[:, :20, :3], rgba[:, 60:, :3] = 0, 0
    np.save(tmp_path / "picture.npy", rgba)
    still = read_still(tmp_path / "picture.npy")
    assert inside(still, 200, 200) == (200, 100)
    assert inside(still, 1000, 20) == (40, 20)
    square = covering(still, 40, 40, "#ff0000")
    assert (square.width, square.height) == (40, 40)
    assert np.all(square.y == 235)  # the middle: both dark sides are cropped


def test_what_cannot_be_seen_does_not_bleed(tmp_path: Path) -> None:
    rgba = np.zeros((40, 40, 4), np.uint8)
    rgba[:, :20] = (0, 255, 0, 0)
    rgba[:, 20:] = (255, 0, 0, 255)
    rgb, alpha = scaled(rgba, 10, 10)
    assert float(rgb[..., 1].max()) == 0.0
    assert alpha[0].tolist() == [0.0] * 5 + [1.0] * 5
    assert covering(rgba, 20, 20, "#0000ff").y[5, 2] == yuv_of("#0000ff")[0]
