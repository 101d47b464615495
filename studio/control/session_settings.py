"""What a session is started with."""

from pathlib import Path

import msgspec
from msgspec.structs import replace

from mixer.contract.plan import BusName
from mixer.contract.theme import Theme
from studio.contract import config
from studio.contract.paths import FONTS
from studio.control.library.appearance import CACHE
from studio.control.library.theme_folder import PICTURES
from studio.planning.demand import DemandSettings
from studio.planning.planner import PlanSettings
from studio.show.model import LANGUAGES, Show


class SessionSettings(msgspec.Struct, frozen=True):
    """``title`` names a show nobody has named yet; so do ``languages``, ``both_open``, ``targets`` and
    ``theme``. ``invite_ttl_s``: how long a new link is good for."""

    plan: PlanSettings
    title: str = "Summit"
    invite_ttl_s: int = 7 * 24 * 3600
    demand: DemandSettings = DemandSettings()
    languages: tuple[str, ...] = LANGUAGES
    both_open: bool = False
    targets: dict[BusName, float] = msgspec.field(default_factory=dict)
    theme: Theme = Theme()
    theme_pictures: str = ""
    """Folder of the themes' decoded pictures; empty: where the log says."""

    def new_show(self) -> Show:
        return Show(
            title=self.title,
            languages=self.languages,
            both_open=self.both_open,
            targets=self.targets,
            theme=self.theme,
        )

    def here(self, show: Show) -> Show:
        """A show from the log; its theme's pictures are looked for where the data is now."""
        folder = self.theme_pictures
        files = {name: getattr(show.theme, name) for name in PICTURES if folder}
        moved = {name: str(Path(folder) / Path(file).name) for name, file in files.items() if file}
        return replace(show, theme=replace(show.theme, **moved))


def configured(
    settings: config.Settings, data: Path, recordings: Path, epoch_ns: int, theme: Theme
) -> SessionSettings:
    """Return what a control with these settings starts a session with. ``data`` is the data directory."""
    rate = settings.video.rate
    return SessionSettings(
        plan=PlanSettings(
            canvases=config.canvas_sizes(settings),
            recordings=str(recordings),
            ca_file=settings.outputs.ca_file,
            private_addresses=settings.sources.private_addresses,
            epoch_ns=epoch_ns,
            ducking=config.ducking(settings),
            media=str(data / "media"),
            fps=(rate.numerator, rate.denominator),
            fonts=str(settings.video.fonts or FONTS),
        ),
        title=settings.event.title,
        invite_ttl_s=settings.invites.days * 86400,
        languages=settings.event.languages,
        both_open=settings.interpretation.both_open,
        targets=settings.audio.targets,
        theme=theme,
        theme_pictures=str(data / CACHE),
    )
