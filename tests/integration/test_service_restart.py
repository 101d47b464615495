"""The whole service ends and restarts on its data: everything is as it was, the picture included."""

import signal
import urllib.request
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from tests.support.ingest import RtmpIngest
from tests.support.running import RunningStudio, left_behind, running_studio, wait_until

KEY = "restart-stream-key"


def picture(studio: RunningStudio, canvas: str) -> NDArray[np.uint8]:
    request = urllib.request.Request(
        f"{studio.url}/api/v1/canvases/{canvas}.jpg", headers={"Authorization": f"Bearer {studio.token}"}
    )
    with urllib.request.urlopen(request, timeout=10) as response:
        decoded = cv2.imdecode(np.frombuffer(response.read(), np.uint8), cv2.IMREAD_COLOR)
    assert decoded is not None
    return cv2.resize(decoded, (64, 36), interpolation=cv2.INTER_AREA).astype(np.uint8)


def difference(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    """Mean of the levels by which two pictures differ."""
    return float(np.abs(one.astype(np.int16) - other.astype(np.int16)).mean())


def page_status(link: str) -> int:
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    with opener.open(link, timeout=10) as page:
        return int(page.status)


def both_live(studio: RunningStudio) -> bool:
    return all(studio.status("outputs", output, "state") == "live" for output in ("vod", "tv"))


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_seats_scenes_the_picture_on_air_and_outputs_come_back(tmp_path: Path, how: signal.Signals) -> None:
    data, shown = tmp_path / "data", {}
    with RtmpIngest(tmp_path) as ingest:
        with running_studio(data) as studio:
            black = picture(studio, "program")
            studio.do("show.update", title="Summit of cities")
            studio.do("source.create", source="bars", kind="bars")
            link = studio.invite("mayor-1", name="市長", title="Mayor")
            studio.do("seat.admit", seat="mayor-1")
            studio.do("source.gain", source="seat/mayor-1", db=-6)
            bars: dict[str, Any] = {"layout": "solo", "places": [{"source": "bars"}]}
            both = {"layout": "duo", "places": [{"source": "bars"}, {"seat": "mayor-1"}]}
            studio.do("scene.create", scene="bars", canvases={"program": bars, "wall": both})
            studio.do("scene.create", scene="all")
            studio.do("program.cut", scene="bars")
            studio.do("preview.set", scene="all")
            studio.do("output.create", output="vod", recording=True, buses=["floor"])
            studio.do("output.create", output="tv", url=ingest.url(f"live/{KEY}"), bus="floor")
            studio.do("output.create", output="spare", url=ingest.url("live/spare"), bus="floor")
            for output in ("vod", "tv"):
                studio.do("output.start", output=output)
            wait_until("both outputs are live", lambda: both_live(studio), 20)
            wait_until("the bars are on air", lambda: difference(picture(studio, "program"), black) > 20)
            before, token = studio.client.state(), studio.token
            shown = {canvas: picture(studio, canvas) for canvas in ("program", "wall")}
            studio.process.send_signal(how)
            assert studio.process.wait(20) == (0 if how == signal.SIGTERM else -how)
            wait_until("nothing of it runs any more", lambda: not left_behind(data))
        with running_studio(data) as studio:
            after = studio.client.state()
            assert after["revision"] == before["revision"]
            assert {key: value for key, value in after["state"].items() if key != "status"} == {
                key: value for key, value in before["state"].items() if key != "status"
            }
            assert studio.token == token
            wait_until("both outputs are live again", lambda: both_live(studio), 20)
            assert studio.status("outputs", "spare", "state") == "stopped"
            for canvas, was in shown.items():
                wait_until(
                    f"{canvas} shows what it showed",
                    lambda canvas=canvas, was=was: difference(picture(studio, canvas), was) < 4,  # type: ignore[misc]
                )
            path = link.removeprefix("http://").partition("/")[2]
            assert page_status(f"{studio.url}/{path}") == 200
            assert studio.do("seat.hold", seat="mayor-1")["revision"] == before["revision"] + 1
        assert len(ingest.recordings()) == 2
    assert len(list((data / "recordings").glob("*.mkv"))) == 2
