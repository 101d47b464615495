"""What the generated files are made of: schemas, routes, and what the code says of each field and code."""

import ast
import inspect
import re
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, get_args

import msgspec

from signaling.http import messages
from signaling.http.openapi import document, state_structs
from signaling.http.routes.context import Route
from signaling.http.routes.table import routes
from studio.show.commands import AnyCommand, schema
from studio.show.events import AnyEvent

Struct = type[msgspec.Struct]
Schema = Mapping[str, Any]
_OF_A_NOUN = {
    "unknown": [("unknown", 404, "There is no {} ….")],
    "new_id": [
        ("exists", 409, "There is already a {} …."),
        ("too-many", 409, "A show has at most … {}s."),
    ],
}
"""What the helpers of these names in :mod:`studio.show.checks` refuse."""
_ROOT = Path(__file__).resolve().parents[3]


@dataclass(frozen=True)
class Refusal:
    code: str
    status: int
    text: str
    """With … where a value stands."""


@dataclass(frozen=True)
class ProtocolSource:
    schemas: Mapping[str, Schema]
    """The OpenAPI document's components, by the struct's name."""
    routes: tuple[Route, ...]
    states: tuple[Struct, ...]
    """Every struct of the states: first those of a role, then what they are made of."""
    commands: tuple[Struct, ...]
    events: tuple[Struct, ...]
    refusals: tuple[Refusal, ...]


def tag_of(kind: Struct) -> str:
    return str(kind.__struct_config__.tag)


def public_name(name: str) -> str:
    """Return what a struct of the state is called outside."""
    return name.removeprefix("Public")


def sentence(text: str | None) -> str:
    """A docstring on one line, its literals in single back-ticks, its roles without their markup."""
    plain = re.sub(r":\w+:`~?(?:[\w.]*\.)?(\w+)`", r"`\1`", inspect.cleandoc(text or ""))
    return re.sub(r"\s+", " ", plain).replace("``", "`").strip()


def description(kind: Struct) -> str:
    """Return its own docstring; msgspec gives none to those without."""
    return sentence(kind.__doc__) if "__doc__" in vars(kind) else ""


@cache
def field_notes(kind: Struct) -> Mapping[str, str]:
    """Return what the code says beneath each field, its base classes' fields too."""
    notes: dict[str, str] = {}
    for each in reversed(kind.__mro__):
        if each is not msgspec.Struct and issubclass(each, msgspec.Struct):
            notes |= _notes(each)
    return notes


def _notes(kind: Struct) -> dict[str, str]:
    (made,) = ast.parse(textwrap.dedent(inspect.getsource(kind))).body
    assert isinstance(made, ast.ClassDef)
    notes = {}
    for field, below in zip(made.body, made.body[1:], strict=False):
        match field, below:
            case (
                ast.AnnAssign(target=ast.Name(id=name)),
                ast.Expr(value=ast.Constant(value=str() as text)),
            ):
                notes[name] = sentence(text)
    return notes


def _refusals() -> Iterator[Refusal]:
    """Every refusal in the code of control and signalling that has its code written out, or a noun for it."""
    for package in ("signaling", "studio"):
        for path in sorted((_ROOT / package).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                match node:
                    case ast.Call(
                        func=ast.Name(id="RefusedError"),
                        args=[ast.Constant(value=int() as status), ast.Constant(value=str() as code), text],
                    ):
                        yield Refusal(code, status, _words(text))
                    case ast.Call(
                        func=ast.Name(id="unknown" | "new_id" as made),
                        args=[ast.Constant(value=str() as noun), *_],
                    ):
                        for end, status, words in _OF_A_NOUN[made]:
                            yield Refusal(f"{noun}.{end}", status, words.format(noun))


def _words(text: ast.expr) -> str:
    match text:
        case ast.Constant(value=str() as words):
            return words
        case ast.JoinedStr(values=parts):
            return "".join(map(_words, parts))
        case _:
            return "…"


def _merged(found: Iterator[Refusal]) -> tuple[Refusal, ...]:
    """One of each code and status: the first by text."""
    least: dict[tuple[str, int], Refusal] = {}
    for each in sorted(found, key=lambda each: (each.code, each.status, each.text.count("…"), each.text)):
        least.setdefault((each.code, each.status), each)
    return tuple(least.values())


def _source() -> ProtocolSource:
    listed = routes()
    components = document(listed, schema(), "")["components"]["schemas"]
    roles = list(messages.STATES)
    parts = [kind for kind in state_structs() if kind not in roles]
    return ProtocolSource(
        components,
        listed,
        (*roles, *parts),
        get_args(AnyCommand),
        get_args(AnyEvent),
        _merged(_refusals()),
    )


SOURCE = _source()
