"""A guest behind a wall of its own, a studio behind another: what they both reach is a TURN server.

Real browsers in a network namespace, coturn in another (:mod:`tests.support.namespaces`). On air means that
the studio decodes the camera, and that the guest sees the programme.
"""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.browsers.chromium import CHROMIUM, chromium
from tests.support.browsers.firefox import firefox, needs_firefox
from tests.support.browsers.pages import guest as guest_page
from tests.support.namespaces import (
    SECRET,
    TURN,
    Namespace,
    forwarded,
    namespaces,
    needs_namespaces,
    turn_server,
)
from tests.support.running import RunningStudio, running_studio, wait_until

pytestmark = [pytest.mark.e2e, needs_namespaces, pytest.mark.alone]

ON_AIR_S = 8.0
"""From the press on Join."""
SEES = "document.querySelector('video[data-role=programme]')?.currentTime > 0.5"
"""The programme, in JavaScript."""


@pytest.fixture(scope="module")
def networks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Namespace]:
    """The guest's."""
    with namespaces() as (relay, guest), turn_server(relay, tmp_path_factory.mktemp("turn")):
        yield guest


@pytest.fixture(scope="module", params=["udp", "tcp"])
def house(
    networks: Namespace, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[RunningStudio, Namespace]]:
    turn = f"turn:{TURN}:3478?transport={request.param}"
    config = f'[ice]\nturn = ["{turn}"]\nturn_secret = "{SECRET}"\n'
    with (
        running_studio(tmp_path_factory.mktemp("relay") / "data", config=config) as studio,
        forwarded(networks, int(studio.url.rpartition(":")[2])),
    ):
        yield studio, networks


def seated(studio: RunningStudio, seat: str) -> str:
    """A seat on the stage and alone on the programme; its link."""
    link = studio.invite(seat, name=seat)
    studio.do("seat.admit", seat=seat)
    canvases = {"program": {"layout": "solo", "places": [{"seat": seat}]}}
    studio.do("scene.create", scene=seat, canvases=canvases)
    studio.do("program.cut", scene=seat)
    return link


def on_air(studio: RunningStudio, seat: str) -> bool:
    status = studio.status("seats", seat)
    return (status["state"], status["picture"]) == ("on_air", "live") and status["fps"] > 0


async def test_chromium(house: tuple[RunningStudio, Namespace], tmp_path: Path) -> None:
    studio, guest = house
    link = await asyncio.to_thread(seated, studio, "chromium")
    inside = tmp_path / "chromium"
    inside.write_text(f'#!/bin/sh\nexec {" ".join(guest.prefix)} {CHROMIUM or "chromium"} "$@"\n')
    inside.chmod(0o755)
    async with chromium(executable=inside) as browser:
        page, complaints = await guest_page(browser, link)
        began_s = time.monotonic()
        await page.click("[data-action=join]")

        def is_on_air() -> bool:
            return on_air(studio, "chromium")

        await asyncio.to_thread(wait_until, "on air", is_on_air, ON_AIR_S)
        print(f"Chromium on air after {time.monotonic() - began_s:.1f} s")
        await page.wait_for_function(f"() => {SEES}")
        assert complaints == []


@needs_firefox
def test_firefox(house: tuple[RunningStudio, Namespace]) -> None:
    studio, guest = house
    link = seated(studio, "firefox")
    with firefox(guest.prefix, guest.dial, media__peerconnection__ice__relay_only=True) as browser:
        page = browser.window()
        page.resize(1280, 720)
        page.goto(link)
        page.wait_for("[data-action=join]:not([disabled])", 20)
        began_s = time.monotonic()
        page.click("[data-action=join]")
        wait_until("on air", lambda: on_air(studio, "firefox"), ON_AIR_S)
        print(f"Firefox on air after {time.monotonic() - began_s:.1f} s")
        wait_until("he sees the programme", lambda: page.evaluate(SEES))
        assert browser.complaints == []
