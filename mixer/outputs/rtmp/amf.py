"""AMF0, the encoding of RTMP's commands, as far as publishing needs it (Adobe, AMF 0 specification, 2007)."""

import struct
from collections.abc import Mapping

Value = float | bool | str | None | dict[str, "Value"] | list["Value"]
MAX_DEPTH = 8
MAX_ITEMS = 1024

_NUMBER, _BOOLEAN, _STRING, _OBJECT, _NULL, _UNDEFINED = 0x00, 0x01, 0x02, 0x03, 0x05, 0x06
_MAP, _OBJECT_END, _LIST, _DATE, _LONG_STRING = 0x08, 0x09, 0x0A, 0x0B, 0x0C


class AmfError(ValueError):
    """These bytes are not AMF0."""


def encode(*values: str | float | bool | Mapping[str, str | float | bool] | None) -> bytes:
    """The values one after the other, as a command message carries them."""
    out = bytearray()
    for value in values:
        _write(out, value)
    return bytes(out)


def _write(out: bytearray, value: str | float | bool | Mapping[str, str | float | bool] | None) -> None:
    if value is None:
        out.append(_NULL)
    elif isinstance(value, bool):
        out += bytes((_BOOLEAN, value))
    elif isinstance(value, int | float):
        out += struct.pack(">Bd", _NUMBER, value)
    elif isinstance(value, str):
        out.append(_STRING)
        out += _short_string(value)
    else:
        out.append(_OBJECT)
        for name, member in value.items():
            out += _short_string(name)
            _write(out, member)
        out += bytes((0, 0, _OBJECT_END))


def _short_string(text: str) -> bytes:
    data = text.encode()
    return struct.pack(">H", len(data)) + data


def decode(data: bytes) -> list[Value]:
    """All the values in ``data``. Raises :class:`AmfError`; dates come as numbers, undefined as None."""
    reader = _AmfReader(data)
    values: list[Value] = []
    while reader.left:
        values.append(reader.value(0))
    return values


class _AmfReader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0
        self._items = 0

    @property
    def left(self) -> int:
        return len(self._data) - self._at

    def take(self, count: int) -> bytes:
        if count > self.left:
            raise AmfError("the value ends too early")
        self._at += count
        return self._data[self._at - count : self._at]

    def text(self, width: int) -> str:
        return self.take(int.from_bytes(self.take(width), "big")).decode("utf-8", "replace")

    def value(self, depth: int) -> Value:
        self._items += 1
        if depth > MAX_DEPTH or self._items > MAX_ITEMS:
            raise AmfError("the value is nested too deeply or too long")
        kind = self.take(1)[0]
        if kind in (_NUMBER, _DATE):
            number: float = struct.unpack(">d", self.take(8))[0]
            if kind == _DATE:
                self.take(2)
            return number
        if kind == _BOOLEAN:
            return self.take(1) != b"\0"
        if kind == _STRING:
            return self.text(2)
        if kind == _LONG_STRING:
            return self.text(4)
        if kind in (_NULL, _UNDEFINED):
            return None
        if kind == _LIST:
            return [self.value(depth + 1) for _ in range(int.from_bytes(self.take(4), "big"))]
        if kind == _MAP:
            self.take(4)
        elif kind != _OBJECT:
            raise AmfError(f"type {kind:#x} is not known")
        members: dict[str, Value] = {}
        while True:
            name = self.text(2)
            if not name and self._data[self._at : self._at + 1] == bytes((_OBJECT_END,)):
                self._at += 1
                return members
            members[name] = self.value(depth + 1)
