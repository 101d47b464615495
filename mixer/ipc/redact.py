"""Keeps secrets out of logs: stream keys, tokens, credentials, wherever in a text they stand. Pure.

The places that handle a secret hide it themselves (``mixer.contract.output_url``); this is the net below
them.
"""

import re
from collections.abc import Mapping
from typing import Any

HIDDEN = "•••"

_SECRET_NAMES = re.compile(r"(?i)(token|secret|password|credential|authorization|cookie|stream_?key)$")
_RULES: tuple[tuple[re.Pattern[str], str], ...] = (
    # user:password@ in any URL
    (re.compile(r"(?i)\b([a-z][a-z0-9+.-]*://)[^/\s@\"']+@"), rf"\1{HIDDEN}@"),
    # rtmp://host/app/KEY, and a backup's rtmp://host/app?backup=1/KEY: everything after the application
    (re.compile(r"(?i)\b(rtmps?://[^/\s\"']+/[^/\s?\"']+(?:\?[^/\s\"']*)?/)[^\s\"']+"), rf"\1{HIDDEN}"),
    # links and API calls: /join/TOKEN, ?token=TOKEN
    (re.compile(r"(/(?:join|booth)/)[A-Za-z0-9_-]{8,}"), rf"\1{HIDDEN}"),
    (re.compile(r"(?i)\b((?:token|secret|key|password|credential)=)[^&\s\"']+"), rf"\1{HIDDEN}"),
    (re.compile(r"(?i)\b(bearer\s+)[A-Za-z0-9._~+/=-]+"), rf"\1{HIDDEN}"),
)


def redact(text: str) -> str:
    """``text`` with every secret that can be told by its form replaced by :data:`HIDDEN`."""
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    return text


def redact_event(event: Mapping[str, Any]) -> dict[str, Any]:
    """A log event likewise: values of fields that are named like a secret, and secrets within texts."""
    return {
        key: HIDDEN
        if value and _SECRET_NAMES.search(key)
        else (redact(value) if isinstance(value, str) else value)
        for key, value in event.items()
    }
