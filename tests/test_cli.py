"""The command line's own duty: what goes wrong outside is one line and an exit code."""

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import cyclopts
import pytest

from joey import __version__, cli
from joey.errors import FormatError, InputError


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command and return its exit code and output."""
    return subprocess.run(
        [sys.executable, "-m", "joey", *arguments], capture_output=True, text=True, check=False
    )


def raising(error: BaseException) -> cyclopts.App:
    """Return a command line whose only command fails."""
    app = cyclopts.App()

    @app.default
    def fail() -> None:
        raise error

    return app


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (FormatError("a.hea", "no signals", "line 1"), "joey: a.hea, line 1: no signals\n"),
        (InputError("no such zone"), "joey: no such zone\n"),
        (FileNotFoundError(errno.ENOENT, "No such file", "b.edf"), "joey: b.edf: No such file\n"),
        (OSError("the disk is gone"), "joey: the disk is gone\n"),
    ],
)
def test_unusable_input_is_one_line_and_code_2(
    error: Exception,
    line: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """What is wrong with a file or a wish is told in one line, without a traceback."""
    monkeypatch.setattr(cli, "app", raising(error))
    with pytest.raises(SystemExit) as left:
        cli.main([])

    assert left.value.code == 2
    assert capsys.readouterr() == ("", line)


@pytest.mark.parametrize("folder", [".", "/", "..", "tests"])
def test_a_folder_in_place_of_a_file_is_one_line(
    folder: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever names a folder is told what to name, also where the path has no name of its own."""
    with pytest.raises(SystemExit) as left:
        cli.main(["check", folder])

    assert left.value.code == 2
    assert "a folder; name the files in it" in capsys.readouterr().err


def test_a_bug_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    """An error that nobody foresaw is not dressed up."""
    monkeypatch.setattr(cli, "app", raising(ZeroDivisionError("a bug")))
    with pytest.raises(ZeroDivisionError, match="a bug"):
        cli.main([])


def test_an_interrupt_leaves_with_130() -> None:
    """Ctrl-C ends a command quietly, with the shell's code for it."""
    program = (
        "import os, signal, cyclopts\nfrom joey import cli\n"
        "cli.app = cyclopts.App()\n"
        f"cli.app.default(lambda: os.kill(os.getpid(), {signal.SIGINT:d}))\n"
        "cli.main([])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


def test_termination_takes_the_half_written_away(tmp_path: Path) -> None:
    """SIGTERM while files are written leaves with 143, and with an empty folder."""
    program = (
        "import os, signal, cyclopts\nfrom pathlib import Path\nfrom joey import cli\n"
        "from joey.folders import landing\n"
        "cli.app = cyclopts.App()\n"
        "@cli.app.default\n"
        "def write() -> None:\n"
        f"    with landing(Path({str(tmp_path)!r})) as beside:\n"
        "        (beside / 'half').touch()\n"
        "        os.kill(os.getpid(), signal.SIGTERM)\n"
        "cli.main([])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stdout, done.stderr) == (143, "", "")
    assert list(tmp_path.iterdir()) == []


def test_an_interrupt_while_the_command_loads_leaves_with_130() -> None:
    """Ctrl-C in the second of imports is as quiet as later."""
    program = (
        "import os, signal, sys\n"
        "class Interrupted:\n"
        "    def find_spec(self, name, path, target=None):\n"
        "        if name == 'joey.cli':\n"
        f"            os.kill(os.getpid(), {signal.SIGINT:d})\n"
        "sys.meta_path.insert(0, Interrupted())\n"
        "from joey.__main__ import run\n"
        "run()"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--out", ""], "--out is empty"),
        (["--tz="], "--tz is empty"),
        ([""], "an argument is empty"),
    ],
)
def test_an_empty_argument_is_refused(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """An empty --out is the variable that a script forgot, not the folder it runs in."""
    with pytest.raises(SystemExit) as left:
        cli.main(["respond", "a.hea", "--holds", "holds.csv", *arguments])

    assert left.value.code == 2
    assert said in capsys.readouterr().err


def test_what_a_terminal_cannot_show_is_spelled(tmp_path: Path) -> None:
    """Names that are not UTF-8, and signs that the terminal lacks, end no command."""
    path = tmp_path / "b\udce9b\u00e9.csv"
    path.write_text("t,HR [\u00b5V]\n0,1\n1,2\n2,3\n", encoding="utf-8")
    for name in (path, tmp_path / "\udce9.csv"):
        done = subprocess.run(
            [sys.executable, "-m", "joey", "check", str(name)],
            capture_output=True,
            check=False,
            env={**os.environ, "PYTHONIOENCODING": "ascii"},
        )
        said = (done.stdout + done.stderr).decode("ascii")
        assert done.returncode == (0 if name == path else 2)
        assert "Traceback" not in said
        assert "xe9" in said or "udce9" in said


LOG = "give the hold log, a CSV file (docs/hold-log.md)"


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["respond", "a.hea", "--holds"], f"respond: --holds has no value; {LOG}"),
        (["respond", "a.hea", "--out", "o"], f"respond: --holds is missing; {LOG}"),
        (["check"], "check: RECORDINGS is missing; give recordings of one infant"),
        (
            ["respond", "a.hea", "--holds", "h", "--out", "o", "--before", "x"],
            "respond: --before is a number, not x; give length of the phase before [min]",
        ),
        (
            ["respond", "a.hea", "--holds", "h", "--out", "o", "--spo2-target", "90"],
            (
                "respond: --spo2-target takes 2 values and has 1; "
                "give the infant's ordered SpO2 target: low high [%]"
            ),
        ),
        (
            ["respond", "a.hea", "--holds", "h", "--holds", "i", "--out", "o"],
            "respond: --holds is given twice; give it once",
        ),
        (["simulate", "ward", "--port"], "simulate ward: --port has no value; give its port"),
        (["demo", "--speeed", "2"], "demo: there is no option --speeed; was --speed meant?"),
        (["demo", "x"], "demo: nothing is done with x; 'joey demo --help' tells what it takes"),
        (["respnd"], "there is no command respnd; was respond meant?"),
        (
            ["demo", "--beds", "2.5"],
            "demo: --beds is a whole number, not 2.5; give how many beds",
        ),
        (
            ["serve", "--data", "d", "--workers", "1.5"],
            "serve: --workers is a whole number, not 1.5; give processes that analyze",
        ),
        (
            ["demo", "--bogus"],
            "demo: there is no option --bogus; 'joey demo --help' tells what it takes",
        ),
        (
            ["respond", "--bogus"],
            "respond: there is no option --bogus; 'joey respond --help' tells what it takes",
        ),
        (
            ["demo", "x\ny\x1b[2J"],
            r"demo: nothing is done with x\ny\x1b[2J; 'joey demo --help' tells what it takes",
        ),
    ],
)
def test_a_wrong_argument_is_one_line_with_what_to_do(
    arguments: list[str], line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The line says which command and which option, what is wrong with it, and what to give."""
    with pytest.raises(SystemExit) as left:
        cli.main(arguments)

    assert left.value.code == 2
    assert capsys.readouterr() == ("", f"joey: {line}\n")


def test_an_unknown_option_is_code_2() -> None:
    """A command that was not understood leaves with the code of unusable input."""
    done = run("--no-such-option")

    assert done.returncode == 2
    assert done.stderr.startswith("joey: there is no ")


def test_version() -> None:
    """``joey --version`` prints the version of the package."""
    assert run("--version").stdout == f"joey {__version__}\n"
