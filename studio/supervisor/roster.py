"""Which processes there are, under which names, and what each is told first."""

from collections.abc import Callable
from pathlib import Path

import msgspec

from mixer.contract.messages import MixerConfig, SenderConfig
from mixer.contract.names import CONTROL, MIXER, player_name, sender_name, shard_name
from mixer.contract.player_messages import PlayerConfig
from studio.contract import config
from studio.contract.datadir import OWN_FONTS_CACHE
from studio.contract.messages import ControlConfig, Desired
from studio.supervisor.children import Child


class Launch(msgspec.Struct, frozen=True):
    """What the supervisor is started with. ``host`` and ``port`` have the command line's last word."""

    settings: config.Settings
    config_file: str
    data: Path
    host: str
    port: int
    fonts: Path
    director_token: str
    shards: int
    folder: str
    """Where it was started."""


def fixed_children(
    launch: Launch, epoch_ns: int, port: Callable[[], int], planned: Callable[[], bool]
) -> list[list[Child]]:
    """Control, shards, mixer: stages in the order they are started. Asked at each start: ``port`` of control,
    and whether there is a plan that the mixer will be told (``planned``)."""

    def control() -> ControlConfig:
        return ControlConfig(
            config_file=launch.config_file,
            data=str(launch.data),
            host=launch.host,
            port=port(),
            director_token=launch.director_token,
            epoch_ns=epoch_ns,
            folder=launch.folder,
        )

    shards = []
    for index in range(launch.shards):
        name = shard_name(index)
        shard = config.shard_config(launch.settings, index, launch.shards, epoch_ns)
        shards.append(Child(name, ("signaling.shard.process", name), _always(shard), awaited=True))
    mixer = config.mixer_config(launch.settings, epoch_ns, launch.fonts, launch.data / OWN_FONTS_CACHE)

    def resuming() -> MixerConfig:
        return msgspec.structs.replace(mixer, resumes=planned())

    return [
        [Child(CONTROL, ("studio.control.process",), control, awaited=True)],
        shards,
        [Child(MIXER, ("mixer.engine.process",), resuming, awaited=True)],
    ]


def sender_child(sender: SenderConfig) -> Child:
    name = sender_name(sender.output)
    return Child(name, ("mixer.outputs.process", name), _always(sender))


def player_child(player: PlayerConfig) -> Child:
    name = player_name(player.source)
    return Child(name, ("mixer.sources.process", name), _always(player))


def desired_children(desired: Desired) -> list[Child]:
    """Return the children that come and go: a sender for each output, a player for each source that needs
    one."""
    return [*map(sender_child, desired.senders), *map(player_child, desired.players)]


def _always(message: msgspec.Struct) -> Callable[[], msgspec.Struct]:
    return lambda: message
