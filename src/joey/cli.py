"""The ``joey`` command: arguments in, one call out.

Nothing is computed or decided here. A command imports what it needs when it runs, so that
``joey --help`` answers at once. What is wrong with a file or an argument becomes one line and exit
code 2, in this one place; anything else is a bug and keeps its traceback.
"""

import io
import signal
import sys
import threading
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Annotated

import cyclopts
from cyclopts import Parameter

from joey import __version__
from joey.errors import FormatError, InputError

app = cyclopts.App(
    name="joey",
    help="How does an infant answer the kangaroo hold? Not an alarm, not a medical device.",
    help_format="plaintext",
    version=f"joey {__version__}",
)

simulate_app = cyclopts.App(
    name="simulate",
    help="Make an infant, or a whole ward that speaks HL7, with known truth.",
    help_format="plaintext",
)
app.command(simulate_app)

LONGEST_S = 10**6  # s; a timer takes no more


def _whole(_: object, tokens: Sequence[cyclopts.Token]) -> int:
    """Return a whole number; the parser would round one that is none."""
    try:
        return int(tokens[0].value)
    except ValueError:
        raise cyclopts.CoercionError(token=tokens[0], target_type=int) from None


WHOLE = Parameter(converter=_whole)

Map = Annotated[
    list[str],
    Parameter(name="--map", help="'LABEL=ecg:II': what a channel is that Joey does not know."),
]
Zone = Annotated[
    str | None, Parameter(name="--tz", help="IANA zone of times without one, as Europe/Berlin.")
]


@app.command
def respond(
    recordings: Annotated[list[Path], Parameter(help="Recordings of one infant.")],
    /,
    *,
    holds: Annotated[Path, Parameter(help="The hold log, a CSV file (docs/hold-log.md).")],
    out: Annotated[Path, Parameter(help="The folder to write to; made if absent.")],
    infant: Annotated[str | None, Parameter(help="The infant's key in the hold log.")] = None,
    tz: Zone = None,
    mapping: Map = [],  # noqa: B006  (read only)
    context: Annotated[Path | None, Parameter(help="What was charted, a CSV file.")] = None,
    exclude: Annotated[Path | None, Parameter(help="Spans a reviewer took out, a CSV.")] = None,
    before: Annotated[float | None, Parameter(help="Length of the phase before. [min]")] = None,
    before_end: Annotated[float | None, Parameter(help="It ends so long before. [min]")] = None,
    settle: Annotated[float | None, Parameter(help="Settled after so long held. [min]")] = None,
    settled_end: Annotated[
        float | None, Parameter(help="Settled ends before the end. [min]")
    ] = None,
    transfer_out: Annotated[
        float | None, Parameter(help="Transfer out lasts so long. [min]")
    ] = None,
    after: Annotated[float | None, Parameter(help="Length of the phase after. [min]")] = None,
    min_before: Annotated[float | None, Parameter(help="Least valid time before. [min]")] = None,
    min_settled: Annotated[float | None, Parameter(help="Least valid settled time. [min]")] = None,
    spo2_target: Annotated[
        tuple[float, float] | None,
        Parameter(help="The infant's ordered SpO2 target: low high. [%]"),
    ] = None,
    invented: Annotated[
        bool, Parameter(help="The hold was made up to try the software: the report says so.")
    ] = False,
    accept_truncated: Annotated[
        bool, Parameter(help="Go on with a recording that was cut off.")
    ] = False,
) -> None:
    """Tell how the infant answered each hold: a report, JSON, CSV, WFDB marks."""
    from joey.respond import Wish
    from joey.respond import respond as run
    from joey.terminal import progress

    lengths = {
        "before_len": before,
        "before_end": before_end,
        "transfer_in_after": settle,
        "settled_end_before": settled_end,
        "transfer_out_after": transfer_out,
        "after_len": after,
        "min_valid_before": min_before,
        "min_valid_settled": min_settled,
    }
    wish = Wish(
        recordings=tuple(recordings),
        holds=holds,
        out=out,
        infant=infant,
        zone=tz,
        mapping=tuple(mapping),
        context=context,
        exclude=exclude,
        phases={name: value for name, value in lengths.items() if value is not None},
        spo2_target=spo2_target,
        invented=invented,
        accept_truncated=accept_truncated,
    )
    with progress() as tell, _told_of_compiling():
        done = run(wish, tell)
    for line in done.lines:
        print(line)  # noqa: T201


@app.command
def check(
    recordings: Annotated[list[Path], Parameter(help="Recordings of one infant.")],
    /,
    *,
    tz: Zone = None,
    mapping: Map = [],  # noqa: B006  (read only)
) -> None:
    """Tell what is in a recording, what was repaired, and what it can and cannot answer."""
    from joey.check import examine
    from joey.terminal import progress, show_check

    with progress() as tell, _told_of_compiling():
        found = examine(tuple(recordings), tz, tuple(mapping), tell)
    show_check(found)


@simulate_app.default
def simulate(
    *,
    out: Annotated[Path, Parameter(help="The folder to write to; made if absent.")],
    hours: Annotated[float, Parameter(help="Length. [h]")] = 24.0,
    seed: Annotated[int, WHOLE, Parameter(help="The same seed gives the same bytes.")] = 1,
    holds: Annotated[int, WHOLE, Parameter(help="How many holds.")] = 3,
    gestation: Annotated[float, Parameter(help="Gestational age at birth. [weeks]")] = 29.0,
    age: Annotated[float, Parameter(help="Postnatal age. [days]")] = 20.0,
    force: Annotated[
        bool, Parameter(negative="", help="Replace the simulated infant that is there.")
    ] = False,
) -> None:
    """Make an infant with known truth: WFDB records, holds.csv, context.csv, truth.json."""
    from joey.simulate.make import make_infant
    from joey.terminal import progress

    with progress() as tell:
        written = make_infant(
            out,
            hours=hours,
            seed=seed,
            holds=holds,
            gestation=gestation,
            age=age,
            force=force,
            progress=tell,
        )
    for line in written:
        print(line)  # noqa: T201


@simulate_app.command
def ward(
    *,
    host: Annotated[str, Parameter(help="Where the messages go.")] = "127.0.0.1",
    port: Annotated[int, WHOLE, Parameter(help="Its port.")] = 2575,
    beds: Annotated[int, WHOLE, Parameter(help="How many beds.")] = 24,
    seed: Annotated[int, WHOLE, Parameter(help="The same seed gives the same infants.")] = 1,
    history: Annotated[float, Parameter(help="So much of before is sent first. [min]")] = 0.0,
    dirt: Annotated[
        bool, Parameter(help="Split, late and doubled messages, wrong clocks, lost links ...")
    ] = True,
    truth: Annotated[Path | None, Parameter(help="The folder for what truly happened.")] = None,
    tz: Annotated[str, Parameter(help="IANA zone of monitors whose times bring none.")] = "UTC",
    exit_after: Annotated[float | None, Parameter(help="End after so long. [s]")] = None,
) -> None:
    """Play a neonatal unit: monitors and admissions over MLLP, until Ctrl-C."""
    import time

    from joey.simulate.ward import HostTime, WardSettings, play_ward

    settings = WardSettings(host, port, beds, seed, history, dirt, truth, tz)

    def say(line: str) -> None:
        print(f"joey: {line}", file=sys.stderr)  # noqa: T201

    ended = play_ward(settings, HostTime(time.time_ns), _checked_exit(exit_after), say=say)
    for line in ended:
        print(line)  # noqa: T201


@app.command
def demo(
    *,
    beds: Annotated[int, WHOLE, Parameter(help="How many beds.")] = 24,
    speed: Annotated[float, Parameter(help="How many seconds pass in one.")] = 1.0,
    port: Annotated[int, WHOLE, Parameter(help="Of the pages; 0 takes any that is free.")] = 0,
    browser: Annotated[
        bool, Parameter(name="--browser", negative="--no-browser", help="Open one.")
    ] = True,
    exit_after: Annotated[float | None, Parameter(help="End after so long. [s]")] = None,
    data: Annotated[Path | None, Parameter(help="Keep the data in this folder.")] = None,
    history: Annotated[float, Parameter(help="So much is there from before. [min]")] = 0.0,
    seed: Annotated[int, WHOLE, Parameter(help="The same seed gives the same infants.")] = 2,
    auto_taps: Annotated[
        bool, Parameter(negative="", help="The ward marks its holds itself.")
    ] = False,
    dirt: Annotated[bool, Parameter(help="Messages and clocks go wrong.")] = True,
) -> None:
    """Show a simulated ward live: server, monitors and a browser, all on this machine."""
    from joey.demo import DemoWish
    from joey.demo import demo as run

    wish = DemoWish(
        beds, speed, port, browser, _checked_exit(exit_after), data, history, seed, auto_taps, dirt
    )
    run(wish, lambda line: print(line, flush=True))  # noqa: T201


@app.command
def serve(
    *,
    data: Annotated[Path, Parameter(help="The folder of Joey's files; made if absent.")],
    settings: Annotated[Path | None, Parameter(help="A TOML file (docs/serve.md).")] = None,
    port: Annotated[int | None, WHOLE, Parameter(help="Of the pages, on this machine.")] = None,
    hl7_listen: Annotated[
        str | None, Parameter(help="Where monitors connect: ADDRESS:PORT, 127.0.0.1:2575.")
    ] = None,
    hl7_allow: Annotated[
        list[str] | None, Parameter(help="Networks that may connect, as 10.1.0.0/16.")
    ] = None,
    workers: Annotated[int | None, WHOLE, Parameter(help="Processes that analyze.")] = None,
    journal_days: Annotated[
        float | None, Parameter(help="How long messages are kept behind what is archived.")
    ] = None,
    tz: Zone = None,
    exit_after: Annotated[float | None, Parameter(help="Stop after so long. [s]")] = None,
) -> None:
    """Listen to the monitors of a unit and show it: on this machine until people can sign in."""
    from joey.serve import read_settings
    from joey.serve.supervisor import Places
    from joey.serve.supervisor import serve as run

    where: dict[str, str | int | None] = {}
    if hl7_listen is not None:
        address, colon, number = hl7_listen.rpartition(":")
        if not colon or not number.isdecimal():
            msg = f"--hl7-listen is ADDRESS:PORT, as 127.0.0.1:2575, not {hl7_listen}"
            raise InputError(msg)
        where = {"hl7_address": address.strip("[]"), "hl7_port": int(number)}
    chosen = read_settings(
        settings,
        data=data,
        port=port,
        hl7_allow=tuple(hl7_allow) if hl7_allow else None,
        workers=workers,
        journal_days=journal_days,
        zone=tz,
        **where,
    )

    def opened(places: Places) -> None:
        address, number = places.hl7 or ("", 0)
        print(f"monitors connect to {address}:{number} (HL7 over MLLP)")  # noqa: T201
        print(f"open {places.link} (once; Ctrl-C ends Joey)", flush=True)  # noqa: T201

    run(chosen, opened=opened, exit_after=exit_after)


@app.command
def backup(
    out: Annotated[Path, Parameter(help="The folder of the backup; made if absent.")],
    /,
    *,
    data: Annotated[Path, Parameter(help="The folder of Joey's files.")],
) -> None:
    """Copy the files of a Joey, which may be running, to an empty folder: all, or none."""
    from joey.store.backup import back_up

    names = back_up(data, out)
    print(f"backed up to {out}: {', '.join(names)}")  # noqa: T201


@app.command
def restore(
    folder: Annotated[Path, Parameter(help="The folder of a backup.")],
    /,
    *,
    data: Annotated[Path, Parameter(help="An empty folder, from which Joey then runs.")],
) -> None:
    """Put a backup into an empty folder, after it was looked at whether it is sound."""
    from joey.store.backup import restore as run

    found = run(folder, data)
    print(f"restored to {data}, up to entry {found.last}")  # noqa: T201


@app.command
def verify(
    folder: Annotated[Path, Parameter(help="The folder of Joey's files, or of a backup.")],
    /,
) -> None:
    """Read every message, frame and checkpoint, and tell what is not as it was written."""
    from joey.store.backup import verify as run

    found = run(folder)
    print(  # noqa: T201
        f"messages, ticks and taps: {found.entries}, in quarantine: {found.quarantined}; "
        f"streams: {found.streams}, frames: {found.frames}, facts: {found.facts}"
    )
    for line in found.wrong:
        print(f"  {line}")  # noqa: T201
    if found.wrong:
        msg = f"{folder}: {len(found.wrong)} that are not as they were written; restore a backup"
        raise InputError(msg)
    print("all is as it was written")  # noqa: T201


@app.command
def warm() -> None:
    """Compile what is compiled once, so that no report waits for it; ./joey does it at set-up."""
    from joey.terminal import progress
    from joey.warm import warm as run

    with progress() as tell:
        count = run(tell)
    print("nothing to compile" if count == 0 else "compiled")  # noqa: T201


@app.command
def bench(
    topics: Annotated[
        list[str] | None, Parameter(help="Names of files in benchmarks/, as beats; all by default.")
    ] = None,
    /,
    *,
    json: Annotated[Path | None, Parameter(help="Write the rows to this file.")] = None,
    quick: Annotated[bool, Parameter(negative="", help="Small and rough.")] = False,
    write: Annotated[
        bool, Parameter(negative="", help="Replace the table of docs/validation.md.")
    ] = False,
) -> None:
    """Measure Joey beside its peers, on the same input in the same run; in a checkout."""
    from joey.bench import bench as run

    run(topics or (), quick=quick, json=json, write=write)


def main(arguments: list[str] | None = None) -> None:
    """Run one command and leave with its exit code.

    That is 0, 2 for unusable input, 130 if interrupted, 143 if terminated; what was being written
    is taken away.

    Parameters
    ----------
    arguments : list of str, optional
        What stands after ``joey``; by default the arguments of this process.
    """
    for stream in (sys.stdout, sys.stderr):
        # A name or a sign that the terminal cannot show is spelled, never the end of a command.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    # An exception, so that whoever is writing takes the half-written away.
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, _terminated)
    try:
        _refuse_empty(sys.argv[1:] if arguments is None else arguments)
        app(arguments, exit_on_error=False, print_error=False)
    except KeyboardInterrupt:
        sys.exit(130)
    except OSError as error:
        _leave(f"{error.filename}: {error.strerror}" if error.filename else str(error))
    except (FormatError, InputError) as error:
        _leave(str(error))
    except cyclopts.CycloptsError as error:
        from joey.arguments import words_of

        _leave(words_of(error))


def _refuse_empty(arguments: list[str]) -> None:
    """Refuse an argument without a letter: a variable of a script that was not set."""
    for before, each in zip(["", *arguments], arguments, strict=False):
        option, equals, value = each.partition("=")
        if not each.strip() or (each.startswith("--") and equals and not value.strip()):
            name = option if option.strip() else before
            what = f"{name} is empty" if name.startswith("--") else "an argument is empty"
            msg = f"{what}: give it a value or leave it out"
            raise InputError(msg)


def _checked_exit(exit_after: float | None) -> float | None:
    if exit_after is not None and not 0 <= exit_after <= LONGEST_S:
        msg = f"--exit-after is 0 to {LONGEST_S} s, not {exit_after:g}"
        raise InputError(msg)
    return exit_after


def _told_of_compiling() -> AbstractContextManager[None]:
    """Have it said on standard error when a loop is compiled: a user would wonder at the wait."""
    from joey.compiled import told_of_compiling

    return told_of_compiling(lambda: print("joey: compiling, once", file=sys.stderr))  # noqa: T201


def _terminated(number: int, _: object) -> None:
    signal.signal(number, signal.SIG_IGN)  # a second one would end the tidying
    sys.exit(128 + number)


def _leave(reason: str) -> None:
    print(f"joey: {reason}", file=sys.stderr)  # noqa: T201  (the terminal is this module's side)
    sys.exit(2)
