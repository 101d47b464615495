"""Ends what a link or token opened, once it is void: a seat's link, a source's token."""

from signaling.contract.ports import Change, Peers, ShowPort, Unsubscribe

ENDING = frozenset({"seat.removed", "seat.revoked", "seat.invited"})
"""Events after which a seat's earlier link, and what was opened with it, is void."""


def ended_seat(change: Change) -> str | None:
    """The seat whose link this change made void; None for every other change."""
    if change.event is None or change.event.get("type") not in ENDING:
        return None
    return str(change.event.get("seat", "")) or None


SOURCE_ENDING = frozenset({"source.deleted", "source.token_made"})


def guard_peers(show: ShowPort, peers: Peers) -> Unsubscribe:
    """Close the WebRTC peers of such seats and sources from now on; returns what stops it.

    By the event, not by the session: a peer opened before a restart of ours has no session on record.
    """

    def on_change(change: Change) -> None:
        seat = ended_seat(change)
        if seat is not None:
            peers.drop_seat(seat)
        if change.event is not None and change.event.get("type") in SOURCE_ENDING:
            peers.drop_source(str(change.event.get("source", "")))

    return show.listen(on_change)
