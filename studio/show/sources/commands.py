"""Commands of sources: what there is, and how clips and slides play."""

from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from mixer.contract.source_kinds import PatternName, SourceKind
from studio.show.fields import ID_PATTERN, Command, Credential, Id, Language, Title, Url
from studio.show.model import MAX_PAGES

MediaSeconds = Annotated[float, Meta(ge=0, le=24 * 3600)]
Sounds = Annotated[str, Meta(pattern=r"^([1-9][0-9]{0,2}(\+[1-9][0-9]{0,2})?)?(?![\s\S])")]
MaybeId = Annotated[str, Meta(pattern=rf"^(?![\s\S])|{ID_PATTERN}")]


class SourceCreate(Command, frozen=True, tag="source.create"):
    """``media``: the id that ``POST /api/v1/media`` gave, for still, clip and slides. ``url``: what a pull
    reads, ``rtmp(s)://`` or ``rtsp(s)://``; ``user`` and ``password`` for it; ``insecure``: any certificate
    of its server is taken. ``pattern`` and ``tone``: of bars. ``out_s``: 0 for the end. ``sounds``: which
    of a clip's sound tracks are heard, ``"3"`` the third one, ``"1+2"`` the first on the left and the second
    on the right; empty: as the file says. ``presenter``: the seat that may turn the pages. A ``whip`` source
    gives ``result`` ``{"url", "token"}``, once."""

    kind: SourceKind
    source: Id | None = None
    title: Title = ""
    media: Id | None = None
    url: Url | None = None
    user: Credential | None = None
    password: Credential | None = None
    insecure: bool | None = None
    pattern: PatternName | None = None
    tone: bool | None = None
    loop: bool | None = None
    in_s: MediaSeconds | None = None
    out_s: MediaSeconds | None = None
    sounds: Sounds | None = None
    auto_play: bool | None = None
    auto_take: bool | None = None
    presenter: Id | None = None


class SourceUpdate(Command, frozen=True, tag="source.update"):
    """``hall``: its sound is made in the hall, which must not hear it from its loudspeakers. ``url``: another
    address of a pull, with the account that belongs to it; what is not said of an account is none."""

    source: Id
    title: Title | UnsetType = UNSET
    language: Language | UnsetType = UNSET
    hall: bool | UnsetType = UNSET
    url: Url | UnsetType = UNSET
    user: Credential | UnsetType = UNSET
    password: Credential | UnsetType = UNSET
    insecure: bool | UnsetType = UNSET
    pattern: PatternName | UnsetType = UNSET
    tone: bool | UnsetType = UNSET
    loop: bool | UnsetType = UNSET
    in_s: MediaSeconds | UnsetType = UNSET
    out_s: MediaSeconds | UnsetType = UNSET
    sounds: Sounds | UnsetType = UNSET
    auto_play: bool | UnsetType = UNSET
    auto_take: bool | UnsetType = UNSET
    presenter: MaybeId | UnsetType = UNSET


class SourceDelete(Command, frozen=True, tag="source.delete"):
    source: Id


class SourcePlay(Command, frozen=True, tag="source.play"):
    """A clip, from where it stands; at its end, from its in point."""

    source: Id


class SourcePause(Command, frozen=True, tag="source.pause"):
    source: Id


class SourceSeek(Command, frozen=True, tag="source.seek"):
    """To ``position_s`` of the clip; it plays on if it plays."""

    source: Id
    position_s: MediaSeconds


class SourcePage(Command, frozen=True, tag="source.page"):
    """Of slides: exactly one of the ``page`` (from 1) and a ``step``. Its presenter may send it, too."""

    source: Id
    page: Annotated[int, Meta(ge=1, le=MAX_PAGES)] | None = None
    step: Annotated[int, Meta(ge=-MAX_PAGES, le=MAX_PAGES)] | None = None


class SourceToken(Command, frozen=True, tag="source.token"):
    """A new token for a ``whip`` source (``result`` ``{"url", "token"}``); who publishes with the old one
    ends."""

    source: Id


SourceCommand = (
    SourceCreate
    | SourceUpdate
    | SourceDelete
    | SourcePlay
    | SourcePause
    | SourceSeek
    | SourcePage
    | SourceToken
)
