"""The pages of ``web_console``, their assets, and the security headers of every response.

Each page is strict about what it runs: the one inline script is the import map, allowed by its hash.
"""

import base64
import hashlib
from pathlib import Path, PurePosixPath

import msgspec
from aiohttp import web

from signaling.contract import vendor
from signaling.contract.ports import RefusedError
from signaling.http.auth.auth import PageName

PLACEHOLDER = "<!--importmap-->"
FOLDERS = frozenset({"console", "join", "wall", "booth", "shared", "vendor"})
SUFFIXES = frozenset({".js", ".css", ".svg", ".png", ".jpg", ".ico", ".woff2", ".webmanifest"})
_TYPES = {".js": "text/javascript", ".woff2": "font/woff2", ".webmanifest": "application/manifest+json"}


class Pages:
    """``folder`` is ``web_console``; its ``vendor.json`` is read once: OSError, msgspec.DecodeError."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._listed = vendor.entries(folder)
        self._import_map = msgspec.json.encode(vendor.import_map(self._listed)).decode()
        self._map_hash = base64.b64encode(hashlib.sha256(self._import_map.encode()).digest()).decode()

    def page(self, name: PageName) -> web.Response:
        """The page with its import map. Reads a file: call it in a thread. Raises RefusedError 404."""
        try:
            html = (self._folder / name / "index.html").read_text("utf-8")
        except FileNotFoundError:
            raise RefusedError(404, "path.unknown", "This page is not installed.") from None
        script = f'<script type="importmap">{self._import_map}</script>'
        response = web.Response(text=html.replace(PLACEHOLDER, script, 1), content_type="text/html")
        response.headers["Content-Security-Policy"] = policy(f"'sha256-{self._map_hash}'")
        response.headers["Cache-Control"] = "no-store"
        return response

    def asset(self, path: str) -> web.FileResponse:
        """A static file below ``/assets/``; ETag and ranges are the response's own business.

        Reads the file's status: call it in a thread. Raises RefusedError 404.
        """
        unknown = RefusedError(404, "path.unknown", "There is no such file.")
        pure = PurePosixPath(path)
        parts = path.split("/")
        if (
            "\0" in path
            or "\\" in path
            or any(part in ("", ".", "..") or part.startswith(".") for part in parts)
            or parts[0] not in FOLDERS
            or pure.suffix not in SUFFIXES
            or pure.name.endswith(".test.js")
        ):
            raise unknown
        try:
            file = self._folder.joinpath(*parts)
            if not file.is_file():
                raise unknown
        except OSError:  # a name longer than a name may be
            raise unknown from None
        response = web.FileResponse(file)
        if pure.suffix in _TYPES:
            response.content_type = _TYPES[pure.suffix]
        # Fonts carry their version in their content, not in their name; a day's delay does no harm there.
        response.headers["Cache-Control"] = (
            "public, max-age=86400" if pure.suffix == ".woff2" else "public, no-cache"
        )
        return response

    def missing(self) -> list[str]:
        """Libraries that the set-up has not installed. Reads files."""
        return vendor.missing(self._folder, self._listed)


def policy(script: str = "") -> str:
    """The Content-Security-Policy; ``script`` is an additional source for scripts."""
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'self' {script}".strip(),
            "style-src 'self'",
            "img-src 'self' data: blob:",
            "font-src 'self'",
            "media-src 'self' blob: mediastream:",
            "connect-src 'self'",
            "manifest-src 'self'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
            "form-action 'self'",
        )
    )


def add_security_headers(response: web.StreamResponse, *, https: bool) -> None:
    """Add the headers to every response, problem documents included."""
    headers = response.headers
    headers.setdefault("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Referrer-Policy"] = "no-referrer"
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
    headers["Permissions-Policy"] = (
        "camera=(self), microphone=(self), fullscreen=(self), screen-wake-lock=(self), autoplay=(self), "
        "display-capture=(self), geolocation=(), payment=(), usb=()"
    )
    headers["Server"] = "studio"
    if https:
        headers["Strict-Transport-Security"] = "max-age=31536000"
