"""A stretch of a clip that is read ahead: its pictures, its sound, and when it is played."""

from fractions import Fraction
from pathlib import Path

from mixer.contract.clock import NS
from mixer.contract.player_timing import Pass
from mixer.sources.clips.clip_file import PADDING_S, ClipInfo
from mixer.sources.clips.read_ahead import PictureReader, SoundReader
from mixer.sources.deinterlace import ENOUGH

HANG_NS = 2 * NS


class Run:
    """A stretch being read, and from when on it is played."""

    def __init__(
        self,
        path: Path,
        info: ClipInfo,
        from_s: Fraction,
        until_s: Fraction,
        box: tuple[int, int],
        fps: Fraction,
    ) -> None:
        fields = fps * info.frame_s >= ENOUGH
        self._path = path
        self.info = info
        self.pictures = PictureReader(path, info, from_s, until_s, box, fields=fields)
        self.sound = SoundReader(path, info, from_s, until_s) if info.sound else None
        self.from_s = from_s
        self.passing: Pass | None = None
        self.shown = False
        self.spared = 0
        """Of its pictures that came too late to be scaled, those already counted."""
        self.heard = from_s == 0
        """Its first sound is out; a clip that begins at its beginning needs no fade."""
        self.sound_from = 0
        """The absolute sample before which it writes no sound: there another track was heard."""
        self._coming: SoundReader | None = None
        """Other tracks that are being read, and are heard as soon as they can be."""

    @property
    def prepared(self) -> bool:
        first = self.pictures.ended or self.pictures.peek(1) is not None
        sound = self.sound is None or self.sound.ended or self.sound.peek() is not None
        return first and sound and self._coming is None

    @property
    def read(self) -> bool:
        """All of it is out, but for sound that is written ahead."""
        return (
            self.pictures.ended and self.pictures.peek() is None and (self.sound is None or self.sound.ended)
        )

    @property
    def empty(self) -> bool:
        """True if nothing of it can be read."""
        return all(reader.ended and not reader.begun for reader in self._readers)

    @property
    def _readers(self) -> list[PictureReader | SoundReader]:
        return [self.pictures, *(each for each in (self.sound, self._coming) if each is not None)]

    def hear(self, info: ClipInfo, at_s: Fraction) -> None:
        """Take the sound of other tracks from ``at_s`` on, once :meth:`heard_on` says so."""
        self.info = info
        if self._coming is not None:
            self._coming.close()
        self._coming = SoundReader(self._path, info, at_s, self.pictures.until_s) if info.sound else None

    def heard_on(self) -> bool:
        """Return whether the other tracks take over now."""
        coming = self._coming
        if coming is None or not (coming.ended or coming.peek() is not None):
            return False
        if self.sound is not None:
            self.sound.close()
        self.sound, self._coming = coming, None
        return True

    def end_at(self, until_s: Fraction) -> None:
        """Take a new out point."""
        for reader in self._readers:
            reader.until_s = until_s

    def end_s(self) -> Fraction:
        """Return where it ends, once it is read. What its streams lack so little of is a codec's."""
        until_s = self.pictures.until_s
        end_s = max(self.pictures.end_s, self.from_s)
        if self.sound is not None:
            end_s = max(end_s, self.sound.end_s)
        missing_s = min(until_s, self.info.played_s) - end_s
        return until_s if missing_s < max(self.info.frame_s, PADDING_S) else min(end_s, until_s)

    def hangs(self, now_ns: int) -> bool:
        return any(not reader.ended and now_ns - reader.progress_ns > HANG_NS for reader in self._readers)

    @property
    def damaged(self) -> bool:
        sound = self.sound.damage.packets if self.sound is not None else 0
        return bool(self.pictures.damage.packets or sound)

    def close(self) -> None:
        for reader in self._readers:
            reader.close()
