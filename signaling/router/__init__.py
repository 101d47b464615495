"""Which shard holds which peer."""
