"""The sender process: one per destination, writing encoded packets to an RTMP(S) ingest or a recording.

May import: the standard library, PyAV, msgspec, structlog, and the mixer's wire modules. ``url`` and
``health`` are pure and import the standard library alone; ``url`` is used by the show's core too.
"""
