"""What Numba compiles is compiled by the set-up: all of it, as it will be called, and only once."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from joey import cli, warm

KERNELS = {
    path: {
        node.name: min(node.lineno, *(each.lineno for each in node.decorator_list))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef)
        and any("njit" in (text := ast.unparse(each)) for each in node.decorator_list)
        and "inline" not in text
    }
    for path in sorted(warm.PACKAGE.rglob("*.py"))
}
LISTED = [name for job in warm.JOBS for name in job.modules]

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


@pytest.mark.parametrize("name", LISTED)
def test_loops_are_found_in_the_source_as_python_finds_them(name: str) -> None:
    """The quick look for compiled loops sees what the parser sees, line by line."""
    path = warm.PACKAGE.joinpath(*name.split(".")).with_suffix(".py")

    assert dict(warm._kernels(path)) == KERNELS[path]


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


def test_a_command_that_meets_cold_loops_says_so_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The wait is explained on standard error, and the results are not mixed with it."""
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    cli._say_if_cold()

    assert capsys.readouterr() == ("", "joey: compiling, once\n")


def test_a_loop_is_cold_until_compiled_and_when_its_source_is_newer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Machine code counts for the lines and the time of the source it was made from."""
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    source = tmp_path / "loops.py"
    source.write_text("from numba import njit\n\n\n@njit(cache=True)\ndef one(x):\n    return x\n")
    made = "import sys; sys.path.insert(0, sys.argv[1]); import loops; loops.one(1)"
    cold_before = warm._is_module_cold(tmp_path / "loops")
    subprocess.run([sys.executable, "-c", made, str(tmp_path)], check=True)
    cold_after = warm._is_module_cold(tmp_path / "loops")
    later = source.stat().st_mtime + 100
    os.utime(source, (later, later))

    assert (cold_before, cold_after) == (True, False)
    assert warm._is_module_cold(tmp_path / "loops")
