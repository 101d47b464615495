"""Names: what is made is read back, kinds are told apart, and the pages have the same ones."""

import re
from pathlib import Path

import pytest

from mixer.contract import names
from mixer.contract.names import (
    CONTROL,
    MIXER,
    PROGRAM_PICTURE,
    SUPERVISOR,
    TALKBACK,
    ProcessName,
    SenderOf,
    SourceName,
    StreamName,
)

ID = "mayor-1.b"
SOURCES = [names.of_seat(ID), names.of_screen(ID), names.of_source(ID), TALKBACK]


@pytest.mark.parametrize("name", SOURCES)
def test_a_source_is_read_back_as_what_it_is_alone(name: SourceName) -> None:
    read = [names.seat_of(name), names.screen_of(name), names.id_of(name)]
    assert [each for each in read if each] == ([] if name == TALKBACK else [ID])
    assert [names.is_seat(name), names.is_screen(name), names.is_source(name)] == [
        bool(each) for each in read
    ]
    assert names.is_microphone(name) == (name in (names.of_seat(ID), TALKBACK))
    assert names.sound_of(name) == name
    assert names.source_in(names.slot_of(name)) == name
    assert not names.canvas_in(names.slot_of(name))


def test_a_command_about_sound_may_leave_out_that_it_is_a_source() -> None:
    assert names.sound_of(ID) == names.of_source(ID)


def test_a_canvas_slot_is_no_source_s() -> None:
    assert names.canvas_in(names.canvas_slot("wall")) == "wall"


def test_a_process_is_read_back_as_what_it_is_alone() -> None:
    sender, backup = names.sender_name(ID), names.sender_name(names.backup_of(ID))
    player, shard = names.player_name(ID), names.shard_name(0)
    assert [names.output_of(each) for each in (sender, player, shard)] == [ID, "", ""]
    assert [names.played_by(each) for each in (sender, player, shard)] == ["", ID, ""]
    assert names.sender_of(names.output_of(sender)) == SenderOf(ID, "primary")
    assert names.sender_of(names.output_of(backup)) == SenderOf(ID, "backup")
    everybody: list[ProcessName] = [MIXER, names.shard_name(1), CONTROL, SUPERVISOR, sender, shard]
    assert names.shards(everybody) == ["shard-1", "shard-2"]


@pytest.mark.parametrize(
    ("stream", "picture", "returned", "language"),
    [
        (PROGRAM_PICTURE, True, None, ""),
        (names.program_in("zh-Hant"), True, None, "zh-Hant"),
        (names.picture_stream("wall", "vp8"), True, None, ""),
        (names.sound_stream("ko", "opus"), False, None, ""),
        (names.return_stream("returns", "ko"), False, ("returns", "ko"), ""),
        (names.return_stream("booth", "hall"), False, ("booth", "hall"), ""),
    ],
)
def test_a_stream_is_read_back(
    stream: StreamName, picture: bool, returned: tuple[str, str] | None, language: str
) -> None:
    assert names.is_picture(stream) == picture
    assert names.returned_in(stream) == returned
    assert names.language_of(stream) == language
    assert names.is_booth(stream) == (returned is not None and returned[0] == "booth")


def test_the_pages_have_the_same_names() -> None:
    script = Path(names.__file__).parents[2] / "web_console/shared/names.js"
    made = dict(re.findall(r"export const (of\w+) = \((?:\w+)\) => `([^`]*)`", script.read_text("utf-8")))
    assert made.pop("ofPart") == "part/${part}", "the pages' own"
    assert made == {
        "ofSeat": names.of_seat("${seat}"),
        "ofScreen": names.of_screen("${seat}"),
        "ofSource": names.of_source("${source}"),
    }
