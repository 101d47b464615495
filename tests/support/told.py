"""What pages are told while a rich show runs: the real session and hub, with played far ends of the sockets.

:func:`run` plays the same show every time and gives, step by step, each role's messages as they would go over
the wire. ``python -m tests.support.told`` records them again, one line a step: only where what is told is
meant to change.
"""

import asyncio
import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from mixer.contract.findings import Track
from mixer.contract.messages import Latency, Load, MixerReport, PlanTaken, SenderReport
from mixer.contract.names import CONTROL, MIXER, SUPERVISOR, of_seat, player_name, sender_name, shard_name
from mixer.contract.player_messages import PlayerReport
from mixer.contract.theme import Theme
from signaling.contract.medium import Conversion, Medium
from signaling.contract.messages import IceServersSilent, PeerStats, SeatsRecorded, ShardReport
from signaling.contract.ports import Actor, Grant
from signaling.http.auth.auth import AuthSession as Caller
from signaling.http.live.hub import Hub
from studio.contract.messages import ProcessChanged
from studio.control import session as session_module
from studio.control.alarms import Alarms
from studio.control.log.store import Store
from studio.control.preparing import Surroundings
from studio.control.session import Session, SessionSettings
from studio.planning.demand import DemandSettings
from tests.support.merging import merged
from tests.support.shows import PLAN_SETTINGS

RECORDED = Path(__file__).with_name("told.jsonl")
NOW = 1_800_000_000
DIRECTOR = Actor("director")
ACTORS = (
    DIRECTOR,
    Actor("viewer", "press"),
    Actor("speaker", "mayor"),
    Actor("speaker", "host"),
    Actor("interpreter", "kim"),
    Actor("interpreter", "cho"),
    Actor("wall", "led"),
)
BOX = {"x": 0, "y": 0.25, "w": 0.5, "h": 0.5}
LONG_MS = 30_000
"""A transition that outlasts the show."""

Json = dict[str, Any]
Step = Json | Callable[["Studio"], Callable[[Json], bool]]
"""A command of the director's; or news from the other processes, and what the director then sees."""

MEDIA = {
    "opening.mp4": Medium(
        "opening.mp4",
        "Opening.mp4",
        "clip",
        1_000_000,
        1920,
        1080,
        12.5,
        29.97,
        True,
        warnings=("clip.truncated",),
        tracks=(
            Track("picture", 1, "h264", "1920×1080", use="picture"),
            Track("sound", 1, "aac", "stereo", "ko", "Floor", 0.1, 12.5, True, use="sound", silent=True),
        ),
        orientation="90",
        colour="HLG BT.2020",
        fields="interlaced",
        effort=1.5,
        conversion=Conversion("failed", 0.5, "clip.broken", "It can't be read to its end."),
    ),
    "deck.pdf": Medium("deck.pdf", "Deck.pdf", "slides", 5_000, 1440, 1080, pages=12),
    "logo.png": Medium("logo.png", "Logo.png", "still", 900, 300, 200, alpha=True),
}


@dataclass
class Page:
    """The far end of one WebSocket."""

    messages: list[Json] = field(default_factory=list)

    async def send_frame(self, data: bytes, kind: object) -> None:
        self.messages.append(json.loads(data))

    async def close(self, **how: Any) -> None:
        pass


class Studio:
    """A session with a hub; a page for each of ``ACTORS`` and one that follows what the director is told."""

    def __init__(self, session: Session, hub: Hub, alarms: Alarms) -> None:
        self.session, self.hub, self.alarms = session, hub, alarms
        self.pages: dict[Actor, Page] = {}
        self.clients: list[Any] = []

    def join(self, actor: Actor) -> Page:
        page = Page()
        caller = Caller(Grant(actor.role, actor.seat, 1, NOW + 9))
        self.clients.append(self.hub.join(page, caller, lambda: None))  # type: ignore[arg-type]
        return page

    async def sent(self) -> None:
        """Wait until every page has read what was written for it."""
        while any(client.backlog for client in self.clients):
            await asyncio.sleep(0)
        await asyncio.sleep(0)


def _scene(layout: str, *places: Json, **more: Any) -> Json:
    return {"layout": layout, "places": list(places), **more}


def _do(type_: str, **fields: Any) -> Json:
    return {"type": type_, **fields}


def _connected(studio: Studio) -> Callable[[Json], bool]:
    studio.session.set_peers(
        {
            "mayor": "connected",
            "host": "connected",
            "guest": "connecting",
            "kim": "connected",
            "lee": "connected",
        },
        {"multiview"},
    )
    return lambda state: state["status"]["seats"]["lee"]["connection"] == "connected"


def _reports(studio: Studio) -> Callable[[Json], bool]:
    take = studio.session.handle
    for process in (
        MIXER,
        CONTROL,
        shard_name(0),
        sender_name("yt"),
        sender_name("vod"),
        player_name("clip"),
    ):
        take(SUPERVISOR, ProcessChanged(process, "running", 7, 1 if process == "mixer" else 0))
    report = MixerReport(
        tick=900,
        ticks=900,
        late_ticks=3,
        revision=20,
        sources={of_seat("mayor"): "live", of_seat("host"): "slate"},
        levels={"seat/mayor": -12.34, "floor": -14.0},
        streams={},
        dropped={},
        spared_ticks=1,
        load=Load(1, "overload.preset", "The encoder takes 30 ms a picture."),
        latency_ms=Latency(40.4, 55.5, 90.1, 30),
        sound_problems={of_seat("host"): "sound.hum"},
    )
    take(MIXER, report)
    take(MIXER, PlanTaken(20, 900, 2))
    take(
        shard_name(0),
        ShardReport(
            (
                PeerStats("p1", "mayor", 1280, 720, 29.96, 1_200_000, 900, 4, -20.4),
                PeerStats(
                    "p2",
                    "host",
                    640,
                    360,
                    25.0,
                    400_000,
                    sharing=True,
                    screen_width=1920,
                    screen_height=1080,
                    screen_fps=4.96,
                ),
                PeerStats("p3", "kim", level_db=-31.6, problem="rtp.garbage"),
                PeerStats(
                    "p4", source="cam", width=1920, height=1080, fps=30.0, bitrate=3_000_000, sound=True
                ),
            )
        ),
    )
    take(shard_name(0), IceServersSilent(shard_name(0), ("stun:b.test:3478", "stun:a.test:3478")))
    take(shard_name(0), SeatsRecorded("iso", shard_name(0), True, 3, 9_000, 1, 800_000, 3661.5))
    take(sender_name("yt"), SenderReport("yt", "live", bytes_sent=5_000, bitrate=4_000_000))
    take(
        sender_name("yt+backup"),
        SenderReport(
            "yt+backup", "retrying", "rtmp://ingest.test/live/secret refuses.", "destination.refused"
        ),
    )
    take(
        sender_name("vod"), SenderReport("vod", "live", file="vod-1.mkv", remaining_s=599.9, retry_in_s=1.26)
    )
    take(
        player_name("clip"),
        PlayerReport("clip", "playing", 1, "clip.truncated", "It ends early.", 1.234, 12.5, 11.266),
    )
    take(
        player_name("feed"),
        PlayerReport("feed", "failed", 1, "pull.refused", "Nobody listens at that address."),
    )
    return lambda state: state["status"]["seats"].get("mayor", {}).get("width") == 1280


def _trouble(studio: Studio) -> Callable[[Json], bool]:
    studio.alarms.set("house.flooded", "The house is flooded: pump it out.")
    take = studio.session.handle
    take(SUPERVISOR, ProcessChanged(sender_name("yt"), "restarting", 0, 2))
    take(SUPERVISOR, ProcessChanged(player_name("clip"), "restarting", 0, 1))
    take(SUPERVISOR, ProcessChanged(MIXER, "restarting", 0, 2))
    take(shard_name(0), ShardReport((PeerStats("p1", "mayor", 1280, 720, 30.0, 1_000_000, 990, 9, -50.0),)))
    return lambda state: state["status"]["processes"]["mixer"]["state"] == "restarting"


def _gone(studio: Studio) -> Callable[[Json], bool]:
    studio.alarms.clear("house.flooded")
    studio.session.handle(SUPERVISOR, ProcessChanged(sender_name("yt"), "stopped", 0, 2))
    studio.session.set_peers({"mayor": "connected", "host": "connected"}, set())
    return lambda state: (
        state["booths"]["b1"].get("title") == "Booth 1" and "lost" in str(state["status"]["booths"])
    )


STEPS: tuple[Step, ...] = (
    _do("show.update", title="Summit", languages=["ko", "en", "ja"], both_open=True),
    _do("seat.create", seat="mayor", name="Mayor", title="City", language="ko", part="host"),
    _do("seat.create", seat="host", name="Host", names={"en": {"name": "Host", "title": "Moderator"}}),
    _do("seat.create", seat="guest", name="Guest"),
    _do("seat.create", seat="press", name="Press", role="viewer"),
    _do("seat.create", seat="led", name="LED", role="wall"),
    _do("booth.create", booth="b1", title="Booth 1", languages=["ko", "en"]),
    _do("booth.create", booth="b2", title="Booth 2", languages=["ko", "ja"]),
    _do("seat.create", seat="kim", name="Kim", role="interpreter", booth="b1"),
    _do("seat.create", seat="lee", name="Lee", role="interpreter", booth="b1"),
    _do("seat.create", seat="cho", name="Cho", role="interpreter", booth="b2"),
    _do("seat.admit", seat="mayor"),
    _do("seat.admit", seat="host"),
    _do("source.create", source="bars", kind="bars", tone=True),
    _do("source.create", source="clip", kind="clip", media="opening.mp4", in_s=0.5),
    _do("source.create", source="deck", kind="slides", media="deck.pdf", title="Deck", presenter="host"),
    _do("source.create", source="feed", kind="pull", url="rtmp://user:secret@feed.test/live/key"),
    _do("source.create", source="cam", kind="whip", title="Camera"),
    _do(
        "scene.create",
        scene="plenary",
        title="Plenary",
        canvases={
            "program": _scene(
                "free",
                {"seat": "mayor", "box": BOX},
                {
                    "seat": "host",
                    "screen": True,
                    "box": BOX,
                    "crop": {"x": 0.1, "y": 0, "w": 0.5, "h": 1},
                    "fit": "contain",
                },
                {"part": "host", "box": BOX},
                {"auto": True, "box": BOX},
                background="bars",
                plates=False,
            ),
            "wall": {"layout": "grid"},
        },
        audio={"follow": False, "sources": ["seat/mayor", "source/clip"]},
    ),
    _do(
        "scene.create", scene="duo", canvases={"program": _scene("duo", {"seat": "mayor"}, {"seat": "guest"})}
    ),
    _do(
        "output.create",
        output="yt",
        url="rtmp://ingest.test/live/secret",
        bus="floor",
        backup="rtmp://b.test/live/secret",
    ),
    _do("output.create", output="vod", recording=True, buses=["floor", "ko"], title="For the archive"),
    _do("output.create", output="iso", recording=True, seats=True),
    _do("output.start", output="yt"),
    _do("output.start", output="vod"),
    _do("output.start", output="iso"),
    _do("program.cut", scene="plenary"),
    _do("preview.set", scene="duo"),
    _connected,
    _reports,
    _do(
        "graphic.create", graphic="third", kind="lower-third", text={"": "Hello", "ko": "안녕"}, title="Third"
    ),
    _do("graphic.create", graphic="clock", kind="countdown", until=NOW + 600, zone="", anchor="top-right"),
    _do("graphic.show", graphic="third", on=True),
    _do("theme.set", theme="red"),
    _do("source.gain", source="seat/mayor", db=-3.5),
    _do("source.mute", source="clip", muted=True),
    _do("source.strip", source="seat/host", highpass_hz=80, leveller=True, delay_ms=40),
    _do("source.play", source="clip"),
    _do("source.page", source="deck", page=3),
    _do("source.solo", source="seat/mayor", on=True),
    _do("bus.update", bus="ko", target_lufs=-20),
    _do("hall.update", bus="ko"),
    _do("monitor.set", bus="en"),
    _do("speaker.update", to="program", hold_ms=2000, exclude=["guest"]),
    _do("talkback.set", to=["mayor", "kim"]),
    _do("booth.speak", booth="b1", on=True, seat="kim", into="en"),
    _do("booth.slower", booth="b1"),
    _do("booth.note", booth="b1", text="Louder, please"),
    _do("booth.note", booth="b2", text="Ready?"),
    _do("booth.handover", booth="b1", action="offer", seat="kim"),
    _do("booth.cough", booth="b1", on=True, seat="kim"),
    _do("booth.cough", booth="b1", on=False, seat="kim"),
    _do(
        "rundown.set",
        cues=[
            {
                "cue": "1",
                "title": "Opening",
                "planned": NOW + 60,
                "duration_s": 90,
                "people": ["mayor", "host"],
            },
            {"cue": "2", "title": "Talk", "scene": "duo"},
        ],
    ),
    _do("rundown.go", cue="1"),
    _do("talkback.set", to="all"),
    _do("transition.update", transition="wipe", direction="up", duration_ms=LONG_MS),
    _do("program.auto"),
    _trouble,
    _do("program.slate", on=True),
    _do("program.slate", on=False),
    _do("program.fade_to_black", on=True, duration_ms=0),
    _do("program.fade_to_black", on=False, duration_ms=0),
    _do("program.tbar", position=0.25),
    _do("program.undo"),
    _do("output.stop", output="yt"),
    _gone,
    _do("talkback.set", to=None),
    _do("seat.revoke", seat="guest"),
    _do("seat.hold", seat="host"),
    _do("source.delete", source="feed"),
    _do("preview.set", scene="plenary"),
    _do("scene.delete", scene="duo"),
    _do("graphic.delete", graphic="clock"),
    _do("seat.remove", seat="lee"),
    _do("booth.delete", booth="b2"),
)


async def run(folder: Path) -> list[dict[str, list[Json]]]:
    """Of each step the messages by actor (``speaker/mayor`` …); in the last, ``late/…``, the first message of
    each who comes when all is over."""

    async def theme(name: str) -> Theme:
        return Theme(name=name, plate="#c00000", logo="a/file", backdrop="another/file")

    alarms = Alarms(lambda: NOW)
    session = Session(
        await Store.open(folder / "show.db"),
        SessionSettings(
            PLAN_SETTINGS, title="Old title", invite_ttl_s=3600, demand=DemandSettings(learn_s=0)
        ),
        publish=lambda plans, show, issued_ns: None,
        around=Surroundings(
            lambda role, token: "link",
            media=lambda: MEDIA,
            theme_of=theme,
            theme_names=lambda: ("plain", "red"),
            own_fonts=lambda: {"house.ttf": "", "broken.ttf": "font.broken"},
        ),
        unix_time=lambda: NOW,
        alarms=alarms,
    )
    await session.start()
    hub = Hub(session, lambda caller: True)
    hub.start()
    studio = Studio(session, hub, alarms)
    pages = {actor: studio.join(actor) for actor in ACTORS}
    follower = Follower(pages[DIRECTOR])
    told = []
    for step in STEPS:
        if callable(step):
            seen = step(studio)
            async with asyncio.timeout(10):
                while not seen(follower.state()):
                    await asyncio.sleep(0.005)
        else:
            await session.execute(msgspec.json.encode(step), DIRECTOR)
        await studio.sent()
        told.append({named(actor): page.messages[:] for actor, page in pages.items()})
        follower.state()
        for page in pages.values():
            page.messages.clear()
        follower.read = 0
    late = {actor: studio.join(actor) for actor in ACTORS}
    await studio.sent()
    told.append({f"late/{named(actor)}": page.messages for actor, page in late.items()})
    for client in studio.clients:
        await hub.leave(client)
    await hub.close()
    await session.close()
    return told


def named(actor: Actor) -> str:
    return f"{actor.role}/{actor.seat}"


@dataclass
class Follower:
    """What a page makes of its messages, by the letter of RFC 7396."""

    page: Page
    followed: Any = None
    read: int = 0

    def state(self) -> Any:
        for message in self.page.messages[self.read :]:
            self.followed = follow(self.followed, message)
        self.read = len(self.page.messages)
        return self.followed


def follow(state: Any, message: Json) -> Any:
    """The state after a message."""
    return message["state"] if message["type"] == "snapshot" else merged(state, message["patch"])


def main() -> None:
    session_module.STATUS_INTERVAL_S = 0.0
    with tempfile.TemporaryDirectory() as folder:
        told = asyncio.run(run(Path(folder)))
    RECORDED.write_text(
        "".join(json.dumps(step, ensure_ascii=False, separators=(",", ":")) + "\n" for step in told)
    )


if __name__ == "__main__":
    main()
