"""New plans to those they concern: each is sent only what differs from what it was sent last.

The mixer gets a whole plan where pictures change, the sound alone where only that does, and the values alone
where a hand moves a fader or the T-bar, or where nothing changes but the revision. Shards and the supervisor
hear nothing of either.
"""

from collections.abc import Callable, Iterable

from msgspec.structs import replace

from mixer.contract.hand_values import HandValues, values_between
from mixer.contract.messages import Message, TakePlan, TakeSound, TakeValues
from mixer.contract.names import MIXER, SUPERVISOR, ProcessName
from mixer.contract.plan import MixPlan
from signaling.contract.messages import UplinkTargets
from studio.contract.messages import Desired
from studio.planning.planner import Plans


class PlanSender:
    """``send`` takes a process's name and a message; what it raises goes to the caller, and is sent whole the
    next time."""

    def __init__(self, send: Callable[[ProcessName, Message], None]) -> None:
        self._send = send
        self._mix: MixPlan | None = None
        """What the mixer has been sent, but for the newest values."""
        self._next: object = None
        self._values: tuple[int, HandValues] | None = None
        self._desired: Desired | None = None
        self._targets: dict[ProcessName, UplinkTargets] = {}
        """By shard."""

    def tell(self, plans: Plans, issued_ns: int, ordinary: bool, shards: Iterable[ProcessName]) -> None:
        """``ordinary``: see :class:`TakePlan`. The mixer hears it first."""
        try:
            self._tell_mixer(plans, issued_ns, ordinary)
            if plans.desired != self._desired:
                self._desired = plans.desired
                self._send(SUPERVISOR, plans.desired)
        except BaseException:
            self._mix = self._desired = None
            raise
        for shard in shards:
            self.tell_shard(shard, plans)

    def tell_shard(self, shard: ProcessName, plans: Plans) -> None:
        """Tell a shard its targets; nothing while control learns who is there, when the shard keeps what the
        one before has told it."""
        if not plans.known:
            return
        targets = UplinkTargets(plans.uplink, plans.microphones, plans.screens, plans.listens)
        if targets == self._targets.get(shard):
            return
        self._targets.pop(shard, None)
        self._send(shard, targets)
        self._targets[shard] = targets

    def forget_shard(self, shard: ProcessName) -> None:
        """It is gone; who comes back under the name has been told nothing."""
        self._targets.pop(shard, None)

    def _tell_mixer(self, plans: Plans, issued_ns: int, ordinary: bool) -> None:
        mix, before = plans.mix, self._mix
        if before is None or plans.next != self._next:
            self._tell_whole(plans, issued_ns, ordinary)
        elif (values := values_between(before, mix)) is not None:
            if (mix.revision, values) != self._values:
                self._values = mix.revision, values
                self._send(MIXER, TakeValues(mix.revision, issued_ns, values))
        elif replace(before, revision=mix.revision, audio=mix.audio) == mix:
            self._mix, self._values = mix, None
            self._send(MIXER, TakeSound(mix.revision, mix.audio, issued_ns))
        else:
            self._tell_whole(plans, issued_ns, ordinary)

    def _tell_whole(self, plans: Plans, issued_ns: int, ordinary: bool) -> None:
        self._mix, self._next, self._values = plans.mix, plans.next, None
        self._send(MIXER, TakePlan(plans.mix, issued_ns, plans.next, ordinary))
