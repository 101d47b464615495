"""What may come and what came lately, counted without looking at the clock more than needed. Pure."""

from collections import deque

_SECONDS = 10
TOO_MUCH = 50
"""Of rubbish within ten seconds, that its sender is named for. A stray packet now and then says nothing."""


class Account:
    """A token bucket: ``burst`` at once, ``per_s`` a second in the long run. Full at first."""

    def __init__(self, per_s: float, burst: float) -> None:
        self._per_s = per_s
        self._burst = burst
        self._credit = burst
        self._since_ns = 0

    def pay(self, now_ns: int) -> bool:
        """Take one; False: there is none left."""
        self._credit -= 1
        if self._credit >= 0:
            return True
        # what time has brought is worked out only when the rest is used up
        earned = (now_ns - self._since_ns) * self._per_s / 1e9
        if earned < 1:
            self._credit = 0.0
            return False
        self._since_ns, self._credit = now_ns, min(earned, self._burst) - 1
        return True


class Recent:
    """How often something happened, in all and within the last ten seconds."""

    def __init__(self) -> None:
        self.total = 0
        self._seconds: deque[list[int]] = deque(maxlen=_SECONDS + 1)
        """Second of the clock and how often, the newest last."""

    def add(self, now_ns: int) -> None:
        self.total += 1
        second = now_ns // 1_000_000_000
        if self._seconds and self._seconds[-1][0] == second:
            self._seconds[-1][1] += 1
        else:
            self._seconds.append([second, 1])

    def too_much(self, now_ns: int) -> bool:
        """Return whether it was more than :data:`TOO_MUCH`, lately."""
        return self.count(now_ns) > TOO_MUCH

    def count(self, now_ns: int) -> int:
        """Return how often within the last ten seconds, to the second."""
        oldest = now_ns // 1_000_000_000 - _SECONDS
        return sum(count for second, count in self._seconds if second > oldest)
