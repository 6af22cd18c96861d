"""What one Joey has to itself: two that are started at one instant are one."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from joey.errors import InputError
from joey.serve import Settings
from joey.serve.claims import claim

SECONDS = "2"  # that the one which runs is given
COMPILING = "joey: compiling"  # all of it, or what is left


def free_port() -> int:
    """Return a port that nobody has."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return int(sock.getsockname()[1])


def begun_by(head: int) -> set[int]:
    """Return the processes whose environment says that a test of this process began them."""
    mark = f"JOEY_TEST_OF={head}".encode()
    found = set()
    for path in Path("/proc").glob("[0-9]*"):
        try:
            state = (path / "stat").read_text().rpartition(")")[2].split()[0]
            if state != "Z" and mark in (path / "environ").read_bytes().split(b"\0"):
                found.add(int(path.name))
        except OSError:
            continue
    return found


def start_both(folder: Path, *commands: tuple[str, ...]) -> list[tuple[int, str, str]]:
    """Start each command at one instant; return exit code, output and errors of each."""
    environment = {**os.environ, "TMPDIR": str(folder / "tmp"), "JOEY_TEST_OF": str(os.getpid())}
    environment["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
    (folder / "tmp").mkdir()
    # Each says that it is ready and waits for a line: their imports are behind them.
    wait = "import sys, joey.cli, joey.demo, joey.serve.supervisor as s\nprint(flush=True)\n"
    wait += "sys.stdin.readline(); joey.cli.main(sys.argv[1:])"
    with ExitStack() as stack:
        both = [
            stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-P", "-c", wait, *command],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    text=True,
                    env=environment,
                )
            )
            for command in commands
        ]
        for process in both:
            stack.callback(process.kill)
            assert process.stdout is not None
            assert process.stdout.readline() == "\n"
        for process in both:
            assert process.stdin is not None
            process.stdin.write("\n")
            process.stdin.flush()
        said = [process.communicate(timeout=120) for process in both]
        return [(process.returncode, *each) for process, each in zip(both, said, strict=True)]


def faults(errors: str) -> list[str]:
    """Return the lines of what went wrong."""
    return [line for line in errors.splitlines() if not line.startswith(COMPILING)]


DEMO = ("demo", "--no-browser", "--beds", "1", "--exit-after", SECONDS)
SERVE = ("serve", "--exit-after", SECONDS)


@pytest.mark.parametrize("kind", ["demo", "demo that leaves nothing", "serve", "monitors"])
def test_two_at_one_instant_at_one_port_are_one(kind: str, tmp_path: Path) -> None:
    """The other says so in one line, and has left no process and no file."""
    port = str(free_port())
    ports = {
        "serve": ("--port", port, "--hl7-listen", "127.0.0.1:0"),
        "monitors": ("--port", "0", "--hl7-listen", f"127.0.0.1:{port}"),
    }.get(kind, ("--port", port))
    command = (*(SERVE if kind in {"serve", "monitors"} else DEMO), *ports)
    folders = [tmp_path / name for name in "ab"]
    data = [() if "nothing" in kind else ("--data", str(folder)) for folder in folders]
    ended = start_both(tmp_path, *((*command, *each) for each in data))

    assert sorted(code for code, _, _ in ended) == [0, 2], ended
    for (code, said, errors), folder in zip(ended, folders, strict=True):
        if code:
            option = "--hl7-listen" if kind == "monitors" else "--port"
            (line,) = errors.splitlines()
            assert f"127.0.0.1:{port} cannot be listened at: another program" in line
            assert line.endswith(f"end it, or choose another address with {option}")
            assert said == ""
            assert not folder.exists()
        else:
            assert faults(errors) == []
            assert "http://127.0.0.1:" in said
    assert list((tmp_path / "tmp").iterdir()) == []
    assert left() == set()


@pytest.mark.parametrize("command", [DEMO, (*SERVE, "--hl7-listen", "127.0.0.1:0")])
def test_two_at_one_instant_in_one_folder_are_one(command: tuple[str, ...], tmp_path: Path) -> None:
    """The other ends with one line; what is in the folder is of the one that runs."""
    data = tmp_path / "data"
    each = (*command, "--port", "0", "--data", str(data))
    ended = start_both(tmp_path, each, each)

    assert sorted(code for code, _, _ in ended) == [0, 2], ended
    (line,) = next(errors for code, _, errors in ended if code).splitlines()
    assert line == f"joey: another Joey runs in {data}: end it, or choose another --data"
    assert next(faults(errors) for code, _, errors in ended if not code) == []
    assert (data / "journal.db").exists()
    assert left() == set()


def test_a_demo_does_not_mark_the_folder_of_a_unit_that_begins(tmp_path: Path) -> None:
    """Else the next demo would take a unit's data for its own."""
    data = tmp_path / "data"
    unit = (*SERVE, "--hl7-listen", "127.0.0.1:0", "--port", "0", "--data", str(data))
    ended = start_both(tmp_path, unit, (*DEMO, "--data", str(data)))

    assert sorted(code for code, _, _ in ended) == [0, 2], ended
    is_unit = ended[0][0] == 0
    assert (data / "simulated").exists() is not is_unit


def test_an_address_stays_claimed_while_nobody_serves_it(tmp_path: Path) -> None:
    """Nobody takes it from a process that is being started again; who connects waits."""
    with claim(Settings(tmp_path / "a", port=0, hl7_port=0)) as claims:
        port = claims.pages.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)):
            pass
        second = Settings(tmp_path / "b", port=port, hl7_port=0)
        with pytest.raises(InputError, match="perhaps another Joey"), claim(second):
            pass
        assert not (tmp_path / "b").exists()
    with claim(second) as claims:
        assert claims.pages.getsockname()[1] == port


def left() -> set[int]:
    """Return what still runs of the commands 10 s after they ended: Python's tracker is last."""
    deadline = time.monotonic() + 10
    while (found := begun_by(os.getpid())) and time.monotonic() < deadline:
        time.sleep(0.05)
    return found
