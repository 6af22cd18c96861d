"""The demo as a real process: up within seconds, gone without a trace."""

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from joey.cli import main
from joey.store.journal import Entry, Journal

SMALL = ("demo", "--no-browser", "--beds", "3", "--history", "1")
LINK = re.compile(r"http://(127\.0\.0\.1:\d+)/\?token=\S+")


@contextmanager
def running(
    tmp_path: Path, *options: str, cache: Path | None = None
) -> Iterator[subprocess.Popen[str]]:
    """Run the demo with a folder for temporary files of its own, and end it whatever happens.

    Machine code is looked for in a `cache` of its own, if that is given.
    """
    environment = {**os.environ, "TMPDIR": str(tmp_path / "tmp")}
    if cache is not None:
        environment["NUMBA_CACHE_DIR"] = str(cache)
    (tmp_path / "tmp").mkdir()
    command = [sys.executable, "-m", "joey", *SMALL, *options]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def link_of(process: subprocess.Popen[str]) -> tuple[str, str]:
    """Return host and link, once they are printed."""
    assert process.stdout is not None
    for line in process.stdout:
        if found := LINK.search(line):
            return found[1], found[0]
    assert process.stderr is not None
    pytest.fail(process.stderr.read())


def family(head: int) -> set[int]:
    """Return a process and all that it started, as far as it still has parents."""
    found = {head}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(path.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        if parent == head:
            found |= family(int(path.parent.name))
    return found


def alive(processes: set[int]) -> set[int]:
    """Return those of the processes that run."""
    there = set()
    for each in processes:
        try:
            state = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue
        if state != "Z":
            there.add(each)
    return there


def left_of(processes: set[int]) -> set[int]:
    """Return those that still run after 10 s: Python's own tracker ends a moment after the last."""
    deadline = time.monotonic() + 10
    while alive(processes) and time.monotonic() < deadline:
        time.sleep(0.05)
    return alive(processes)


def ask(host: str, path: str, cookie: str = "") -> tuple[int, str, bytes]:
    """Return status, cookie and body of a page."""
    connection = http.client.HTTPConnection(host, timeout=20)
    try:
        connection.request("GET", path, headers={"Cookie": cookie} if cookie else {})
        answer = connection.getresponse()
        return answer.status, (answer.getheader("Set-Cookie") or "").split(";")[0], answer.read()
    finally:
        connection.close()


def stored_in(data: Path, kind: str = "hl7") -> list[Entry]:
    """Return the messages of a journal, or its taps."""
    journal = Journal(data / "journal.db", read_only=True)
    try:
        return journal.read(0, limit=100_000, kinds={kind})
    finally:
        journal.close()


def test_the_demo_ends_by_itself_and_leaves_nothing(tmp_path: Path) -> None:
    """After --exit-after no process is left, and no file in the folder of temporary ones."""
    with running(tmp_path, "--exit-after", "8") as process:
        host, link = link_of(process)
        members = family(process.pid)
        status, cookie, _ = ask(host, link.removeprefix(f"http://{host}"))
        assert status == 303
        assert ask(host, "/")[0] == 401, "a browser without the cookie"
        page = ask(host, "/", cookie)
        assert page[0] == 200
        assert b"simulated" in page[2].lower()
        _, errors = process.communicate(timeout=40)

    assert process.returncode == 0, errors
    assert errors == ""
    assert len(members) >= 5, "intake, pages, worker, ward and this"
    assert left_of(members) == set()
    assert list((tmp_path / "tmp").iterdir()) == []


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_a_demo_that_ends_while_it_compiles_keeps_what_it_compiled(
    how: signal.Signals, tmp_path: Path
) -> None:
    """Nothing is left but that, nor complained of; the next one compiles and names the rest."""
    cache = tmp_path / "cold"

    def kept() -> dict[Path, int]:
        return {path: path.stat().st_mtime_ns for path in cache.rglob("*.nbc")}

    (tmp_path / "first").mkdir()
    with running(tmp_path / "first", cache=cache) as process:
        link_of(process)
        deadline = time.monotonic() + 60
        while not kept() and time.monotonic() < deadline:
            time.sleep(0.05)
        members = family(process.pid)
        process.send_signal(how)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == (0 if how == signal.SIGINT else 143), errors
    assert errors.splitlines() == ["joey: compiling, once: analysis starts after it"]
    assert left_of(members) == set()
    before = kept()
    assert before

    (tmp_path / "second").mkdir()
    with running(tmp_path / "second", "--exit-after", "1", cache=cache) as process:
        _, errors = process.communicate(timeout=60)
    assert re.fullmatch(
        r"joey: compiling what is left of \d of \d parts: analysis starts after it\n", errors
    )
    assert before.items() <= kept().items()


@pytest.mark.parametrize("pauses", [(0.1, 0.1), (0.3, 0.3)])
def test_ctrl_c_again_and_again_ends_it_as_once(pauses: tuple[float, ...], tmp_path: Path) -> None:
    """Who is impatient presses it while it ends."""
    with running(tmp_path) as process:
        link_of(process)
        members = family(process.pid)
        process.send_signal(signal.SIGINT)
        for pause in pauses:
            time.sleep(pause)
            process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=40)

    assert errors == ""
    assert process.returncode == 0
    assert left_of(members) == set()
    assert list((tmp_path / "tmp").iterdir()) == []


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_however_it_ends_no_process_is_left(how: signal.Signals, tmp_path: Path) -> None:
    """Ctrl-C and termination take the data away as well; a kill ends at least all processes."""
    with running(tmp_path) as process:
        link_of(process)
        members = family(process.pid)
        process.send_signal(how)
        _, errors = process.communicate(timeout=40)
        left_of(members)

    assert alive(members) == set()
    if how != signal.SIGKILL:
        assert errors == ""
        assert list((tmp_path / "tmp").iterdir()) == []
    assert (
        process.returncode
        == {
            signal.SIGINT: 0,
            signal.SIGTERM: 143,
            signal.SIGKILL: -signal.SIGKILL,
        }[how]
    )


def test_what_the_ward_sent_is_what_is_stored(tmp_path: Path) -> None:
    """With --data everything is kept: each acknowledged message is in the journal, once."""
    data = tmp_path / "data"
    with running(tmp_path, "--data", str(data)) as process:
        link_of(process)
        deadline = time.monotonic() + 60
        while len(stored_in(data)) < 45 and time.monotonic() < deadline:
            time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=40)

    sent = json.loads((data / "truth" / "sent.jsonl").read_text(encoding="utf-8"))
    stored = stored_in(data)
    ids = [entry.control_id for entry in stored]
    assert len(ids) == len(set(ids))
    assert {entry.state for entry in stored} == {"accepted"}
    assert sent["acknowledged"] >= 45
    # The ward doubles a message now and then; both are acknowledged, one is kept.
    dirt = (data / "truth" / "dirt.jsonl").read_text(encoding="utf-8").splitlines()
    doubled = [line for line in dirt if json.loads(line)["kind"] == "duplicates"]
    assert sent["acknowledged"] - len(doubled) <= len(ids) <= sent["sent"]
    assert not list(data.glob("joey-ward-*")), "samples that were to be sent are gone"


def test_the_ward_marks_its_hold_if_asked(tmp_path: Path) -> None:
    """By way of the pages, a minute late and then put right; the browser's own link still works."""
    data = tmp_path / "data"
    with running(tmp_path, "--data", str(data), "--auto-taps", "--speed", "20") as process:
        host, link = link_of(process)
        assert ask(host, link.removeprefix(f"http://{host}"))[0] == 303
        deadline = time.monotonic() + 60
        while len(stored_in(data, "tap")) < 2 and time.monotonic() < deadline:
            time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=40)

    start, nudge = (json.loads(entry.payload) for entry in stored_in(data, "tap")[:2])
    assert (start["type"], nudge["type"]) == ("start_hold", "nudge")
    assert start["bed"] == "NICU/3"
    assert start["holder"] == {"role": "staff", "label": "doctor"}
    assert nudge["hold"] == start["id"]
    assert 50 <= (start["at_ns"] - nudge["at_ns"]) / 1e9 <= 300  # s


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--beds", "0"),
        ("--speed", "nan"),
        ("--speed", "0"),
        ("--speed", "10.1"),
        ("--history", "-1"),
        ("--port", "70000"),
        ("--exit-after", "nan"),
    ],
)
def test_an_impossible_demo_is_refused_by_the_options_name(
    option: str, value: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line, before anything is made."""
    data = tmp_path / "data"
    with pytest.raises(SystemExit) as left:
        main(["demo", "--no-browser", "--data", str(data), f"{option}={value}"])

    assert left.value.code == 2
    assert f"joey: {option} is " in capsys.readouterr().err
    assert not data.exists()


def test_real_data_are_not_mixed_with_a_demo(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A folder with files of another origin is refused, and stays as it is."""
    (tmp_path / "journal.db").write_bytes(b"real")

    with pytest.raises(SystemExit) as left:
        main(["demo", "--no-browser", "--data", str(tmp_path)])
    assert left.value.code == 2
    assert "not of a demo" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["journal.db"]
