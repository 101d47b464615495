"""What is public never holds a stream key, a password or a token's hash, whatever they look like."""

import string
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from mixer.contract.messages import SenderReport
from studio.control.status import LiveStatus
from studio.show.model import Show
from studio.show.view import PublicView, public_event
from tests.support.shows import after, events_of

SECRETS = st.text(string.ascii_letters + string.digits + "-_~!*", min_size=8, max_size=40).map(
    lambda s: f"Z9{s}"
)


@settings(deadline=None, max_examples=80)
@given(
    SECRETS,
    SECRETS,
    SECRETS,
    st.sampled_from(["rtmp", "rtmps"]),
    st.sampled_from(["{k}", "x/{k}", "{k}?a={t}"]),
)
def test_no_secret_gets_out(key: str, password: str, token: str, scheme: str, path: str) -> None:
    url = f"{scheme}://user:{password}@ingest.example:1936/app/" + path.format(k=key, t=token)
    show = Show(title="Summit")
    output: dict[str, Any] = {
        "output": "yt",
        "url": url,
        "bus": "floor",
        "backup": url.replace("/app/", "/backup/"),
    }
    created = events_of(show, "output.create", **output)
    show = after(show, "output.create", **output)
    show = after(after(show, "output.start", output="yt"), "seat.create", seat="mayor-1")
    status = LiveStatus()
    reason = f"could not write to {url}: {key} (of user:{password}) was refused"
    status.take(SenderReport("yt", "retrying", reason, "destination.refused"), show)
    status.take(SenderReport("yt~backup", "retrying", reason, "destination.refused"), show)
    stopped = after(show, "output.stop", output="yt")
    public = [
        PublicView()(show),
        status.public(show, {}, {}),
        *map(public_event, created),
        *map(public_event, events_of(stopped, "output.update", output="yt", url=f"{url}2")),
        *map(public_event, events_of(show, "seat.invite", seat="mayor-1")),
    ]
    shown = msgspec.json.encode(public).decode()
    hidden = [secret for secret in (key, password, token) if secret in url]
    assert not any(secret in shown for secret in (*hidden, "f" * 64))
    assert "ingest.example" in shown
