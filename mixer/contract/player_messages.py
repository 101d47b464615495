"""Messages between control, the supervisor and the players: frozen, tagged, MessagePack."""

from typing import Literal

from mixer.contract.messages import Message
from mixer.contract.source_kinds import SourceKind


class PlayerConfig(Message, frozen=True):
    """Supervisor → player, first message; the process is ``player/<source>``, its slot ``source/<source>``.

    ``file``: of the media, for still, clip and slides. ``url``: of a pull, a secret. ``pattern``: of a test
    pattern. Pictures are made for at most ``width`` × ``height``, at the programme's rate where the source
    has none of its own; ``epoch_ns`` is when the programme's tick 0 was due.
    """

    source: str
    kind: SourceKind
    file: str = ""
    converted: str = ""
    """Of a clip: what is played instead of ``file`` where it is there. It may come at any time: a clip that
    plays goes on as it is, one that stands still takes it."""
    url: str = ""
    insecure: bool = False
    """Of a pull by TLS: whoever answers is believed."""
    ca_file: str = ""
    """Of a pull by TLS: a further authority (PEM)."""
    private: bool = False
    """A pull may connect to private addresses."""
    pattern: str = ""
    tone: bool = False
    fonts: str = ""
    """Of slides: folder of the fonts for those that the file doesn't bring."""
    width: int = 1920
    height: int = 1080
    fps_num: int = 30
    fps_den: int = 1
    epoch_ns: int = 0


class PlayerOrder(Message, frozen=True):
    """Control → player: the whole of what it is to do from now on. One with the ``order`` of the last
    that was carried out changes only what doesn't touch the position (``loop``, ``in_s``, ``out_s``,
    ``sounds``).

    ``playing``: from ``position_s`` (seconds of the media) on, which was right at ``at_ns``
    (CLOCK_MONOTONIC; a restarted player goes on where the clip would be now); 0: at once. ``out_s``: 0 for
    the end. ``page``: of slides, from 1. ``sounds``: of a clip, the numbers of the sound tracks the director
    chose, two as left and right; none: as the file says.
    """

    order: int
    playing: bool = False
    position_s: float = 0.0
    at_ns: int = 0
    loop: bool = False
    in_s: float = 0.0
    out_s: float = 0.0
    page: int = 1
    sounds: tuple[int, ...] = ()


PlayerState = Literal["starting", "ready", "playing", "paused", "ended", "live", "stalled", "failed"]
"""``ready``: at its in point, first picture shown; ``live``: a pulled stream or a pattern that comes;
``stalled``: connected and nothing comes, or connecting anew; ``failed``: it can't, see the code."""


class PlayerReport(Message, frozen=True, omit_defaults=True):
    """Player → control, four times a second while it plays, else once a second, and at each change of state.

    ``order``: the last one carried out. ``code`` and ``reason``: stable code and one sentence without
    secrets of what is wrong, also while it plays on (``clip.truncated``). Times in seconds of the media.
    """

    source: str
    state: PlayerState
    order: int = 0
    code: str = ""
    reason: str = ""
    position_s: float = 0.0
    duration_s: float = 0.0
    remaining_s: float = 0.0
    """To the out point; 0 where there is none."""
    page: int = 0
    pages: int = 0
    width: int = 0
    height: int = 0
    fps: float = 0.0
    sound: bool = False
    late: int = 0
    """Pictures that were ready too late since it started, and left out."""
