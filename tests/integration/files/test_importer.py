"""What the importer makes of files, good and bad: told by content, refused by name, never trusted."""

import asyncio
import struct
import zlib
from collections.abc import AsyncIterator
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from mixer.contract.findings import Found, Refused
from mixer.graphics.stills import read_still
from mixer.sources.importer import examine, kind_of
from mixer.sources.player import MediaError
from signaling.contract.ports import RefusedError
from studio.control.library.media import MediaStore, clean_name, looked_into
from tests.support.media.material import beeps, make_clip, make_pdf


def png_header(width: int, height: int) -> bytes:
    """A PNG that says it is so large, of a few bytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(bytes(64)))
        + chunk(b"IEND", b"")
    )


def code_of(path: Path, folder: Path) -> str:
    with pytest.raises(MediaError) as refused:
        examine(path, folder)
    assert str(path) not in str(refused.value)
    return refused.value.trouble.code


def test_a_picture_is_brought_into_plain_pixels(tmp_path: Path) -> None:
    image = np.zeros((90, 160, 4), np.uint8)
    image[:, :80] = (0, 0, 255, 128)  # red as OpenCV has it, half transparent
    path = tmp_path / "upload"
    for suffix in (".png", ".webp"):
        path.write_bytes(cv2.imencode(suffix, image, [cv2.IMWRITE_WEBP_QUALITY, 101])[1].tobytes())
        assert examine(path, tmp_path) == Found("still", 160, 90, alpha=True)
        pixels = read_still(tmp_path / "picture.npy")
        assert pixels[45, 40].tolist() == [255, 0, 0, 128]
    path.write_bytes(cv2.imencode(".jpg", image[..., :3])[1].tobytes())
    assert examine(path, tmp_path).width == 160
    path.write_bytes(cv2.imencode(".png", np.zeros((100, 8000, 3), np.uint8))[1].tobytes())
    assert (examine(path, tmp_path).width, examine(path, tmp_path).height) == (5760, 72)


def test_pictures_that_are_none_and_bombs(tmp_path: Path) -> None:
    path = tmp_path / "upload"
    whole = cv2.imencode(".png", np.random.default_rng(1).integers(0, 255, (90, 160, 3), np.uint8))[
        1
    ].tobytes()
    path.write_bytes(whole[: len(whole) // 2])
    assert code_of(path, tmp_path) == "media.corrupt"
    path.write_bytes(png_header(50_000, 50_000))
    assert code_of(path, tmp_path) == "picture.too-large"
    for data in (
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"#EXTM3U\nfile:///etc/passwd",
        b"MZ",
    ):
        path.write_bytes(data + bytes(100))
        assert code_of(path, tmp_path) == "media.unsupported"
    assert not (tmp_path / "picture.npy").exists()


def test_slides(tmp_path: Path) -> None:
    assert examine(make_pdf(tmp_path / "a", 500), tmp_path).pages == 500
    assert code_of(make_pdf(tmp_path / "b", 501), tmp_path) == "pdf.too-many-pages"
    (tmp_path / "c").write_bytes(make_pdf(tmp_path / "a", 3).read_bytes()[:50])
    assert code_of(tmp_path / "c", tmp_path) == "media.corrupt"
    locked = make_pdf(tmp_path / "d", 1).read_bytes()
    secret = b"<< /Filter /Standard /V 1 /R 2 /O (%s) /U (%s) /P -4 >>" % (b"o" * 32, b"u" * 32)
    (tmp_path / "d").write_bytes(
        locked.replace(b"/Root 1 0 R", b"/Root 1 0 R /ID [(a) (a)] /Encrypt " + secret)
    )
    assert code_of(tmp_path / "d", tmp_path) == "pdf.password"


def test_clips(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "a.mkv", pictures=60, sound=beeps)
    found = examine(clip, tmp_path)
    assert (found.kind, found.width, found.height, found.fps, found.sound) == ("clip", 320, 180, 30.0, True)
    assert found.duration_s == pytest.approx(2, abs=0.05)
    assert found.warnings == ()
    silent = examine(make_clip(tmp_path / "b.mp4", pictures=30), tmp_path)
    assert silent.warnings == ("clip.no-sound",)
    uneven = [0, 1, 2, 5, 6, 10, 11, 12, 16, 17, 18, 22, 23, 27, 28, 30]
    varying = make_clip(tmp_path / "c.mp4", pictures=len(uneven), times=uneven)
    assert "clip.variable-rate" in examine(varying, tmp_path).warnings
    whole = make_clip(tmp_path / "d.mp4", pictures=300, container={"movflags": "faststart"})
    whole.write_bytes(whole.read_bytes()[: whole.stat().st_size * 2 // 3])
    cut = examine(whole, tmp_path)
    assert "clip.truncated" in cut.warnings
    assert 4 < cut.duration_s < 9
    (tmp_path / "e").write_bytes(clip.read_bytes()[:300])
    assert code_of(tmp_path / "e", tmp_path) == "media.corrupt"


def test_a_clip_that_is_too_large(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "8k.mov"), "w") as out:
        video = out.add_stream("mjpeg", rate=30)
        video.width, video.height, video.pix_fmt = 7680, 4320, "yuvj420p"
        out.mux(video.encode(av.VideoFrame(7680, 4320, "yuvj420p")))
        out.mux(video.encode())
    assert code_of(tmp_path / "8k.mov", tmp_path) == "clip.too-large"


def test_only_content_tells_what_a_file_is() -> None:
    assert kind_of(b"\x00\x00\x00\x20ftypisom") == "clip"
    assert kind_of(b"junk\n%PDF-1.7") == "slides"
    assert kind_of(b"") is None


def test_names_are_shown_without_folders() -> None:
    assert clean_name("../../etc/pass\u202ewd") == "passwd"
    assert clean_name("C:\\fotos\\a.png") == "a.png"
    assert clean_name("한국 발표.pdf") == "한국 발표.pdf"
    marks = "\N{COMBINING ACUTE ACCENT}" * 300
    assert clean_name(f"e{marks}.mp4") == f"é{marks[:6]}.mp4"
    assert (clean_name(f"{marks}.mp4"), clean_name(marks), clean_name("\u200d" * 300)) == (".mp4", "", "")


async def test_a_name_of_marks_alone_is_no_name(tmp_path: Path) -> None:
    store = MediaStore(tmp_path / "media", 10_000_000)
    await store.open()
    data = make_pdf(tmp_path / "a.pdf", 1).read_bytes()
    kept = await store.add("\N{COMBINING ACUTE ACCENT}" * 300, None, blocks(data))
    assert kept.name == "slides"


async def blocks(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        await asyncio.sleep(0)
        yield part


async def test_the_store_keeps_lists_and_deletes(tmp_path: Path) -> None:
    folder = tmp_path / "media"
    store = MediaStore(folder, 10_000_000)
    await store.open()
    data = make_pdf(tmp_path / "a.pdf", 2).read_bytes()
    kept = await store.add("deck.pdf", len(data), blocks(data[:100], data[100:]))
    id_ = kept.id
    assert (kept.kind, kept.pages, kept.bytes, kept.name) == ("slides", 2, len(data), "deck.pdf")
    for length, part, code in (
        (len(data), data[:-9], "media.incomplete"),
        (20_000_000, data, "media.too-large"),
        (None, b"", "media.incomplete"),
        (None, b"\x7fELF", "media.unsupported"),
    ):
        with pytest.raises(RefusedError) as refused:
            await store.add("x", length, blocks(part))
        assert refused.value.code == code
    with pytest.raises(RefusedError) as refused:
        await store.add("x", None, blocks(*[bytes(1_000_000)] * 11))
    assert (refused.value.status, refused.value.code) == (413, "media.too-large")
    assert [path.name for path in folder.iterdir()] == [id_]
    with pytest.raises(RefusedError) as refused:
        await store.remove(id_, in_use={id_})
    assert refused.value.code == "media.in-use"

    (folder / ".upload-dead").mkdir()
    (folder / "astray").mkdir()
    (folder / "astray" / "medium.json").write_bytes(
        (folder / id_ / "medium.json").read_bytes().replace(id_.encode(), b"astray")
    )
    (folder / "astray" / "file").symlink_to(tmp_path / "a.pdf")
    (folder / "broken").mkdir()
    (folder / "broken" / "medium.json").write_text("{")
    again = MediaStore(folder, 10_000_000)
    await again.open()
    assert [each.id for each in again.listed()] == [id_]
    assert not (folder / ".upload-dead").exists()
    await again.remove(id_)
    assert again.listed() == []
    assert not (folder / id_).exists()


async def test_a_full_disk_is_told_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = MediaStore(tmp_path / "media", 10_000_000)
    await store.open()
    monkeypatch.setattr("studio.control.library.media.ROOM_BYTES", 1 << 60)  # more than any disk has left
    with pytest.raises(RefusedError) as refused:
        await store.add("x", 5, blocks(b"12345"))
    assert (refused.value.status, refused.value.code) == (507, "media.disk-full")
    assert list((tmp_path / "media").iterdir()) == []


async def test_an_upload_of_untold_length_leaves_others_their_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = MediaStore(tmp_path / "media", 100_000_000)
    await store.open()

    async def endless() -> AsyncIterator[bytes]:
        yield bytes(2_000_000)
        monkeypatch.setattr(
            "studio.control.library.media.ROOM_BYTES", 1 << 60
        )  # the disk has filled up meanwhile
        yield bytes(2_000_000)
        raise AssertionError("it was read on")

    with pytest.raises(RefusedError) as refused:
        await store.add("x", None, endless())
    assert (refused.value.status, refused.value.code) == (507, "media.disk-full")
    assert list((tmp_path / "media").iterdir()) == []


async def test_an_importer_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    outcome = await looked_into(make_pdf(tmp_path / "a", 1), tmp_path, time_s=0.001)
    assert isinstance(outcome, Refused)
    assert outcome.code == "media.too-complex"
