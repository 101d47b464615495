"""``studio log``: whether the show's log is whole, and mending it while no studio runs."""

import json
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from studio.contract.datadir import default_data

app = typer.Typer(help="Look after the show's log.", no_args_is_help=True)

DAMAGED = 3
"""Exit status of a log that is damaged."""

Data = Annotated[Path | None, typer.Option("--data", envvar="STUDIO_DATA", help="The data folder.")]
Json = Annotated[bool, typer.Option("--json", envvar="STUDIO_JSON", help="Print JSON.")]


@app.command()
def check(data: Data = None, as_json: Json = False) -> None:
    """Read the whole log; exit status 3 where it is damaged. A studio may be running."""
    from studio.control.log.mending import examine
    from studio.control.log.store import StoreError
    from studio.show.model import Show

    path = _log_of(data)
    try:
        found = examine(path, Show())
    except StoreError as error:
        _fail(str(error))
    damaged = bool(found.damage)
    if as_json:
        _print({"file": str(path), "revisions": found.revisions, "damaged": damaged, "damage": found.damage})
    elif damaged:
        typer.echo(f"{path} is damaged ({found.damage}): {found.revisions} revisions can be read.")
    else:
        typer.echo(f"{path} is whole: {found.revisions} revisions.")
    if damaged:
        raise typer.Exit(DAMAGED)


@app.command()
def repair(data: Data = None, as_json: Json = False) -> None:
    """Make a good log of what can be read, and keep the damaged one beside it. No studio may be running."""
    from studio.contract.datadir import DataDir, DataDirError
    from studio.control.log.mending import examine, mend
    from studio.control.log.store import StoreError
    from studio.show.model import Show

    path = _log_of(data)
    try:
        folder = DataDir(path.parent)
    except DataDirError as error:
        _fail(str(error))
    try:
        found, kept = examine(path, Show()), ""
        if found.damage:
            mended = mend(path, Show())
            found, kept = mended.found, mended.kept
    except StoreError as error:
        _fail(str(error))
    finally:
        folder.close()
    if as_json:
        _print({"file": str(path), "revisions": found.revisions, "damage": found.damage, "kept": kept})
    elif kept:
        typer.echo(
            f"{path} was damaged ({found.damage}). It now has the {found.revisions} revisions that could be"
            f" read; the damaged file is {kept}."
        )
    else:
        typer.echo(f"{path} is whole: {found.revisions} revisions. Nothing was changed.")


def _log_of(data: Path | None) -> Path:
    path = (data or default_data()) / "show.db"
    if not path.exists():
        _fail(f"there is no log {path}")
    return path


def _print(value: object) -> None:
    sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")


def _fail(reason: str) -> NoReturn:
    typer.echo(f"studio: {reason}", err=True)
    raise typer.Exit(1)
