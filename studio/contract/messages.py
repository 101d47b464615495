"""Messages between the supervisor and control about the processes and slots that shall exist."""

from typing import Literal

import msgspec

from mixer.contract.messages import Message, SenderConfig
from mixer.contract.names import ProcessName, SlotName
from mixer.contract.player_messages import PlayerConfig


class SlotSpec(msgspec.Struct, frozen=True):
    """Largest picture a slot takes, in pixels, how many pictures its ring has, and whether they may have
    alpha."""

    width: int
    height: int
    frames: int = 4
    alpha: bool = False


class ControlConfig(Message, frozen=True):
    """Supervisor → control, first message. Control reads the rest from the configuration file itself."""

    config_file: str
    data: str
    host: str
    port: int
    director_token: str
    epoch_ns: int
    folder: str = "/"
    """Where the operator started the studio: what relative paths in the file are taken from."""


class Listening(Message, frozen=True):
    """Control → supervisor: the HTTP server answers at this URL, for programs on this machine.

    ``public`` is the address that browsers elsewhere use; ``port`` what it listens on, to come back to.
    """

    url: str
    public: str = ""
    port: int = 0


class StartFailed(Message, frozen=True):
    """Control → supervisor: it cannot start, for a reason the operator can mend (port taken, disk full)."""

    reason: str


class Desired(Message, frozen=True):
    """Control → supervisor: every slot, sender and player that shall exist; the supervisor reconciles.

    The whole set each time, so that a restarted control disturbs nothing by saying it again.
    """

    slots: dict[SlotName, SlotSpec]
    senders: tuple[SenderConfig, ...]
    players: tuple[PlayerConfig, ...] = ()


class ProcessChanged(Message, frozen=True):
    """Supervisor → control: a process's state; sent for all of them when control starts."""

    process: ProcessName
    state: Literal["starting", "running", "restarting", "stopped"]
    pid: int
    restarts: int


class ProcessUsage(Message, frozen=True):
    """Supervisor → control, every 5 s: CPU seconds since the process's first start, and resident bytes."""

    cpu_seconds: dict[ProcessName, float]
    resident_bytes: dict[ProcessName, int]
    link_bytes: dict[ProcessName, dict[ProcessName, int]] = msgspec.field(default_factory=dict)
    """By sender, then by receiver: bytes of all messages that went over their links so far."""


class SlotFailed(Message, frozen=True):
    """Supervisor → control: there is no memory for this slot; it is tried again every few seconds."""

    slot: SlotName
    reason: str
