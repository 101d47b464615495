"""Invite tokens: made here, kept only as hashes, looked up when somebody opens a link.

256 random bits need no slow hash: nobody guesses them, whatever the hash costs.
"""

import secrets
from collections.abc import Mapping

from signaling.contract.ports import Grant, RefusedError
from studio.show.model import Seat, Show
from studio.show.tokens import hashed

_MAX_TOKEN = 256


def new_token() -> str:
    """256 bits, in 43 characters that URLs take as they are."""
    return secrets.token_urlsafe(32)


class Index:
    """Finds the seat of a token; made again only when seats changed."""

    def __init__(self) -> None:
        self._seats: Mapping[str, Seat] = {}
        self._by_hash: dict[str, str] = {}

    def grant(self, show: Show, token: str, now: int) -> Grant | None:
        """Return what the token stands for at ``now`` (Unix seconds); None if it was never valid.

        Raises RefusedError 401: ``link.expired``, ``link.revoked``.
        """
        if not 0 < len(token) <= _MAX_TOKEN:
            return None
        if show.seats is not self._seats:
            self._seats = show.seats
            self._by_hash = {seat.invite.token_hash: seat.id for seat in show.seats.values() if seat.invite}
        digest = hashed(token)
        if digest in show.revoked:
            raise _revoked()
        seat = show.seats.get(self._by_hash.get(digest, ""))
        if seat is None or seat.invite is None:
            return None
        if seat.invite.revoked:
            raise _revoked()
        if seat.invite.expires <= now:
            raise RefusedError(
                401, "link.expired", "This link has expired. Ask the organisers for a new one."
            )
        return Grant(seat.role, seat.id, seat.invite.generation, seat.invite.expires)


def still_valid(show: Show, grant: Grant, now: int) -> bool:
    """Return whether a session made from the grant may go on: the seat is there, its invite the same and
    good."""
    seat = show.seats.get(grant.seat)
    invite = seat.invite if seat else None
    return (
        seat is not None
        and invite is not None
        and invite.generation == grant.generation
        and seat.role == grant.role
        and not invite.revoked
        and invite.expires > now
    )


def _revoked() -> RefusedError:
    return RefusedError(
        401, "link.revoked", "This link was replaced or withdrawn. Use the newest one, or ask for one."
    )
