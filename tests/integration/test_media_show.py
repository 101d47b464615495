"""Uploaded clips, stills and slides in a whole running studio: what a director does with them, on air."""

import functools
import json
import os
import signal
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from mixer.contract.names import SourceName
from studio.contract.client import Client
from studio.contract.datadir import RunInfo
from tests.support.media.material import beeps, ffmpeg, make_clip, make_pdf
from tests.support.running import RunningStudio, running_studio, wait_until

pytestmark = pytest.mark.alone

CONFIG = """
shards = 1
[video]
program = [640, 360]
wall = [640, 180]
multiview = [320, 180]
[renditions.program]
preset = "ultrafast"
bitrate = 800000
[media]
max_gb = 0.005
"""


def upload(studio: RunningStudio, data: bytes, name: str, length: int | None = None) -> tuple[int, Any]:
    """The answer's status and its JSON."""
    headers = {"Authorization": f"Bearer {studio.token}", "Content-Type": "text/html"}
    request = urllib.request.Request(
        f"{studio.url}/api/v1/media?name={name}", data=data, headers=headers, method="POST"
    )
    return _asked(request)


def deleted(studio: RunningStudio, media: str) -> tuple[int, Any]:
    headers = {"Authorization": f"Bearer {studio.token}"}
    return _asked(
        urllib.request.Request(f"{studio.url}/api/v1/media/{media}", headers=headers, method="DELETE")
    )


def _asked(request: urllib.request.Request) -> tuple[int, Any]:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=30) as answer:
            return answer.status, json.loads(answer.read() or b"null")
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())["code"]


def state_of(studio: RunningStudio, source: SourceName) -> str:
    return str((studio.status("sources", source) or {}).get("state"))


def is_ready(studio: RunningStudio, source: SourceName) -> bool:
    return state_of(studio, source) == "ready"


def scene(studio: RunningStudio, name: str, source: SourceName) -> None:
    studio.do(
        "scene.create",
        scene=name,
        canvases={"program": {"layout": "solo", "places": [{"source": source}]}},
    )


def mean_luma(studio: RunningStudio) -> float:
    """Of the programme as a snapshot shows it."""
    picture = cv2.imdecode(np.frombuffer(studio.get("/api/v1/canvases/program.jpg"), np.uint8), 0)
    assert picture is not None
    return float(picture.mean())


def test_what_was_uploaded_is_played_on_air(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.mp4", pictures=60, sound=beeps).read_bytes()
    deck = make_pdf(tmp_path / "deck.pdf", 5).read_bytes()
    red = "-f lavfi -i color=red:s=320x180:d=0.6,format=rgba,colorchannelmixer=aa=0"
    vp9 = "-c:v libvpx-vp9 -auto-alt-ref 0 -pix_fmt yuva420p"
    clear = ffmpeg(tmp_path / "ghost.webm", f"{red} {vp9}").read_bytes()
    white = cv2.imencode(".png", np.full((90, 160, 3), 255, np.uint8))[1].tobytes()
    with running_studio(tmp_path / "data", config=CONFIG) as studio:
        kinds = {}
        for name, data in (("a.exe", clip), ("../../b.txt", deck), ("c", white)):
            status, medium = upload(studio, data, name)
            assert status == 201, medium
            kinds[medium["kind"]] = medium
        assert kinds["slides"]["name"] == "b.txt"
        assert (kinds["clip"]["duration_s"], kinds["clip"]["sound"], kinds["clip"]["fps"]) == (2, True, 30)
        assert kinds["slides"]["pages"] == 5
        ids = {each["id"] for each in kinds.values()}
        wait_until("all of them told", lambda: set(studio.status("media")) == ids)
        assert upload(studio, b"MZ\x90" + bytes(2000), "x.png") == (400, "media.unsupported")
        assert upload(studio, bytes(6_000_000), "big.mp4") == (413, "media.too-large")
        assert upload(studio, deck[:60], "cut.pdf") == (400, "media.corrupt")
        folder = tmp_path / "data" / "media"
        assert {path.name for path in folder.iterdir()} == ids

        guest = studio.invite("guest", name="Guest")
        studio.do("source.create", source="clip", kind="clip", media=kinds["clip"]["id"], auto_take=True)
        studio.do("source.create", source="still", kind="still", media=kinds["still"]["id"])
        studio.do(
            "source.create", source="deck", kind="slides", media=kinds["slides"]["id"], presenter="guest"
        )
        for name in (SourceName("clip"), SourceName("still"), SourceName("deck")):
            scene(studio, name, name)
            wait_until(f"{name} ready", functools.partial(is_ready, studio, name))
        assert deleted(studio, kinds["clip"]["id"]) == (409, "media.in-use")

        studio.do("program.cut", scene="deck")
        studio.do("preview.set", scene="still")
        studio.do("transition.update", duration_ms=0)
        studio.do("program.cut", scene="clip")  # plays at once, and takes what is in preview at its end
        wait_until("the clip playing", lambda: state_of(studio, SourceName("clip")) == "playing")
        assert 0 < studio.status("sources", "clip")["remaining_s"] <= 2
        wait_until("the still on air", lambda: studio.state()["program"] == "still")
        assert wait_until("white on air", lambda: mean_luma(studio) > 200)

        status, ghost = upload(studio, clear, "ghost.webm")
        assert (status, ghost["alpha"]) == (201, True)
        studio.do("source.create", source="ghost", kind="clip", media=ghost["id"], loop=True)
        wait_until("the transparent clip ready", functools.partial(is_ready, studio, SourceName("ghost")))
        whole = {"x": 0, "y": 0, "w": 1, "h": 1}
        places = [{"source": each, "box": whole} for each in ("still", "ghost")]
        studio.do("scene.create", scene="over", canvases={"program": {"layout": "free", "places": places}})
        studio.do("program.cut", scene="over")
        wait_until("it plays", lambda: studio.status("sources", "ghost").get("position_s", 0) > 0.2)
        assert mean_luma(studio) > 230, "through it one sees the white beneath"

        token = guest.rpartition("/")[2]
        speaker = Client(RunInfo(studio.info.pid, studio.url, token))
        speaker.command({"type": "source.page", "source": "deck", "step": 1})
        wait_until("page 2", lambda: studio.status("sources", "deck")["page"] == 2)

        pid = studio.processes()["player/deck"]
        os.kill(pid, signal.SIGKILL)
        wait_until("a new player", lambda: studio.processes().get("player/deck", pid) != pid)
        wait_until("page 2 again", lambda: studio.status("sources", "deck")["page"] == 2)
        assert studio.status("mixer")["late_ticks"] < 30

        studio.do("preview.set", scene=None)
        for name in (SourceName("clip"), SourceName("deck")):
            studio.do("scene.delete", scene=name)
            studio.do("source.delete", source=name)
        assert deleted(studio, kinds["clip"]["id"])[0] == 204
        wait_until("its player gone", lambda: "player/clip" not in studio.processes())
        assert studio.stop() == 0
