"""The generated files are what the code says, and say it whole."""

import re

import pytest

from studio.lab.protocol.__main__ import FILES, differing
from studio.lab.protocol.page import page
from studio.lab.protocol.source import SOURCE, Refusal, public_name, tag_of
from studio.lab.protocol.typescript import typescript
from studio.show.roles import MAY_SEND

PAGE = page(SOURCE)


def test_the_generated_files_are_up_to_date() -> None:
    assert differing() == [], "run make protocol"
    assert FILES.keys() == {
        "docs/protocol.md",
        "web_console/shared/types.d.ts",
        "web_console/shared/kinds.js",
    }


def test_every_command_is_there_with_who_may_send_it() -> None:
    headings = set(re.findall(r"^### `([a-z_.]+)`$", PAGE, re.MULTILINE))
    assert headings == {tag_of(kind) for kind in SOURCE.commands}
    for kind in MAY_SEND:
        text = PAGE.partition(f"### `{tag_of(kind)}`\n")[2].partition("\n### ")[0]
        assert "Also " in text, kind


def test_every_link_leads_somewhere() -> None:
    anchors = {
        re.sub(r"[^\w -]", "", each).strip().lower().replace(" ", "-")
        for each in re.findall(r"^#+ (.*)$", PAGE, re.MULTILINE)
    }
    assert set(re.findall(r"\]\(#([^)]*)\)", PAGE)) <= anchors


def test_every_name_in_the_types_is_declared() -> None:
    types = typescript(SOURCE)
    code = re.sub(r"/\*.*?\*/|//[^\n]*|\"[^\"]*\"", "", types)
    declared = set(re.findall(r"export (?:interface|type) (\w+)", code))
    assert set(re.findall(r"\b[A-Z]\w+", code)) - {"Record"} == declared
    assert {public_name(kind.__name__) for kind in SOURCE.states} <= declared


@pytest.mark.parametrize(
    "refusal",
    [
        Refusal("command.unknown", 400, "There is no command of this type."),
        Refusal("theme.unknown", 404, "There is no theme …."),
        Refusal("seat.too-many", 409, "A show has at most … seats."),
    ],
)
def test_refusals_are_there_with_status_and_text(refusal: Refusal) -> None:
    assert refusal in SOURCE.refusals


def test_a_secret_member_of_an_event_is_not_promised() -> None:
    assert "token_hash" not in PAGE
