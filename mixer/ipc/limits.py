"""What a process that opens other people's files may have: memory, no core file, less of the machine than
the programme."""

import resource

from mixer.ipc.priority import be_nice

PLAYER_BYTES = 4 << 30
"""Address space of a player: a 4096×2304 clip of 10 bits takes about 1 GB with its decoder's threads."""
IMPORTER_BYTES = 3 << 30
PLAYER_NICENESS = -10
"""What a player plays may be on air: the mixer's and the shards' real-time threads go before it, and nothing
else that runs on the machine does, where the system lets it."""
IMPORTER_NICENESS = 10
"""Of a process that looks into an upload, which may take its time."""


def confine(address_bytes: int, niceness: int = 0) -> None:
    """Limit this process, and let it give way by ``niceness``, or go before others by a negative one."""
    resource.setrlimit(resource.RLIMIT_AS, (address_bytes, address_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    be_nice(niceness)
