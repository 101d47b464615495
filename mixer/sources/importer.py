"""Looks into an uploaded file, in a process: ``python -m mixer.sources.importer FILE FOLDER DEMANDS``.

What it finds it prints as one line of JSON: a :class:`Found` or a :class:`Refused`. The modules that
:data:`mixer.contract.source_kinds.SOURCE_KINDS` names look into it. Its content alone tells the
kind, and neither the file's name nor what the browser said of it. It needs no network, and has limits of
memory and time: whoever dies in here takes nothing along.
"""

import importlib
import os
import resource
import sys
from pathlib import Path
from typing import NoReturn, cast, get_args

import msgspec

from mixer.contract.findings import Demands, Found, Outcome, Refused
from mixer.contract.source_kinds import SOURCE_KINDS, MediaKind
from mixer.ipc.limits import IMPORTER_BYTES, IMPORTER_NICENESS, confine
from mixer.sources.clips.demux import CORRUPT
from mixer.sources.player import MediaError
from mixer.sources.upload import UploadKind, head_of

CPU_S = 120
_NO_DEMANDS = Demands()


def upload_kind(kind: MediaKind) -> UploadKind:
    """The module that knows files of this kind."""
    upload = SOURCE_KINDS[kind].upload
    assert upload is not None
    return cast(UploadKind, importlib.import_module(upload.module))


def kind_of(head: bytes) -> MediaKind | None:
    """What a file is, by its first bytes (at least 1024, or all); None: nothing that is taken."""
    kinds: tuple[MediaKind, ...] = get_args(MediaKind)
    return next((kind for kind in kinds if upload_kind(kind).recognised(head)), None)


def examine(path: Path, folder: Path, demands: Demands = _NO_DEMANDS) -> Found:
    """Raises :class:`MediaError`: ``media.unsupported`` and what each kind has to say."""
    kind = kind_of(head_of(path))
    if kind is None:
        *told, last = (row.upload.told for row in SOURCE_KINDS.values() if row.upload is not None)
        raise MediaError("media.unsupported", f"Only {', '.join(told)} and {last} are taken.")
    return upload_kind(kind).examined(path, folder, demands)


def _tell(outcome: Outcome) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(outcome))
    sys.stdout.buffer.flush()


def main() -> NoReturn:
    """Exit status 0 and an outcome, or another status where the file was too much for this process."""
    path, folder = (Path(argument) for argument in sys.argv[1:3])
    demands = msgspec.json.decode(sys.argv[3], type=Demands)
    confine(IMPORTER_BYTES, IMPORTER_NICENESS)
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    os.environ["VIPS_CONCURRENCY"] = "1"
    try:
        _tell(examine(path, folder, demands))
    except MediaError as error:
        _tell(Refused(*error.trouble))
    except OSError as error:
        _tell(
            Refused("media.disk-full" if error.errno == 28 else "media.unreadable", "The file can't be kept.")
        )
    except MemoryError:
        _tell(Refused("media.too-complex", "This file takes more memory than is allowed to look into it."))
    except Exception as error:  # what a library makes of a file that nobody has thought of
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        _tell(Refused(*CORRUPT))
    sys.exit(0)


if __name__ == "__main__":
    main()
