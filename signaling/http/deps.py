"""What the HTTP server is made of: handed in by ``studio.control.process``, read by every route."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from signaling.contract.ports import MediaPort, NoMedia, Peers, ShowPort, SnapshotsPort
from signaling.http.auth.limits import Limits
from signaling.http.auth.sessions import Keeping, Nowhere
from signaling.http.metrics import Metrics


def _always_ready() -> Sequence[str]:
    return ()


def _nobody_to_tell(on: bool) -> None:
    """The meters' default."""


@dataclass(frozen=True, slots=True, repr=False)
class Deps:
    """No ``repr``: it holds secrets.

    ``secret`` signs session cookies: at least 32 random bytes, kept in the data directory, so that sessions
    outlive a restart. ``pages`` is the folder ``web_console``. ``public_url`` is how browsers reach us when
    that differs from the address we listen on (``https://studio.example``); empty where it doesn't.
    ``trusted_proxies`` are the addresses or networks whose ``X-Forwarded-For`` is believed. ``tls`` says
    that we speak TLS ourselves. ``ready`` names what is not ready yet (``/readyz``); empty when all is.
    ``sessions`` keeps the list of sessions over restarts.
    ``meters_wanted`` is told when the first one watches the meters, and when the last one no longer does.
    """

    show: ShowPort
    peers: Peers
    snapshots: SnapshotsPort
    director_token: str
    secret: bytes
    pages: Path
    public_url: str = ""
    trusted_proxies: tuple[str, ...] = ()
    tls: bool = False
    metrics: Metrics = field(default_factory=Metrics)
    ready: Callable[[], Sequence[str]] = _always_ready
    meters_wanted: Callable[[bool], None] = _nobody_to_tell
    media: MediaPort = field(default_factory=NoMedia)
    limits: Limits = field(default_factory=Limits)
    sessions: Keeping = field(default_factory=Nowhere)

    @property
    def https(self) -> bool:
        """True if browsers reach us by TLS: ours or a proxy's."""
        return self.tls or self.public_url.startswith("https:")
