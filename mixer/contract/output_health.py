"""Pure decisions of a sender: is its destination well, what went wrong, when to try again.

Times are CLOCK_MONOTONIC nanoseconds, handed in. Nobody gives up: whatever may mend itself is tried again,
with growing pauses; only a mistake in the configuration itself is ``permanent``. A destination that is away
is tried every 5 s at most, counted from the beginning of an attempt: once it is back, so is the stream. One
that is there and says no is left alone for longer, since asking it too often may get the sender shut out.
"""

import errno
from dataclasses import dataclass, replace
from typing import Literal

SECOND_NS = 1_000_000_000
FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 5.0
PATIENT_PAUSE_S = 30.0
"""The same where the destination answered, and refused."""
JITTER = 0.2
"""Part of a pause that is left to chance, so that many senders don't come back to an ingest together."""
OPENING_LIMIT_NS = 5 * SECOND_NS
"""From the first byte to the ingest's consent to publish, name look-up included."""
STALL_LIMIT_NS = 4 * SECOND_NS
"""How long a connection may take none of the bytes that wait for it."""
STEADY_NS = 10 * SECOND_NS
"""A destination that has been live this long starts again with the first pause when it is lost."""
CONSENT_WORTH_NS = 2 * SECOND_NS
"""An ingest that closes this soon after it consented has looked at the key only then."""

_PATIENT = frozenset({"destination.rejected", "destination.protocol", "destination.tls"})

Phase = Literal["idle", "opening", "live", "waiting", "failed"]


@dataclass(frozen=True)
class Failure:
    """``code`` is stable; ``sentence`` is for the director and holds no secret."""

    code: str
    sentence: str
    permanent: bool = False


@dataclass(frozen=True)
class Health:
    """A destination's condition. ``since_ns`` is when the phase began; ``progress_ns`` when the destination
    last took bytes; ``pending`` bytes wait for it; ``attempt`` counts failures in a row of one
    kind: of a destination that is away, or of one that says no (``patient``)."""

    phase: Phase = "idle"
    since_ns: int = 0
    progress_ns: int = 0
    pending: int = 0
    attempt: int = 0
    patient: bool = False
    retry_ns: int = 0
    failure: Failure | None = None


def opening(health: Health, now_ns: int) -> Health:
    """An attempt begins. The failure before stays visible until the destination is live."""
    return replace(health, phase="opening", since_ns=now_ns, progress_ns=now_ns, pending=0, retry_ns=0)


def live(health: Health, now_ns: int) -> Health:
    """The destination consented to take the stream."""
    return replace(health, phase="live", since_ns=now_ns, progress_ns=now_ns, pending=0, failure=None)


def progressed(health: Health, pending: int, took: int, now_ns: int) -> Health:
    """``took`` bytes went out, ``pending`` still wait."""
    moved = took > 0 or health.pending == 0
    return replace(health, pending=pending, progress_ns=now_ns if moved else health.progress_ns)


def failed(health: Health, failure: Failure, now_ns: int, chance: float) -> Health:
    """Return what follows a failure: a pause, or the end when it is permanent. ``chance`` is from 0 to 1."""
    if failure.permanent:
        return replace(health, phase="failed", since_ns=now_ns, pending=0, failure=failure)
    patient = failure.code in _PATIENT
    steady = health.phase == "live" and now_ns - health.since_ns >= STEADY_NS
    attempt = health.attempt + 1 if health.patient == patient and not steady else 1
    pause_ns = round(pause_s(attempt, chance, patient) * SECOND_NS)
    retry_ns = now_ns + pause_ns
    if health.phase == "opening":
        # What an attempt took has been waited already.
        retry_ns = max(health.since_ns + pause_ns, now_ns + round(pause_s(1, chance) * SECOND_NS))
    return replace(
        health,
        phase="waiting",
        since_ns=now_ns,
        pending=0,
        attempt=attempt,
        patient=patient,
        retry_ns=retry_ns,
        failure=failure,
    )


def pause_s(attempt: int, chance: float, patient: bool = False) -> float:
    """1, 2, 4, 5 seconds for the first, second … failure in a row (``patient``: up to 30), shortened by up to
    20 % by chance."""
    longest_s = PATIENT_PAUSE_S if patient else LONGEST_PAUSE_S
    pause = min(longest_s, FIRST_PAUSE_S * 2.0 ** min(attempt - 1, 10))
    return pause * (1.0 - JITTER * chance)


def hurried(health: Health, now_ns: int) -> Health:
    """Return the health after somebody has said that the destination is mended: a pause ends now, and the
    next begins small."""
    return replace(health, retry_ns=now_ns, attempt=0) if health.phase == "waiting" else health


def overdue(health: Health, place: str, accepted: bool, now_ns: int) -> Failure | None:
    """The failure of a destination that says nothing or takes nothing, or None while there is time.
    ``accepted``: it has accepted the connection."""
    if health.phase == "opening" and now_ns - health.since_ns >= OPENING_LIMIT_NS:
        if accepted:
            return Failure("destination.timeout", f"{place} accepts the connection but does not answer.")
        return Failure("destination.timeout", f"{place} can't be reached: nothing answers.")
    stalled = health.pending > 0 and now_ns - health.progress_ns >= STALL_LIMIT_NS
    if health.phase == "live" and stalled:
        return Failure("destination.timeout", f"{place} has stopped taking the stream.")
    return None


def due(health: Health, now_ns: int) -> bool:
    """Is it time for the (next) attempt?"""
    return health.phase == "idle" or (health.phase == "waiting" and now_ns >= health.retry_ns)


def closed(health: Health, place: str, greeted: bool, now_ns: int) -> Failure:
    """Return what it means that the destination closed the connection now. ``greeted``: it speaks RTMP."""
    if health.phase == "opening" and not greeted:
        return Failure("destination.lost", f"{place} closed the connection without an answer.")
    if health.phase == "opening" or now_ns - health.since_ns < CONSENT_WORTH_NS:
        return Failure(
            "destination.rejected",
            f"{place} closed the connection: the application or the stream key is probably wrong.",
        )
    return Failure("destination.lost", f"{place} closed the connection.")


_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_DENIED = {errno.EACCES, errno.EPERM, errno.EROFS}


def disk_failure(error: Exception) -> Failure:
    """The failure behind an error of writing a recording. All are tried again: disks get mended."""
    number = getattr(error, "errno", None)
    if number in _FULL:
        return DISK_FULL
    if number in _DENIED:
        return Failure("disk.denied", "The recordings' folder can't be written to: permission denied.")
    if number in (errno.ENOENT, errno.ENOTDIR):
        return Failure("disk.missing", "The recordings' folder is gone.")
    return Failure("disk.error", f"The recording can't be written ({type(error).__name__}).")


DISK_FULL = Failure("disk.full", "The disk is full: the recording has stopped.")
