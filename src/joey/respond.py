"""From files to files: the walk of one command, each step a call of the package that knows it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from joey.errors import InputError
from joey.folders import landing, refuse_unusable
from joey.holds import PhaseSettings, read_context, read_exclusions, read_holds
from joey.reports import report, write_csv, write_json
from joey.response import Settings, analyze, measure_response
from joey.signals import extent
from joey.sources import parse_map, read_all

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from joey.holds import HoldLog
    from joey.response import Findings, Response
    from joey.signals import Recording

__all__ = ["Done", "Wish", "respond"]

MADE, HEAD = b'<meta name="generator" content="Joey ', 4096  # in the first bytes of a report
FILES = frozenset({"report.html", "response.json", "response.csv", "beats.qrs", "events.atr"})
"""What a run may write."""

OPTIONS = {
    "before_len": "--before",
    "before_end": "--before-end",
    "transfer_in_after": "--settle",
    "settled_end_before": "--settled-end",
    "transfer_out_after": "--transfer-out",
    "after_len": "--after",
    "min_valid_before": "--min-before",
    "min_valid_settled": "--min-settled",
}
"""The lengths of phases that a user may choose, as the command calls them."""

LONGEST_MIN = 7 * 24 * 60  # min, of a phase
LOWEST_TARGET = 50.0  # %; no infant's saturation is ordered lower


@dataclass(frozen=True, slots=True)
class Wish:
    """What a user asked for, as given.

    Parameters
    ----------
    recordings : tuple of Path
        Files of one infant.
    holds, out : Path
        The hold log, and the folder to write to.
    infant, zone, mapping, context, exclude
        As the options of the command.
    phases : dict
        `PhaseSettings` by name. [min]
    spo2_target : tuple of float or None
        Low and high of the ordered target. [%]
    invented, accept_truncated : bool
        As the options of the command.
    """

    recordings: tuple[Path, ...]
    holds: Path
    out: Path
    infant: str | None = None
    zone: str | None = None
    mapping: tuple[str, ...] = ()
    context: Path | None = None
    exclude: Path | None = None
    phases: Mapping[str, float] = field(default_factory=dict)
    spo2_target: tuple[float, float] | None = None
    invented: bool = False
    accept_truncated: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Done:
    """What came of it: the responses, and lines for the terminal."""

    responses: tuple[Response, ...]
    lines: tuple[str, ...]


def respond(wish: Wish, progress: Callable[[float, str], None]) -> Done:
    """Read, measure, and write the report with its files; all of them or none.

    Raises
    ------
    FormatError
        If a file breaks its format.
    InputError
        If a wish cannot be met: an unknown zone, no hold left, a recording cut off, a folder in
        which an input would be written over.
    OSError
        If a file cannot be read or written.
    """
    settings = _settings(wish)
    refuse_unusable(wish.out, FILES)
    _refuse_own_inputs(wish, ())
    progress(0.0, "reading")
    recording = _read(wish)
    _refuse_own_inputs(wish, tuple(each.name for each in recording.sources))
    _refuse_others(wish.out)
    log = read_holds(wish.holds, recording.clock, wish.zone, recording.span, wish.infant)
    context = exclusions = None
    if wish.context is not None:
        context = read_context(wish.context, recording.clock, wish.zone, recording.span)
    if wish.exclude is not None:
        exclusions = read_exclusions(wish.exclude, recording.clock, wish.zone)
    found = analyze(
        recording, context, settings, exclusions, lambda f, words: progress(0.15 + 0.6 * f, words)
    )
    responses = []
    for number, hold in enumerate(log.holds):
        progress(0.75 + 0.2 * number / len(log.holds), f"measuring hold {number + 1}")
        others = tuple(each for each in (*log.holds, *log.outside) if each is not hold)
        answer = measure_response(
            recording, hold, others=others, context=context, findings=found, settings=settings
        )
        responses.append(replace(answer, notes=(*answer.notes, *log.notes)))
    progress(0.95, "writing")
    _write(wish.out, tuple(responses), found)
    progress(1.0, "done")
    return Done(tuple(responses), _lines(wish, tuple(responses), log))


def _settings(wish: Wish) -> Settings:
    for name, minutes in wish.phases.items():
        if not 0 <= minutes <= LONGEST_MIN:  # true of NaN too
            msg = f"{OPTIONS[name]} is 0 to {LONGEST_MIN} min (7 days), not {minutes:g}"
            raise InputError(msg)
    low, high = wish.spo2_target or (None, None)
    if low is not None and high is not None and not LOWEST_TARGET <= low < high <= 100:
        said = f"--spo2-target is two percentages from {LOWEST_TARGET:g} to 100, low then high"
        shares = 0 < low < high <= 1
        hint = f": did you mean {100 * low:g} {100 * high:g}?" if shares else ""
        msg = f"{said}, not {low:g} {high:g}{hint}"
        raise InputError(msg)
    return Settings(
        phases=PhaseSettings(**wish.phases),
        spo2_low=low,
        spo2_high=high,
        zone=wish.zone or "",
        invented=wish.invented,
    )


def _refuse_own_inputs(wish: Wish, sources: tuple[str, ...]) -> None:
    """Refuse to write over what is read: the named files, and those of their records.

    Raises
    ------
    InputError
        If a file to be written is a file of the input, or has the name of one of its records.
    """
    inputs = [each for each in (*wish.recordings, wish.holds, wish.context, wish.exclude) if each]
    homes = [each.parent for each in wish.recordings if _same(each.parent, wish.out)]
    # Files of a record lie beside its header: its signals, and marks that have its name.
    inputs += [home / name for home in homes for name in sources]
    records = {each.stem for each in wish.recordings if each.parent in homes}
    for name in sorted(FILES):
        path = wish.out / name
        own = path.exists() and path.suffix in {".atr", ".qrs"} and path.stem in records
        if own or any(_same(path, each) for each in inputs):
            msg = f"{path} is of the input and would be written over: choose another --out"
            raise InputError(msg)


def _refuse_others(folder: Path) -> None:
    """Refuse to write over files that no report of Joey's lies beside: somebody else made them.

    Raises
    ------
    InputError
        If there is such a file.
    """
    there = sorted(name for name in FILES if (folder / name).is_file())
    page = folder / "report.html"
    if there and not (page.is_file() and _is_ours(page)):
        msg = f"{folder / there[0]} is of no report of Joey's, and stays: choose another --out"
        raise InputError(msg)


def _is_ours(page: Path) -> bool:
    with page.open("rb") as file:
        return MADE in file.read(HEAD)


def _same(one: Path, two: Path) -> bool:
    if one.exists() and two.exists():
        return one.samefile(two)
    return one.resolve() == two.resolve()


def _read(wish: Wish) -> Recording:
    meanings = dict(parse_map(each) for each in wish.mapping)
    recording = read_all(wish.recordings, zone=wish.zone, channels=meanings)
    if not any(len(extent(each)) for each in recording.channels):
        msg = "the recording holds no samples: joey check says what is in it"
        raise InputError(msg)
    if recording.truncated and not wish.accept_truncated:
        msg = f"{recording.truncated}; --accept-truncated goes on with what is there"
        raise InputError(msg)
    return recording


def _write(folder: Path, responses: tuple[Response, ...], found: Findings) -> None:
    """Write everything to a folder beside, then move it in: nothing is left half-written."""
    from joey.marks import write_marks  # noqa: PLC0415

    # Of a run before, on a recording with an ECG, nothing stays beside a report without one.
    with landing(folder, FILES.difference) as beside:
        report(responses, beside / "report.html")
        write_json(responses, beside / "response.json")
        write_csv(responses, beside / "response.csv")
        write_marks(beside, found)


def _lines(wish: Wish, responses: tuple[Response, ...], log: HoldLog) -> tuple[str, ...]:
    lines = [each.chart_line for each in responses]
    lines += log.notes
    if any(each.simulated for each in responses):
        lines.append("The data are simulated.")
    lines.append(f"Report: {wish.out / 'report.html'}")
    return tuple(lines)
