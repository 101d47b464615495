"""The real pages in a real Firefox, which has no H.264 while offline: a guest and a director with VP8."""

import urllib.request
from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from studio.planning.uplink import THUMBNAIL
from tests.integration.test_service_restart import picture
from tests.support.browsers.firefox import END, Firefox, Page, firefox, needs_firefox
from tests.support.running import RunningStudio, running_studio, wait_until

pytestmark = [pytest.mark.e2e, needs_firefox, pytest.mark.alone]

Room = tuple[RunningStudio, Firefox]
CONNECTED_S = 15.0
SEAT = "mayor-1"
_VIDEO = """(() => { const video = document.querySelector("video[data-role=%s]");
    return video && [video.videoWidth, video.videoHeight, video.currentTime, video.muted]; })()"""


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    with (
        running_studio(tmp_path_factory.mktemp("firefox") / "data") as studio,
        firefox() as browser,
    ):
        yield studio, browser


def wait_for_state(page: Page, state: str) -> None:
    page.wait_for(f"[data-role=state][data-state={state}]", CONNECTED_S)


def wait_until_playing(page: Page, role: str, size: list[int]) -> None:
    """Wait until a video has this size and its time goes on."""

    def played_s() -> float | None:
        video = page.evaluate(_VIDEO % role)
        return float(video[2]) if video and video[:2] == size else None

    start_s = wait_until(f"{role} in {size}", played_s, CONNECTED_S)
    wait_until(f"{role} plays", lambda: (played_s() or 0) > start_s + 0.5, CONNECTED_S)


def middle_of_program(studio: RunningStudio) -> NDArray[np.float64]:
    """Mean red, green and blue, 0 … 255, of the middle of the snapshot."""
    request = urllib.request.Request(
        f"{studio.url}/api/v1/canvases/program.jpg", headers={"Authorization": f"Bearer {studio.token}"}
    )
    with urllib.request.urlopen(request, timeout=5) as response:
        picture = cv2.imdecode(np.frombuffer(response.read(), np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    height, width = picture.shape[:2]
    middle = picture[height // 3 : height // 2, width // 3 : width * 2 // 3]
    return np.asarray(middle.mean(axis=(0, 1))[::-1], np.float64)


def wait_until_camera_is_on_air(studio: RunningStudio) -> None:
    """Firefox's fake camera is one strong colour that wanders; a card or a slate is dark and stands still."""
    colours: list[NDArray[np.float64]] = []

    def wanders() -> bool:
        colour = middle_of_program(studio)
        if np.ptp(colour) > 60:
            colours.append(colour)
        return any(np.abs(colour - colours[0]).max() > 10 for colour in colours[1:])

    wait_until("the camera's picture is on the programme", wanders, every_s=0.25)


def size_received(studio: RunningStudio) -> tuple[int, int] | None:
    """What the shard decodes of the guest's camera, once it is the size that the studio asked for.

    Looks at the multiview, as somebody's console would: without one, nothing is asked of the green room.
    """
    picture(studio, "multiview")
    seat: dict[str, Any] = studio.status("seats", SEAT)
    size, target = (seat["width"], seat["height"]), seat.get("uplink")
    if target is None:  # not planned yet
        return None
    close = abs(size[0] - target["width"]) <= 2 and abs(size[1] - target["height"]) <= 2
    return size if close and seat["fps"] > 0 else None


def test_a_guest_joins_is_on_air_reloads_and_leaves(room: Room) -> None:
    studio, browser = room
    link = studio.invite(SEAT, name="Hong", title="Mayor of Garam", language="en")
    page = browser.window()
    page.resize(1280, 720)
    page.goto(link)
    assert link.rsplit("/", 1)[1] not in page.evaluate("location.href + ' ' + document.referrer")
    address = page.evaluate("location.href")

    page.wait_for("[data-action=join]:not([disabled])", CONNECTED_S)
    wait_until_playing(page, "self", [1280, 720])
    page.wait_for("[data-role=microphone-level][data-zone=good]")
    page.click("[data-role=name]")
    page.type(f"{END} Gildong")
    page.click("[data-action=join]")
    wait_for_state(page, "waiting")
    assert studio.state()["seats"][SEAT]["name"] == "Hong Gildong"
    small = wait_until("a picture of the size asked for in the green room", lambda: size_received(studio))
    assert small == (THUMBNAIL.width, THUMBNAIL.height)
    wait_until_playing(page, "programme", [640, 360])
    assert page.evaluate(_VIDEO % "programme")[3] is False, "the programme is heard"

    studio.do("seat.admit", seat=SEAT)
    canvases = {"program": {"layout": "solo", "places": [{"seat": SEAT}]}}
    studio.do("scene.create", scene="solo", canvases=canvases)
    studio.do("program.cut", scene="solo")
    wait_for_state(page, "on_air")
    wait_until(
        "a larger picture for the larger tile",
        lambda: (size_received(studio) or small) > small,
        CONNECTED_S,
    )
    wait_until_camera_is_on_air(studio)
    assert studio.status("seats", SEAT, "picture") == "live"

    page.reload()
    wait_for_state(page, "on_air")
    assert page.evaluate("location.href") == address
    assert list(studio.state()["seats"]) == [SEAT]
    wait_until_playing(page, "programme", [640, 360])
    wait_until_camera_is_on_air(studio)

    page.click("[data-action=leave]")
    page.click("[data-action=yes]")
    page.wait_for("[data-role=left]")
    wait_until("the seat is empty", lambda: studio.status("seats", SEAT, "connection") == "absent")
    wait_until("his place shows a card", lambda: np.ptp(middle_of_program(studio)) < 60)
    assert browser.complaints == []


def test_a_director_sees_the_multiview_and_cuts(room: Room) -> None:
    studio, browser = room
    for scene in ("plenary", "keynote"):
        studio.do("scene.create", scene=scene)
    page = browser.window()
    page.resize(1280, 720)
    page.goto(f"{studio.url}/console?token={studio.token}")
    assert studio.token not in page.evaluate("location.href + ' ' + document.referrer")
    page.wait_for("[data-role=multiview][data-state=connected]", CONNECTED_S)
    wait_until_playing(page, "multiview", [640, 360])
    page.click("[data-action=preview][data-scene=keynote]")
    page.wait_for("[data-role=preview][data-scene=keynote]")
    page.type(" ")
    page.wait_for("[data-role=program][data-scene=keynote]")
    assert studio.state()["program"] == "keynote"
    assert browser.complaints == []


def test_a_violation_of_the_policy_would_have_been_seen(room: Room) -> None:
    studio, browser = room
    page = browser.window()
    page.goto(f"{studio.url}/console?token={studio.token}")
    page.evaluate("document.body.setAttribute('onclick', 'location')")
    page.evaluate("document.body.click()")
    wait_until("the violation", lambda: page.evaluate("1") and browser.complaints)
    assert all("script-src" in complaint for complaint in browser.complaints), browser.complaints
    browser.complaints.clear()
