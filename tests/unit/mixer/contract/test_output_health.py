"""When a sender goes on, pauses and tries again, and what it tells the director."""

import errno
import socket
import ssl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mixer.contract import output_health as health
from mixer.contract.output_health import SECOND_NS, Failure, Health, disk_failure
from mixer.outputs.diagnosis import ProtocolError, RejectedError, network_failure

LOST = Failure("destination.lost", "gone")
times = st.integers(0, 10**18)


REJECTED = Failure("destination.rejected", "no")


def test_pauses_double_up_to_five_seconds_and_to_half_a_minute_where_the_answer_is_no() -> None:
    assert [health.pause_s(attempt, 0.0) for attempt in range(1, 6)] == [1, 2, 4, 5, 5]
    assert [health.pause_s(attempt, 0.0, patient=True) for attempt in range(1, 8)] == [1, 2, 4, 8, 16, 30, 30]
    assert health.pause_s(3, 1.0) == pytest.approx(3.2)


@given(attempt=st.integers(1, 10**6), chance=st.floats(0, 1), patient=st.booleans())
def test_pause_has_bounds(attempt: int, chance: float, patient: bool) -> None:
    assert 0.8 <= health.pause_s(attempt, chance, patient) <= (30 if patient else 5)


def live_after(away_s: float, failure: Failure, took_ns: int, chance: float) -> float:
    """Seconds from a destination's return until it is tried, by the clock alone. While it is away, an attempt
    ends with ``failure`` after ``took_ns``."""
    now_ns, gone_ns, returned_ns = 0, 20 * SECOND_NS, round((20 + away_s) * SECOND_NS)
    state = health.failed(health.live(health.opening(Health(), now_ns), now_ns), LOST, gone_ns, chance)
    now_ns = gone_ns
    while True:
        now_ns = max(now_ns, state.retry_ns)
        assert health.due(state, now_ns)
        state = health.opening(state, now_ns)
        if now_ns >= returned_ns:
            return (now_ns - returned_ns) / SECOND_NS
        now_ns += took_ns
        state = health.failed(state, failure, now_ns, chance)


@given(away_s=st.floats(1, 600), chance=st.floats(0, 1))
def test_an_ingest_that_was_away_is_tried_within_five_seconds(away_s: float, chance: float) -> None:
    refused = Failure("destination.refused", "nobody")
    assert live_after(away_s, refused, 1000, chance) <= 5
    # where nothing answers, an attempt itself takes 5 s; the pause after it is the shortest
    silent = Failure("destination.timeout", "silence")
    assert live_after(away_s, silent, health.OPENING_LIMIT_NS, chance) <= 6


def test_an_ingest_that_comes_back_and_says_no_at_first_is_soon_asked_again() -> None:
    state = Health()
    for _ in range(12):  # away for a minute
        state = health.failed(health.opening(state, state.retry_ns), LOST, state.retry_ns, 0.0)
    at_ns = state.retry_ns
    state = health.failed(health.opening(state, at_ns), REJECTED, at_ns, 0.0)  # the key is in use still
    assert state.retry_ns - at_ns == SECOND_NS
    for _ in range(6):
        at_ns = state.retry_ns
        state = health.failed(health.opening(state, at_ns), REJECTED, at_ns, 0.0)
    assert state.retry_ns - at_ns == 30 * SECOND_NS


def test_retry_now_ends_a_pause_and_only_that() -> None:
    waiting = health.failed(health.opening(Health(), 0), REJECTED, 0, 0.0)
    hurried = health.hurried(waiting, 100)
    assert not health.due(waiting, 100)
    assert health.due(hurried, 100)
    assert hurried.failure == REJECTED
    live = health.live(health.opening(Health(), 0), 0)
    final = health.failed(Health(), Failure("url.scheme", "wrong", permanent=True), 0, 0.0)
    assert health.hurried(live, 100) == live
    assert health.hurried(final, 100) == final


@given(now_ns=times, failures=st.integers(1, 40), chance=st.floats(0, 1))
def test_never_gives_up_on_what_may_mend(now_ns: int, failures: int, chance: float) -> None:
    state = Health()
    assert health.due(state, now_ns)
    for _ in range(failures):
        state = health.opening(state, now_ns)
        assert not health.due(state, now_ns)
        state = health.failed(state, LOST, now_ns, chance)
        assert not health.due(state, now_ns)
        assert now_ns < state.retry_ns <= now_ns + 5 * SECOND_NS
        now_ns = state.retry_ns
        assert health.due(state, now_ns)
    assert state.attempt == failures


def test_a_steady_destination_starts_over_and_a_shaky_one_does_not() -> None:
    shaky = health.failed(Health(), LOST, 0, 0.0)
    shaky = health.failed(health.live(health.opening(shaky, 0), 0), LOST, SECOND_NS, 0.0)
    assert shaky.attempt == 2
    steady = health.failed(health.live(health.opening(shaky, 0), 0), LOST, 11 * SECOND_NS, 0.0)
    assert steady.attempt == 1


def test_the_reason_stays_until_the_destination_is_live() -> None:
    state = health.opening(health.failed(Health(), LOST, 0, 0.0), SECOND_NS)
    assert state.failure == LOST
    assert health.live(state, SECOND_NS).failure is None


def test_a_permanent_failure_is_final() -> None:
    state = health.failed(Health(), Failure("url.scheme", "wrong", permanent=True), 0, 0.0)
    assert state.phase == "failed"
    assert not health.due(state, 10**15)


def test_silence_while_opening_is_a_timeout() -> None:
    state = health.opening(Health(), 0)
    assert health.overdue(state, "host", True, health.OPENING_LIMIT_NS - 1) is None
    accepted = health.overdue(state, "host", True, health.OPENING_LIMIT_NS)
    unreached = health.overdue(state, "host", False, health.OPENING_LIMIT_NS)
    assert accepted is not None
    assert unreached is not None
    assert accepted.code == unreached.code == "destination.timeout"
    assert "does not answer" in accepted.sentence
    assert "reached" in unreached.sentence


@given(steps=st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, SECOND_NS)), max_size=40))
def test_what_moves_is_never_called_stalled(steps: list[tuple[int, int]]) -> None:
    """Each step takes bytes, so however slow the destination is, it is not stalled."""
    now_ns = 0
    state = health.live(Health(), now_ns)
    for pending, after_ns in steps:
        now_ns += after_ns
        state = health.progressed(state, pending, 1, now_ns)
        assert health.overdue(state, "host", True, now_ns) is None


def test_bytes_that_nobody_takes_are_a_stall() -> None:
    state = health.progressed(health.live(Health(), 0), 100, 0, SECOND_NS)
    state = health.progressed(state, 200, 0, 2 * SECOND_NS)
    assert health.overdue(state, "host", True, 4 * SECOND_NS) is None
    stalled = health.overdue(state, "host", True, 5 * SECOND_NS)
    assert stalled is not None
    assert stalled.code == "destination.timeout"
    idle = health.progressed(health.live(Health(), 0), 0, 0, SECOND_NS)
    assert health.overdue(idle, "host", True, 60 * SECOND_NS) is None


def test_what_a_close_means_depends_on_when() -> None:
    opening = health.opening(Health(), 0)
    assert health.closed(opening, "host", False, 1).code == "destination.lost"
    assert health.closed(opening, "host", True, 1).code == "destination.rejected"
    live = health.live(opening, 0)
    assert health.closed(live, "host", True, SECOND_NS).code == "destination.rejected"
    assert health.closed(live, "host", True, 60 * SECOND_NS).code == "destination.lost"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ConnectionRefusedError(errno.ECONNREFUSED, "x"), "destination.refused"),
        (socket.gaierror(-2, "x"), "destination.unreachable"),
        (OSError(errno.EHOSTUNREACH, "x"), "destination.unreachable"),
        (OSError(errno.ENETUNREACH, "x"), "destination.unreachable"),
        (TimeoutError(), "destination.timeout"),
        (OSError(errno.ETIMEDOUT, "x"), "destination.timeout"),
        (OSError(errno.ECONNREFUSED, "x"), "destination.refused"),
        (ssl.SSLCertVerificationError("x"), "destination.tls"),
        (ssl.SSLError("x"), "destination.tls"),
        (ConnectionResetError(), "destination.lost"),
        (OSError(errno.EIO, "x"), "destination.lost"),
        (RejectedError("NetStream.Publish.BadName"), "destination.rejected"),
        (RejectedError(""), "destination.rejected"),
        (ProtocolError("x"), "destination.protocol"),
    ],
)
def test_network_errors_have_codes_and_sentences(error: Exception, code: str) -> None:
    failure = network_failure(error, "host:1936")
    assert failure.code == code
    assert "host:1936" in failure.sentence
    assert failure.sentence.endswith(".")
    assert not failure.permanent


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (errno.ENOSPC, "disk.full"),
        (errno.EDQUOT, "disk.full"),
        (errno.EFBIG, "disk.full"),
        (errno.EACCES, "disk.denied"),
        (errno.EROFS, "disk.denied"),
        (errno.ENOENT, "disk.missing"),
        (errno.EIO, "disk.error"),
    ],
)
def test_disk_errors_have_codes(number: int, code: str) -> None:
    failure = disk_failure(OSError(number, "/secret/path"))
    assert failure.code == code
    assert "/secret/path" not in failure.sentence
