"""What becomes of interlaced and HDR pictures: no combs, all of the motion, white near white."""

import gc
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from mixer.compose.colour_convert import ColourEncoding
from mixer.contract.picture import Picture, new_picture
from mixer.sources.clips import read_ahead
from mixer.sources.clips.clip_file import look
from mixer.sources.clips.read_ahead import PictureReader
from mixer.sources.frames import FrameConverter
from mixer.sources.tonemap import Colour, ToneMap
from studio.lab.harness.waiting import wait_until
from tests.support.media.material import ffmpeg

MOVING = (
    "-f lavfi -i color=black:s=320x192:r=50:d=0.6 -f lavfi -i color=white:s=32x192:r=50:d=0.6"
    " -filter_complex [0][1]overlay=x='20+t*300',tinterlace=interleave_{},setfield={} -r 25"
)


def read(path: Path, *, fields: bool) -> list[tuple[Fraction, Picture]]:
    """All of a clip's pictures with their positions."""
    info = look(path)
    reader = PictureReader(path, info, Fraction(0), info.duration_s, (640, 360), fields=fields)
    found: list[tuple[Fraction, Picture]] = []
    try:
        while True:
            wait_until("a picture or the end", lambda: reader.peek() is not None or reader.ended)
            shown = reader.peek()
            if shown is None:
                return found
            found.append((shown.position_s, shown.picture))
            reader.take()
    finally:
        reader.close()


def combs(picture: Picture) -> float:
    """How much a line differs from the mean of its neighbours."""
    y: NDArray[np.float64] = picture.y.astype(float)
    return float(np.abs(y[1:-1] - (y[:-2] + y[2:]) / 2).mean())


def place(picture: Picture) -> float:
    """Where the bar is, its middle."""
    weight = picture.y.astype(float).mean(0) - 16
    return float((weight * np.arange(len(weight))).sum() / weight.sum())


@pytest.mark.parametrize(
    ("order", "codec"),
    [
        (("top", "tff"), "-c:v libx264 -flags +ildct+ilme -x264-params tff=1 i.mp4"),
        (("bottom", "bff"), "-c:v libx264 -flags +ildct+ilme -x264-params bff=1 i.mkv"),
        (("top", "tff"), "-c:v mpeg2video -q:v 2 -flags +ildct+ilme i.mts"),
        (("bottom", "bff"), "-c:v mpeg2video -q:v 2 -flags +ildct+ilme i.mpg"),
        (("top", "tff"), "-c:v prores_ks -flags +ildct i.mov"),
    ],
)
def test_interlaced_pictures_show_no_combs_and_each_field(
    tmp_path: Path, order: tuple[str, str], codec: str
) -> None:
    words, _, name = codec.rpartition(" ")
    path = ffmpeg(tmp_path / name, f"{MOVING.format(*order)} {words}")
    with av.open(str(path)) as container:
        raw = FrameConverter((640, 360))
        combed = max(combs(raw.picture(each, Fraction(1))) for each in container.decode(video=0))
    both, single = read(path, fields=True), read(path, fields=False)
    assert (len(both), len(single)) == (30, 15)
    for found, step in ((both, 20), (single, 40)):
        assert max(combs(picture) for _, picture in found[1:-1]) < combed / 4
        times = [float(at_s) * 1000 for at_s, _ in found]
        assert np.diff(times).tolist() == pytest.approx([step] * (len(found) - 1), abs=1.5)
        # Fields in the wrong order would jump back at every second one.
        moves = np.diff([place(picture) for _, picture in found[1:-1]])
        assert moves.min() > step * 0.3 * 0.5, moves


def test_progressive_pictures_are_left_alone(tmp_path: Path) -> None:
    path = ffmpeg(tmp_path / "p.mp4", "-f lavfi -i testsrc2=s=320x192:r=25:d=0.4 -c:v libx264 -qp 1")
    with av.open(str(path)) as container:
        raw = [FrameConverter((640, 360)).picture(each, Fraction(1)) for each in container.decode(video=0)]
    found = read(path, fields=True)
    assert len(found) == len(raw)
    assert all(np.array_equal(one.y, other.y) for (_, one), other in zip(found, raw, strict=True))


def seen(path: Path) -> tuple[int, int, int]:
    """Luma and chroma in the middle of the first picture."""
    [(_, picture), *_] = read(path, fields=False)
    return int(picture.y[40, 60]), int(picture.u[20, 30]), int(picture.v[20, 30])


def flat(path: Path, codes: tuple[int, int, int], transfer: str, more: str = "") -> Path:
    y, u, v = codes
    source = f"-f lavfi -i nullsrc=s=160x90:d=0.1,format=yuv420p10le,geq=lum={y}:cb={u}:cr={v}"
    colours = f"-color_primaries bt2020 -color_trc {transfer} -colorspace bt2020nc"
    return ffmpeg(path, f"{source} {more or '-c:v libx264 -qp 1 -pix_fmt yuv420p10le'} {colours}")


@pytest.mark.parametrize(("transfer", "white"), [("arib-std-b67", 721), ("smpte2084", 573)])
def test_reference_white_of_hdr_is_white(tmp_path: Path, transfer: str, white: int) -> None:
    luma, *chroma = seen(flat(tmp_path / "white.mp4", (white, 512, 512), transfer))
    assert 215 <= luma <= 230
    assert chroma == [128, 128]
    luma, *_ = seen(flat(tmp_path / "black.mp4", (64, 512, 512), transfer))
    assert luma == 16
    luma, *_ = seen(flat(tmp_path / "peak.mp4", (940, 512, 512), transfer))
    assert luma == 235
    prores = flat(tmp_path / "white.mov", (white, 512, 512), transfer, "-c:v prores_ks -pix_fmt yuv422p10le")
    assert 215 <= seen(prores)[0] <= 230


def test_wide_primaries_are_made_bt709() -> None:
    """BT.709's red, written with BT.2020's and P3's primaries, is BT.709's red again."""
    into_wide = {
        "bt2020": np.array([0.6274, 0.0691, 0.0164]),
        "p3": np.array([0.8225, 0.0332, 0.0171]),
    }
    for primaries, light in into_wide.items():
        matrix = "bt2020" if primaries == "bt2020" else "bt709"
        k_r, k_b = (0.2627, 0.0593) if primaries == "bt2020" else (0.2126, 0.0722)
        r, g, b = (0.5 * light) ** (1 / 2.4)
        luma = k_r * r + (1 - k_r - k_b) * g + k_b * b
        codes = (
            64 + 876 * luma,
            512 + 896 * (b - luma) / (2 * (1 - k_b)),
            512 + 896 * (r - luma) / (2 * (1 - k_r)),
        )
        planes = [
            np.full(shape, round(code), np.uint16)
            for shape, code in zip(((32, 32), (16, 16), (16, 16)), codes, strict=True)
        ]
        into = new_picture(32, 32)
        ToneMap(Colour(ColourEncoding(matrix), "sdr", primaries)).convert(planes, into)  # type: ignore[arg-type]
        red = 0.5 ** (1 / 2.4)
        wanted = 16 + 219 * 0.2126 * red, 128 - 224 * 0.2126 * red / 1.8556, 128 + 224 * red / 2
        assert [float(plane.mean()) for plane in into] == pytest.approx(wanted, abs=8)


def test_no_picture_outlives_its_conversion(tmp_path: Path) -> None:
    path = ffmpeg(tmp_path / "p.mp4", "-f lavfi -i testsrc2=s=64x64:r=25:d=1 -c:v mpeg4")
    converter = FrameConverter((64, 64))
    gc.collect()
    gc.disable()  # what needs it to go away stays for seconds, 3 MB each
    try:
        with av.open(str(path)) as container:
            for frame in container.decode(video=0):
                converter.picture(frame, Fraction(1))
            alive = sum(isinstance(each, av.VideoFrame) for each in gc.get_objects())
    finally:
        gc.enable()
    assert alive <= 3


PLAIN = "-f lavfi -i testsrc2=s=320x192:r=25:d=1 -c:v libx264 -pix_fmt yuv420p -colorspace bt709"


def test_a_picture_that_is_as_it_should_be_is_not_copied(tmp_path: Path) -> None:
    with av.open(ffmpeg(tmp_path / "plain.mp4", PLAIN)) as container:
        frame = next(container.decode(video=0))
        picture = FrameConverter((640, 360)).picture(frame, Fraction(1))
    assert np.shares_memory(picture.y, np.frombuffer(memoryview(frame.planes[0]), np.uint8))
    small = FrameConverter((160, 96)).picture(frame, Fraction(1))
    assert (small.width, small.height) == (160, 96)


def test_fewer_pictures_are_read_ahead_where_they_are_large(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = ffmpeg(tmp_path / "plain.mp4", PLAIN)
    info = look(path)
    monkeypatch.setattr(read_ahead, "PICTURE_BYTES", 1)
    reader = PictureReader(path, info, Fraction(0), info.duration_s, (640, 360))
    try:
        for _ in range(4):
            wait_until("as many as always", lambda: reader.peek(read_ahead.FEWEST - 1) is not None)
            assert reader.peek(read_ahead.FEWEST) is None
            reader.take()
    finally:
        reader.close()


def test_a_clip_that_was_read_leaves_no_pictures_behind(tmp_path: Path) -> None:
    """One alone holds all that its decoder made: a clip that loops would take more with each turn."""
    path = ffmpeg(tmp_path / "plain.mp4", PLAIN)
    info = look(path)
    gc.collect()
    gc.disable()
    try:
        reader = PictureReader(path, info, Fraction(0), info.duration_s, (640, 360))
        wait_until("there is a picture", lambda: reader.peek() is not None)
        assert any(isinstance(each, av.VideoFrame) for each in gc.get_objects())
        while not reader.ended or reader.peek() is not None:
            wait_until("a picture or the end", lambda: reader.peek() is not None or reader.ended)
            if reader.peek() is not None:
                reader.take()
        wait_until(
            "no picture is left",
            lambda: not any(isinstance(each, av.VideoFrame) for each in gc.get_objects()),
        )
    finally:
        gc.enable()
