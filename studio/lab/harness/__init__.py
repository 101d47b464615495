"""Whole studios, single shards, guests and ingests as real processes: what benches measure and tests
drive."""
