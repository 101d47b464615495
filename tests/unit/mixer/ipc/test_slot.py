"""Slots: what is written is what is read, tears are seen, sound lies where its time is."""

import multiprocessing
import os
import threading
import time
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mixer.contract.clock import RATE, sample_at
from mixer.contract.picture import Picture, copy_into, i420_bytes, new_picture, view_i420
from mixer.ipc.slot import SlotReader, SlotWriter, create_slot, read_only


@pytest.fixture
def fd() -> Iterator[int]:
    descriptor = create_slot("test", 64, 48)
    yield descriptor
    os.close(descriptor)


def test_a_new_slot_has_no_picture_no_sound_and_no_heartbeat(fd: int) -> None:
    reader = SlotReader(fd)
    assert reader.take(2**62) is None
    assert reader.serial == 0
    assert reader.heartbeat_ns == 0
    sound, real = reader.read_sound(1000, 480)
    assert real == 0
    assert not sound.any()


@given(width=st.integers(2, 64), height=st.integers(2, 48), value=st.integers(0, 255))
def test_pictures_of_any_size_come_back_as_they_were(width: int, height: int, value: int) -> None:
    fd = create_slot("test", 64, 48)
    try:
        rng = np.random.default_rng(value)
        flat = rng.integers(0, 255, i420_bytes(width, height), np.uint8)
        SlotWriter(fd).write_picture(view_i420(flat, width, height), 5, 3)
        taken = SlotReader(fd).take(5)
        assert taken is not None
        assert taken.intact()
        assert (taken.picture.width, taken.picture.height) == (width, height)
        assert (taken.pts_ns, taken.arrived_ns) == (5, 3)
        for got, sent in zip(taken.picture, view_i420(flat, width, height), strict=True):
            assert np.array_equal(got, sent)
    finally:
        os.close(fd)


def test_the_newest_picture_that_is_due_is_taken(fd: int) -> None:
    writer, reader = SlotWriter(fd), SlotReader(fd)
    for n in range(1, 7):
        writer.write_picture(new_picture(8, 8, (n, 128, 128)), n * 100)
    for at, expected in ((450, 4), (550, 5), (10_000, 6)):
        taken = reader.take(at)
        assert taken is not None
        assert taken.serial == expected
        assert int(taken.picture.y[0, 0]) == expected
    early = reader.take(0)
    assert early is not None
    assert early.serial == 4, "the oldest in the ring that is not about to be overwritten"


def test_a_picture_too_big_for_the_slot_is_refused_and_changes_nothing(fd: int) -> None:
    writer, reader = SlotWriter(fd), SlotReader(fd)
    writer.write_picture(new_picture(8, 8), 1)
    with pytest.raises(ValueError, match="does not fit"):
        writer.write_picture(new_picture(640, 480), 2)
    assert reader.serial == 1


def test_a_picture_overwritten_while_in_use_is_known_to_be_torn(fd: int) -> None:
    writer, reader = SlotWriter(fd), SlotReader(fd)
    writer.write_picture(new_picture(8, 8), 1)
    taken = reader.take(1)
    assert taken is not None
    for n in range(2, 7):
        writer.write_picture(new_picture(8, 8), n)
    assert not taken.intact()


def test_no_tear_goes_unseen_under_a_busy_writer() -> None:
    fd = create_slot("busy", 320, 180)
    stop = threading.Event()

    def write() -> None:
        writer, n = SlotWriter(fd), 0
        while not stop.is_set():
            n += 1
            writer.write_picture(new_picture(320, 180, (n % 200, 128, 128)), n)

    thread = threading.Thread(target=write)
    thread.start()
    try:
        reader, copy, read = SlotReader(fd), new_picture(320, 180), 0
        deadline = time.monotonic() + 20
        while read < 300:
            assert time.monotonic() < deadline, f"only {read} intact reads"
            taken = reader.take(2**62)
            if taken is None:
                continue
            copy_into(copy, taken.picture)
            if taken.intact():
                read += 1
                assert copy.y.min() == copy.y.max()
    finally:
        stop.set()
        thread.join()
        os.close(fd)


def _write_and_die(fd: int) -> None:
    writer = SlotWriter(fd)
    writer.beat(77)
    writer.write_picture(new_picture(16, 16, (99, 1, 2)), 1)
    os.kill(os.getpid(), 9)


def test_a_slot_survives_its_writer_and_takes_the_next_one(fd: int) -> None:
    process = multiprocessing.get_context("fork").Process(target=_write_and_die, args=(fd,))
    process.start()
    process.join(10)
    reader = SlotReader(fd)
    taken = reader.take(1)
    assert taken is not None
    assert int(taken.picture.y[0, 0]) == 99
    assert reader.heartbeat_ns == 77
    SlotWriter(fd).write_picture(new_picture(16, 16), 2)
    assert reader.serial == 2


@settings(max_examples=50)
@given(st.lists(st.tuples(st.integers(0, 3000), st.integers(1, 2000)), min_size=1, max_size=20))
def test_sound_lies_where_its_time_is_and_gaps_are_silent(blocks: list[tuple[int, int]]) -> None:
    fd = create_slot("sound", 16, 16, frames=2)
    try:
        writer, reader = SlotWriter(fd), SlotReader(fd)
        start = at = 10_000_000
        truth: dict[int, float] = {}
        for gap, count in blocks:
            at += gap
            values = (np.arange(at, at + count) % 997 + 1).astype(np.float32)
            writer.write_sound(at, np.repeat(values[:, None], 2, axis=1))
            truth.update(zip(range(at, at + count), values.tolist(), strict=True))
            at += count
        first = max(start, at - RATE)
        sound, _ = reader.read_sound(first, at - first)
        expected = [truth.get(n, 0.0) for n in range(first, at)]
        assert sound[:, 0].tolist() == expected
        assert sound[:, 1].tolist() == expected
        ahead, real = reader.read_sound(at, 100)
        assert real == 0
        assert not ahead.any()
    finally:
        os.close(fd)


def test_sample_numbers_are_exact_at_whole_seconds_and_never_run_backwards() -> None:
    assert sample_at(3_000_000_000) == 3 * RATE
    times = [sample_at(n * 33_333_333) for n in range(1000)]
    assert times == sorted(times)


def test_closing_a_slot_frees_its_memory_while_a_taken_picture_stays_readable(fd: int) -> None:
    writer, reader = SlotWriter(fd), SlotReader(fd)
    writer.write_picture(new_picture(8, 8, (42, 128, 128)), 1)
    taken = reader.take(1)
    assert taken is not None
    reader.close()
    picture: Picture = taken.picture
    assert int(picture.y[0, 0]) == 42


def test_no_room_for_a_slot_is_an_error_when_it_is_made_and_leaves_no_descriptor() -> None:
    before = set(os.listdir("/proc/self/fd"))
    with pytest.raises(OSError, match="no room"):
        create_slot("huge", 400_000, 400_000)
    assert set(os.listdir("/proc/self/fd")) == before


def test_readers_cannot_write_and_nobody_can_take_the_memory_away(fd: int) -> None:
    writer, for_readers = SlotWriter(fd), read_only(fd)
    try:
        writer.write_picture(new_picture(8, 8, (7, 128, 128)), 1)
        for reader in (SlotReader(fd), SlotReader(for_readers)):
            taken = reader.take(1)
            assert taken is not None
            assert int(taken.picture.y[0, 0]) == 7
            with pytest.raises(ValueError, match="read-only"):
                taken.picture.y[0, 0] = 0
            with pytest.raises(TypeError, match="read-only"):
                taken.meta[0] = 0
        with pytest.raises(PermissionError):
            SlotWriter(for_readers)
        for size in (0, 1 << 30):
            with pytest.raises(PermissionError):
                os.ftruncate(fd, size)
    finally:
        os.close(for_readers)
