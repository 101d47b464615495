"""The rule of imports and the form of the house, as ARCHITECTURE.md gives them."""

import ast
import io
import os
import re
import subprocess
import sys
import tokenize
from collections import Counter
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
PROCESSES = {
    "mixer.engine": "mixer",
    "mixer.sources": "player",
    "mixer.outputs": "sender",
    "signaling.shard": "shard",
    "signaling.http": "control",
    "signaling.router": "control",
    "studio.control": "control",
    "studio.supervisor": "supervisor",
    "studio.vod": "vod",
    "studio.cli": "command line",
    "studio.lab": "command line",
}
"""Whose a package is; all others are shared. The command line starts everything, and measures it."""
PURE = ("studio.show", "studio.planning", "mixer.contract")
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
    "secrets",
}
THE_CLOCK = "mixer.contract.clock"
"""It names the real clock as what is read where none is handed in."""
MAX_MODULES = 20
"""In one folder."""


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


def process_of(module: str) -> str:
    """The process that a module belongs to; empty for what several share."""
    return next((name for package, name in PROCESSES.items() if f"{module}.".startswith(f"{package}.")), "")


@pytest.mark.parametrize("path", sources(), ids=module_of)
def test_no_process_imports_anothers_modules(path: Path) -> None:
    own = process_of(module_of(path))
    others = {name for name in imports(path) if process_of(name) not in ("", own)}
    assert own == "command line" or not others or path.name == "__main__.py", others


@pytest.mark.parametrize("path", sorted((ROOT / "mixer/contract").glob("*.py")), ids=module_of)
def test_what_all_speak_leans_on_nothing_of_ours(path: Path) -> None:
    others = {name for name in imports(path) if name.split(".")[0] in OURS}
    assert {name for name in others if not name.startswith("mixer.contract")} == set()


def test_pure_modules_do_nothing_to_the_world() -> None:
    """Nor does anything of ours that they import, however far down."""
    known = {module_of(path): {*imports(path)} for path in sources()}
    pure = [module for module in known if f"{module}.".startswith(tuple(f"{each}." for each in PURE))]
    assert len(pure) > 60
    wrong = set()
    for module in pure:
        seen, left = {THE_CLOCK}, [module]
        while left:
            if (name := left.pop()) in seen or name not in known:
                continue
            seen.add(name)
            left += known[name]
            wrong |= {(module, name, each) for each in known[name] if each.split(".")[0] in IMPURE}
    assert wrong == set()


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


def test_documents_name_what_is_there() -> None:
    pages = [path for path in tracked() if path.suffix == ".md" and path.name != "CHANGELOG.md"]
    named = re.compile(r"`((?:mixer|signaling|studio|tests|web_console)/[\w/.-]*\w)/?`")
    missing = [
        f"{page.name}: {name}"
        for page in pages
        for name in named.findall(page.read_text("utf-8"))
        if not any((ROOT / f"{name}{end}").exists() for end in ("", ".py", ".js"))
    ]
    assert missing == []
    assert len((ROOT / "ARCHITECTURE.md").read_text("utf-8").splitlines()) <= 200, "the details are in docs/"


def test_names_say_what_is_inside() -> None:
    vague = {"utils", "util", "helpers", "helper", "misc", "common", "manager"}
    assert not [path for path in tracked() if path.stem.lower() in vague]


def test_code_spells_program_in_one_way() -> None:
    """Texts say programme, code says ``program``, as the wire does."""
    wrong = {
        f"{path.relative_to(ROOT)}: {token.string}"
        for path in tracked()
        if path.suffix == ".py"
        for token in tokenize.generate_tokens(io.StringIO(path.read_text("utf-8")).readline)
        if token.type == tokenize.NAME
        and "programme" in token.string.lower()
        and not token.string.startswith("test_")  # which are sentences
    }
    assert wrong == set()


def test_folders_stay_small() -> None:
    """So that ``ls`` says where a thing is. Tests lie beside each other, a file a subject."""
    code = [
        path for path in tracked() if path.suffix in (".py", ".js") and not path.name.endswith(".test.js")
    ]
    count = Counter(path.parent.relative_to(ROOT) for path in code if path.name != "__init__.py")
    full = {str(folder): number for folder, number in count.items() if number > MAX_MODULES}
    assert {
        folder for folder in full if not folder.startswith(("tests/integration", "tests/e2e", "tests/unit"))
    } == set()


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


NAMES = {".py": "mixer/contract/names.py", ".js": "web_console/shared/names.js"}
"""Where names of sources, slots, processes and streams are made and read."""
NAME = re.compile(
    r"(?<![\w/<.-])(?:seat|screen|source|talk|sender|player|canvas|returns|booth|graphic|cue|part)/(?!<)"
    r"|(?<![\w-])shard-|(?<!audio)(?<!video)/(?:h264|vp8|aac|opus)$"
)
"""How such a name begins, or a stream's ends. Not ``seat/<id>``, which is how texts write it."""


def made_names(path: Path, text: str) -> list[str]:
    """The strings of a module that are such names, or parts of them."""
    if path.suffix == ".py":
        tree = ast.parse(text)
        said = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}  # docstrings
        strings = [
            node.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in said
        ]
    else:
        code = re.sub(r"/\*.*?\*/|(?<![:\"'`])//[^\n]*", "", text, flags=re.DOTALL)
        strings = re.findall(
            r"""(?<=["'`])(?:seat|screen|source|part|talk)/|shard-|"(?:seat|screen)"\}/""", code
        )
    return [each for each in strings if path.suffix == ".js" or NAME.search(each)]


def test_names_are_made_in_one_place() -> None:
    """``mixer.contract.names`` in Python, ``shared/names.js`` on the pages."""
    ours = [
        path
        for path in tracked()
        if path.suffix in NAMES
        and not path.name.endswith(".test.js")
        and path.relative_to(ROOT).parts[0] != "tests"
    ]
    found = {str(path.relative_to(ROOT)): made_names(path, path.read_text("utf-8")) for path in ours}
    made = {name for name, strings in found.items() if strings}
    assert made == set(NAMES.values()), {name: strings for name, strings in found.items() if strings}


@pytest.mark.parametrize(
    "code",
    [
        'x = "seat/a"',
        'x = f"seat/{seat}"',
        'x = f"studio:source/{source}"',
        'name.startswith("shard-")',
        "x = f'shard-{n}'",
        'x = f"{rendition}/h264"',
        'x = f"returns/{bus}"',
        "a.js: const key = `seat/${id}`;",
        'a.js: key.startsWith("part/")',
        'a.js: `${screen ? "screen" : "seat"}/${id}`',
    ],
)
def test_a_name_that_is_made_elsewhere_is_found(code: str) -> None:
    name, _, text = code.partition(": ") if code.startswith("a.js") else ("a.py", "", code)
    assert made_names(Path(name), text)


def test_what_only_looks_like_a_name_is_none() -> None:
    plain = '''def f() -> None:\n    """seat/a"""\n    x = "no seat/<id>", "audio/opus", "/booth/{token}"'''
    assert made_names(Path("a.py"), plain) == []
    assert made_names(Path("a.js"), "// `seat/a`\n/** `seat/<id>` */ const url = `https://x/seats/`;") == []


def test_versions_are_pinned() -> None:
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    assert pins
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.!+]+", line) for line in pins)
    assert '"resolved"' not in (ROOT / "package-lock.json").read_text("utf-8")
