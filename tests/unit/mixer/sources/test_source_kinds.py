"""Each row of the kinds says what is there: its player, its module for files, its fields."""

import importlib
from typing import get_args

import pytest

from mixer.contract.player_messages import PlayerConfig
from mixer.contract.source_kinds import PATTERNS, SOURCE_KINDS, MediaKind, PatternName, SourceKind
from mixer.sources.importer import upload_kind
from mixer.sources.pattern import pattern
from mixer.sources.player import Player
from studio.show.model import Source
from studio.show.sources.commands import SourceCreate, SourceUpdate

PLAYED = [kind for kind, row in SOURCE_KINDS.items() if row.player]
METHODS = [name for name in vars(Player) if not name.startswith("_")]


def test_every_name_has_its_row() -> None:
    assert get_args(SourceKind) == tuple(SOURCE_KINDS)
    assert set(get_args(MediaKind)) == {kind for kind, row in SOURCE_KINDS.items() if row.upload}
    assert get_args(PatternName) == tuple(PATTERNS)
    for name in PATTERNS:
        assert pattern(name, 320, 180).y.shape == (180, 320)


@pytest.mark.parametrize("kind", PLAYED)
def test_its_player_is_there(kind: SourceKind) -> None:
    module, _, name = SOURCE_KINDS[kind].player.partition(":")
    made = getattr(importlib.import_module(module), name)
    assert [method for method in METHODS if not callable(getattr(made, method, None))] == []


@pytest.mark.parametrize("kind", get_args(MediaKind))
def test_its_files_are_looked_into(kind: MediaKind) -> None:
    module = upload_kind(kind)
    assert not module.recognised(b"")
    assert callable(module.examined)


@pytest.mark.parametrize("kind", get_args(SourceKind))
def test_its_fields_are_those_of_commands_and_show(kind: SourceKind) -> None:
    row = SOURCE_KINDS[kind]
    account = {"user", "password"}  # they become part of the address
    made_of = {"media"}  # what a source is made of never changes
    assert set(row.fields) <= set(SourceCreate.__struct_fields__)
    assert set(row.fields) - made_of <= set(SourceUpdate.__struct_fields__)
    assert set(row.fields) - account <= set(Source.__struct_fields__)
    assert set(row.drawn_with or ()) <= set(row.fields)
    assert set(row.needs) <= set(PlayerConfig.__struct_fields__)
    assert ("media" in row.fields) == (row.upload is not None)
    assert bool(row.player) != row.published, "a slot has one writer"
