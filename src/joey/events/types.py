"""What a definition of an event is, and what is found by it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from joey.spans import Span, Spans

__all__ = ["PROLONGED", "Event", "Events", "Preset", "counted"]

PROLONGED = "prolonged"  # the kind of what lasts longer than its definition allows
LONGEST_BRIDGE_S = 5.0  # s; more missing time would be guessed, not bridged


@dataclass(frozen=True, slots=True)
class Preset:
    """One published or stated definition of an event.

    Parameters
    ----------
    name : str
        Its id in science and reports: ``brady_uva``. With a joining gap the reports print
        ``brady_uva+join4+bridge4``.
    kind : str
        ``bradycardia``, ``tachycardia``, ``pause``, ``desaturation``,
        ``intermittent_hypoxemia``, ``apnea``, ``periodic_breathing``, or a combination: ``abd``,
        ``ab``, ``ad``, ``bd``.
    below : float
        Threshold, in the unit of what it is applied to: beats/min, %, or for breathing the interval
        between two breaths [s]. NaN for a combination, whose parts have their own.
    inclusive : bool
        Whether a value equal to the threshold counts.
    at_least, at_most : float
        Shortest and longest duration that counts; a longer event is shown as ``prolonged``. [s]
    over : bool
        Whether `at_least` must be exceeded, not only met.
    join : float
        Runs separated by less than this are one event, before durations are looked at. [s]
    bridge : float
        Missing time up to this does not end an event; it never counts as valid. [s]
    source : str
        Where the definition is from, with DOI or PMID; what in it is Joey's default.
    above : bool
        Whether the event lies above the threshold (tachycardia, long breath intervals), not below.
    of_baseline : bool
        Whether `below` is a share of the baseline (2/3), not a value.
    fall : float
        How far the value must also lie below its baseline; zero: not asked. [unit]
    values : int
        Fewest values (beats, pauses) beyond the threshold.
    steepest : float
        A step between neighbors of more than this, per second or faster, makes an event doubtful.
        [unit/s]
    b_window, d_window : tuple of float
        Combinations only: the onset of B (of D) lies between the start of the first member plus
        the first number and its end plus the second. [s]
    parts : tuple of str
        Combinations only: the presets it is made of, in the order A, B, D.
    """

    name: str
    kind: str
    below: float
    inclusive: bool = False
    at_least: float = 0.0
    at_most: float = float("inf")
    over: bool = False
    join: float = 0.0
    bridge: float = 0.0
    source: str = ""
    above: bool = False
    of_baseline: bool = False
    fall: float = 0.0
    values: int = 1
    steepest: float = float("inf")
    b_window: tuple[float, float] = (-5.0, 15.0)
    d_window: tuple[float, float] = (0.0, 25.0)
    parts: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what no definition can mean."""
        if not 0 <= self.bridge <= LONGEST_BRIDGE_S:
            msg = f"bridge is 0 to {LONGEST_BRIDGE_S} s, not {self.bridge!r}"
            raise ValueError(msg)
        if self.join < 0 or self.at_least < 0 or self.at_most < self.at_least:
            msg = f"the times of {self.name} contradict each other"
            raise ValueError(msg)

    @property
    def printed(self) -> str:
        """The name as reports print it, with joining and bridging: ``brady_uva+join4+bridge4``."""
        join = f"+join{self.join:g}" if self.join else ""
        bridge = f"+bridge{self.bridge:g}" if self.bridge else ""
        return f"{self.name}{join}{bridge}"


@dataclass(frozen=True, slots=True)
class Event:
    """One spell.

    Parameters
    ----------
    kind : str
        As `Preset.kind`; ``prolonged`` where it outlasts `Preset.at_most`: shown, not counted.
    span : Span
        From its first to after its last value beyond the threshold. [s]
    nadir, nadir_time : float
        The extreme value and when it stood; NaN for an apnea. [unit of the preset; s]
    area : float
        Integral of the depth beyond the threshold. [unit x s]
    time_below_s : float
        Time truly beyond the threshold. [s]
    bridged_s : float
        Missing time inside the event. [s]
    source : str
        ``beat``, ``numeric`` or ``breath``: what it was found in; joined by ``+`` in combinations.
    quality : str
        ``good`` or ``doubtful``, with a reason after a colon.
    truncated : bool
        Whether a gap or the record's edge cut it: its true duration is unknown.
    """

    kind: str
    span: Span
    nadir: float
    nadir_time: float
    area: float
    time_below_s: float
    bridged_s: float
    source: str
    quality: str = "good"
    truncated: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Events:
    """The events of one preset, with the spans that were searched for them.

    Parameters
    ----------
    items : tuple of Event
        In time order.
    searched : Spans
        Valid time: exposure of a rate, and the difference between none and not measured.
    preset : Preset
        The definition.
    reason : str
        Why nothing can be said, where nothing was searched.
    """

    items: tuple[Event, ...]
    searched: Spans
    preset: Preset
    reason: str = ""


def counted(found: Events) -> tuple[Event, ...]:
    """Return the events that count by their definition: all but the prolonged ones."""
    return tuple(event for event in found.items if event.kind != PROLONGED)
