"""Decides about outputs. Pure."""

import dataclasses
from typing import Any, assert_never

from msgspec import UNSET
from msgspec.structs import replace

from mixer.contract.output_url import StreamUrl, UrlError
from signaling.contract.ports import RefusedError
from studio.show import commands as c
from studio.show import events as e
from studio.show.checks import addressed, kept, new_id, texted, unknown
from studio.show.model import FLOOR, HALL, MAX_OUTPUTS, MAX_TITLE, RENDITIONS, Output, Show

OutputCommand = (
    c.OutputCreate | c.OutputUpdate | c.OutputStart | c.OutputStop | c.OutputRetry | c.OutputDelete
)
_FIELDS = ("url", "rendition", "bus", "buses", "backup", "seats")


def decide_output(show: Show, command: OutputCommand) -> tuple[e.AnyEvent, ...]:
    if isinstance(command, c.OutputCreate):
        return _create(show, command)
    output = show.outputs.get(command.output)
    if output is None:
        raise unknown("output", command.output)
    match command:
        case c.OutputStart():
            if output.running:
                return ()
            if output.seats and any(each.seats and each.running for each in show.outputs.values()):
                raise RefusedError(
                    409, "output.seats-running", "Seats are being recorded already; stop that output first."
                )
            return (e.OutputStarted(output.id),)
        case c.OutputStop():
            return (e.OutputStopped(output.id),) if output.running else ()
        case c.OutputRetry():
            if not output.running:
                raise RefusedError(409, "output.not-running", "The output isn't running; start it first.")
            return (e.OutputRetried(output.id),)
        case c.OutputUpdate() | c.OutputDelete() if output.running:
            raise RefusedError(409, "output.running", "The output is running; stop it first.")
        case c.OutputDelete():
            return (e.OutputDeleted(output.id),)
        case c.OutputUpdate():
            changed = _checked(show, _updated(output, command))
            if changed == output:
                return ()
            return (
                e.OutputUpdated(
                    output.id,
                    changed.rendition,
                    changed.bus,
                    changed.buses,
                    changed.url,
                    changed.backup,
                    changed.seats,
                    changed.title,
                ),
            )
        case _:
            assert_never(command)


def _create(show: Show, command: c.OutputCreate) -> tuple[e.AnyEvent, ...]:
    recording = command.recording or command.seats
    title = texted(command.title, MAX_TITLE)
    fallback = "recording" if recording else "stream"
    id_ = new_id("output", command.output, show.outputs, MAX_OUTPUTS, title, fallback)
    buses = command.buses
    bus = command.bus if command.bus is not None else buses[0] if buses else ""
    made = _checked(
        show,
        Output(
            id_,
            addressed(command.url, command.user, command.password),
            recording,
            command.rendition,
            bus,
            (bus,) if buses is None else buses,
            backup=addressed(command.backup, command.user, command.password) if command.backup else "",
            seats=command.seats,
            title=title,
        ),
    )
    return (
        e.OutputCreated(
            id_,
            made.rendition,
            made.bus,
            made.buses,
            made.url,
            made.recording,
            made.backup,
            made.seats,
            made.title,
        ),
    )


def _updated(output: Output, command: c.OutputUpdate) -> Output:
    given: dict[str, Any] = {name: getattr(command, name) for name in _FIELDS}
    given = {name: value for name, value in given.items() if value is not UNSET}
    addresses = [name for name in ("url", "backup") if given.get(name)]
    for name in addresses:
        given[name] = addressed(given[name], command.user, command.password)
    if (command.user or command.password) and not addresses:
        raise RefusedError(400, "url.credentials", "User and password go with the address: give it, too.")
    if command.key:
        old = given.get("url") or output.url
        given["url"] = _with_key(old, command.key)
        backup = given.get("backup", output.backup)
        if backup and _parsed(backup).key == _parsed(old).key:
            given["backup"] = _with_key(backup, command.key)
    if command.backup_key:
        given["backup"] = _with_key(given.get("backup", output.backup), command.backup_key)
    given["title"] = kept(command.title, output.title, MAX_TITLE)
    if "bus" in given and "buses" not in given:
        given["buses"] = (given["bus"],)
    if given.get("buses") and "bus" not in given:
        given["bus"] = given["buses"][0]
    if given.get("seats") is False and not output.buses:
        given.setdefault("buses", (given.get("bus", FLOOR),))
    return replace(output, **given)


def _known_buses(show: Show) -> tuple[str, ...]:
    return (FLOOR, *show.languages, HALL)


def _checked(show: Show, output: Output) -> Output:
    """The output, ``buses`` being all of its sound tracks. Raises RefusedError 400."""
    if output.recording and (output.url or output.backup):
        raise RefusedError(400, "output.url-unwanted", "A recording goes to disk and takes no address.")
    if output.seats:
        if not output.recording:
            raise RefusedError(400, "output.seats-unwanted", "Only a recording takes seats as they arrive.")
        return replace(output, rendition="program", bus=FLOOR, buses=())
    if output.rendition not in RENDITIONS:
        raise RefusedError(400, "output.rendition-unknown", f"Renditions are: {', '.join(RENDITIONS)}.")
    if not output.recording:
        output = _checked_stream(output)
    buses, known = output.buses, _known_buses(show)
    if buses == ("",):
        raise RefusedError(400, "output.bus-missing", f"An output needs a bus: {', '.join(known)}.")
    if not buses or len(set(buses)) != len(buses) or not {output.bus, *buses} <= set(known):
        raise RefusedError(
            400, "output.bus-unknown", f"An output needs one or more different buses of: {', '.join(known)}."
        )
    return output


def _checked_stream(output: Output) -> Output:
    url = _parsed(output.url)
    if output.backup:
        backup = _parsed(output.backup)
        if url.several_tracks or backup.several_tracks:
            raise RefusedError(
                400, "output.backup-unwanted", "A udp:// stream has no backup; make a second output."
            )
        if output.backup == output.url:
            raise RefusedError(
                400, "output.backup-same", "The backup must be another address than the first."
            )
    if url.several_tracks:
        return output
    # FLV has one sound track.
    return replace(output, buses=(output.bus,))


def _with_key(url: str, key: str) -> str:
    """The address with another stream key; all else of it stays, also what nobody is shown."""
    refused = RefusedError(400, "url.key", "A stream key is the last part of an RTMP address, without a /.")
    if not url or (parsed := _parsed(url)).several_tracks:
        raise refused
    changed = dataclasses.replace(parsed, key=key)
    if _parsed(changed.secret()) != changed:
        raise refused
    return changed.secret()


def _parsed(url: str) -> StreamUrl:
    try:
        return StreamUrl.parse(url)
    except UrlError as error:
        raise RefusedError(400, error.code, str(error)) from None
