"""Fixtures and settings for every test."""

import os
from collections.abc import Iterator

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as in the studio's processes; before numpy is loaded

from pathlib import Path

import hypothesis
import pytest
from blockbuster import blockbuster_ctx

# An example's time says more about what else runs on the machine than about the code.
hypothesis.settings.register_profile("studio", deadline=None)
hypothesis.settings.load_profile("studio")

_SIDE_BY_SIDE = frozenset(
    ("cli", "http_api", "http_fuzz", "http_links", "http_roles", "http_socket", "recording", "rtmp_sender")
) | {"service_restart", "session", "store", "whip_http"}
"""Integration tests that mostly wait, and measure no times that a neighbour would spoil."""
_ALONE = frozenset(("pacing", "effort"))
"""Unit tests that do."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """``make test`` runs what is marked ``side_by_side`` in two processes, and then the rest alone."""
    here = Path(__file__).parent
    for item in items:
        part, *_ = item.path.relative_to(here).parts
        name = item.path.stem.removeprefix("test_")
        if part in ("unit", "golden", "test_architecture.py"):
            beside = name not in _ALONE
        else:
            beside = part == "integration" and name in _SIDE_BY_SIDE
        if beside:
            item.add_marker("side_by_side")


@pytest.fixture(autouse=True)
def _nothing_blocks_the_loop() -> Iterator[None]:
    """A blocking call that our own code makes on an event loop is an error of the test it happens in."""
    # What measures starts processes, makes slots and reads files; nobody waits for it.
    with blockbuster_ctx(["signaling", "studio"], excluded_modules=["studio.bench"]) as guard:
        for function in guard.functions.values():
            # Once, before anybody can be kept waiting: reads the list of the pages' libraries.
            function.can_block_in("signaling/server.py", "make_app")
        yield
