"""Real Chromium for the end-to-end tests: cameras of a known colour, microphones of a known tone."""

import contextlib
import wave
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
from playwright.async_api import Browser, async_playwright, expect

_DEBIANS = Path("/usr/bin/chromium-headless-shell")
CHROMIUM = _DEBIANS if _DEBIANS.exists() else None
"""Without windows: three fifths of the processor that ``chromium --headless`` takes. None: Playwright's own,
which ``.ci/test-packages`` installs on Ubuntu."""
_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
)

expect.set_options(timeout=30_000)
"""As Playwright waits for everything else. On a busy machine it counts that something happens; where it
matters how soon, tests measure it."""


def camera_file(
    folder: Path, name: str, yuv: tuple[int, int, int], size: tuple[int, int] = (1280, 720)
) -> Path:
    """A Y4M film of one colour (BT.709 limited), with a small square that moves, so that it is a film."""
    width, height = size
    path = folder / f"{name}.y4m"
    with path.open("wb") as file:
        file.write(f"YUV4MPEG2 W{width} H{height} F30:1 Ip A1:1 C420mpeg2\n".encode())
        for number in range(10):
            planes = [
                np.full((height // s, width // s), value, np.uint8)
                for s, value in zip((1, 2, 2), yuv, strict=True)
            ]
            planes[0][8:24, 16 * number : 16 * number + 16] = 235 - yuv[0]
            file.write(b"FRAME\n" + b"".join(plane.tobytes() for plane in planes))
    return path


def microphone_file(folder: Path, name: str, tone_hz: int, seconds: int = 10) -> Path:
    """A tone that comes and goes four times a second, as syllables do: noise suppression lets it pass."""
    rate = 48_000
    time = np.arange(rate * seconds) / rate
    loud = 0.5 * np.sin(2 * np.pi * tone_hz * time) * (0.5 - 0.5 * np.cos(2 * np.pi * 4 * time))
    path = folder / f"{name}.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, rate, 0, "NONE", ""))
        file.writeframes((loud * 32767).astype("<i2").tobytes())
    return path


@contextlib.asynccontextmanager
async def chromium(
    camera: Path | None = None,
    microphone: Path | None = None,
    more_flags: tuple[str, ...] = (),
    executable: Path | None = CHROMIUM,
) -> AsyncIterator[Browser]:
    """A headless Chromium of its own, with its camera and microphone played from files."""
    flags = [*_FLAGS, *more_flags]
    if camera is not None:
        flags.append(f"--use-file-for-fake-video-capture={camera}")
    if microphone is not None:
        flags.append(f"--use-file-for-fake-audio-capture={microphone}")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=executable, args=flags)
        try:
            yield browser
        finally:
            await browser.close()
