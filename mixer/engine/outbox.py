"""What the mixer's threads have to tell control, bounded: the newest of each kind is what counts.

The ticks that plans were taken at (chapters, cut lists and the console hang on them) have room of their own,
which nothing else takes from them, and wait where the link is full.
"""

import os
from collections import deque
from collections.abc import Callable

from mixer.contract.messages import Message, PlanTaken

MAX_TAKEN = 256
"""As many plans as control waits for at most."""
MAX_OTHERS = 1024


class Outbox:
    """:meth:`put` from any thread, never blocking; :meth:`send` from the link's own."""

    def __init__(self) -> None:
        self._taken: deque[PlanTaken] = deque(maxlen=MAX_TAKEN)
        self._others: deque[Message] = deque(maxlen=MAX_OTHERS)
        self._wake = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)

    def fileno(self) -> int:
        """Readable once something was put."""
        return self._wake

    def put(self, message: Message) -> None:
        if isinstance(message, PlanTaken):
            self._taken.append(message)
        else:
            self._others.append(message)
        os.eventfd_write(self._wake, 1)

    def send(self, give: Callable[[Message], bool]) -> None:
        """Hand on what is there. ``give`` says whether the link took it: plans are kept and given again."""
        try:
            os.eventfd_read(self._wake)
        except BlockingIOError:
            pass
        while self._taken:
            message = self._taken[0]
            if not give(message):
                break
            if self._taken and self._taken[0] is message:  # a full queue has lost it meanwhile
                self._taken.popleft()
        while self._others:
            give(self._others.popleft())

    def close(self) -> None:
        os.close(self._wake)
