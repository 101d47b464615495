"""Token buckets: bursts, refills, bounded memory."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signaling.http.auth.limits import Limiter, Rate, RateLimitedError


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def taken(limiter: Limiter, key: str) -> bool:
    try:
        limiter.take(key)
    except RateLimitedError:
        return False
    return True


def test_a_burst_then_one_by_one() -> None:
    clock = Clock()
    limiter = Limiter(Rate(0.5, 3), "rate.x", clock=clock)
    assert [taken(limiter, "a") for _ in range(5)] == [True, True, True, False, False]
    assert taken(limiter, "b")
    with pytest.raises(RateLimitedError) as refused:
        limiter.take("a")
    assert (refused.value.status, refused.value.code, refused.value.retry_after_s) == (429, "rate.x", 2)
    clock.now = 2.0
    assert [taken(limiter, "a") for _ in range(2)] == [True, False]


@given(
    st.lists(st.tuples(st.floats(0, 5), st.integers(0, 3)), max_size=200),
    st.floats(0.1, 10),
    st.integers(1, 9),
)
def test_never_more_than_burst_and_rate(steps: list[tuple[float, int]], per_s: float, burst: int) -> None:
    clock = Clock()
    limiter = Limiter(Rate(per_s, burst), "rate.x", clock=clock)
    passed = 0
    for wait_s, tries in steps:
        clock.now += wait_s
        passed += sum(taken(limiter, "a") for _ in range(tries))
        assert passed <= burst + clock.now * per_s + 1e-6


def test_the_table_is_bounded_and_forgets_the_least_used() -> None:
    limiter = Limiter(Rate(0.001, 1), "rate.x", max_keys=10)
    for n in range(1000):
        limiter.take(str(n))
        assert len(limiter) <= 10
    assert not taken(limiter, "999")
    assert taken(limiter, "0")
