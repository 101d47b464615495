"""Types of the commands' fields, and the base of every command."""

from typing import Annotated

import msgspec
from msgspec import Meta

from studio.show.model import MAX_GAIN_DB, MAX_GRAPHIC_TEXT, MAX_NAME, MAX_NOTE, MAX_TITLE, MIN_GAIN_DB

ID_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}(?![\s\S])"
"""The look-ahead is an end of text that, unlike ``$``, doesn't tolerate a newline after it."""

Id = Annotated[str, Meta(pattern=ID_PATTERN)]
AudioId = Annotated[str, Meta(pattern=r"^((seat|source)/)?[A-Za-z0-9][A-Za-z0-9_.-]{0,63}(?![\s\S])")]
"""A source's id, or ``seat/<seat id>`` for a seat's microphone."""


def _typed(limit: int) -> Meta:
    """Texts as typed: the schema says the limit, to which they are held once they are cleaned
    (:func:`studio.show.checks.texted`)."""
    return Meta(extra_json_schema={"maxLength": limit})


PersonName = Annotated[str, _typed(MAX_NAME)]
Title = Annotated[str, _typed(MAX_TITLE)]
NoteText = Annotated[str, _typed(MAX_NOTE)]
Caption = Annotated[str, _typed(MAX_GRAPHIC_TEXT)]
"""A line of a graphic."""
Language = Annotated[str, Meta(pattern=r"^([A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,3})?(?![\s\S])")]
"""A BCP 47 tag such as ``ko`` or ``zh-Hant``; empty for none."""
Tongue = Annotated[str, Meta(pattern=r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,3}(?![\s\S])")]
"""A BCP 47 tag, never empty."""
Url = Annotated[str, Meta(max_length=2048)]
Credential = Annotated[str, Meta(max_length=256)]
"""A user or a password, as it is; kept in the address, and shown nowhere."""
StreamKey = Annotated[str, Meta(max_length=1024)]
"""The last part of a destination's address; empty leaves it as it is."""
Seconds = Annotated[int, Meta(ge=60, le=90 * 24 * 3600)]
Decibels = Annotated[float, Meta(ge=MIN_GAIN_DB, le=MAX_GAIN_DB)]
Name = Annotated[str, Meta(max_length=64)]


class Command(msgspec.Struct, frozen=True, tag_field="type", forbid_unknown_fields=True):
    """Base of every command; the tag ``noun.verb`` is its ``type``."""
