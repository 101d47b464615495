"""The rule of imports and the form of the house, as ARCHITECTURE.md gives them."""

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("mixer", "signaling", "studio")
MAY_IMPORT = {
    "mixer": {"mixer"},
    "signaling": {"mixer", "signaling"},
    "studio": {"mixer", "signaling", "studio"},
}
OURS = {*PACKAGES, "web_console", "tests"}
WEB = {"aiohttp", "aiortc", "aioice", "asyncio", "uvloop", "websockets", "aiosqlite"}
"""What the mixer never imports: no event loop shares a process with the programme's clock."""
PURE = (
    "mixer.contract.plan",
    "studio.planning.layout",
    "mixer.ipc.redact",
    "mixer.containers.clock_tags",
    "mixer.contract.output_health",
    "mixer.contract.ingests",
    "mixer.contract.output_url",
    "studio.show.model",
    "studio.show.commands",
    "studio.show.fields",
    "studio.show.booths.commands",
    "studio.show.desk.commands",
    "studio.show.event",
    "studio.show.events",
    "studio.show.booths.events",
    "studio.show.desk.events",
    "studio.show.decide",
    "studio.show.booths.decisions",
    "studio.show.checks",
    "studio.show.desk.decisions",
    "studio.show.rundown.decisions",
    "studio.show.seats.lost",
    "studio.show.outputs.decisions",
    "studio.show.roles",
    "studio.show.scenes.decisions",
    "studio.show.seats.decisions",
    "studio.show.booths.status",
    "studio.show.booths.direction",
    "studio.show.outputs.status",
    "studio.show.booths.dropouts",
    "studio.planning.marks",
    "studio.planning.places",
    "studio.planning.sounds",
    "studio.planning.planner",
    "studio.planning.multiview",
    "studio.show.scenes.compositions",
    "studio.show.program.commands",
    "studio.show.program.events",
    "studio.show.program.decisions",
    "studio.show.own",
    "studio.planning.speaking",
    "studio.planning.taking",
    "studio.planning.overlays",
    "studio.planning.composing",
    "studio.planning.uplink",
    "studio.planning.hysteresis",
    "studio.planning.demand",
    "studio.contract.config",
    "studio.lab.cast",
)
IMPURE = {
    "socket",
    "subprocess",
    "threading",
    "asyncio",
    "time",
    "random",
    "aiosqlite",
    "sqlite3",
    "selectors",
}
MAX_LINES = 420
MAX_TEST_LINES = 600


def sources() -> list[Path]:
    return sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path: Path) -> Iterator[str]:
    """Full names of the modules that a file imports anywhere in it."""
    module = module_of(path).split(".")
    package = module if path.name == "__init__.py" else module[:-1]
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                yield ".".join([*package[: len(package) - node.level + 1], node.module or ""])
            else:
                yield node.module or ""


@pytest.mark.parametrize("path", sources(), ids=module_of)
def test_imports_go_one_way(path: Path) -> None:
    package = path.relative_to(ROOT).parts[0]
    for name in imports(path):
        top = name.split(".")[0]
        assert top not in OURS or top in MAY_IMPORT[package], f"{package} imports {name}"
        assert package != "mixer" or top not in WEB, f"mixer imports {name}"


@pytest.mark.parametrize("package", [path for path in sources() if path.name == "__init__.py"], ids=module_of)
def test_packages_import_nothing_and_say_what_they_are(package: Path) -> None:
    body = ast.parse(package.read_text("utf-8")).body
    assert len(body) == 1, "an __init__ holds its docstring only"
    assert ast.get_docstring(ast.Module(body, []))


@pytest.mark.parametrize("module", PURE)
def test_pure_modules_do_nothing_to_the_world(module: str) -> None:
    path = ROOT.joinpath(*module.split(".")).with_suffix(".py")
    touched = {name for name in imports(path) if name.split(".")[0] in IMPURE}
    assert not touched


def test_no_module_leans_on_what_another_has_imported_before() -> None:
    """Each can be imported first: what they import while they are imported goes in no circle. (That the names
    are there mypy says.)"""
    known = {module_of(path): path for path in sources()}
    needs = {
        module: {name for name in imported_at_once(path) if name in known and name != module}
        for module, path in known.items()
    }
    TopologicalSorter(needs).prepare()


def imported_at_once(path: Path) -> Iterator[str]:
    """Full names of what is imported when the module is: not within functions, nor for types alone."""
    body: list[ast.stmt] = list(ast.parse(path.read_text("utf-8")).body)
    while body:
        match body.pop():
            case ast.Import(names):
                yield from (alias.name for alias in names)
            case ast.ImportFrom(module, names, 0) if module:
                yield module
                yield from (f"{module}.{alias.name}" for alias in names)
            case ast.If(ast.Name("TYPE_CHECKING")):
                pass
            case ast.If() | ast.Try() | ast.With() | ast.ClassDef() as block:
                body += [each for each in ast.iter_child_nodes(block) if isinstance(each, ast.stmt)]


def test_light_processes_stay_light() -> None:
    """The supervisor and the senders import no web framework and no WebRTC: memory is counted."""
    for module, heavy in (
        ("studio.supervisor.start", ("aiohttp", "aiortc", "av", "cv2", "aiosqlite")),
        ("mixer.outputs.process", ("aiohttp", "aiortc", "cv2", "pyvips")),
        ("studio.cli.main", ("aiohttp", "numpy", "structlog", "rich")),
    ):
        script = f"import sys, {module}; print([name for name in {heavy!r} if name in sys.modules])"
        done = subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, check=True
        )
        assert done.stdout.strip() == "[]", module


def tracked() -> list[Path]:
    """Every file that belongs to the project: git's, or without git all but what set-up makes."""
    done = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    if done.returncode == 0 and done.stdout:
        return [ROOT / name for name in done.stdout.split("\0") if name and (ROOT / name).is_file()]
    skipped = {".git", ".venv", "node_modules", "vendor", "__pycache__"}
    found = []
    for folder, folders, files in os.walk(ROOT):
        folders[:] = [name for name in folders if name not in skipped]
        found += [Path(folder) / name for name in files]
    return found


def test_names_say_what_is_inside() -> None:
    vague = {"utils", "util", "helpers", "helper", "misc", "common", "manager"}
    assert not [path for path in tracked() if path.stem.lower() in vague]


def test_files_stay_small() -> None:
    code = [path for path in tracked() if path.suffix in (".py", ".js")]
    lines = {str(path.relative_to(ROOT)): len(path.read_text("utf-8").splitlines()) for path in code}
    allowed = {name: MAX_TEST_LINES if name.startswith("tests/") else MAX_LINES for name in lines}
    assert {name: count for name, count in lines.items() if count > allowed[name]} == {}


def test_no_registry_and_no_machine_is_named() -> None:
    # with a set of one letter each, so that this file is no finding
    hosts = (r"[r]egistry\.npmjs", r"[f]iles\.pythonhosted", r"pypi\.org/[s]imple")
    paths = (r"(?<![\w.])/[w]ork/", "/tmp/[b]ash_jobs", r"(?<![\w.])/[r]oot/")
    wrong = re.compile("|".join(hosts + paths))
    findings = []
    for path in tracked():
        try:
            text = path.read_text("utf-8")
        except UnicodeDecodeError:
            continue
        findings += [f"{path.relative_to(ROOT)}: {found}" for found in wrong.findall(text)]
    assert findings == []


def test_versions_are_pinned() -> None:
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    assert pins
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.!+]+", line) for line in pins)
    assert '"resolved"' not in (ROOT / "package-lock.json").read_text("utf-8")
