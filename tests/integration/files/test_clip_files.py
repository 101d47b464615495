"""What is found in clips as people bring them: their time line, tracks, codecs, orientation and rate."""

import itertools
import random
import struct
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from mixer.sources.clips.clip_file import ClipInfo, look
from mixer.sources.clips.tracks import HearableTrack, choose
from mixer.sources.frames import FrameConverter
from mixer.sources.importer import examine
from mixer.sources.player import MediaError
from tests.support.media.material import ffmpeg, make_clip

PICTURE = "-f lavfi -i testsrc2=s=160x90:r=25:d={}"
TONE = "-f lavfi -i sine=d={}"


def refusal(path: Path) -> tuple[str, str]:
    with pytest.raises(MediaError) as refused:
        examine(path, path.parent)
    return refused.value.trouble


def long_sound(folder: Path, name: str, codecs: str) -> ClipInfo:
    return look(ffmpeg(folder / name, f"{PICTURE.format(1)} {TONE.format(3)} {codecs}"))


@pytest.mark.parametrize(
    ("name", "codecs"),
    [
        ("t.mkv", "-c:v mpeg4 -c:a aac"),
        ("t.mp4", "-c:v mpeg4 -c:a aac"),
        ("t.webm", "-c:v libvpx -c:a libopus"),
        ("t.mts", "-c:v mpeg2video -c:a mp2"),
        ("t.avi", "-c:v mpeg4 -c:a mp2"),
        ("t.wmv", "-c:v wmv2 -c:a wmav2"),
    ],
)
def test_sound_that_outlasts_the_picture_counts(tmp_path: Path, name: str, codecs: str) -> None:
    info = long_sound(tmp_path, name, codecs)
    assert float(info.duration_s) == pytest.approx(3, abs=0.06)
    assert not info.truncated
    picture, sound = info.tracks
    assert picture.end_s - picture.start_s == pytest.approx(1, abs=0.06)
    assert sound.end_s == pytest.approx(3, abs=0.06)
    assert 1 / info.frame_s == 25


@pytest.mark.parametrize(
    ("name", "codecs"),
    [("e.webm", "-c:v libvpx -c:a libopus"), ("e.mp4", "-fps_mode passthrough -c:v mpeg4 -c:a aac")],
)
def test_sound_that_begins_before_the_picture_counts(tmp_path: Path, name: str, codecs: str) -> None:
    late = f"-itsoffset 1 {PICTURE.format(1)} {TONE.format(2)} -map 0:v -map 1:a {codecs}"
    info = look(ffmpeg(tmp_path / name, late))
    assert float(info.duration_s) == pytest.approx(2, abs=0.06)
    assert not info.truncated
    assert info.tracks[0].start_s == pytest.approx(1, abs=0.02)


def test_a_picture_that_outlasts_its_sound_and_a_codec_s_filling(tmp_path: Path) -> None:
    longer = look(ffmpeg(tmp_path / "a.mkv", f"{PICTURE.format(3)} {TONE.format(1)} -c:v mpeg4 -c:a aac"))
    assert (float(longer.duration_s), longer.truncated) == (3.0, False)
    equal = look(ffmpeg(tmp_path / "b.mkv", f"{PICTURE.format(1)} {TONE.format(1)} -c:v mpeg4 -c:a aac"))
    assert equal.duration_s == 1, "the rest of AAC's last block is no part of the clip"


@pytest.mark.parametrize("name", ["cut.mkv", "cut.mp4"])
def test_a_file_that_ends_in_the_middle_is_told(tmp_path: Path, name: str) -> None:
    codecs = "-movflags faststart -c:v mpeg4 -c:a aac" if name.endswith("mp4") else "-c:v mpeg4 -c:a aac"
    path = ffmpeg(tmp_path / name, f"{PICTURE.format(6)} {TONE.format(6)} {codecs}")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    info = look(path)
    assert info.truncated
    assert 1.5 < info.duration_s < 5


def test_streams_that_come_up_in_a_damaged_file_end_nothing(tmp_path: Path) -> None:
    """PyAV doesn't know streams that FFmpeg meets after it has opened a file."""
    moving = "-f lavfi -i testsrc2=s=160x90:r=25:d=2 -c:v mpeg2video -q:v 2"
    whole = ffmpeg(tmp_path / "whole.mts", moving).read_bytes()
    for seed in (19, 20, 21):
        chance, data = random.Random(seed), bytearray(whole)
        for at in range(0, len(data), 188):
            if chance.random() < 0.2:
                data[at + 1 : at + 3] = chance.randbytes(2)  # another stream's, or nobody's
        (tmp_path / "a.mts").write_bytes(data)
        assert examine(tmp_path / "a.mts", tmp_path).width == 160


MICROPHONES = f"{PICTURE.format(1)} -f lavfi -i sine=440:d=1 -f lavfi -i {{}} -map 0 -map 1 -map 2 -ac 1"


def test_a_camera_s_microphones_are_left_and_right(tmp_path: Path) -> None:
    both = MICROPHONES.format("sine=880:d=1") + " -c:v mpeg4 -c:a pcm_s16le"
    info = look(ffmpeg(tmp_path / "m.mov", both))
    assert [track.use for track in info.tracks] == ["picture", "left", "right"]
    one = MICROPHONES.format("anullsrc=d=1") + " -c:v mpeg4 -c:a pcm_s16le"
    info = look(ffmpeg(tmp_path / "n.mov", one))
    assert [(track.use, track.silent) for track in info.tracks[1:]] == [("sound", False), ("", True)]
    told = look(tmp_path / "m.mov")
    assert told.hearing((2,)).sounds == told.sounds[1:]
    assert told.hearing((2, 1)).sounds == told.sounds[::-1]
    assert told.hearing((3,)) == told.hearing(()) == told


def test_which_tracks_are_heard() -> None:
    def chosen(*tracks: HearableTrack, silent: str = "") -> tuple[int, ...]:
        return choose(tracks, lambda index: str(index) in silent)

    stereo, other = HearableTrack(1, False, "kor", True), HearableTrack(2, False, "eng", False)
    assert chosen(stereo, other) == (1,)
    assert chosen(stereo._replace(marked=False), other._replace(marked=True)) == (2,)
    assert chosen(stereo, other, silent="1") == (2,), "a silent one is not preferred"
    assert chosen(stereo, other, silent="12") == (1,)
    assert chosen(stereo._replace(aside=True), other) == (2,), (
        "a description for the blind is no first choice"
    )
    mono = [HearableTrack(index, True, "", index == 1) for index in (1, 2, 3)]
    assert chosen(*mono) == (1, 2)
    assert chosen(*mono, silent="1") == (2, 3)
    assert chosen(*mono, silent="23") == (1,)
    assert chosen(mono[0], mono[1]._replace(language="eng")) == (1,), "two languages are no two sides"
    assert chosen(mono[0]._replace(marked=False), mono[1]._replace(marked=True)) == (2,)
    assert chosen(mono[0]._replace(side="right"), mono[1]._replace(side="left")) == (2, 1)
    assert chosen() == ()


def test_of_two_pictures_the_default_one_is_played_and_a_cover_is_none(tmp_path: Path) -> None:
    two = (
        "-f lavfi -i color=red:s=64x36:d=0.2 -f lavfi -i color=blue:s=96x54:d=0.2 -map 0 -map 1 -c:v mpeg4"
        " -disposition:v:0 0 -disposition:v:1 default"
    )
    assert look(ffmpeg(tmp_path / "two.mkv", two)).width == 96
    ffmpeg(tmp_path / "cover.jpg", "-f lavfi -i color=red:s=64x64:d=0.1 -frames:v 1")
    ffmpeg(tmp_path / "tone.mp3", TONE.format(1))
    with_cover = (
        "-i {folder}/tone.mp3 -i {folder}/cover.jpg -map 0 -map 1 -c copy -disposition:v attached_pic"
    )
    info = look(ffmpeg(tmp_path / "covered.mp3", with_cover))
    assert (info.picture, info.width, info.sound) == (None, 0, True)


def test_a_codec_without_a_decoder_is_named(tmp_path: Path) -> None:
    path = ffmpeg(tmp_path / "a.mp4", f"{PICTURE.format(1)} {TONE.format(1)} -c:v libx264 -c:a aac")
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b"avc1", b"Hap7"))
    code, reason = refusal(path)
    assert code == "clip.codec"
    assert "Hap7" in reason
    path = ffmpeg(tmp_path / "a.mov", f"{PICTURE.format(1)} {TONE.format(1)} -c:v libx264 -c:a pcm_s16le")
    path.write_bytes(path.read_bytes().replace(b"sowt", b"QDMX"))
    found = examine(path, tmp_path)
    assert "clip.sound-codec" in found.warnings
    assert [(track.codec, track.playable) for track in found.tracks] == [("h264", True), ("QDMX", False)]
    alone = ffmpeg(tmp_path / "b.mov", f"{TONE.format(1)} -c:a pcm_s16le")
    alone.write_bytes(alone.read_bytes().replace(b"sowt", b"QDMX"))
    code, reason = refusal(alone)
    assert code == "clip.codec"
    assert "QDMX" in reason


@pytest.mark.parametrize("ending", ["wav", "mp3", "m4a", "flac", "ogg", "opus", "aiff", "aac", "mka", "wma"])
def test_sound_alone_is_a_clip_without_a_picture(tmp_path: Path, ending: str) -> None:
    found = examine(ffmpeg(tmp_path / f"s.{ending}", TONE.format(2)), tmp_path)
    assert (found.kind, found.width, found.fps, found.sound, found.warnings) == ("clip", 0, 0, True, ())
    assert found.duration_s == pytest.approx(2, abs=0.06)


MATRICES = [
    (a, b, c, d)
    for a, b, c, d in itertools.product((-1, 0, 1), repeat=4)
    if abs(a) + abs(b) == 1 and abs(a) == abs(d) and abs(b) == abs(c)
]


def with_matrix(path: Path, matrix: tuple[int, int, int, int]) -> None:
    """Writes it into the first track's header of an MP4 file."""
    data = bytearray(path.read_bytes())
    at = data.index(b"tkhd") + 44
    a, b, c, d = (each << 16 for each in matrix)
    data[at : at + 36] = struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)
    path.write_bytes(data)


def test_all_eight_orientations(tmp_path: Path) -> None:
    assert len(MATRICES) == 8

    def corners(_: int, width: int, height: int) -> np.ndarray:
        picture = np.zeros((height, width, 3), np.uint8)
        for index, (y, x) in enumerate(itertools.product((0, 1), repeat=2)):
            picture[y * height // 2 :, x * width // 2 :] = 60 * (index + 1)
        return picture

    path = make_clip(tmp_path / "a.mp4", pictures=3, size=(64, 32), draw=corners)
    names = set()
    for matrix in MATRICES:
        with_matrix(path, matrix)
        found = examine(path, tmp_path)
        names.add(found.orientation)
        with av.open(str(path)) as container:
            picture = FrameConverter((640, 360)).picture(next(container.decode(video=0)), Fraction(1))
        assert (picture.width, picture.height) == (found.width, found.height)
        assert (picture.width, picture.height) == ((64, 32) if matrix[0] else (32, 64))
        shown = {}
        for y, x in itertools.product((-1, 1), repeat=2):
            to_x, to_y = matrix[0] * x + matrix[2] * y, matrix[1] * x + matrix[3] * y
            shown[(to_y > 0, to_x > 0)] = 60 * (2 * (y > 0) + (x > 0) + 1)
        quarters = [
            int(picture.y[(2 * y + 1) * picture.height // 4, (2 * x + 1) * picture.width // 4])
            for y, x in itertools.product((0, 1), repeat=2)
        ]
        expected = [shown[(bool(y), bool(x))] for y, x in itertools.product((0, 1), repeat=2)]
        assert np.argsort(quarters).tolist() == np.argsort(expected).tolist(), matrix
    assert len(names) == 8


def test_odd_rates_and_odd_sizes(tmp_path: Path) -> None:
    movie = f"{PICTURE.format(3).replace('r=25', 'r=30000/1001')} -c:v mpeg4 -g 3 -movflags {{}}"
    for flags in ("frag_keyframe+empty_moov", "empty_moov+default_base_moof+frag_every_frame"):
        info = look(ffmpeg(tmp_path / "f.mp4", movie.format(flags)))
        assert 1 / info.frame_s == Fraction(30000, 1001)
        assert float(info.duration_s) == pytest.approx(3, abs=0.1)
    odd = ffmpeg(
        tmp_path / "odd.mkv",
        "-f lavfi -i color=s=18x10:d=0.2,format=gbrp,crop=17:9 -c:v ffv1 -pix_fmt yuv420p",
    )
    assert (look(odd).width, look(odd).height) == (17, 9)
    with av.open(str(odd)) as container:
        picture = FrameConverter((640, 360)).picture(next(container.decode(video=0)), Fraction(1))
    assert (picture.width, picture.height, picture.u.shape) == (17, 9, (5, 9))


def box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content) + 8) + kind + content


@pytest.mark.parametrize("tracks", [150, 10_000])
def test_a_file_of_ten_thousand_tracks_is_refused_in_plain_words(tmp_path: Path, tracks: int) -> None:
    path = make_clip(tmp_path / "a.mp4", pictures=2, size=(32, 32), container={"movflags": "faststart"})
    data = path.read_bytes()
    at = data.index(b"moov") - 4
    moov = data[at + 8 : at + struct.unpack(">I", data[at : at + 4])[0]]
    trak = moov.index(b"trak") - 4
    size = struct.unpack(">I", moov[trak : trak + 4])[0]
    many = moov[:trak] + moov[trak : trak + size] * tracks
    path.write_bytes(data[:at] + box(b"moov", many) + data[at + 8 + len(moov) :])
    assert refusal(path)[0] == "clip.too-many-tracks"


@pytest.mark.parametrize("ending", ["mp4", "m4a", "flac"])
def test_a_cover_takes_no_time(tmp_path: Path, ending: str) -> None:
    cover = ffmpeg(tmp_path / "cover.jpg", "-f lavfi -i color=red:s=64x64 -frames:v 1")
    clip = f"{PICTURE.format(3)} -i {cover} -map 0 -map 1 -c:v:0 mpeg4 -c:v:1 copy"
    clip = f"{clip} -disposition:v:1 attached_pic"
    song = f"{TONE.format(3)} -i {cover} -map 0 -map 1 -c:v copy -disposition:v attached_pic"
    info = look(ffmpeg(tmp_path / f"c.{ending}", clip if ending == "mp4" else song))
    assert (info.truncated, round(float(info.duration_s), 1)) == (False, 3.0)


def test_subtitles_may_outlast_all_else(tmp_path: Path) -> None:
    texts = tmp_path / "t.srt"
    texts.write_text("1\n00:00:00,000 --> 00:00:06,000\nGood evening\n")
    info = look(ffmpeg(tmp_path / "s.mkv", f"{PICTURE.format(3)} -i {texts} -c:v mpeg4 -c:s srt"))
    assert (info.truncated, float(info.duration_s)) == (False, 3.0)


def test_sound_without_any_is_empty(tmp_path: Path) -> None:
    path = ffmpeg(tmp_path / "n.wav", TONE.format(1))
    path.write_bytes(path.read_bytes()[:36] + b"data\0\0\0\0")
    assert refusal(path)[0] == "clip.empty"


def test_one_missing_picture_makes_no_odd_rate(tmp_path: Path) -> None:
    without = "-vf 'select=not(eq(n\\,30))' -fps_mode passthrough -c:v mpeg4"
    info = look(ffmpeg(tmp_path / "g.mkv", f"{PICTURE.format(3)} {without}"))
    assert (float(1 / info.frame_s), info.varying) == (25.0, False)
