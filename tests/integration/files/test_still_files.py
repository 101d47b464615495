"""Pictures as people bring them: phones' formats, files without their end, animations, turned ones."""

import io
from pathlib import Path

import cv2
import numpy as np
import pillow_heif
import pytest
import pyvips
from numpy.typing import NDArray
from PIL import Image

from mixer.contract.findings import Found
from mixer.graphics.stills import read_still
from mixer.sources.importer import examine
from mixer.sources.player import MediaError

QUARTERS = [(255, 255, 255), (255, 0, 0), (0, 255, 0), (0, 0, 255)]


def quartered(width: int = 160, height: int = 90) -> NDArray[np.uint8]:
    picture = np.empty((height, width, 3), np.uint8)
    for index, colour in enumerate(QUARTERS):
        y, x = divmod(index, 2)
        picture[y * height // 2 :, x * width // 2 :] = colour
    return picture


def noisy(width: int = 320, height: int = 240) -> NDArray[np.uint8]:
    return np.random.default_rng(1).integers(0, 255, (height, width, 3), np.uint8)


def kept(path: Path) -> tuple[Found, NDArray[np.uint8]]:
    found = examine(path, path.parent)
    return found, np.asarray(read_still(path.parent / "picture.npy"))


def colours(pixels: NDArray[np.uint8]) -> list[int]:
    """Which of the quarters' colours lie top left, top right, bottom left, bottom right."""
    height, width = pixels.shape[:2]
    found = []
    for y in (height // 4, height * 3 // 4):
        for x in (width // 4, width * 3 // 4):
            off = [np.abs(pixels[y, x, :3].astype(int) - colour).sum() for colour in QUARTERS]
            assert min(off) < 60
            found.append(int(np.argmin(off)))
    return found


def heic(path: Path, picture: NDArray[np.uint8], **how: object) -> Path:
    image = pillow_heif.from_pillow(Image.fromarray(picture))
    image.save(path, quality=90, **how)
    return path


def test_a_phone_s_photo_is_taken_whole_and_turned(tmp_path: Path) -> None:
    found, pixels = kept(heic(tmp_path / "a", quartered()))
    assert (found.kind, found.width, found.height, found.warnings) == ("still", 160, 90, ())
    assert colours(pixels) == [0, 1, 2, 3]
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90° clockwise
    found, pixels = kept(heic(tmp_path / "b", quartered(), exif=exif.tobytes()))
    assert (found.width, found.height) == (90, 160)
    assert colours(pixels) == [2, 0, 3, 1]


def test_a_large_photo_of_many_tiles_is_whole(tmp_path: Path) -> None:
    found, pixels = kept(heic(tmp_path / "a", quartered(1400, 900)))
    assert (found.width, found.height) == (1400, 900)
    assert colours(pixels) == [0, 1, 2, 3]


def test_avif(tmp_path: Path) -> None:
    path = tmp_path / "a.avif"
    picture = quartered()
    pyvips.Image.new_from_memory(picture.tobytes(), 160, 90, 3, "uchar").write_to_file(str(path))
    found, pixels = kept(path)
    assert (found.kind, found.width, found.height) == ("still", 160, 90)
    assert colours(pixels) == [0, 1, 2, 3]
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(MediaError) as refused:
        examine(path, tmp_path)
    assert refused.value.trouble.code == "media.corrupt"


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_jpeg_is_turned_as_its_camera_says(tmp_path: Path, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(quartered()).save(tmp_path / "a", "JPEG", quality=95, exif=exif.tobytes())
    turned = [[0, 1, 2, 3], [1, 0, 3, 2], [3, 2, 1, 0], [2, 3, 0, 1]]
    turned += [[0, 2, 1, 3], [2, 0, 3, 1], [3, 1, 2, 0], [1, 3, 0, 2]]
    assert colours(kept(tmp_path / "a")[1]) == turned[orientation - 1]


def encoded(kind: str, picture: NDArray[np.uint8]) -> bytes:
    if kind in ("gif", "webp", "progressive"):
        into = io.BytesIO()
        name = {"gif": "GIF", "webp": "WEBP", "progressive": "JPEG"}[kind]
        Image.fromarray(picture).save(into, name, progressive=kind == "progressive")
        return into.getvalue()
    return cv2.imencode(f".{kind}", picture)[1].tobytes()


@pytest.mark.parametrize("kind", ["jpg", "progressive", "png", "gif", "webp"])
def test_a_file_without_its_end_is_shown_and_half_of_it_is_refused(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "a"
    whole = encoded(kind, noisy())
    path.write_bytes(whole)
    all_of_it = kept(path)[1]
    for lacking in (1, 2):
        path.write_bytes(whole[:-lacking])
        found, pixels = kept(path)
        assert (found.width, found.height) == (320, 240)
        assert np.abs(pixels[:-16].astype(int) - all_of_it[:-16]).max() <= 1
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(MediaError) as refused:
        examine(path, tmp_path)
    assert refused.value.trouble.code == "media.corrupt"


@pytest.mark.parametrize("kind", ["gif", "webp", "png"])
def test_of_an_animation_the_first_picture_is_shown_and_told(tmp_path: Path, kind: str) -> None:
    pictures = [Image.fromarray(quartered()), Image.fromarray(noisy(160, 90))]
    pictures[0].save(tmp_path / "a", kind.upper(), save_all=True, append_images=pictures[1:], duration=100)
    found, pixels = kept(tmp_path / "a")
    assert (found.width, found.height, found.warnings) == (160, 90, ("picture.animated",))
    assert colours(pixels) == [0, 1, 2, 3]
    pictures[0].save(tmp_path / "b", kind.upper())
    assert kept(tmp_path / "b")[0].warnings == ()


def test_a_wall_sized_still_keeps_its_pixels(tmp_path: Path) -> None:
    columns = np.zeros((1080, 5760, 3), np.uint8)
    columns[:, ::2] = 255
    (tmp_path / "a").write_bytes(encoded("png", columns))
    found, pixels = kept(tmp_path / "a")
    assert (found.width, found.height) == (5760, 1080)
    assert pixels[540, :4, 0].tolist() == [255, 0, 255, 0]
    (tmp_path / "a").write_bytes(encoded("png", np.zeros((4000, 3000, 3), np.uint8)))
    assert kept(tmp_path / "a")[0].height == 2304


@pytest.mark.parametrize("kind", ["jpg", "webp", "gif"])
def test_a_foot_of_one_colour_is_no_missing_one(tmp_path: Path, kind: str) -> None:
    scan = noisy(320, 320)
    scan[200:] = 255
    path = tmp_path / f"scan.{kind}"
    Image.fromarray(scan).save(path, quality=90)
    path.write_bytes(path.read_bytes()[:-2] if kind != "gif" else path.read_bytes()[:-1])
    found, pixels = kept(path)
    assert set(found.warnings) <= {"picture.end-missing"}
    assert (pixels[210:, :, :3] > 250).all()
