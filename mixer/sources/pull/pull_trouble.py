"""What the network's errors mean for a pulled stream, in stable codes and sentences without a secret."""

import av

from mixer.sources.player import Trouble
from mixer.sources.pull.pull_guard import AuthoritiesError, CertificateError, PrivateAddressError

STALLED = Trouble("pull.stalled", "Nothing comes from the server; the connection is made again.")
ENDED = Trouble("pull.ended", "The server has ended the stream; the connection is made again.")
FAILED = Trouble("pull.failed", "The stream can't be read; check the address. It is tried again.")
NO_PICTURE = Trouble(
    "pull.no-picture", "The stream has sound but no picture; the picture is shown when it comes."
)
NO_DECODER = Trouble("pull.codec", "The stream's picture is of a kind that can't be decoded; send H.264.")
TOO_LARGE = Trouble("pull.too-large", "The stream's picture is over 4096×2304; send a smaller one.")
_REASONS: tuple[tuple[type[BaseException], Trouble], ...] = (
    (ConnectionRefusedError, Trouble("pull.refused", "Nobody answers at this address and port.")),
    (av.HTTPNotFoundError, Trouble("pull.not-found", "The server has no stream of this name.")),
    (av.HTTPUnauthorizedError, Trouble("pull.forbidden", "The server wants a user and a password.")),
    (av.HTTPForbiddenError, Trouble("pull.forbidden", "The server doesn't let us read this stream.")),
    (
        PrivateAddressError,
        Trouble("pull.private-address", "The address is private; set sources.private_addresses."),
    ),
    (
        AuthoritiesError,
        Trouble("pull.ca-file", "The certificates of outputs.ca_file in studio.toml can't be read."),
    ),
    (
        CertificateError,
        Trouble("pull.tls", "The server's certificate isn't trusted; mend it, or set insecure."),
    ),
    (TimeoutError, STALLED),
    (av.ExitError, STALLED),  # what PyAV's own time-out ends a call with
    (EOFError, ENDED),
)


def trouble_of(error: BaseException) -> Trouble:
    """Return what the network's error means, without a word of its own."""
    return next((told for kind, told in _REASONS if isinstance(error, kind)), FAILED)
