"""User and password of an address: how they are put into one, and how what was typed wrongly is told. Pure.

An address that is kept holds them percent-encoded (RFC 3986 §2.1), so that every character is possible. One
that is typed may hold them, too, but ``/``, ``?`` and ``#`` end the part before the host wherever they stand:
what lies behind them would be shown as a path, or asked of a name server.
"""

from urllib.parse import quote, unquote

HOW = "Put user and password into their own fields, or write / as %2F, ? as %3F, # as %23, @ as %40 in them."


class CredentialsError(ValueError):
    """``code``: ``url.credentials``. The message repeats nothing of the address."""

    code = "url.credentials"


def check_split(rest: str, *, query_may: bool = True) -> None:
    """Raise :class:`CredentialsError` where an address without its ``scheme://`` looks as if a password were
    broken in two: an ``@`` behind the first ``/``, ``?`` or ``#``, also where there is one before, which may
    be a part of the password.

    ``query_may``: behind a ``?`` that follows a path an ``@`` is common (``?user=me@example.org``).
    """
    ends = [at for each in "/?#\\" if (at := rest.find(each)) >= 0]
    if not ends:
        return
    tail = rest[min(ends) :]
    if "@" not in tail:
        return
    path, mark, query = tail.partition("?")
    if query_may and mark and "#" not in tail and "@" not in path and path.strip("/"):
        # A path of one part with more of it behind the "?" is what a broken password looks like.
        before, _, behind = query.rpartition("@")
        named = "=" in before.rpartition("&")[2]
        if named and ("/" not in behind or "/" in path.strip("/")):
            return
    raise CredentialsError(f"There is an @ behind the address's first / or ?. {HOW}")


def with_credentials(url: str, user: str, password: str) -> str:
    """The address with them in it, percent-encoded. Raises CredentialsError where it has some already, and
    for a password without a user."""
    if not user and not password:
        return url
    if not user:
        raise CredentialsError("A password needs a user beside it.")
    scheme, separator, rest = url.partition("://")
    if not separator:
        return url  # refused for what it is
    authority = rest
    for each in "/?#\\":
        authority = authority.partition(each)[0]
    if "@" in authority:
        raise CredentialsError("The address has a user in it already; take it out, or empty the fields.")
    return f"{scheme}://{quote(user, safe='')}:{quote(password, safe='')}@{rest}"


def decoded(userinfo: str) -> tuple[str, str]:
    """User and password as they are meant."""
    user, _, password = userinfo.partition(":")
    return unquote(user), unquote(password)
