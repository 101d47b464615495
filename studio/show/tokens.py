"""What is kept of a token: its hash. Pure."""

import hashlib


def hashed(token: str) -> str:
    """SHA-256 in hex; of an empty token: empty."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest() if token else ""
