"""What Joey says about one hold: the facts that pages, tables and files show without arithmetic."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from joey.events import Event, Events
    from joey.features import Summary
    from joey.holds import Hold, Phases
    from joey.spans import Span, Spans

__all__ = [
    "EventCount",
    "EventRow",
    "FeatureRow",
    "OxyCrg",
    "Rank",
    "Response",
    "Strip",
    "Track",
]


@dataclass(frozen=True, slots=True)
class Rank:
    """Where a change stands among this infant's comparable hours without a hold.

    Parameters
    ----------
    smaller : int or None
        The change is larger than in so many of `windows` pseudo-holds; None where there is no rank.
    windows, days : int
        How many pseudo-holds were measured, and from how many days they are.
    usual : bool or None
        Whether it lies within this infant's usual range; None where that cannot be said.
    reason : str
        Why there is no rank, or no statement on the usual range; how the matching was relaxed.
    """

    smaller: int | None
    windows: int
    days: int
    usual: bool | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class FeatureRow:
    """One feature through the phases of a hold.

    Parameters
    ----------
    name, label, unit, group, source : str
        Key, words for people, unit, ``heart`` ``breathing`` ``oxygen`` ``temperature``, and the
        channel it was measured from.
    decimals : int
        Digits to show after the point.
    phases : dict of str to Summary
        By phase name; with a `scale` of ``ratio`` the geometric mean of the blocks.
    changes : dict of str to Summary
        By phase name, with its interval: that phase minus ``before``, or with a `scale` of
        ``ratio`` that phase over ``before`` (unit ``1``, no change is 1).
    rank : Rank
        Of the settled change.
    display_threshold : float
        The unit's threshold for showing a change; NaN where none is set.
    passes : bool or None
        Whether the settled change reaches it; None where there is no change or no threshold.
    sentence : str
        The three facts in words.
    scale : str
        ``difference`` or ``ratio``: how the change is measured and shown.
    """

    name: str
    label: str
    unit: str
    group: str
    source: str
    decimals: int
    phases: dict[str, Summary]
    changes: dict[str, Summary]
    rank: Rank
    display_threshold: float
    passes: bool | None
    sentence: str
    scale: str = "difference"


@dataclass(frozen=True, slots=True)
class EventCount:
    """Events of one preset in one phase: count, exposure, rate per valid hour with its interval.

    `rate`, `low` and `high` are NaN and `valid_h` is 0 where nothing was searched, or where a
    holder's breathing may hide what `count` does not hold; `words` says it for people
    ("0 in 0.6 valid h: compatible with up to 6.3 per hour").
    """

    count: int
    valid_h: float
    rate: float
    low: float
    high: float
    time_below_s: float
    clusters: int
    words: str


@dataclass(frozen=True, slots=True)
class EventRow:
    """One preset through the phases of a hold, `whole_hold` beside `settled`.

    `letters` says which spells have other letters than this row counts them by, and why.
    """

    label: str
    definition: str
    found: Events
    phases: dict[str, EventCount]
    comparison: str
    letters: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """One curve of a picture.

    Parameters
    ----------
    quantity, label, unit : str
        What it is.
    kind : str
        ``line`` (values at times, broken at NaN), ``envelope`` (low and high) or ``steps``.
    times, values, high : ndarray of float64, shape (n,)
        `values` is the low edge of an envelope and `high` its upper; `high` is empty otherwise.
    doubtful : ndarray of bool, shape (n,)
        Which points rest on what is in doubt; empty where none does.
    """

    quantity: str
    label: str
    unit: str
    kind: str
    times: NDArray[np.float64]
    values: NDArray[np.float64]
    high: NDArray[np.float64]
    doubtful: NDArray[np.bool_] = field(default_factory=lambda: np.empty(0, np.bool_))


@dataclass(frozen=True, slots=True, eq=False)
class OxyCrg:
    """The compressed cardiorespirogram of one hold: heart rate, SpO2, respiration, and more.

    Parameters
    ----------
    span : Span
        What is shown. [s]
    tracks : tuple of Track
        From top to bottom, already thinned for a page.
    marks : tuple of (Event, str)
        Spells with the letters staff use: A10, A15, A20, B, D, BD, AB, AD, ABD.
    letters : str
        What the letters stand for.
    """

    span: Span
    tracks: tuple[Track, ...]
    marks: tuple[tuple[Event, str], ...]
    letters: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Strip:
    """The signals around one spell (+-30 s): ECG, respiration, SpO2.

    `counted` names the rows of the table of events that count something of it; `apart` says why
    they, or the line for the chart, have other letters.
    """

    event: Event
    letters: str
    counted: tuple[str, ...]
    phase: str
    span: Span
    tracks: tuple[Track, ...]
    apart: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Response:
    """How the infant answered one hold.

    Parameters
    ----------
    hold, phases
        The hold and its phases.
    header : tuple of (str, str)
        What a physician reads first: GA, PMA, age, weight, support, caffeine, averaging time, probe
        sites, who logged the times and how; ``unknown`` where unknown.
    summary : str
        What was compared, in a sentence or two; what follows in `answers`.
    cannot_say : tuple of (str, str)
        What cannot be said, each with its reason, by kind: ``change``, ``interval``, ``rank``,
        ``events``.
    chart_line, chart_note : str
        The line to copy into the chart, and how it counts spells.
    features, events : tuple
        The tables.
    oxycrg, strips
        The pictures.
    context : tuple of (str, str)
        FiO2 and support by phase, care and feeds, beside which the numbers are read.
    methods : tuple of str
        How it was measured: definitions, channels, departures.
    quality : tuple of str
        What is known of the signals, the leak test among it.
    excluded : Spans
        What a reviewer took out.
    exclusion_notes : tuple of str
        The same as text with reasons.
    settings : dict
        Every setting that moves a number.
    sources : tuple of (str, str)
        File name and SHA-256.
    data_hash, version : str
        Hash of all inputs together; Joey's version.
    simulated : bool
        Whether the data are simulated.
    invented : bool
        Whether the hold was invented (not observed): said at the top.
    dated, zone
        Whether times are UTC, and in which zone to print them.
    notes : tuple of str
        What a reader must know of hold, context and files.
    answers : tuple of (str, str)
        Heart rate, breathing, SpO2, temperature and events, one line each.
    """

    hold: Hold
    phases: Phases
    header: tuple[tuple[str, str], ...]
    summary: str
    cannot_say: tuple[tuple[str, str], ...]
    chart_line: str
    features: tuple[FeatureRow, ...]
    events: tuple[EventRow, ...]
    oxycrg: OxyCrg
    strips: tuple[Strip, ...]
    context: tuple[tuple[str, str], ...]
    methods: tuple[str, ...]
    quality: tuple[str, ...]
    excluded: Spans
    exclusion_notes: tuple[str, ...]
    settings: dict[str, str]
    sources: tuple[tuple[str, str], ...]
    data_hash: str
    version: str
    simulated: bool
    invented: bool
    dated: bool
    zone: str
    notes: tuple[str, ...] = field(default=())
    answers: tuple[tuple[str, str], ...] = field(default=())
    chart_note: str = ""
