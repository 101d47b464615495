"""Clips and stills with an alpha channel, as people bring them: found, kept, and without a fringe."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from mixer.contract.findings import Converted, Demands
from mixer.graphics.stills import read_still
from mixer.sources.clips.clip_file import look
from mixer.sources.clips.converter import convert
from mixer.sources.clips.read_ahead import PictureReader, Shown
from mixer.sources.importer import examine
from mixer.sources.stills.still import layer_of
from studio.lab.harness.waiting import wait_until
from tests.integration.files.test_clip_files import MATRICES, with_matrix
from tests.support.media.material import ffmpeg

Rgba = NDArray[np.uint8]
CODECS = {
    "vp9.webm": "-c:v libvpx-vp9 -auto-alt-ref 0 -pix_fmt yuva420p",
    "vp8.webm": "-c:v libvpx -auto-alt-ref 0 -pix_fmt yuva420p -b:v 4M",
    "vp8.mkv": "-c:v libvpx -auto-alt-ref 0 -pix_fmt yuva420p -b:v 4M",
    "4444.mov": "-c:v prores_ks -profile:v 4444 -pix_fmt yuva444p10le",
    "animation.mov": "-c:v qtrle",
    "png.mov": "-c:v png",
    "ffv1.mkv": "-c:v ffv1 -pix_fmt yuva420p",
    "cineform.mov": "-c:v cfhd -pix_fmt gbrap12le",
    "utvideo.avi": "-c:v utvideo -pix_fmt gbrap",
}
HALF = "-f lavfi -i color=white:s=160x96:r=25:d=0.2,format=rgba,colorchannelmixer=aa=0.5"


def first(path: Path, box: tuple[int, int] = (640, 360)) -> Shown:
    info = look(path)
    reader = PictureReader(path, info, Fraction(0), info.duration_s, box)
    try:
        wait_until("a picture", lambda: reader.peek() is not None)
        shown = reader.peek()
        assert shown is not None
        return shown
    finally:
        reader.close()


@pytest.mark.parametrize("name", CODECS)
def test_alpha_of_clips_is_found_and_kept(tmp_path: Path, name: str) -> None:
    path = ffmpeg(tmp_path / name, f"{HALF} {CODECS[name]}")
    found = examine(path, tmp_path)
    assert found.alpha
    assert found.warnings == ("clip.no-sound",)
    for box in ((640, 360), (80, 48)):
        shown = first(path, box)
        assert shown.alpha is not None
        assert shown.alpha.shape == shown.picture.y.shape
        assert np.abs(shown.alpha.astype(int) - 128).max() <= 2
        # As it looks over black.
        assert np.abs(shown.picture.y.astype(int) - 126).max() <= 2
        assert np.abs(shown.picture.u.astype(int) - 128).max() <= 1


def test_clips_without_alpha_have_none(tmp_path: Path) -> None:
    plain = "-f lavfi -i color=white:s=160x96:r=25:d=0.2"
    palette = "-f lavfi -i testsrc2=s=160x96:r=25:d=0.2,format=rgb24,format=pal8"
    for name, words in (
        ("a.webm", f"{plain} -c:v libvpx-vp9"),
        ("b.mov", f"{plain} -c:v prores_ks"),
        ("c.mov", f"{plain} -c:v qtrle -pix_fmt rgb24"),
        ("d.mov", f"{palette} -c:v png"),
        ("e.avi", f"{plain},format=rgba,colorchannelmixer=aa=0 -c:v rawvideo -pix_fmt bgra"),
    ):
        path = ffmpeg(tmp_path / name, words)
        assert not examine(path, tmp_path).alpha, name
        shown = first(path)
        assert shown.alpha is None
        assert shown.picture.y[48, 80] > 30


def test_a_byte_that_nobody_wrote_does_not_blacken_what_is_converted(tmp_path: Path) -> None:
    unwritten = "-f lavfi -i color=white:s=160x96:r=25:d=0.2,format=rgba,colorchannelmixer=aa=0"
    path = ffmpeg(tmp_path / "raw.avi", f"{unwritten} -c:v rawvideo -pix_fmt bgra")
    *_, told = convert(path, tmp_path / "converted.mkv", Demands(canvases=((160, 96),), fps=(25, 1)))
    assert isinstance(told, Converted)
    assert first(tmp_path / "converted.mkv").picture.y.min() > 230


def test_colours_that_cannot_be_seen_do_not_bleed_into_edges(tmp_path: Path) -> None:
    """A soft white disc; where alpha is 0 the file is green. What is made of it must be white or nothing."""
    across, up = np.meshgrid(np.arange(160) - 80, np.arange(96) - 48)
    alpha = np.clip(300 - 8 * np.hypot(across, up), 0, 255)
    pixels = np.full((96, 160, 4), 255, np.uint8)
    pixels[alpha < 1] = (0, 255, 0, 0)
    pixels[..., 3] = alpha
    Image.fromarray(pixels).save(tmp_path / "disc.png")
    still = examine(tmp_path / "disc.png", tmp_path)
    assert still.alpha
    disc = f"-loop 1 -r 25 -t 0.2 -i {tmp_path / 'disc.png'}"
    for name in ("4444.mov", "animation.mov", "png.mov", "ffv1.mkv"):
        path = ffmpeg(tmp_path / name, f"{disc} {CODECS[name]}")
        for box in ((640, 360), (64, 38)):
            shown = first(path, box)
            assert shown.alpha is not None
            expected = 16 + 219 * (shown.alpha / 255)
            # What is neutral stays so, and is as bright as its share.
            assert np.abs(shown.picture.y - expected).max() <= (4 if name != "ffv1.mkv" else 24), (name, box)
            allowed = {"ffv1.mkv": 16, "4444.mov": 6}.get(name, 2)  # 4:2:0 mixes chroma in the file itself
            assert np.abs(shown.picture.u.astype(int) - 128).max() <= allowed, (name, box)
    for size in ((160, 96), (64, 38)):
        layer = layer_of(read_still(tmp_path / "picture.npy"), size)
        assert layer.alpha is not None
        assert np.abs(layer.picture.y - (16 + 219 * (layer.alpha / 255))).max() <= 2
        assert np.abs(layer.picture.u.astype(int) - 128).max() <= 1


def test_alpha_is_turned_with_its_picture(tmp_path: Path) -> None:
    quarter = "geq=r=255:g=255:b=255:a='255*gt(X,31)*gt(Y,15)'"
    source = f'-f lavfi -i "color=white:s=64x32:r=25:d=0.1,format=rgba,{quarter}"'
    path = ffmpeg(tmp_path / "t.mov", f"{source} -c:v png -pix_fmt rgba")
    for matrix in MATRICES:
        with_matrix(path, matrix)
        shown = first(path)
        assert shown.alpha is not None
        # What isn't transparent is white: both lie in the same quarter.
        assert ((shown.alpha > 128) == (shown.picture.y > 128)).mean() > 0.98, matrix
        assert 0.2 < (shown.alpha > 128).mean() < 0.3


STILLS = ["a.png", "a.webp", "a.gif", "a.avif", "a.heic"]


def still(path: Path, pixels: Rgba) -> None:
    image = Image.fromarray(pixels)
    if path.suffix == ".heic":
        import pillow_heif

        pillow_heif.from_pillow(image).save(path, quality=95)
    elif path.suffix == ".gif":
        image.save(path, transparency=0)
    else:
        image.save(path, lossless=True) if path.suffix == ".webp" else image.save(path)


@pytest.mark.parametrize("name", STILLS)
def test_alpha_of_stills_is_found_where_anything_is_transparent(tmp_path: Path, name: str) -> None:
    pixels = np.full((64, 96, 4), 255, np.uint8)
    pixels[:, :48, 3] = 0
    still(tmp_path / name, pixels)
    assert examine(tmp_path / name, tmp_path).alpha
    layer = layer_of(read_still(tmp_path / "picture.npy"), (96, 64))
    assert layer.alpha is not None
    assert layer.alpha[:, :40].max() <= 3
    assert layer.alpha[:, 56:].min() >= 252
    assert layer.picture.y[:, :40].max() <= 18
    pixels[..., 3] = 255
    still(tmp_path / name, pixels)
    if name != "a.gif":
        assert not examine(tmp_path / name, tmp_path).alpha
        assert layer_of(read_still(tmp_path / "picture.npy"), (96, 64)).alpha is None


def alpha_blocks(data: bytearray) -> list[tuple[int, int]]:
    """Where the alpha's packets lie in a Matroska file: (start, length) of each."""
    found, at = [], 0
    while (at := data.find(b"\xa5", at)) >= 0:  # BlockAdditional
        size, head = data[at + 1], 1
        if size & 0x80:
            length = size & 0x7F
        elif size & 0x40:
            length, head = (size & 0x3F) << 8 | data[at + 2], 2
        else:
            at += 1
            continue
        if data[at - 3 : at - 1] == b"\xee\x81" or data[at + 1 + head + length :][:2] == b"\xee\x81":
            found.append((at + 1 + head, length))
        at += 1
    return found


def test_damaged_alpha_takes_neither_the_clip_nor_the_player_along(tmp_path: Path) -> None:
    moving = "geq=lum='lum(X,Y)':cb='cb(X,Y)':cr='cr(X,Y)':a='mod(X*7+Y*3+N*9,256)'"
    noise = f'-f lavfi -i "testsrc2=s=160x96:r=25:d=1,format=yuva420p,{moving}"'
    path = ffmpeg(tmp_path / "n.webm", f"{noise} -c:v libvpx -auto-alt-ref 0 -pix_fmt yuva420p -g 5")
    whole = bytearray(path.read_bytes())
    blocks = alpha_blocks(whole)
    assert len(blocks) >= 20
    data = bytearray(whole)
    for start, length in blocks[7:]:
        data[start : start + length] = bytes(0xFF for _ in range(length))
    path.write_bytes(data)
    found = examine(path, tmp_path)
    assert found.alpha
    assert found.duration_s == pytest.approx(1, abs=0.1)
    info = look(path)
    reader = PictureReader(path, info, Fraction(0), info.duration_s, (160, 96))
    pictures: list[Shown] = []
    while True:
        wait_until("a picture or the end", lambda: reader.peek() is not None or reader.ended)
        shown = reader.peek()
        if shown is None:
            break
        pictures.append(shown)
        reader.take()
    assert len(pictures) >= 7
    assert reader.damage.packets
    for start, length in blocks[:7]:
        data[start : start + length] = bytes(0xFF for _ in range(length))
    path.write_bytes(data)
    found = examine(path, tmp_path)
    assert not found.alpha
    assert "clip.alpha-damaged" in found.warnings
    assert first(path).alpha is None


def test_a_truncated_clip_keeps_its_alpha(tmp_path: Path) -> None:
    path = ffmpeg(tmp_path / "t.webm", f"{HALF.replace('d=0.2', 'd=2')} {CODECS['vp8.webm']}")
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    found = examine(path, tmp_path)
    assert found.alpha
    assert "clip.truncated" in found.warnings
    shown = first(path)
    assert shown.alpha is not None
    assert np.abs(shown.alpha.astype(int) - 128).max() <= 2


def test_a_stream_that_is_pulled_lies_over_black(tmp_path: Path) -> None:
    """A converter asked for pictures alone shows transparent ones over black, not in hidden colours."""
    from mixer.sources.frames import FrameConverter

    hidden = "-f lavfi -i color=red:s=64x32:r=25:d=0.1,format=rgba,colorchannelmixer=aa=0"
    with av.open(str(ffmpeg(tmp_path / "h.mov", f"{hidden} -c:v png"))) as container:
        picture = FrameConverter((64, 32)).picture(next(container.decode(video=0)), Fraction(1))
    assert [set(plane.ravel().tolist()) for plane in picture] == [{16}, {128}, {128}]
