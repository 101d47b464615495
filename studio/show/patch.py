"""JSON merge patches (RFC 7386): the difference of two states. Pure.

A merge patch can't say ``null``: there it means "remove". So a member that is null and one that isn't there
are the same to whoever follows patches, and :func:`diff` treats them as the same.
"""

from collections.abc import Mapping
from typing import Any

Json = Any


def diff(old: Mapping[str, Json], new: Mapping[str, Json]) -> dict[str, Json]:
    """The smallest patch that makes ``new`` of ``old``; empty when they are equal.

    Members that are the same object are not looked into: what was not rebuilt costs nothing.
    """
    patch: dict[str, Json] = {}
    for key, value in new.items():
        before = old.get(key)
        if value is before:
            continue
        if isinstance(value, Mapping):
            if isinstance(before, Mapping):
                if inner := diff(before, value):
                    patch[key] = inner
            else:
                patch[key] = without_nulls(value)
        elif not _same(value, before):
            patch[key] = value
    for key, before in old.items():
        if key not in new and before is not None:
            patch[key] = None
    return patch


def without_nulls(value: Json) -> Json:
    """The same value without null members of objects, nested ones too: what patches can express.

    Lists stay as they are: a patch replaces them whole.
    """
    if isinstance(value, Mapping):
        return {key: without_nulls(inner) for key, inner in value.items() if inner is not None}
    return value


def _same(value: Json, before: Json) -> bool:
    # 1, 1.0 and True are equal to Python, and not to those who read the JSON.
    if type(value) is not type(before) or value != before:
        return False
    if isinstance(value, list | tuple):
        return all(map(_same, value, before))
    return not isinstance(value, Mapping) or all(_same(inner, before[key]) for key, inner in value.items())
