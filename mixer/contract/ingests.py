"""Names of an output's senders: one for its ingest, one for its backup, which run together. Pure."""

from typing import Literal, NamedTuple

Ingest = Literal["primary", "backup"]

BACKUP = "~backup"
"""Behind an output's id. No id has a ``~`` in it."""


class SenderOf(NamedTuple):
    """What a sender's name, or its reports' ``output``, stands for."""

    output: str
    ingest: Ingest


def backup_of(output: str) -> str:
    """The name of an output's backup: what its sender reports as."""
    return output + BACKUP


def sender_of(name: str) -> SenderOf:
    """The other way round."""
    if name.endswith(BACKUP):
        return SenderOf(name.removesuffix(BACKUP), "backup")
    return SenderOf(name, "primary")
