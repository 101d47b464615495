"""Names of time zones: read once, when the module is, so that no command waits for a disk."""

from zoneinfo import available_timezones

_ZONES = frozenset(available_timezones())


def is_zone(name: str) -> bool:
    """Return whether a clock can show this IANA zone."""
    return name in _ZONES
