"""``docs/protocol.md``: what is said over HTTP and the WebSocket, as one readable page. Pure."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from signaling.contract.messages import IceServer
from signaling.contract.ports import Done, LoggedEvent
from signaling.contract.state import BY_ROLE
from signaling.http import messages
from signaling.http.routes.context import Route
from studio.lab.protocol.source import (
    ProtocolSource,
    Schema,
    Struct,
    description,
    field_notes,
    public_name,
    sentence,
    tag_of,
)
from studio.show.roles import MAY_SEND

HEADER = """\
# The protocol

Generated from the code by `python -m studio.lab.protocol`; `make check` fails where the two differ. The same
is in `GET /api/v1/openapi.json` as JSON Schemas and in `web_console/shared/types.d.ts` as types.
`docs/http.md` and `docs/state.md` say how to use it.

In the tables `text` is a string, `whole` an integer, `{id: …}` an object by id and `[…]` an array. A member
with `?` may be left out. A member that may be `null` is missing once a patch has removed it, because a merge
patch can't say `null`.

Contents: [addresses](#addresses), [messages](#messages), [state by role](#state-by-role),
[commands](#commands), [events](#events), [refusals](#refusals).
"""
PATCHES = """\
After its `snapshot` a page gets each `change`, in the order of `serial`. `patch` is a JSON merge patch (RFC
7396) on the state as this page has it: objects merge, `null` removes a member, arrays and everything else
replace. `revision` counts events; where only the status changed, `event` is `null` and `revision` stays. A
page that comes back starts from a snapshot.
"""
NOT_TOLD = ("token_hash",)
"""Fields of events that stay in the log."""


def page(source: ProtocolSource) -> str:
    return "\n".join(
        [
            HEADER,
            "## Addresses\n",
            _table(("address", "who", "what"), (_route(each) for each in source.routes)),
            "## Messages\n",
            "Over `/ws`, as JSON text; the heading is the message's `type`. A page sends:\n",
            *_messages(messages.FromClient.__args__, source),
            "It is sent:\n",
            *_messages(messages.ToClient.__args__, source),
            PATCHES,
            "Answers over HTTP:\n",
            *(
                _struct(kind, source, deep=4)
                for kind in (
                    messages.Me,
                    IceServer,
                    messages.State,
                    Done,
                    messages.Events,
                    messages.MediaList,
                    LoggedEvent,
                    messages.SessionList,
                    messages.SessionInfo,
                    messages.Problem,
                )
            ),
            "## State by role\n",
            _table(
                ("role", "state"), ((f"`{role}`", _link(kind.__name__)) for role, kind in BY_ROLE.items())
            ),
            *(_struct(kind, source, deep=3) for kind in source.states),
            "## Commands\n",
            "By `POST /api/v1/commands` or in a `command` message; the heading is its `type`. A director may "
            "send them all.\n",
            *(_command(kind, source) for kind in source.commands),
            "What commands are made of:\n",
            *(_schema(name, source) for name in _parts(source)),
            "## Events\n",
            "As `GET /api/v1/events` lists them, and each `change` for directors and viewers. Members with "
            "their default are left out.\n",
            _table(("event", "members", "what"), map(_event, source.events)),
            "## Refusals\n",
            "A refusal changes nothing. It is a [Problem](#problem), over HTTP with this status.\n",
            _table(
                ("code", "status", "detail, for example"),
                ((f"`{each.code}`", str(each.status), each.text) for each in source.refusals),
            ),
        ]
    )


def _route(route: Route) -> tuple[str, str, str]:
    who = "anyone" if route.who is None else ", ".join(sorted(route.who))
    path = re.sub(r":[^}]*", "", route.path)
    query = "&".join(f"{name}=…" if name in route.needs else f"[{name}=…]" for name in route.query or {})
    return f"`{route.method} {path}{'?' + query if query else ''}`", who, route.summary


def _messages(kinds: Iterable[Struct], source: ProtocolSource) -> Iterable[str]:
    return (_section(4, f"`{tag_of(kind)}`", description(kind), _tagged(kind, source)) for kind in kinds)


def _struct(kind: Struct, source: ProtocolSource, *, deep: int) -> str:
    rows = _members(source.schemas[kind.__name__], field_notes(kind))
    return _section(deep, public_name(kind.__name__), description(kind), rows)


def _tagged(kind: Struct, source: ProtocolSource) -> list[tuple[str, str, str]]:
    """Return its members beside ``type``, which is in the heading."""
    return _members(source.schemas[kind.__name__], field_notes(kind))[1:]


def _command(kind: Struct, source: ProtocolSource) -> str:
    rows = _tagged(kind, source)
    may = next((may for command, may in MAY_SEND.items() if command is kind), {})
    others = " ".join(f"Also {role}s: {what}." for role, what in may.items())
    return _section(3, f"`{tag_of(kind)}`", " ".join(filter(None, (description(kind), others))), rows)


def _schema(name: str, source: ProtocolSource) -> str:
    schema = source.schemas[name]
    return _section(4, name, sentence(schema.get("description")), _members(schema, {}))


def _parts(source: ProtocolSource) -> Sequence[str]:
    """Names of the objects within commands."""
    commands = {kind.__name__ for kind in source.commands}
    found: dict[str, None] = {}
    left = sorted(commands)
    while left:
        text = json.dumps(source.schemas[left.pop(0)])
        for name in re.findall(r"#/components/schemas/(\w+)", text):
            if name not in found and name not in commands:
                found[name] = None
                left.append(name)
    return sorted(found)


def _event(kind: Struct) -> tuple[str, str, str]:
    members = (name for name in kind.__struct_fields__ if name not in NOT_TOLD)
    return f"`{tag_of(kind)}`", ", ".join(f"`{name}`" for name in members), description(kind)


def _section(deep: int, title: str, text: str, rows: Sequence[tuple[str, str, str]]) -> str:
    table = _table(("member", "type", "what"), rows) if rows else ""
    return "\n".join(filter(None, (f"{'#' * deep} {title}\n", f"{text}\n" if text else "", table)))


def _members(schema: Schema, notes: Mapping[str, str]) -> list[tuple[str, str, str]]:
    required = schema.get("required", ())
    return [
        (f"`{name}`{'' if name in required else '?'}", _type(member), notes.get(name, ""))
        for name, member in schema.get("properties", {}).items()
    ]


def _type(schema: Schema) -> str:
    match schema:
        case {"$ref": reference}:
            return _link(reference.rpartition("/")[2])
        case {"enum": values}:
            return " or ".join(f"`{json.dumps(each)}`" for each in values)
        case {"anyOf": options}:
            return " or ".join(map(_type, options))
        case {"type": "array", "prefixItems": items}:
            return f"[{', '.join(map(_type, items))}]"
        case {"type": "array", "items": dict() as items}:
            return f"[{_type(items)}]{_limits(schema, 'minItems', 'maxItems')}"
        case {"type": "object", "additionalProperties": dict() as values}:
            return f"{{id: {_type(values)}}}"
        case {"type": "null"}:
            return "`null`"
        case {"type": "string"}:
            return f"text{_limits(schema, 'minLength', 'maxLength')}"
        case {"type": "integer"}:
            return f"whole{_limits(schema, 'minimum', 'maximum')}"
        case {"type": "number"}:
            return f"number{_limits(schema, 'minimum', 'maximum')}"
        case {"type": "boolean"}:
            return "bool"
        case {"type": "object"}:
            return "object"
        case _:
            return "any"


def _limits(schema: Schema, least: str, most: str) -> str:
    match schema.get(least), schema.get(most):
        case None, None:
            return ""
        case None, end:
            return f", at most {end}"
        case start, None:
            return f", at least {start}"
        case start, end:
            return f", {start} … {end}"


def _link(name: str) -> str:
    shown = public_name(name)
    return f"[{shown}](#{shown.lower()})"


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [_row(heads), _row(["---"] * len(heads)), *map(_row, rows)]
    return "".join(lines)


def _row(cells: Sequence[Any]) -> str:
    return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |\n"
