"""The laws of the project, each as a test: what a reviewer would otherwise have to remember."""

import ast
import doctest
import graphlib
import importlib
import re
import subprocess
import sys
import tokenize
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

import joey
from joey.cli import app

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "joey"
FILES = sorted(SOURCE.rglob("*.py"))
PAGES = sorted((ROOT / "docs").glob("*.md"))

# Imports go down only, left to right; neighbors between commas do not know each other.
LAYERS = (
    "cli > arguments, bench, demo, terminal > serve > warm, web > respond, check"
    " > live, marks, reports, study > store, simulate, response, synchrony > holds, features"
    " > events, people > breaths > beats > quality > sources > streams > signals"
    " > compiled, folders, spans, workspaces > errors"
)
HEIGHT = {
    module.strip(): -depth
    for depth, layer in enumerate(LAYERS.split(">"))
    for module in layer.split(",")
}
CODE_LINES = 400  # beyond, a module becomes a folder of the same name
HEAVY = ("numba", "numpy", "polars", "scipy")
EXECUTED = "<!-- The tests run the Python of this page. -->"
RUNNING_PAGES = [page for page in PAGES if EXECUTED in page.read_text(encoding="utf-8")]


def run(*arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Run this Python and return its exit code and output."""
    return subprocess.run(
        [sys.executable, *arguments], cwd=cwd, capture_output=True, text=True, check=False
    )


def relative(path: Path) -> str:
    """Return the path from the root of the checkout, as the name of a test's case."""
    return str(path.relative_to(ROOT))


def module_name(path: Path) -> str:
    """Return the dotted name of a source file."""
    parts = path.relative_to(SOURCE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): path for path in FILES}


def imports(path: Path) -> Iterator[str]:
    """Yield what a file imports of Joey, wherever in the file, as dotted names.

    A name taken from a package is yielded with it (``joey.beats.detect_beats``): whether it is a
    module or a function is for the caller to see.
    """
    package = module_name(path).split(".")
    if path.name != "__init__.py":
        package.pop()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            origin = ".".join([*above, *filter(None, [node.module])])
            names = [f"{origin}.{alias.name}" for alias in node.names]
        else:
            continue
        yield from (name for name in names if name.split(".")[0] == "joey")


def code_lines(path: Path) -> int:
    """Return how many lines of a file hold code: neither blank, nor comment, nor docstring."""
    quiet = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT}
    lines: set[int] = set()
    with tokenize.open(path) as file:
        tokens = list(tokenize.generate_tokens(file.readline))
    for token in tokens:
        if token.type not in quiet and token.type != tokenize.ENDMARKER:
            lines.update(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            lines.difference_update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return len(lines)


def undocumented(tree: ast.Module | ast.ClassDef, name: str) -> Iterator[str]:
    """Yield the public classes and functions below a node that have no docstring."""
    for node in tree.body:
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        inherits_its_words = any("overload" in ast.unparse(each) for each in node.decorator_list)
        if node.name.startswith("_") or inherits_its_words:
            continue
        if ast.get_docstring(node) is None:
            yield f"{name}.{node.name}"
        if isinstance(node, ast.ClassDef):
            yield from undocumented(node, f"{name}.{node.name}")


def tracked_files() -> list[Path]:
    """Return the files that are, or with the next commit could be, in the repository."""
    git = ["git", "-c", "safe.directory=*", "-C", str(ROOT)]
    listing = [*git, "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    found = subprocess.run(listing, capture_output=True, text=True, check=True).stdout
    return [ROOT / name for name in found.split("\0") if name and (ROOT / name).is_file()]


# --- the code as text


def test_no_lint() -> None:
    """Ruff finds nothing that pyproject.toml does not name with its reason."""
    done = run("-m", "ruff", "check", "--no-cache", "--output-format", "concise")

    assert done.returncode == 0, done.stdout + done.stderr


def test_format() -> None:
    """The formatter would change nothing."""
    done = run("-m", "ruff", "format", "--no-cache", "--check")

    assert done.returncode == 0, done.stdout + done.stderr


def test_types() -> None:
    """Mypy's strict mode finds no error in the package."""
    done = run("-m", "mypy", "--config-file", str(ROOT / "pyproject.toml"))

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", FILES, ids=relative)
def test_a_module_stays_short(path: Path) -> None:
    """A module has at most 400 lines of code."""
    assert code_lines(path) <= CODE_LINES


@pytest.mark.parametrize("path", FILES, ids=relative)
def test_no_broad_except(path: Path) -> None:
    """No handler catches what it cannot know: a bug keeps its traceback."""
    broad = {"Exception", "BaseException"}
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ExceptHandler):
            assert node.type is not None, f"line {node.lineno}: bare except"
            caught = {each.id for each in ast.walk(node.type) if isinstance(each, ast.Name)}
            assert not caught & broad, f"line {node.lineno}: {caught & broad}"


@pytest.mark.parametrize("path", FILES, ids=relative)
def test_what_is_public_is_documented(path: Path) -> None:
    """Every module, and every public class, method and function in it, has a docstring."""
    tree = ast.parse(path.read_text(encoding="utf-8"))

    assert ast.get_docstring(tree) is not None
    assert list(undocumented(tree, module_name(path))) == []


# --- how the modules hang together


@pytest.mark.parametrize("path", FILES, ids=relative)
def test_imports_go_down(path: Path) -> None:
    """A module imports from lower layers only, and never a public name by way of the package."""
    parts = path.relative_to(SOURCE).with_suffix("").parts
    if parts[0] in {"__init__", "__main__"}:
        return  # the public names and the front door know everything
    assert parts[0] in HEIGHT, f"{parts[0]} has no place in the layers yet"
    for name in imports(path):
        _, layer, *_ = [*name.split("."), ""]
        if layer in {parts[0], "__version__"}:
            continue
        assert layer in HEIGHT, f"imports {name}: import from the module that defines it"
        assert HEIGHT[layer] < HEIGHT[parts[0]], f"imports {name}, which is not below it"


def test_imports_have_no_cycle() -> None:
    """The modules can be put in an order in which each imports only earlier ones."""
    graph = {
        name: {
            found
            for each in imports(path)
            if (found := each if each in MODULES else each.rpartition(".")[0]) in MODULES
        }
        for name, path in MODULES.items()
        if name != "joey"  # which loads its public names when they are first asked for
    }

    graphlib.TopologicalSorter(graph).prepare()


def test_layers_are_those_of_the_design() -> None:
    """DESIGN.md shows every layer of this table, in this order."""
    design = ROOT / "DESIGN.md"
    if not design.exists():
        pytest.skip("no DESIGN.md yet")
    text = design.read_text(encoding="utf-8").replace("`", "")

    assert LAYERS in " ".join(text.split())


# --- what a user sees of the package


def test_public_names_are_sorted() -> None:
    """The public names stand in order, each once."""
    assert list(joey.__all__) == sorted(set(joey.__all__))


@pytest.mark.parametrize("name", joey.__all__)
def test_a_public_name_is_there_and_documented(name: str) -> None:
    """A public name can be imported, says what it is, and comes from where a type checker looks."""
    public = getattr(joey, name)

    assert public.__doc__
    assert f"joey.{joey._HOME[name]}.{name}" in set(imports(SOURCE / "__init__.py"))


def test_types_and_public_names_agree() -> None:
    """What the package imports for type checkers is what it loads at run time."""
    typed = {each.rpartition(".")[2] for each in imports(SOURCE / "__init__.py")}

    assert typed == set(joey.__all__)


def test_an_unknown_name_is_an_attribute_error() -> None:
    """Asking the package for what it does not have is the ordinary error."""
    with pytest.raises(AttributeError, match="no attribute 'heartbeat_of_the_moon'"):
        _ = joey.heartbeat_of_the_moon


RUN_WHERE_IMPORTED = {"joey.__main__", "joey.store.records.migrations.env"}


@pytest.mark.parametrize("name", sorted(MODULES.keys() - RUN_WHERE_IMPORTED))
def test_examples_in_docstrings(name: str) -> None:
    """Every example in a docstring prints what it says."""
    failed, _ = doctest.testmod(importlib.import_module(name), optionflags=doctest.ELLIPSIS)

    assert failed == 0


@pytest.mark.parametrize("page", RUNNING_PAGES, ids=relative)
def test_a_page_of_the_documentation_runs(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The Python blocks of a page that says so run from top to bottom, in an empty folder."""
    text = page.read_text(encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    namespace: dict[str, object] = {"__name__": "__main__"}
    blocks = list(re.finditer(r"^```python\n(.*?)^```$", text, re.DOTALL | re.MULTILINE))
    assert blocks, "nothing to run"
    for block in blocks:
        lines_above = "\n" * text[: block.start(1)].count("\n")  # tracebacks point into the page
        exec(compile(lines_above + block[1], page, "exec"), namespace)  # noqa: S102


def command_names() -> set[str]:
    """Return the commands that the command line has."""
    return {name for name in app if not name.startswith("-")}


def test_help_lists_every_command() -> None:
    """``joey --help`` names each command."""
    done = run("-m", "joey", "--help")

    assert done.returncode == 0
    assert all(re.search(rf"\b{name}\b", done.stdout) for name in command_names())


def test_readme_and_commands_agree() -> None:
    """README names every command there is, and none that is not there."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    code = "\n".join(re.findall(r"```.*?```|`[^`]+`", readme, re.DOTALL))
    named = set(re.findall(r"(?:^|[\s`/])joey ([a-z]+)\b", code))

    assert named - {"test"} == command_names()  # `./joey test` is the script's own


def test_readme_names_no_option_that_is_not_there() -> None:
    """Of the command it is said of: at the head of its line, or else after its name."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    asked: dict[str, set[str]] = {}
    for line in readme.splitlines():
        for part in re.split(r"(?=\./joey )", line)[1:]:
            command = part.split()[1].strip("`")
            asked.setdefault(command, set()).update(re.findall(r"--[a-z][a-z0-9-]+", part))

    for command, options in asked.items():
        if options:
            shown = run("-m", "joey", command, "--help").stdout
            known = {"--help", *re.findall(r"--[a-z][a-z0-9-]+", shown)}
            assert options <= known, command
    for option in ("--history", "--auto-taps"):  # without them nobody gets the picture's page
        assert option in readme.partition("docs/unit.png")[2].partition("## Start")[0]


def test_nothing_heavy_is_loaded_for_help() -> None:
    """``joey --help`` and ``import joey`` load no numerical library."""
    program = (
        "import sys, joey\n"
        "from joey.cli import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        f"sys.exit(' '.join(set({HEAVY}) & set(sys.modules)) or None)"
    )
    done = run("-c", program)

    assert done.returncode == 0, f"loaded: {done.stderr}"


def test_packages_are_reached_without_an_import_of_their_own() -> None:
    """As the pages of docs write them: ``joey.events.PRESETS`` after ``import joey`` alone."""
    program = "import joey; print(len(joey.events.PRESETS), joey.features, joey.quality)"
    done = run("-c", program)

    assert done.returncode == 0, done.stderr


# --- the repository


def test_no_host_of_a_registry_is_named() -> None:
    """No file names a package registry or a CDN: hospitals install from their own mirrors."""
    # In pieces, so that this file does not name them either.
    pieces = (
        "pypi .org",
        "python hosted.org",
        "ana conda.org",
        "npm js.org",
        "npm js.com",
        "yarn pkg.com",
        "js delivr.net",
        "unp kg.com",
        "cdn js.cloudflare.com",
        "fonts.google apis.com",
        "fonts.g static.com",
        "es m.sh",
    )
    hosts = re.compile("|".join(rf"\b{re.escape(each.replace(' ', ''))}\b" for each in pieces))
    for path in tracked_files():
        named = hosts.findall(path.read_bytes().decode("latin-1"))
        assert not named, f"{relative(path)}: {set(named)}"


def test_no_path_of_a_workplace_is_named() -> None:
    """No file points into the folders of the machine it was written on."""
    pieces = ("/wo rk/", "/op t/wheels", "/op t/pypi", "/ro ot/", "/tm p/bash", "/Use rs/")
    places = re.compile("|".join(rf"(?<![\w.]){each.replace(' ', '')}" for each in pieces))
    for path in tracked_files():
        named = places.findall(path.read_bytes().decode("latin-1"))
        assert not named, f"{relative(path)}: {set(named)}"


LOCKS = sorted((ROOT / "requirements").glob("*.lock"))
PIN = re.compile(r"([a-z0-9-]+)==(\S+)(?: ; .+)?")


def pins(lock: Path) -> dict[str, set[str]]:
    """Return the versions that a lock file pins each package to."""
    found: dict[str, set[str]] = {}
    for line in lock.read_text(encoding="utf-8").splitlines():
        if match := PIN.match(line):
            found.setdefault(match[1], set()).add(match[2])
    return found


@pytest.mark.parametrize("lock", LOCKS, ids=relative)
def test_a_lock_holds_names_versions_and_hashes(lock: Path) -> None:
    """A lock file has nothing but pinned packages and the hashes of their files."""
    for line in lock.read_text(encoding="utf-8").splitlines():
        text = line.removesuffix(" \\")
        assert PIN.fullmatch(text) or re.fullmatch(r"    --hash=sha256:[0-9a-f]{64}", text), line


def test_the_locks_hold_what_the_project_asks_for() -> None:
    """Each dependency is locked; the test and bench locks extend the run lock, changing nothing."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    run_pins = pins(ROOT / "requirements" / "run.lock")
    test_pins = pins(ROOT / "requirements" / "test.lock")

    def names(requirements: list[str]) -> set[str]:
        return {re.split(r"[^\w-]", each, maxsplit=1)[0] for each in requirements}

    assert names(project["project"]["dependencies"]) <= run_pins.keys()
    assert names(project["dependency-groups"]["test"]) <= test_pins.keys()
    assert run_pins.items() <= test_pins.items()
    bench_pins = pins(ROOT / "requirements" / "bench.lock")
    assert names(project["dependency-groups"]["bench"]) <= bench_pins.keys()
    assert run_pins.items() <= bench_pins.items()
