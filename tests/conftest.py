"""Fixtures and settings for every test."""

import os
from collections.abc import Iterator

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as in the studio's processes; before numpy is loaded

import hypothesis
import pytest
from blockbuster import blockbuster_ctx

from tests.support.machine import machine

# An example's time says more about what else runs on the machine than about the code.
hypothesis.settings.register_profile("studio", deadline=None)
hypothesis.settings.register_profile("quick", deadline=None, max_examples=20)
hypothesis.settings.load_profile("studio")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What has the machine to itself comes first and in one go: in between others, it would wait for them to
    end again and again."""
    items.sort(key=lambda item: item.get_closest_marker("alone") is None)


@pytest.fixture(scope="module", autouse=True)
def _machine(request: pytest.FixtureRequest) -> Iterator[None]:
    """A module that is marked ``alone`` measures and has the machine to itself; all others share it."""
    with machine(alone=request.node.get_closest_marker("alone") is not None):
        yield


@pytest.fixture(autouse=True)
def _nothing_blocks_the_loop() -> Iterator[None]:
    """A blocking call that our own code makes on an event loop is an error of the test it happens in."""
    # What measures starts processes, makes slots and reads files; nobody waits for it.
    measuring = ["studio.lab.bench", "studio.lab.harness"]
    with blockbuster_ctx(["signaling", "studio"], excluded_modules=measuring) as guard:
        for function in guard.functions.values():
            # Once, before anybody can be kept waiting: reads the list of the pages' libraries.
            function.can_block_in("signaling/http/server.py", "make_app")
        yield
