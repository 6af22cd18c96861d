"""``./joey`` sets up once, says what it does, and names what is missing.

Each test runs the real script on a small copy of the checkout; only ``uv`` is a stand-in that notes
its arguments, because no test may need a network.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
TOOLS = ("cat", "cksum", "dirname", "head", "readlink", "rm", "sed", "sh", "sleep")


def write_program(path: Path, text: str) -> None:
    """Write a shell program."""
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Return a copy of what the script needs, in a path with spaces, of a Joey that only echoes."""
    folder = tmp_path / "a ward's checkout"
    shutil.copytree(ROOT / "requirements", folder / "requirements")
    shutil.copy(ROOT / "joey", folder / "joey")
    (folder / "src" / "joey").mkdir(parents=True)
    (folder / "src" / "joey" / "__init__.py").touch()
    program = (
        "import os, sys\n"
        "print(os.getcwd(), *sys.argv[1:], sep='|')\n"
        f"print(*sys.argv[1:], file=open({str(tmp_path / 'commands')!r}, 'a'))\n"
    )
    (folder / "src" / "joey" / "__main__.py").write_text(program)
    return folder


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """Return the only folder on the PATH: basic tools, this Python, and a uv that takes notes."""
    folder = tmp_path / "programs"
    folder.mkdir()
    for tool in TOOLS:
        found = shutil.which(tool)
        assert found
        (folder / tool).symlink_to(found)
    write_program(folder / "python3", f'exec "{sys.executable}" "$@"')
    notes = f'[ "$1" = --version ] || {{ echo "$@" >>"{tmp_path}/notes"; sleep 1; }}'
    write_program(folder / "uv", notes)
    return folder


def start(checkout: Path, programs: Path, *arguments: str) -> subprocess.Popen[str]:
    """Start the script of a checkout in its parent folder, with nothing else in its environment."""
    return subprocess.Popen(
        [str(checkout / "joey"), *arguments],
        cwd=checkout.parent,
        env={"PATH": str(programs), "HOME": str(checkout.parent)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def set_ups(checkout: Path) -> list[str]:
    """Return the lock files that were installed, in order."""
    notes = checkout.parent / "notes"
    lines = notes.read_text().splitlines() if notes.exists() else []
    return [line.rpartition("/")[2] for line in lines if line.startswith("pip sync")]


def test_the_first_run_sets_up_and_the_next_does_not(checkout: Path, programs: Path) -> None:
    """Arguments arrive whole, in the caller's folder; one set-up serves all later runs."""
    first, first_said = start(checkout, programs, "check", "two words").communicate()
    second, second_said = start(checkout, programs, "check").communicate()

    assert first == f"{checkout.parent}|check|two words\n"
    assert len(first_said.splitlines()) == 1
    assert "setting up" in first_said
    assert (second, second_said) == (f"{checkout.parent}|check\n", "")
    assert set_ups(checkout) == ["run.lock"]


def test_two_first_runs_at_once_set_up_once(checkout: Path, programs: Path) -> None:
    """The later of two first runs waits for the earlier and then finds all done."""
    runs = [start(checkout, programs, "check") for _ in range(2)]
    said = [run.communicate() for run in runs]

    assert [out for out, _ in said] == [f"{checkout.parent}|check\n"] * 2
    assert sorted("waiting" in err for _, err in said) == [False, True]
    assert set_ups(checkout) == ["run.lock"]


@pytest.mark.parametrize("end", ["exit 1", "kill -9 $PPID"])
def test_a_failed_set_up_is_done_again(end: str, checkout: Path, programs: Path) -> None:
    """A set-up that failed or was cut off leaves nothing that a later run takes for done."""
    write_program(programs / "uv", f'[ "$1" = --version ] || {end}')
    cut = start(checkout, programs, "check")
    not_run, _ = cut.communicate()
    write_program(programs / "uv", f'[ "$1" = --version ] || echo "$@" >>"{checkout.parent}/notes"')
    out, _ = start(checkout, programs, "check").communicate()

    assert (cut.returncode != 0, not_run) == (True, "")
    assert out == f"{checkout.parent}|check\n"
    assert set_ups(checkout) == ["run.lock"]


def test_a_changed_lock_sets_up_again(checkout: Path, programs: Path) -> None:
    """A lock file that changed, and nothing else, makes the next run install again."""
    start(checkout, programs, "check").communicate()
    (checkout / "src" / "joey" / "__init__.py").write_text("CHANGED = True\n")
    start(checkout, programs, "check").communicate()
    with (checkout / "requirements" / "run.lock").open("a") as lock:
        lock.write("new-package==1.0\n")
    start(checkout, programs, "check").communicate()

    assert set_ups(checkout) == ["run.lock", "run.lock"]


def test_tests_bring_what_the_command_needs(checkout: Path, programs: Path) -> None:
    """After the tests were set up, the command needs no set-up of its own."""
    start(checkout, programs, "test").communicate()  # which then finds no pytest: nothing is here
    start(checkout, programs, "check").communicate()

    assert set_ups(checkout) == ["test.lock"]


def test_a_set_up_compiles_the_loops_before_the_first_command(
    checkout: Path, programs: Path
) -> None:
    """Kernels are compiled once, by the set-up, before what the user asked for."""
    for _ in range(2):
        start(checkout, programs, "check").communicate()

    assert (checkout.parent / "commands").read_text().splitlines() == ["warm", "check", "check"]


def test_the_bench_has_the_peers_to_itself(checkout: Path, programs: Path) -> None:
    """The peers are installed when they are asked for, and take no other command's packages."""
    for command in ("check", "bench", "test", "bench", "test", "check"):
        start(checkout, programs, command).communicate()

    assert set_ups(checkout) == ["run.lock", "bench.lock", "test.lock"]
    assert (checkout / ".venv-bench" / "joey-bench.stamp").exists()


def test_the_help_of_the_bench_needs_no_peers(checkout: Path, programs: Path) -> None:
    """What it can do is said without installing anything for it."""
    start(checkout, programs, "bench", "--help").communicate()

    assert set_ups(checkout) == ["run.lock"]


def test_no_python_is_said_in_one_line(checkout: Path, programs: Path) -> None:
    """Without Python 3.11 or newer, one line says what to install."""
    write_program(programs / "python3", "exit 1")
    (programs / "uv").unlink()
    run = start(checkout, programs, "check")
    _, said = run.communicate()

    assert run.returncode == 1
    assert len(said.splitlines()) == 1
    assert "apt install python3" in said


def test_a_bare_debian_is_told_what_to_install(checkout: Path, programs: Path) -> None:
    """Where Python cannot make virtual environments, one line names the package it wants."""
    bare = f'case "$*" in *ensurepip*) exit 1 ;; esac; exec "{sys.executable}" "$@"'
    write_program(programs / "python3", bare)
    (programs / "uv").unlink()
    run = start(checkout, programs, "check")
    _, said = run.communicate()

    assert run.returncode == 1
    assert said.splitlines()[-1].endswith("apt install python3-venv")
    assert not (checkout / ".venv").exists()


def test_the_script_is_executable() -> None:
    """The script in the checkout can be started as it is."""
    assert os.access(ROOT / "joey", os.X_OK)
