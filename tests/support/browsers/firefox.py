"""A real headless Firefox, driven over WebDriver BiDi, as Playwright cannot drive it: JSON on one socket.

W3C WebDriver BiDi, https://www.w3.org/TR/webdriver-bidi/. Whatever a page complains of is kept: errors on its
console, exceptions that nobody caught, violations of its security policy.
"""

import contextlib
import itertools
import json
import platform
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import ClientConnection, connect

from tests.support.running import wait_until

FIREFOX = "/usr/bin/firefox-esr"
needs_firefox = pytest.mark.skipif(
    platform.freedesktop_os_release().get("ID") != "debian" and not Path(FIREFOX).exists(),
    reason="Ubuntu's Firefox is a snap; on Debian a missing one is an error",
)
PREFERENCES: dict[str, bool | int] = {
    "media.navigator.streams.fake": True,
    "media.navigator.permission.disabled": True,
    "media.autoplay.default": 0,
    "media.peerconnection.ice.loopback": True,
    # Without a sound card an AudioContext would never run, and the page's meter with it.
    "media.cubeb.force_mock_context": True,
    "datareporting.policy.dataSubmissionEnabled": False,
    "toolkit.telemetry.enabled": False,
    "app.update.enabled": False,
    "app.normandy.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
}
END = "\ue010"
"""The key's name in WebDriver."""
START_S = 30.0
ANSWER_S = 20.0
# Firefox doesn't log every violation: the page's own event tells them all.
_TELL_VIOLATIONS = """(tell) => addEventListener("securitypolicyviolation", (event) =>
    tell(`${event.effectiveDirective}: ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`))"""


class BidiError(Exception):
    """Firefox refused a command, or a script threw."""


def write_profile(folder: Path, **more: bool | int) -> None:
    """Make ``folder`` a profile: a fake camera and microphone without a question, nothing sent home.

    ``more`` preferences have two underscores where their names have a dot.
    """
    preferences = PREFERENCES | {name.replace("__", "."): value for name, value in more.items()}
    lines = [f'user_pref("{name}", {json.dumps(value)});' for name, value in preferences.items()]
    (folder / "user.js").write_text("\n".join(lines), "utf-8")


class Firefox:
    """A session. ``complaints`` has what the pages said, oldest first."""

    def __init__(self, socket: ClientConnection) -> None:
        self.complaints: list[str] = []
        self._socket = socket
        self._ids = itertools.count(1)
        self.call("session.new", START_S, capabilities={})  # its first window may not be there yet
        self.call("session.subscribe", events=["log.entryAdded", "script.message"])
        channel = {"type": "channel", "value": {"channel": "policy"}}
        self.call("script.addPreloadScript", functionDeclaration=_TELL_VIOLATIONS, arguments=[channel])

    def call(self, method: str, within_s: float = ANSWER_S, /, **parameters: Any) -> dict[str, Any]:
        """One command and its answer. Raises BidiError; TimeoutError after ``within_s``."""
        number = next(self._ids)
        self._socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            message = json.loads(self._socket.recv(within_s))
            if message["type"] == "event":
                self._note(message["method"], message["params"])
            elif message.get("id") == number:
                if message["type"] == "error":
                    raise BidiError(f"{method}: {message['error']}: {message['message']}")
                result: dict[str, Any] = message["result"]
                return result

    def window(self) -> "Page":
        """A window of its own: as a tab in the background its timers would be slowed down."""
        return Page(self, self.call("browsingContext.create", type="window")["context"])

    def _note(self, event: str, parameters: dict[str, Any]) -> None:
        if event == "script.message":
            self.complaints.append(f"policy: {parameters['data'].get('value')}")
        elif parameters["level"] == "error":
            self.complaints.append(f"{parameters['type']}: {parameters['text']}")


class Page:
    """One window with a page in it."""

    def __init__(self, browser: Firefox, context: str) -> None:
        self._browser = browser
        self._context = context

    def resize(self, width: int, height: int) -> None:
        """The size of what is shown, in CSS pixels."""
        viewport = {"width": width, "height": height}
        self._call("browsingContext.setViewport", viewport=viewport)

    def goto(self, url: str) -> None:
        """Open a page and wait until it has loaded."""
        self._call("browsingContext.navigate", url=url, wait="complete")

    def reload(self) -> None:
        self._call("browsingContext.reload", wait="complete")

    def evaluate(self, expression: str) -> Any:
        """The value of an expression, which may be a promise, as far as JSON can say it."""
        answer = self._browser.call(
            "script.evaluate",
            expression=f"(async () => JSON.stringify((await ({expression})) ?? null))()",
            target={"context": self._context},
            awaitPromise=True,
        )
        if answer["type"] == "exception":
            raise BidiError(answer["exceptionDetails"]["text"])
        return json.loads(answer["result"]["value"])

    def wait_for(self, selector: str, timeout_s: float = 30.0) -> None:
        """Wait until an element is there that ``selector`` (CSS) means."""
        wait_until(
            f"{selector} on {self.evaluate('location.pathname')}",
            lambda: self.evaluate(f"document.querySelector({json.dumps(selector)}) !== null"),
            timeout_s,
        )

    def click(self, selector: str) -> None:
        """Press an element, once it is there and enabled, as with a mouse."""
        self.wait_for(f"{selector}:not([disabled])")
        locator = {"type": "css", "value": selector}
        (node, *_) = self._call("browsingContext.locateNodes", locator=locator)["nodes"]
        element = {"type": "element", "element": {"sharedId": node["sharedId"]}}
        self._act(
            "pointer",
            {"type": "pointerMove", "x": 0, "y": 0, "origin": element},
            {"type": "pointerDown", "button": 0},
            {"type": "pointerUp", "button": 0},
        )

    def type(self, keys: str) -> None:
        """Press keys one by one, wherever the focus is; ``END`` is one of them."""
        self._act("key", *({"type": way, "value": key} for key in keys for way in ("keyDown", "keyUp")))

    def _act(self, device: str, *steps: dict[str, Any]) -> None:
        self._call("input.performActions", actions=[{"type": device, "id": device, "actions": steps}])

    def _call(self, method: str, **parameters: Any) -> dict[str, Any]:
        return self._browser.call(method, context=self._context, **parameters)


def _loopback(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), ANSWER_S)


@contextlib.contextmanager
def firefox(
    prefix: Sequence[str] = (), dial: Callable[[int], socket.socket] = _loopback, **preferences: bool | int
) -> Iterator[Firefox]:
    """Start a Firefox of its own with a fresh profile; it is ended afterwards.

    ``prefix``: the command that runs it elsewhere, and ``dial`` connects to a port there.
    """
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        profile = Path(folder)
        write_profile(profile, **preferences)
        process = subprocess.Popen(
            [*prefix, FIREFOX, "--headless", "--no-remote", "--remote-debugging-port=0", "--profile", folder],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            port = wait_until("Firefox listens", lambda: _port(profile, process), START_S)
            address = f"ws://127.0.0.1:{port}/session"
            with connect(address, sock=dial(port), max_size=64 << 20) as connection:
                yield Firefox(connection)
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _port(profile: Path, process: "subprocess.Popen[bytes]") -> int | None:
    assert process.poll() is None, f"Firefox ended: {process.returncode}"
    try:
        told = json.loads((profile / "WebDriverBiDiServer.json").read_text("utf-8"))
    except (OSError, ValueError):  # not yet, or half of it
        return None
    port: int = told["ws_port"]
    return port
