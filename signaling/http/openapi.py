"""The OpenAPI 3.1 document, made from the route table, the messages' schemas and the commands'. Pure."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec
import msgspec.inspect

from signaling.http import messages
from signaling.http.messages import REF
from signaling.http.problems import CONTENT_TYPE as PROBLEM
from signaling.http.routes.context import Route


def document(routes: Iterable[Route], commands: Mapping[str, Any], version: str) -> dict[str, Any]:
    """``commands``: see :meth:`ports.Show.command_schema`."""
    listed = list(routes)
    types = [messages.Problem, messages.FromClient, messages.ToClient, *messages.STATES]
    types += [each.body[1] for each in listed if each.body and each.body[1] not in (None, "command")]
    types += [each.answer[2] for each in listed if each.answer[2] is not None]
    found, components = msgspec.json.schema_components(types, ref_template=REF)
    schemas = {str(kind): schema for kind, schema in zip(types, found, strict=True)}
    _require_what_is_sent(components)
    schemas["command"] = dict(commands.get("schema", {}))
    paths: dict[str, dict[str, Any]] = {}
    for each in listed:
        if each.path.startswith("/assets/") or each.path == "/":
            continue
        path = re.sub(r":[^}]*", "", each.path)
        paths.setdefault(path, {})[each.method.lower()] = _operation(each, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Summit Studio", "version": version},
        "paths": paths,
        "components": {
            "schemas": {
                **commands.get("components", {}),
                **components,
                "WebSocketIn": schemas[str(messages.FromClient)],
                "WebSocketOut": schemas[str(messages.ToClient)],
            },
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "session": {"type": "apiKey", "in": "cookie", "name": "studio-console"},
            },
        },
    }


def _require_what_is_sent(components: dict[str, Any]) -> None:
    """The states' members are always there, but for those that may be ``UNSET``; msgspec takes those with a
    default for optional, as they are where they are read."""
    for name in {kind.__name__ for kind in state_structs() if not kind.__struct_config__.omit_defaults}:
        properties = components[name]["properties"]
        given = {each for each, schema in properties.items() if "default" in schema}
        components[name]["required"] = [
            each for each in properties if each in given or each in components[name].get("required", ())
        ]
        for each in given:
            del properties[each]["default"]


def state_structs() -> Iterator[type[msgspec.Struct]]:
    """Return all structs that a state is made of, in the order in which they are met."""
    left = list(reversed(msgspec.inspect.multi_type_info(messages.STATES)))
    met: set[type[msgspec.Struct]] = set()
    while left:
        match left.pop():
            case msgspec.inspect.StructType() as info if info.cls not in met:
                met.add(info.cls)
                yield info.cls
                left += [field.type for field in reversed(info.fields)]
            case msgspec.inspect.UnionType() as info:
                left += reversed(info.types)
            case msgspec.inspect.DictType() as info:
                left.append(info.value_type)
            case msgspec.inspect.VarTupleType() as info:
                left.append(info.item_type)


def _security(route: Route) -> list[dict[str, list[str]]]:
    if route.bearer:
        return [{"token": []}]
    return [] if route.who is None else [{"token": []}, {"session": []}]


def _refusal(route: Route, problem: Mapping[str, Any]) -> dict[str, Any]:
    """Pages refuse in plain words, for people; other addresses outside the API do where a browser navigates
    there (``Accept: text/html``)."""
    if route.page:
        return {"description": "A page that says what to do.", "content": {"text/html": {}}}
    content: dict[str, Any] = {PROBLEM: {"schema": problem}}
    if not route.path.startswith("/api/"):
        content["text/html"] = {}
    return {"description": "A problem document.", "content": content}


def _operation(route: Route, schemas: Mapping[str, Any]) -> dict[str, Any]:
    status, content_type, answer = route.answer
    names = re.findall(r"{(\w+)[^}]*}", route.path)
    parameters: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names
    ]
    for name, schema in (route.query or {}).items():
        parameters.append({"name": name, "in": "query", "required": name in route.needs, "schema": schema})
    good: dict[str, Any] = {"description": route.summary}
    if content_type:
        good["content"] = {content_type.partition(";")[0]: {"schema": schemas[str(answer)]} if answer else {}}
    problem = {"$ref": REF.format(name="Problem")}
    operation: dict[str, Any] = {
        "summary": route.summary,
        "parameters": parameters,
        "responses": {
            str(status): good,
            "default": _refusal(route, problem),
        },
        "security": _security(route),
    }
    if route.who is not None:
        operation["x-roles"] = sorted(route.who)
    if route.body is not None:
        kind, of = route.body
        schema = (
            {"schema": schemas[str(of)]} if of is not None else {"schema": {"type": "string", "minLength": 1}}
        )
        operation["requestBody"] = {"required": True, "content": {kind: schema}}
    return operation
