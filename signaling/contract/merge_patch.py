"""JSON merge patches (RFC 7396): the difference of two states. Pure.

States are structs and mappings of structs. A merge patch can't say ``null``: there it means "remove". So a
client that follows patches can't tell a null member from a missing one, and :func:`diff` treats them as the
same.
"""

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import UNSET, Struct

Json = Any
State = Struct | Mapping[str, Any]


def diff(old: State, new: State) -> dict[str, Json]:
    """The smallest patch that makes ``new`` of ``old``, of JSON-able builtins; empty when they are equal.

    Members that are the same object are not looked into: what was not rebuilt costs nothing.
    """
    patch: dict[str, Json] = {}
    if isinstance(new, Struct) and type(old) is type(new) and not new.__struct_config__.omit_defaults:
        for name in new.__struct_fields__:
            before, value = getattr(old, name), getattr(new, name)
            if value is not before:
                _step(patch, name, before, value)
        return patch
    olds, news = _members(old), _members(new)
    for name, value in news.items():
        before = olds.get(name)
        if value is not before:
            _step(patch, name, before, value)
    for name, before in olds.items():
        if before is not None and name not in news:
            patch[name] = None
    return patch


def _members(state: State) -> Mapping[str, Any]:
    return msgspec.to_builtins(state) if isinstance(state, Struct) else state


def _step(patch: dict[str, Json], name: str, before: Any, value: Any) -> None:
    """Add what makes the member ``name`` of ``patch``'s object ``value``."""
    if value is None or value is UNSET:
        if before is not None and before is not UNSET:
            patch[name] = None
    elif isinstance(value, Struct | dict):
        if not isinstance(before, Struct | dict):
            patch[name] = without_nulls(msgspec.to_builtins(value))
        elif not (isinstance(value, Struct) and value == before) and (inner := diff(before, value)):
            patch[name] = inner
    elif not _same(value, before):
        patch[name] = msgspec.to_builtins(value)


def without_nulls(value: Json) -> Json:
    """The same value without null members of objects, nested ones too: what patches can express.

    Lists stay as they are: a patch replaces them whole.
    """
    if isinstance(value, Mapping):
        return {key: without_nulls(inner) for key, inner in value.items() if inner is not None}
    return value


def _same(value: Any, before: Any) -> bool:
    # 1, 1.0 and True are equal to Python, and not to those who read the JSON.
    if type(value) is not type(before) or value != before:
        return False
    if isinstance(value, list | tuple):
        return all(map(_same, value, before))
    return not isinstance(value, Mapping) or all(_same(inner, before[key]) for key, inner in value.items())
