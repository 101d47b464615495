"""Slides of a PDF: the page that is wanted, its neighbours rendered ahead, so that a turn is immediate."""

import threading
import time
from pathlib import Path

import structlog

from mixer.contract.clock import NS
from mixer.contract.picture import Picture
from mixer.contract.player_messages import PlayerConfig, PlayerOrder, PlayerReport, PlayerState
from mixer.sources.player import IDLE_NS, NO_TROUBLE, MediaError, Trouble
from mixer.sources.slides.pdf import Deck, GivenUpError
from mixer.sources.slot_out import SlotOut

HANG_NS = 2 * NS
_AHEAD = (0, 1, -1, 2)
"""Which pages are kept rendered, seen from the one that is shown, and in what order."""

_UNREADABLE = Trouble("media.corrupt", "This PDF can't be read; it is damaged.")
_log = structlog.get_logger()


def kept_pages(page: int, pages: int) -> list[int]:
    """The pages to have ready while ``page`` of ``pages`` is shown, the most wanted first."""
    return [page + step for step in _AHEAD if 1 <= page + step <= pages]


class SlidesPlayer:
    """Implements :class:`mixer.sources.player.Player`: pdfium works on a thread of its own."""

    def __init__(self, config: PlayerConfig, out: SlotOut) -> None:
        self._config = config
        self._out = out
        self._order = PlayerOrder(0)
        self._shown = 0
        self._missed = 0
        """The page that couldn't be shown."""
        self._trouble = NO_TROUBLE
        fonts = Path(config.fonts) if config.fonts else None
        self._worker = _PageWorker(Path(config.file), fonts, (config.width, config.height))

    def order(self, order: PlayerOrder, now_ns: int) -> None:
        self._order = order
        self._show(now_ns)

    def step(self, now_ns: int) -> int:
        self._show(now_ns)
        return IDLE_NS if self._shown == self._page or self._missed == self._page else 5_000_000

    @property
    def _page(self) -> int:
        return min(max(1, self._order.page), max(1, self._worker.pages))

    def _show(self, now_ns: int) -> None:
        page = self._page
        self._worker.want(page)
        if page in (self._shown, self._missed):
            return
        found = self._worker.pages_ready.get(page)
        if isinstance(found, Picture):
            self._out.picture(found, now_ns)
            self._shown, self._missed, self._trouble = page, 0, NO_TROUBLE
        elif found is not None:
            self._missed, self._trouble = page, found

    def report(self, now_ns: int) -> PlayerReport:
        trouble = self._worker.trouble if self._worker.trouble.code else self._trouble
        state: PlayerState = "ready" if self._shown else "starting"
        return PlayerReport(
            source=self._config.source,
            state="failed" if self._worker.trouble.code else state,
            order=self._order.order,
            code=trouble.code,
            reason=trouble.reason,
            page=self._shown,
            pages=self._worker.pages,
            width=self._config.width,
            height=self._config.height,
        )

    def alive(self, now_ns: int) -> bool:
        worker = self._worker
        return bool(worker.trouble.code) or worker.idle or now_ns - worker.progress_ns < HANG_NS

    def close(self) -> None:
        self._worker.close()


class _PageWorker:
    """Opens the deck, and renders what is wanted. Everything pdfium does happens on its thread."""

    def __init__(self, path: Path, fonts: Path | None, box: tuple[int, int]) -> None:
        self.pages = 0
        self.trouble = NO_TROUBLE
        self.pages_ready: dict[int, Picture | Trouble] = {}
        """At most as many as :func:`kept_pages` names; replaced, never changed."""
        self.progress_ns = time.monotonic_ns()
        self.idle = False
        self._path, self._fonts = path, fonts
        self._box = box
        self._wanted = 1
        self._closed = False
        self._changed = threading.Condition()
        threading.Thread(target=self._run, daemon=True).start()

    def want(self, page: int) -> None:
        if page != self._wanted:
            with self._changed:
                self._wanted = page
                self._changed.notify_all()

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _beat(self) -> None:
        self.progress_ns = time.monotonic_ns()

    def _run(self) -> None:
        try:
            deck = Deck(self._path, self._fonts)
        except MediaError as error:
            self.trouble = error.trouble
            return
        except Exception:
            self.trouble = _UNREADABLE
            raise
        self.pages = deck.pages
        while not self._closed:
            self._beat()
            page = self._next()
            if page is None:
                self._rest()
            else:
                self._render(deck, page)
        deck.close()

    def _next(self) -> int | None:
        kept = kept_pages(min(self._wanted, self.pages), self.pages)
        if any(page not in kept for page in self.pages_ready):
            self.pages_ready = {page: each for page, each in self.pages_ready.items() if page in kept}
        return next((page for page in kept if page not in self.pages_ready), None)

    def _rest(self) -> None:
        with self._changed:
            self.idle = True
            if not self._closed and self._next() is None:
                self._changed.wait()
            self.idle = False
        self._beat()

    def _render(self, deck: Deck, page: int) -> None:
        def unwanted() -> bool:
            """Another page was turned to while this one was only being prepared."""
            wanted = min(self._wanted, self.pages)
            return self._closed or (page != wanted and wanted not in self.pages_ready)

        made: Picture | Trouble
        try:
            made = deck.render(page, self._box, self._beat, unwanted)
        except GivenUpError:
            return
        except MediaError as error:
            made = error.trouble
        except Exception as error:  # one page's trouble; the others are shown
            _log.error("a page can't be rendered", page=page, error=type(error).__name__)
            made = _UNREADABLE
        self.pages_ready = {**self.pages_ready, page: made}
