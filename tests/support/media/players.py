"""Runs a real player process for tests, with the test in the supervisor's place and a real slot."""

import os
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np

from mixer.contract.clock import ProgramClock
from mixer.contract.messages import SlotOpened
from mixer.contract.names import SlotName, of_source, player_name, slot_of
from mixer.contract.picture import Picture
from mixer.contract.player_messages import PlayerConfig, PlayerOrder, PlayerReport
from mixer.ipc.slot import SlotReader, create_slot
from studio.lab.harness.waiting import wait_until
from tests.support.media.child_run import ChildRun

FRAMES = 8


class PlayerRun(ChildRun[PlayerReport]):
    """``reader`` is handed the slot, too, by name and descriptor."""

    def __init__(
        self,
        config: PlayerConfig,
        log: Path,
        reader: Callable[[SlotName, int], None] = lambda slot, fd: None,
        alpha: bool = False,
    ) -> None:
        self.config = config
        self.clock = ProgramClock(config.epoch_ns, Fraction(config.fps_num, config.fps_den))
        slot = slot_of(of_source(config.source))
        fd = create_slot(f"test:{config.source}", config.width, config.height, FRAMES, alpha)
        self.slot = SlotReader(fd)
        none = PlayerReport("", "starting", -1)
        super().__init__(player_name(config.source), "mixer.sources.process", PlayerReport, none, log)
        self.send(config)
        self.send(SlotOpened(slot), [fd])
        reader(slot, fd)
        os.close(fd)

    def order(self, order: int, **how: object) -> None:
        self.send(PlayerOrder(order, **how))  # type: ignore[arg-type]

    def wait_state(self, state: str, order: int = -1, timeout_s: float = 30.0) -> None:
        """Until it says so; with ``order``, of this one."""
        try:
            wait_until(
                f"the state {state}",
                lambda: self.last.state == state and order in (-1, self.last.order),
                timeout_s,
            )
        except AssertionError as error:
            raise AssertionError(f"{error}; last: {self.last}; {self.spoken()[-1500:]}") from error

    def shown(self, at_ns: int = 0) -> Picture:
        """A copy of the picture that is due now, or at ``at_ns``; retried where it was overwritten."""
        while True:
            taken = self.slot.take(at_ns or time.monotonic_ns())
            assert taken is not None
            copy = Picture(*(np.array(plane) for plane in taken.picture))
            if taken.intact():
                return copy
