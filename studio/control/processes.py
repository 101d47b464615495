"""The other processes: which of them run, and what each is told of the show."""

from collections.abc import Callable

import structlog

from mixer.contract.messages import Message
from mixer.contract.names import CONTROL, ProcessName, is_player, is_sender, is_shard, shards
from mixer.ipc.link import LinkClosedError, LinkOverflowError
from studio.contract.messages import Desired, ProcessChanged
from studio.control.plan_sender import PlanSender
from studio.control.process_messages import ProcessMessages
from studio.planning.planner import Plans
from studio.show.model import Show

log = structlog.get_logger()


class Processes:
    """``send`` takes a process's name and a message; ``recordings`` is the folder of files."""

    def __init__(self, send: Callable[[ProcessName, Message], None], recordings: str) -> None:
        self.messages = ProcessMessages(send, recordings)
        self._plan_sender = PlanSender(send)
        self._states: dict[ProcessName, str] = {}
        self._planned: Desired | None = None

    def publish(self, plans: Plans, show: Show, issued_ns: int, ordinary: bool) -> None:
        """New plans, made of ``show``, to those they concern; the supervisor keeps the last for a process
        that comes back."""
        try:
            self._plan_sender.tell(plans, issued_ns, ordinary, shards(self._states))
            # With the same desired processes it is the same plan, but for what a hand moves.
            if plans.desired is not self._planned:
                self._planned = plans.desired
                self.messages.planned(plans, show)
        except (LinkClosedError, LinkOverflowError) as error:
            log.error("plan not sent", error=str(error))

    def changed(self, change: ProcessChanged, plans: Plans) -> None:
        """``plans``: the newest, for a shard that has come."""
        name = change.process
        if change.state == "stopped":
            self._states.pop(name, None)
        else:
            self._states[name] = change.state
        self.messages.process_changed(change)
        if is_shard(name):
            if change.state == "running":
                self._plan_sender.tell_shard(name, plans)
            else:
                self._plan_sender.forget_shard(name)

    def not_ready(self) -> list[str]:
        """Those that the studio needs as a whole, and that don't run."""
        return sorted(
            name
            for name, state in self._states.items()
            if state != "running" and not (is_sender(name) or is_player(name)) and name != CONTROL
        )
