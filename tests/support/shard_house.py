"""The shard that tests drive is the one that ``studio bench`` measures: :mod:`studio.lab.bench.shard`."""

from studio.lab.bench.shard import FROM_SHARD, Bus, ShardHouse, until

__all__ = ["FROM_SHARD", "Bus", "ShardHouse", "until"]
