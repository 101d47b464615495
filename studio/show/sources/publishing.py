"""Sources that somebody publishes into by WHIP: their tokens and their slots. Pure but for the randomness of
a token, which others make."""

import hmac

from mixer.contract.names import SlotName, of_source, slot_of
from mixer.contract.source_kinds import SOURCE_KINDS
from studio.contract.messages import SlotSpec
from studio.show.events import AnyEvent
from studio.show.model import Show, Source
from studio.show.sources.commands import SourceCreate, SourceToken
from studio.show.sources.events import SourceCreated, SourceTokenMade
from studio.show.tokens import hashed

PICTURE = SlotSpec(1920, 1080)
"""What a publisher may bring; larger pictures are not decoded at all."""


def needs_token(command: object) -> bool:
    """Whether a command makes a publisher's token."""
    if isinstance(command, SourceCreate):
        return SOURCE_KINDS[command.kind].published
    return isinstance(command, SourceToken)


def made_token(event: AnyEvent) -> str | None:
    """The source whose publisher's token the event has made; None of any other event."""
    if isinstance(event, SourceCreated) and SOURCE_KINDS[event.kind].published:
        return event.source
    return event.source if isinstance(event, SourceTokenMade) else None


def published(show: Show) -> list[Source]:
    """The sources of kinds that somebody publishes into."""
    return [source for source in show.sources.values() if SOURCE_KINDS[source.kind].published]


def publisher_of(show: Show, token: str) -> str | None:
    """The source that a token may publish into. Every one is compared, each in constant time."""
    digest = hashed(token)
    found = None
    for source in published(show):
        if source.token_hash and hmac.compare_digest(source.token_hash, digest):
            found = source.id
    return found


def whip_slots(show: Show) -> dict[SlotName, SlotSpec]:
    """The slots of all such sources: they exist before the publisher comes, and keep what was sent."""
    return {slot_of(of_source(source.id)): PICTURE for source in published(show)}
