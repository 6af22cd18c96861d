"""Spells: apnea, bradycardia, desaturation and their combinations, by named presets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from joey.spans import Span, Spans

__all__ = ["Event", "Events", "Preset"]


@dataclass(frozen=True, slots=True)
class Preset:
    """One published or stated definition of an event.

    Parameters
    ----------
    name : str
        Its id in science and reports: ``brady_uva``. With a joining gap the reports print
        ``brady_uva+join4``.
    kind : str
        ``bradycardia``, ``desaturation``, ``apnea``, ``abd``, ``bd`` ...
    below : float
        Threshold, in the unit of what it is applied to.
    inclusive : bool
        Whether a value equal to the threshold counts.
    at_least, at_most : float
        Shortest and longest duration that counts. [s]
    over : bool
        Whether `at_least` must be exceeded, not only met.
    join : float
        Runs separated by less than this are one event, before durations are looked at. [s]
    bridge : float
        Missing time up to this does not end an event; it never counts as valid. [s]
    source : str
        Where the definition is from, with DOI or PMID.
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


@dataclass(frozen=True, slots=True)
class Event:
    """One spell.

    Parameters
    ----------
    kind : str
        As `Preset.kind`.
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
        ``beat``, ``numeric`` or ``breath``: what it was found in.
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
