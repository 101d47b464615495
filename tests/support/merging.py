"""What a page makes of the states and patches it is sent: JSON values, and RFC 7396 by the letter."""

from typing import Any

import msgspec


def as_json(value: object) -> Any:
    """A state, a status or a part of one as it goes over the wire."""
    return msgspec.json.decode(msgspec.json.encode(value))


def merged(target: Any, patch: Any) -> Any:
    """``target`` with the merge patch applied; changes nothing in place."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merged(result.get(name), value)
    return result


def without_nulls(value: Any) -> Any:
    """To who follows patches, a member that is null and one that isn't there are the same."""
    if isinstance(value, dict):
        return {name: without_nulls(each) for name, each in value.items() if each is not None}
    return [without_nulls(each) for each in value] if isinstance(value, list) else value
