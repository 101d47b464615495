"""The links people are sent. Pure."""

from urllib.parse import quote

from signaling.contract.state import Role


def link(public_url: str, role: Role, token: str) -> str:
    """``public_url`` is how browsers reach the service, without a path: ``https://studio.example``."""
    base = public_url.rstrip("/")
    token = quote(token, safe="")
    match role:
        case "speaker":
            return f"{base}/join/{token}"
        case "interpreter":
            return f"{base}/booth/{token}"
        case "wall":
            return f"{base}/wall?token={token}"
        case "director" | "viewer":
            return f"{base}/console?token={token}"
