"""The ``studio`` command. Every option can come from an environment variable instead.

Exit status: 0 done; 1 it can't be done, with one line that says why; 2 a mistake in the command line or the
configuration file. What a command needs is imported when it runs, so that ``--help`` comes at once.
"""

import os
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from studio.cli import log as cli_log
from studio.contract.datadir import RUN_FILE, default_data

app = typer.Typer(
    name="studio",
    help="A remote studio for untact summits: remote speakers in, LED wall and live streams out.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.add_typer(cli_log.app, name="log")

Data = Annotated[
    Path | None,
    typer.Option(
        "--data",
        envvar="STUDIO_DATA",
        help="Folder of everything that is kept. Default: the XDG data home's.",
    ),
]
Config = Annotated[
    Path | None,
    typer.Option(
        "--config",
        envvar="STUDIO_CONFIG",
        help="Configuration file (TOML). Default: studio.toml in the data folder, if it is there.",
    ),
]
Host = Annotated[str | None, typer.Option("--host", envvar="STUDIO_HOST", help="Address to listen on.")]
Port = Annotated[
    int | None,
    typer.Option(
        "--port", envvar="STUDIO_PORT", min=0, max=65535, help="TCP port to listen on; 0 takes a free one."
    ),
]
Shards = Annotated[
    int | None,
    typer.Option(
        "--shards", envvar="STUDIO_SHARDS", min=1, max=64, help="Processes that receive the guests."
    ),
]


def main() -> None:
    """Entry point of the console script."""
    app()


@app.command()
def run(
    data: Data = None,
    config: Config = None,
    host: Host = None,
    port: Port = None,
    shards: Shards = None,
) -> None:
    """Run the studio until Ctrl-C."""
    from studio.supervisor.start import Options

    _run(Options(data or default_data(), config, host, port, shards))


@app.command()
def demo(
    data: Data = None,
    host: Host = None,
    port: Port = None,
    guests: Annotated[
        int, typer.Option("--guests", envvar="STUDIO_GUESTS", min=0, max=6, help="Synthetic mayors.")
    ] = 6,
) -> None:
    """Run a studio with an event, scenes and synthetic mayors; nothing to configure, no network needed."""
    from studio.lab.demo import beside, prepare
    from studio.supervisor.start import Options

    folder = data or default_data().with_name("summit-studio-demo")
    with beside(folder, guests) as begin:
        _run(Options(prepare(folder), None, host, port), begin)


@app.command()
def rehearse(
    data: Data = None,
    guests: Annotated[
        int, typer.Option("--guests", envvar="STUDIO_GUESTS", min=1, max=200, help="How many join.")
    ] = 6,
    seconds: Annotated[
        float,
        typer.Option(
            "--seconds", envvar="STUDIO_SECONDS", min=0, help="How long they stay; 0: until Ctrl-C."
        ),
    ] = 0,
    loss: Annotated[
        float,
        typer.Option(
            "--loss",
            envvar="STUDIO_LOSS",
            min=0,
            max=50,
            help="Per cent of the packets they lose on purpose.",
        ),
    ] = 0,
    over: Annotated[
        float | None,
        typer.Option(
            "--over",
            envvar="STUDIO_OVER",
            min=0,
            help="Seconds that their joining is spread over; 0: all at once. Default: six guests a second.",
        ),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", envvar="STUDIO_JSON", help="Print who came as JSON.")
    ] = False,
) -> None:
    """Let synthetic guests join the running studio as real WebRTC clients; it admits them.

    At the end it says who came. Exit status 1 if somebody never joined, or was not there at the end.
    """
    from studio.contract.client import ClientError
    from studio.lab.attendance import absentees
    from studio.lab.attendance_shown import AttendanceView
    from studio.lab.rehearse import RehearsalError
    from studio.lab.rehearse import rehearse as start

    told = AttendanceView(guests, as_json=as_json)
    try:
        attendance = start(
            data or default_data(), guests, seconds, loss / 100, over, told.ready, told.progress
        )
    except (ClientError, RehearsalError) as error:
        _fail(str(error))
    told.report(attendance)
    if not attendance.complete:
        _fail(absentees(attendance))


@app.command()
def invite(
    name: Annotated[str, typer.Argument(envvar="STUDIO_NAME", help="Who is invited.")],
    data: Data = None,
    title: Annotated[str, typer.Option(envvar="STUDIO_TITLE", help="Second line of the name plate.")] = "",
    role: Annotated[
        str, typer.Option(envvar="STUDIO_ROLE", help="speaker, interpreter, wall, viewer or director.")
    ] = "speaker",
    language: Annotated[str, typer.Option(envvar="STUDIO_LANGUAGE", help="As in ko, en, zh-Hant.")] = "",
    seat: Annotated[
        str, typer.Option(envvar="STUDIO_SEAT", help="The seat's id; one that exists gets a new link.")
    ] = "",
    booth: Annotated[
        str, typer.Option(envvar="STUDIO_BOOTH", help="An interpreter's booth; one that exists.")
    ] = "",
    qr: Annotated[bool, typer.Option("--qr", envvar="STUDIO_QR", help="Print the QR code too.")] = False,
) -> None:
    """Make a seat in the running studio and print the link for whoever shall sit there."""
    from studio.contract.client import Client, ClientError

    command = {"type": "seat.create", "name": name, "title": title, "role": role, "language": language}
    if booth:
        command |= {"booth": booth, "role": "interpreter"}
    try:
        client = Client.of(data or default_data())
        if seat:
            command["seat"] = seat
            if seat in client.state()["state"]["seats"]:
                command = {"type": "seat.invite", "seat": seat}
        link = client.command(command)["result"]["link"]
    except ClientError as error:
        _fail(str(error))
    typer.echo(link)
    if qr:
        import segno

        segno.make(link, error="m").terminal(compact=True)


@app.command()
def ctl(
    what: Annotated[
        str,
        typer.Argument(
            envvar="STUDIO_COMMAND",
            help="A command as JSON, - to read it from standard input, state, or watch.",
        ),
    ] = "-",
    data: Data = None,
) -> None:
    """Send a command to the running studio, or show its state, or watch it change."""
    import json

    from studio.contract.client import Client, ClientError

    try:
        client = Client.of(data or default_data())
        if what == "watch":
            for message in client.watch():
                typer.echo(json.dumps(message, ensure_ascii=False))
            return
        answer = client.state() if what == "state" else client.command_bytes(_given(what).encode())
    except ClientError as error:
        _fail(str(error))
    except (KeyboardInterrupt, BrokenPipeError):
        return
    typer.echo(json.dumps(answer, ensure_ascii=False, indent=2))


@app.command()
def doctor(
    data: Data = None,
    config: Config = None,
    as_json: Annotated[bool, typer.Option("--json", envvar="STUDIO_JSON", help="Print JSON.")] = False,
) -> None:
    """Say what this machine has and can hold; exit status 1 when something that is needed is missing."""
    from studio.cli.doctor import examine, show

    findings = examine(data or default_data(), config)
    show(findings, as_json=as_json)
    if any(finding.verdict == "missing" for finding in findings):
        raise typer.Exit(1)


@app.command()
def bench(
    as_json: Annotated[bool, typer.Option("--json", envvar="STUDIO_JSON", help="Print JSON.")] = False,
    seconds: Annotated[
        float | None,
        typer.Option("--seconds", envvar="STUDIO_SECONDS", min=0.5, help="Length of each measurement."),
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option("--only", envvar="STUDIO_ONLY", help="A section to measure; may be given again."),
    ] = None,
    full: Annotated[
        bool, typer.Option("--full", envvar="STUDIO_FULL", help="Take as long as for an acceptance.")
    ] = False,
    soak: Annotated[
        bool,
        typer.Option("--soak", envvar="STUDIO_SOAK", help="Only watch memory; 30 minutes by default."),
    ] = False,
) -> None:
    """Measure what this studio costs on this machine, figure by figure beside its targets."""
    from studio.lab.bench.run import UnknownSectionError
    from studio.lab.bench.run import bench as measure
    from studio.lab.bench.show import show

    try:
        report = measure(["soak"] if soak else only or [], seconds, full)
    except UnknownSectionError as error:
        _fail(str(error), 2)
    show(report, as_json=as_json)
    if report.failed:
        raise typer.Exit(1)


@app.command()
def vod(
    recording: Annotated[
        list[str],
        typer.Argument(
            envvar="STUDIO_RECORDING",
            help="An output's id, for its newest recording, or one file of a recording: the parts before and"
            " after it are found. Several files are taken as they are.",
        ),
    ],
    data: Data = None,
    config: Config = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", envvar="STUDIO_OUT", help="Where to. Default: the recording's folder."),
    ] = None,
    language: Annotated[
        list[str] | None,
        typer.Option(
            "--language",
            envvar="STUDIO_LANGUAGE",
            help="A language or bus, as in ko, eng, floor; may be given again. Default: every one.",
        ),
    ] = None,
) -> None:
    """Make one MP4 per language of a recording, without encoding anew, and an edit list of its cuts.

    Parts that overlap are joined without a seam; time between parts that nobody recorded is cut out. Seats
    that were recorded meanwhile lie in the edit list beside the programme. It may still be recording.
    """
    from studio.contract.config import ConfigError
    from studio.supervisor.start import Options, read_settings
    from studio.vod.errors import VodError
    from studio.vod.run import vod as make

    folder = data or default_data()
    try:
        settings, _ = read_settings(Options(folder, config))
        recordings = Path(settings.outputs.recordings or folder / "recordings")
        make(recording, recordings, out, language or [])
    except ConfigError as error:
        _fail(str(error), 2)
    except VodError as error:
        _fail(str(error))


def _given(what: str) -> str:
    """A command as typed, or from standard input, without the mark that Windows' tools put before a text."""
    return (sys.stdin.read() if what == "-" else what).removeprefix("\ufeff")


def _run(options: object, begin: object = None) -> None:
    """Run a studio and turn what can go wrong at the start into one line and an exit status."""
    from studio.contract.config import ConfigError
    from studio.contract.datadir import DataDirError
    from studio.supervisor.start import Options, Started
    from studio.supervisor.start import run as start
    from studio.supervisor.supervisor import StartError

    assert isinstance(options, Options)

    def up(started: Started) -> None:
        if into_the_journal():
            where = (started.data / RUN_FILE).resolve()
            typer.echo(f"The studio is ready. Address and token of the console are in {where}.")
        else:
            typer.echo(f"The studio is ready. Open the console:\n\n    {started.console}\n")
        typer.echo(f"Everything is kept in {started.data}. Ctrl-C ends it.")
        sys.stdout.flush()
        if callable(begin):
            begin(started)

    try:
        start(options, up)
    except ConfigError as error:
        _fail(str(error), 2)
    except (DataDirError, StartError) as error:
        _fail(str(error))


def into_the_journal() -> bool:
    """Return whether systemd keeps standard output: every administrator of the machine would read the
    director's token in the console's link. A pipe alone may be a script's."""
    under_systemd = "JOURNAL_STREAM" in os.environ or "INVOCATION_ID" in os.environ
    return under_systemd and not sys.stdout.isatty()


def _fail(reason: str, status: int = 1) -> NoReturn:
    typer.echo(f"studio: {reason}", err=True)
    raise typer.Exit(status)
