"""The shard that tests drive is the one that ``studio bench`` measures: :mod:`studio.lab.harness.shard`."""

from studio.lab.harness.shard import FROM_SHARD, ShardBus, ShardHouse
from studio.lab.harness.waiting import until

__all__ = ["FROM_SHARD", "ShardBus", "ShardHouse", "until"]
