"""Keep the old plan's objects where a new plan is equal, so that caches keyed by identity stay valid.
Pure."""

from collections.abc import Mapping
from typing import Any, TypeVar

from msgspec.structs import replace

from mixer.contract.plan import MixPlan

K = TypeVar("K")
V = TypeVar("V")


def kept(plan: MixPlan, before: MixPlan) -> MixPlan:
    """``plan`` made of the objects of the plan ``before`` wherever they are equal: whole fields, and single
    canvases and sources. Takes up to a millisecond: never call it in the tick."""
    changed: dict[str, Any] = {}
    for name in MixPlan.__struct_fields__:
        new, old = getattr(plan, name), getattr(before, name)
        if isinstance(new, dict):
            changed[name] = _kept(new, old)
        elif new == old:
            changed[name] = old
    return replace(plan, **changed)


def _kept(new: Mapping[K, V], old: Mapping[K, V]) -> Mapping[K, V]:
    made = {key: old[key] if key in old and old[key] == value else value for key, value in new.items()}
    same = made.keys() == old.keys() and all(made[key] is old[key] for key in made)
    return old if same else made
