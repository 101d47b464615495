"""Commands about the interpreters' booths.

An interpreter sends those from ``booth.speak`` on for their own booth and seat: ``seat`` is left out
then. The director names a ``seat``, unless the booth has one interpreter, or one whose microphone is on.
"""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from studio.show.fields import Command, Id, Name, NoteText, Title, Tongue
from studio.show.model import MAX_LANGUAGES

Tongues = Annotated[tuple[Tongue, ...], Meta(min_length=2, max_length=MAX_LANGUAGES)]


class BoothCreate(Command, frozen=True, tag="booth.create"):
    """``languages``: two or more of the event's, between which this booth interprets."""

    languages: Tongues
    title: Title = ""
    booth: Id | None = None


class BoothUpdate(Command, frozen=True, tag="booth.update"):
    booth: Id
    title: Title | UnsetType = UNSET
    languages: Tongues | UnsetType = UNSET


class BoothDelete(Command, frozen=True, tag="booth.delete"):
    """While no microphone of it is on. Its interpreters keep their seats, without a booth."""

    booth: Id


class BoothSpeak(Command, frozen=True, tag="booth.speak"):
    """Microphone on or off. ``into`` left out: the language chosen before, else one that the floor doesn't
    speak."""

    booth: Id
    on: bool
    seat: Id | None = None
    into: Tongue | None = None


class BoothInto(Command, frozen=True, tag="booth.into"):
    """Choose the outgoing language; an open microphone changes over in one step."""

    booth: Id
    into: Tongue
    seat: Id | None = None


class BoothCough(Command, frozen=True, tag="booth.cough"):
    """Hold an open microphone shut; nothing changes where it is off."""

    booth: Id
    on: bool
    seat: Id | None = None


class BoothRelay(Command, frozen=True, tag="booth.relay"):
    """What this interpreter hears: ``floor`` or a language."""

    booth: Id
    bus: Name
    seat: Id | None = None


class BoothHandover(Command, frozen=True, tag="booth.handover"):
    """``offer`` by who is on, ``accept`` by the partner within 15 s, ``cancel`` by either.

    ``seat``: whom the director acts for; an interpreter who has several partners names the one meant.
    """

    booth: Id
    action: Literal["offer", "accept", "cancel"]
    seat: Id | None = None


class BoothSlower(Command, frozen=True, tag="booth.slower"):
    """Ask the speaker to slow down: the speaker and the director see it for some seconds."""

    booth: Id


class BoothNote(Command, frozen=True, tag="booth.note"):
    """A line from the booth to the director, or back."""

    booth: Id
    text: NoteText


BoothSetup = BoothCreate | BoothUpdate | BoothDelete
BoothUse = BoothSpeak | BoothInto | BoothCough | BoothRelay | BoothHandover | BoothSlower | BoothNote
BoothCommand = BoothSetup | BoothUse
