"""A stream that sound or picture joins later: the demuxer is restarted there, and nothing of it is lost."""

from collections.abc import Iterator, Sequence
from typing import Any

import av
import numpy as np
import pytest
from av.container import InputContainer
from hypothesis import given
from hypothesis import strategies as st

from mixer.containers.flv_tags import DATA, MAX_BODY, PICTURE, SOUND, FlvError, Tag, TagSplitter, header
from mixer.sources.pull.flv_tap import FlvTap


class _File:
    def __init__(self) -> None:
        self.data = bytearray()

    def write(self, data: bytes) -> int:
        self.data += data
        return len(data)


@pytest.fixture(scope="module")
def tags() -> list[Tag]:
    """Three seconds of picture and sound, a keyframe each second."""
    file = _File()
    with av.open(file, "w", format="flv", options={"flvflags": "no_duration_filesize"}) as out:
        video: Any = out.add_stream("libx264", rate=30, options={"g": "30", "tune": "zerolatency"})
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        audio: Any = out.add_stream("aac", rate=48000, layout="stereo")
        for number in range(90):
            frame = av.VideoFrame.from_ndarray(np.full((72, 64), number, np.uint8), format="yuv420p")
            frame.pts = number
            out.mux(video.encode(frame))
            samples = av.AudioFrame.from_ndarray(np.zeros((2, 1600), np.float32), "fltp", "stereo")
            samples.sample_rate, samples.pts = 48000, number * 1600
            out.mux(audio.encode(samples))
        for stream in (video, audio):
            out.mux(stream.encode(None))
    return TagSplitter().feed(file.data)


def pieces(tags: Sequence[Tag]) -> Iterator[bytes]:
    yield header(sound=False, picture=False)  # RTMP's does not know what will come
    for tag in tags:
        yield tag.encoded()


def read(tags: Sequence[Tag]) -> tuple[list[tuple[str, int]], int]:
    """Kind and time of all packets, and how many demuxers it took."""
    tap, parts = FlvTap(pieces(tags)), 0
    packets: list[tuple[str, int]] = []
    while tap.begin():
        parts += 1
        with av.open(tap, format="flv", options={"analyzeduration": "500000"}) as part:
            tap.opened()
            assert isinstance(part, InputContainer)
            found = [packet for packet in part.demux() if packet.size and packet.pts is not None]
            packets += [(packet.stream.type, packet.pts or 0) for packet in found]
    return packets, parts


def times(tags: Sequence[Tag], kind: int) -> list[int]:
    return [tag.time_ms for tag in tags if tag.kind == kind and tag.body[1] == 1]


@pytest.mark.parametrize("late", [SOUND, PICTURE])
@pytest.mark.parametrize("from_ms", [0, 1000, 2000])
def test_what_joins_later_is_read_from_its_first_packet_on(tags: list[Tag], late: int, from_ms: int) -> None:
    kept = [tag for tag in tags if tag.kind != late or tag.time_ms >= from_ms]
    if from_ms:  # its configuration comes with it, as nginx sends it
        first = next(tag for tag in tags if tag.kind == late and tag.configures)
        at = next(n for n, tag in enumerate(kept) if tag.kind == late)
        kept.insert(at, first._replace(time_ms=from_ms))
    packets, parts = read(kept)
    assert parts == (2 if from_ms else 1)
    for kind, name in ((SOUND, "audio"), (PICTURE, "video")):
        found = [time_ms for each, time_ms in packets if each == name]
        assert found[-20:] == times(kept, kind)[-20:]
        assert len(found) == len(times(kept, kind)), name


def test_sound_alone_takes_one_demuxer(tags: list[Tag]) -> None:
    packets, parts = read([tag for tag in tags if tag.kind != PICTURE])
    assert parts == 1
    assert {kind for kind, _ in packets} == {"audio"}


def test_pictures_that_make_no_stream_are_no_reason_to_begin_again_and_again(tags: list[Tag]) -> None:
    command = [Tag(PICTURE, tag.time_ms, b"\x57\x00") for tag in tags if tag.kind == PICTURE]
    _, parts = read(sorted([*(t for t in tags if t.kind != PICTURE), *command], key=lambda t: t.time_ms))
    assert parts <= 2


@given(
    tags=st.lists(
        st.builds(Tag, st.sampled_from([SOUND, PICTURE, DATA]), st.integers(0, 2**32 - 1), st.binary())
    ),
    piece=st.integers(1, 50),
)
def test_tags_survive_any_cut(tags: list[Tag], piece: int) -> None:
    data = header(sound=True, picture=True) + b"".join(tag.encoded() for tag in tags)
    splitter = TagSplitter()
    found = [tag for at in range(0, len(data), piece) for tag in splitter.feed(data[at : at + piece])]
    assert found == tags


def test_what_is_no_flv_or_too_long_is_refused() -> None:
    with pytest.raises(FlvError):
        TagSplitter().feed(b"HTTP/1.1 404 Not Found\r\n")
    endless = bytes((PICTURE,)) + (MAX_BODY + 1).to_bytes(3, "big") + bytes(7)
    with pytest.raises(FlvError):
        TagSplitter().feed(header(sound=False, picture=True) + endless)
