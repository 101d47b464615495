"""A wait that fails says what it waited for and what it saw last."""

import pytest

from studio.lab.harness.waiting import until, wait_until


def test_what_was_seen_last_is_told() -> None:
    seen = iter(range(1000))
    with pytest.raises(TimeoutError, match=r"not within 0\.01 s: some thousand; seen last: None"):
        wait_until("some thousand", lambda: next(seen) > 1000 or None, 0.01, 0.001)


async def test_where_nobody_says_for_what_the_probe_says_it_itself() -> None:
    with pytest.raises(TimeoutError, match=r"len\(lines\) > 2.*seen last: False"):
        lines = ["one"]
        await until(lambda: len(lines) > 2, 0.01)
