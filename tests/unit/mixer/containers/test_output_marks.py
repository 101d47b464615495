"""Chapters and the time 0 of recordings: what is current, what a kill leaves, and how files line up."""

import json
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path

from mixer.containers.clock_tags import FileClock, clock_at, file_clock
from mixer.containers.marks import MAX_RECENT, MarkLog, TimedMark, chapters, line_of, marks_path, opening
from mixer.contract.messages import Mark
from mixer.contract.names import of_seat, of_source

TICK_S = Fraction(1, 30)
NOON = datetime(2026, 7, 1, 12, 0, 0, tzinfo=UTC)


def scene(tick: int, id_: str) -> Mark:
    return Mark(tick, "scene", id_, id_.title(), (of_seat("a"),))


def cue(tick: int, id_: str) -> Mark:
    return Mark(tick, "cue", id_, "")


def lines(recording: Path) -> list[tuple[str, float]]:
    read = [json.loads(line) for line in marks_path(recording).read_text().splitlines()]
    return [(line["id"], line["time_s"]) for line in read]


def test_a_part_begins_with_what_is_current_of_each_kind() -> None:
    recent = [scene(0, "a"), cue(30, "one"), scene(60, "b"), scene(120, "c")]
    placed = opening(recent, Fraction(3), TICK_S)
    assert [(entry.mark.id, float(entry.time_s)) for entry in placed] == [("b", 0), ("one", 0), ("c", 1)]


def test_one_chapter_a_moment_up_to_the_next() -> None:
    placed = [TimedMark(Fraction(0), scene(0, "a")), TimedMark(Fraction(0), cue(0, "one"))]
    placed += [TimedMark(Fraction(9), scene(270, "late")), TimedMark(Fraction(4), scene(120, "b"))]
    assert [(float(c.start_s), float(c.end_s), c.title) for c in chapters(placed, Fraction(8))] == [
        (0, 4, "one · A"),
        (4, 8, "B"),
    ]
    assert chapters([], Fraction(8)) == []


def test_a_line_says_where_in_the_file() -> None:
    line = line_of(TimedMark(Fraction(7, 3), Mark(100, "cue", "k", "개회사", (of_seat("a"), of_source("b")))))
    assert line.endswith("\n")
    assert "개회사" in line
    assert json.loads(line) == {
        "kind": "cue",
        "id": "k",
        "title": "개회사",
        "tick": 100,
        "time_s": 2.333333,
        "sources": ["seat/a", "source/b"],
    }


def test_marks_are_on_disk_at_once_and_each_once(tmp_path: Path) -> None:
    log, first, second = MarkLog(), tmp_path / "a.mkv", tmp_path / "b.mkv"
    log.take(scene(0, "a"))
    log.begin(first, Fraction(2), TICK_S)
    log.take(scene(90, "b"))
    log.take(scene(90, "b"))
    assert lines(first) == [("a", 0), ("b", 1)]
    assert [chapter.title for chapter in log.chapters(Fraction(5))] == ["A", "B"]
    log.begin(second, Fraction(10), TICK_S)
    assert lines(second) == [("b", 0)]
    log.end()
    log.take(scene(600, "c"))
    assert lines(second) == [("b", 0)]


def test_what_is_kept_for_the_next_part_is_bounded_and_loses_no_current_cue(tmp_path: Path) -> None:
    log = MarkLog()
    log.take(cue(0, "one"))
    for number in range(3 * MAX_RECENT):
        log.take(scene(number, f"s{number}"))
    log.begin(tmp_path / "a.mkv", Fraction(1000), TICK_S)
    assert sorted(lines(tmp_path / "a.mkv")) == [("one", 0), (f"s{3 * MAX_RECENT - 1}", 0)]
    log.end()


def test_a_sidecar_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    marks_path(tmp_path / "a.mkv").write_text("precious")
    log = MarkLog()
    log.begin(tmp_path / "a.mkv", Fraction(0), TICK_S)
    log.take(scene(1, "a"))
    assert marks_path(tmp_path / "a.mkv").read_text() == "precious"
    assert [chapter.title for chapter in log.chapters(Fraction(1))] == ["A"]


def test_files_of_one_run_line_up_exactly_and_others_by_the_wall_clock() -> None:
    first = clock_at(2_000_000_000, 500, 5_000_000_500, NOON)
    assert first.utc == NOON - timedelta(seconds=3)
    second = FileClock(3_033_333_333, 500, NOON + timedelta(hours=1))
    assert second.offset_ns(first) == 1_033_333_333
    rebooted = FileClock(0, 7, NOON)
    assert rebooted.offset_ns(first) == 3_000_000_000
    tags = first.tags()
    assert file_clock(tags) == first
    assert file_clock({name.lower(): value for name, value in tags.items()}) == first
    assert file_clock({}) is None
    assert file_clock({**tags, "SUMMIT_START": "soon"}) is None
