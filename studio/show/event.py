"""The base of every event, and what applying them shares. Pure."""

from typing import TypeVar

import msgspec

T = TypeVar("T")


class Event(msgspec.Struct, frozen=True, tag_field="type", omit_defaults=True):
    """The tag is its ``type``. A field that joins later has a default under which old logs stay true."""


def without(mapping: dict[str, T], key: str) -> dict[str, T]:
    return {other: value for other, value in mapping.items() if other != key}
