"""Which commands pass others, and which happen though the log can't take them."""

from typing import Any

import msgspec
import pytest

from studio.control.lanes import bytes_go_first, bytes_panic, goes_first, is_panic, must_happen
from studio.show import commands


@pytest.mark.parametrize(
    ("type_", "fields", "first", "kept"),
    [
        ("program.cut", {}, True, True),
        ("program.slate", {"on": True}, True, True),
        ("program.fade_to_black", {"on": False}, True, True),
        ("rundown.next", {"take": True}, True, True),
        ("rundown.go", {"cue": "a", "take": True}, True, True),
        ("rundown.next", {}, False, True),
        ("preview.set", {"scene": "a"}, False, True),
        ("booth.speak", {"booth": "a", "on": True}, False, True),
        ("booth.relay", {"booth": "a", "bus": "floor"}, False, True),
        ("talkback.set", {"to": None}, False, True),
        ("show.update", {"title": "A"}, False, False),
    ],
)
def test_takes_pass_and_what_hands_do_happens(
    type_: str, fields: dict[str, Any], *, first: bool, kept: bool
) -> None:
    data = msgspec.json.encode({"type": type_, **fields})
    command = commands.decode(data)
    assert (goes_first(command), bytes_go_first(data), must_happen(command)) == (first, first, kept)
    panic = type_ in ("program.slate", "program.fade_to_black")
    assert (is_panic(command), bytes_panic(data)) == (panic, panic)


@pytest.mark.parametrize(
    "data", [b"", b"{", b"[]", b'{"take":true}', b'{"type":"rundown.next","take":1}', b"x" * 99_999]
)
def test_what_is_no_command_goes_nowhere(data: bytes) -> None:
    assert not bytes_go_first(data)
