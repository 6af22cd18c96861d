"""What Numba compiles is compiled by the set-up: all of it, as it will be called, and only once."""

import ast
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from joey import compiled, warm

KERNELS = {
    path: {
        node.name: min(node.lineno, *(each.lineno for each in node.decorator_list))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef)
        and any("kernel" in (text := ast.unparse(each)) for each in node.decorator_list)
        and "inline" not in text
    }
    for path in sorted(warm.PACKAGE.rglob("*.py"))
    if path.name != "compiled.py"
}
LISTED = [name for job in warm.JOBS for name in job.modules]


def source_of(name: str) -> Path:
    """Return the file of a module of the package."""
    return warm.PACKAGE.joinpath(*name.split(".")).with_suffix(".py")


# Compiles by the jobs alone, then answers a hold, and prints what had to be compiled for that.
NEEDED_MORE = """
import sys
from numba.core.registry import CPUDispatcher
from joey import cli, warm

def compiled():
    return {
        f"{name}.{key}": set(value.signatures)
        for name, module in sorted(sys.modules.items()) if name.startswith("joey.")
        for key, value in sorted(vars(module).items())
        if isinstance(value, CPUDispatcher) and value.__module__ == name
    }

for job in warm.JOBS:
    job.call()
known = compiled()
called = {
    f"{value.__module__}.{value.__name__}"
    for module in [sys.modules[name.rpartition(".")[0]] for name in known]
    for each in vars(module).values() if isinstance(each, CPUDispatcher)
    for name in each.py_func.__code__.co_names
    if isinstance(value := each.py_func.__globals__.get(name), CPUDispatcher)
}
print("not reached:", sorted(name for name in known if not known[name] and name not in called))

def leave(*arguments):
    try:
        cli.main([str(each) for each in arguments])
    except SystemExit as left:
        assert not left.code, left

from pathlib import Path
folder = Path(sys.argv[1])
leave("simulate", "--out", folder, "--hours", 2, "--holds", 0)
holds = folder / "holds.csv"
holds.write_text("infant,start,end,contact\\nA,2026-01-05 09:00,2026-01-05 09:50,skin_to_skin\\n")
leave("respond", *sorted(folder.glob("*.hea")), "--holds", holds, "--out", folder / "out")
new = {name: found - known.get(name, set()) for name, found in compiled().items()}
print("not foreseen:", {name: found for name, found in new.items() if found})
"""


def test_every_compiled_loop_is_in_a_module_of_one_job() -> None:
    """A module with compiled loops is listed, once, and nothing else is."""
    holding = [
        ".".join(path.relative_to(warm.PACKAGE).with_suffix("").parts)
        for path, names in KERNELS.items()
        if names
    ]

    assert sorted(LISTED) == holding


def test_the_jobs_compile_all_that_a_report_calls(tmp_path: Path) -> None:
    """After the jobs every loop is compiled, and a report compiles nothing more."""
    done = subprocess.run(
        [sys.executable, "-c", NEEDED_MORE, str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": str(warm.PACKAGE.parent)},
    )

    assert done.returncode == 0, done.stderr
    assert "not reached: []" in done.stdout
    assert "not foreseen: {}" in done.stdout


READS_MARKS = """
from joey import cli, warm
with cli._told_of_compiling():
    warm._annotations()
"""
# Is killed as it begins to compile a loop for so many types.
KILLED = """
import os, signal, sys
from numba.core import event
from joey import warm

class Killer(event.Listener):
    number = 0

    def on_start(self, begun):
        self.number += begun.data["dispatcher"].__name__ == "near_stretches"
        if self.number == int(sys.argv[1]):
            os.kill(os.getpid(), signal.SIGKILL)

    def on_end(self, _):
        pass

killer = Killer()
events = [job.words for job in warm.JOBS].index("events")
with event.install_listener("numba:compile", killer):
    warm._compile(events)
print(killer.number)
"""


def in_new_process(
    script: str, folder: Path, *arguments: str, package: Path = warm.PACKAGE
) -> subprocess.CompletedProcess[str]:
    """Run Python with a folder of its own for machine code."""
    environment = os.environ | {"PYTHONPATH": str(package.parent), "NUMBA_CACHE_DIR": str(folder)}
    return subprocess.run(
        [sys.executable, "-P", "-c", script, *arguments],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )


def test_a_command_says_that_it_compiles_where_it_does(tmp_path: Path) -> None:
    """The wait is explained in one line of standard error; loops it does not need are no matter."""
    first, again = in_new_process(READS_MARKS, tmp_path), in_new_process(READS_MARKS, tmp_path)

    assert (first.stdout, first.stderr) == ("", "joey: compiling, once\n")
    assert (again.stdout, again.stderr) == ("", "")


def test_what_was_compiled_before_an_end_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next start compiles what is left, loops and types, says so, and then says nothing."""

    def kept() -> dict[Path, int]:
        return {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.nbc")}

    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    parts = len(warm.JOBS)
    assert warm.said_of_cold() == "compiling, once"
    assert in_new_process(KILLED, tmp_path, "2").returncode == -signal.SIGKILL
    before = kept()
    assert len(before) == 2  # it, and the loop that it calls, for one of three types
    assert warm.said_of_cold() == f"compiling what is left of {parts} of {parts} parts"

    assert in_new_process(KILLED, tmp_path, "9").stdout == "2\n"
    assert len(kept()) == 6
    assert before.items() <= kept().items()
    assert warm.said_of_cold() == f"compiling what is left of {parts - 1} of {parts} parts"
    assert in_new_process(KILLED, tmp_path, "9").stdout == "0\n"


def test_the_modules_whose_text_is_in_the_machine_code_are_known() -> None:
    """Each module with loops, and each of Joey's that it takes a name from."""
    taken = {
        node.module.removeprefix("joey.")
        for name in LISTED
        for node in ast.walk(ast.parse(source_of(name).read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("joey.")
    }

    assert {*LISTED, *taken} - {"compiled"} == set(compiled.MODULES)


SAID = """
from joey import compiled, warm
from joey.beats.loops import in_lanes
in_lanes(3)
folder = compiled.code_folder()
kept = len(list(folder.rglob("loops.in_lanes-*.nbi")))
print(folder, kept, warm.is_cold())
"""


def said_by(package: Path) -> tuple[Path, int, bool]:
    """Compile one loop of a copy of Joey; return where its code is, and whether others miss."""
    environment = os.environ | {"PYTHONPATH": str(package.parent)}
    environment.pop("NUMBA_CACHE_DIR", None)
    done = subprocess.run(
        [sys.executable, "-P", "-c", SAID],
        capture_output=True,
        text=True,
        check=True,
        env=environment,
    )
    folder, kept, cold = done.stdout.split()
    return Path(folder), int(kept), cold == "True"


def test_machine_code_counts_for_the_text_of_all_loops(tmp_path: Path) -> None:
    """A change in one file is a change for the loops of others that call its loops."""
    package = tmp_path / "joey"
    shutil.copytree(compiled.PACKAGE, package, ignore=shutil.ignore_patterns("__pycache__"))
    first, kept, cold = said_by(package)
    called = package / "beats" / "deflections.py"
    called.write_text(called.read_text(encoding="utf-8") + "# another text\n", encoding="utf-8")
    second, kept_again, _ = said_by(package)

    assert (kept, cold) == (1, True)  # one loop of many is compiled
    assert kept_again == 1
    assert first != second
    assert first.parent == second.parent == package / "__pycache__"
