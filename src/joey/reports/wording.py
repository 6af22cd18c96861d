"""How a report writes numbers, intervals and times: formatting, no arithmetic on physiology."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from joey.spans import Spans, intersect, total

if TYPE_CHECKING:
    from collections.abc import Iterable

    from joey.features import Summary
    from joey.holds import Hold
    from joey.response import FeatureRow
    from joey.spans import Span

__all__ = [
    "PHASE_LABELS",
    "Clock",
    "change",
    "change_interval",
    "changed",
    "duration",
    "ended_words",
    "grouped",
    "interval",
    "logged",
    "narrow",
    "number",
    "percent",
    "phase_label",
    "role_words",
    "shown_unit",
    "spoken",
    "title_of",
    "typeset",
]

PHASE_LABELS = {
    "before": "before",
    "transfer_in": "transfer in",
    "settled": "settled",
    "change": "change of holder",
    "whole_hold": "whole hold",
    "last_10": "end of the hold",
    "transfer_out": "transfer out",
    "after": "after",
}
CONTACTS = {"skin_to_skin": "skin-to-skin", "clothed": "clothed", "unknown": "contact unknown"}
ENDS = {
    "planned_end": "as planned",
    "parent_request": "holder asked",
    "infant_instability": "infant unsettled",
    "staff_decision": "staff decided",
    "device_problem": "device",
    "left_unit": "the infant left the unit",
}
"""The reasons for an end as the pages ask for them; others are said as they are logged."""
LOGGED = {
    "position": "Position",
    "position_before": "Position before",
    "bed_before": "Bed before",
    "transfer_mode": "Transfer",
    "end_reason": "Reason for the end",
    "stopped_early": "Stopped early",
    "interventions": "Interventions",
    "lines": "Lines",
    "note": "Note",
}
IN_HEAD = {
    "logged_at",
    "logged_by",
    "time_source",
}  # when, by whom and how: beside the infant's age
TYPED = {"interventions", "lines", "note"}  # free text, shown as it was written
CANNOT_SAY = ("cannot say: ", "change: cannot say: ")
RATIO_DECIMALS = 2
BESIDE_S = 3600.0  # s before and after a hold that a report shows too
SHORT_S = 300  # a shorter span is told to the second
SHY = "\u00ad"  # where a word may be parted, with a hyphen
SYLLABLES = {
    word.replace(SHY, ""): word
    for word in (
        f"tempera{SHY}ture", f"respira{SHY}tory", f"desatura{SHY}tion", f"correla{SHY}tion",
        f"varia{SHY}bility", f"accelera{SHY}tion", f"decelera{SHY}tion",
    )
}  # fmt: skip
"""Words too long for a column of a tablet: not every browser knows where English is parted."""
UNITS = {"Cel": "°C", "1": "", "NU": "", "1/min": "/min"}


@dataclass(frozen=True, slots=True)
class Clock:
    """How times are printed: local clock time, or time from the start of an undated recording.

    Parameters
    ----------
    dated : bool
        Whether times are seconds UTC.
    zone : str
        Time zone to print in; empty for UTC.
    named : bool
        Whether each time has the name of its zone (``02:40 CEST``): where the clock is changed
        among them, an hour would seem to be missing, or double.
    """

    dated: bool
    zone: str = ""
    named: bool = False

    def around(self, start: float, end: float | None) -> Clock:
        """Return the clock for a hold: it names the zone where that changes within an hour of it.

        Parameters
        ----------
        start, end : float, float or None
            Of the hold; None while it runs. [s UTC]
        """
        last = (start if end is None else end) + BESIDE_S
        return replace(self, named=self.offset(start - BESIDE_S) != self.offset(last))

    def _written(self, time: float, pattern: str) -> str:
        return self._local(time).strftime(f"{pattern} %Z" if self.named else pattern)

    def _local(self, time: float) -> datetime:
        zone: tzinfo = ZoneInfo(self.zone) if self.zone else UTC
        return datetime.fromtimestamp(time, zone)

    def minute(self, time: float) -> str:
        """Return ``13:05``, or ``0:13:05`` from the start of an undated recording."""
        return self._written(time, "%H:%M") if self.dated else _elapsed(time)

    def second(self, time: float) -> str:
        """Return ``13:05:07``, or ``0:13:05`` from the start of an undated recording."""
        return self._written(time, "%H:%M:%S") if self.dated else _elapsed(time)

    def date(self, time: float) -> str:
        """Return ``12 March 2031``; empty for an undated recording."""
        return f"{self._local(time):%-d %B %Y}" if self.dated else ""

    def iso(self, time: float) -> str | None:
        """Return the local time with its offset from UTC; None for an undated recording."""
        return self._local(time).isoformat(timespec="milliseconds") if self.dated else None

    def offset(self, time: float) -> float:
        """Return the zone's distance from UTC, so that axis ticks fall on local hours. [s]"""
        offset = self._local(time).utcoffset() if self.dated else None
        return offset.total_seconds() if offset else 0.0

    def range(self, start: float, end: float | None) -> str:
        """Return ``13:05–14:40``, or ``since 13:05`` where the end is not known yet."""
        if end is None:
            return f"since {self.minute(start)}"
        return f"{self.minute(start)}–{self.minute(end)}"

    def spans(self, spans: Spans) -> str:
        """Return every span of a set as clock times."""
        return ", ".join(self._span(span) for span in spans)

    def _span(self, span: Span) -> str:
        say = self.second if span.duration < SHORT_S else self.minute
        return f"{say(span.start)}–{say(span.end)}"

    def day(self, span: Span) -> str:
        """Return the date or dates of a span with the zone, or what the times count from."""
        if not self.dated:
            return "no date in the recording: times are from its start"
        days = list(dict.fromkeys((self.date(span.start), self.date(span.end))))
        return f"{' to '.join(days)}, {self.zone or 'UTC'}"


def _elapsed(time: float) -> str:
    whole = timedelta(seconds=abs(round(time)))
    sign = "−" if round(time) < 0 else ""
    hours, rest = divmod(int(whole.total_seconds()), 3600)
    return f"{sign}{hours}:{rest // 60:02d}:{rest % 60:02d}"


def number(value: float, decimals: int) -> str:
    """Return a number with a true minus sign and never a minus zero; ``–`` for NaN."""
    if not math.isfinite(value):
        return "–"
    text = f"{value:.{decimals}f}"
    return text.lstrip("-") if float(text) == 0 else text.replace("-", "−")


def change(value: float, decimals: int) -> str:
    """Return a number that always carries its sign; zero has none."""
    text = number(value, decimals)
    return text if text[0] in "−–" or float(text) == 0 else f"+{text}"


def changed(row: FeatureRow, found: Summary) -> str:
    """Return a change on the row's scale: ``+1.2``, or ``× 1.21`` of a ratio."""
    if row.scale == "ratio" and math.isfinite(found.value):
        return f"× {number(found.value, RATIO_DECIMALS)}"
    return change(found.value, row.decimals)


def change_interval(row: FeatureRow, found: Summary) -> str:
    """Return the interval of a change on the row's scale; empty where there is none."""
    decimals = RATIO_DECIMALS if row.scale == "ratio" else row.decimals
    return interval(found.low, found.high, decimals)


def interval(low: float, high: float, decimals: int) -> str:
    """Return ``low to high``; empty where there is no interval."""
    if math.isnan(low) or math.isnan(high):
        return ""
    return f"{number(low, decimals)} to {number(high, decimals)}"


def typeset(text: str) -> str:
    """Return a sentence with true minus signs and degrees; ranges and dates keep their hyphens.

    A number and its percent sign stay on one line.
    """
    signed = re.sub(r"(?<![\w.)-])-(?=\d|ln\b)", "−", text).replace("degC", "°C")
    return re.sub(r"(?<=\d) %", "\u00a0%", signed)


def narrow(text: str) -> str:
    """Return a text for a narrow column: long words of ours may be parted, where they can be."""

    def parted(found: re.Match[str]) -> str:
        word = found[0]
        cut = SYLLABLES.get(word.lower(), word)
        return word[0] + cut[1:]

    return re.sub(r"[A-Za-z]{9,}", parted, text)


def percent(share: float) -> str:
    """Return a share as whole percent; neither none nor all unless it is exactly that."""
    if math.isnan(share):
        return "–"
    if 0 < share < 0.005:
        return "<1 %"
    return ">99 %" if 0.995 <= share < 1 else f"{share * 100:.0f} %"


def duration(spans: Spans) -> str:
    """Return the covered time in whole minutes: in seconds below two, with hours from three."""
    seconds = total(spans)
    if seconds < 120:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 180 else f"{minutes // 60} h {minutes % 60} min"


def part_of(spans: Spans, data: Span) -> str:
    """Return how much of the time lies where there are data: ``17 of 60 min``; empty for all.

    Examples
    --------
    >>> from joey.spans import Span, Spans
    >>> part_of(Spans.of([(0, 3600)]), Span(2580, 9000))
    '17 of 60 min'
    >>> part_of(Spans.of([(0, 3600)]), Span(0, 9000))
    ''
    """
    within = intersect(spans, Spans.of([data]))
    part, whole = duration(within), duration(spans)
    if part == whole:
        return ""
    unit = " min"
    if part.endswith(unit) and whole.endswith(unit) and " h " not in whole:
        part = part.removesuffix(unit)
    return f"{'0' if not total(within) else part} of {whole}"


def grouped(pairs: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Return what is said of each name; a reason why several cannot be said stands once, of all.

    Parameters
    ----------
    pairs : iterable of (str, str)
        Names, and what is said of each: its parts are set apart by ``"; "``.

    Examples
    --------
    >>> grouped([("Pulse", "cannot say: too short"), ("Breathing", "cannot say: too short; awake")])
    (('Pulse, breathing', 'cannot say: too short'), ('Breathing', 'awake'))
    """
    pairs = list(pairs)
    firsts = [text.partition("; ")[0] for _, text in pairs]
    said: dict[str, list[str]] = {}
    for (name, text), first in zip(pairs, firsts, strict=True):
        shared = first.startswith(CANNOT_SAY) and firsts.count(first) > 1
        for part in filter(None, (first, text[len(first) + 2 :]) if shared else (text,)):
            said.setdefault(part, []).append(name)
    return tuple(
        (", ".join((names[0], *map(_going_on, names[1:]))), part) for part, names in said.items()
    )


def _going_on(name: str) -> str:
    """Return a name within a sentence: ``breathing``; what has capitals of its own keeps them."""
    return name[:1].lower() + name[1:] if name.split(" ", 1)[0][1:].islower() else name


def shown_unit(unit: str) -> str:
    """Return a unit as people write it."""
    return UNITS.get(unit, unit)


def spoken(key: str) -> str:
    """Return a key of the log (`skin_to_skin`) as words."""
    return key.replace("_", " ")


def phase_label(phase: str) -> str:
    """Return the name of a phase for people."""
    return PHASE_LABELS.get(phase, spoken(phase))


def role_words(hold: Hold) -> str:
    """Return who held, in order: ``mother, then staff``."""
    roles = [spoken(piece.role) for piece in hold.pieces]
    distinct = [role for k, role in enumerate(roles) if k == 0 or role != roles[k - 1]]
    words = ", then ".join("holder unknown" if role == "unknown" else role for role in distinct)
    return words or "holder unknown"


def ended_words(hold: Hold) -> str:
    """Return why a hold ended: ``ended: feeding``, ``ended early: infant unsettled``.

    Empty while it runs; where nobody said why, that.
    """
    if hold.end is None:
        return ""
    early = " early" if hold.details.get("stopped_early") == "yes" else ""
    reason = hold.details.get("end_reason", "unknown")
    words = "reason not given" if reason == "unknown" else _ending(reason)
    return f"ended{early}: {words}"


def _ending(reason: str) -> str:
    return ENDS.get(reason, spoken(reason))


def logged(hold: Hold) -> tuple[tuple[str, str], ...]:
    """Return what was logged of a hold besides its times, in words; last what was not logged."""
    rows = [("Contact", spoken(hold.contact))]
    rows += [
        (LOGGED.get(name, spoken(name).capitalize()), _said(name, value))
        for name, value in sorted(hold.details.items(), key=lambda each: _place(each[0]))
        if name not in IN_HEAD and value != "unknown"
    ]
    missing = [
        label.lower()
        for name, label in LOGGED.items()
        if hold.details.get(name) in {None, "unknown"}
    ]
    return (*rows, *([("Not logged", ", ".join(missing))] if missing else []))


def _place(name: str) -> int:
    return list(LOGGED).index(name) if name in LOGGED else len(LOGGED)


def _said(name: str, value: str) -> str:
    if name == "end_reason":
        return _ending(value)
    return spoken(value) if name in LOGGED and name not in TYPED else value


def title_of(hold: Hold, clock: Clock) -> str:
    """Return ``Hold 13:05–14:40, mother, skin-to-skin``."""
    contact = CONTACTS.get(hold.contact, spoken(hold.contact))
    return f"Hold {clock.range(hold.start, hold.end)}, {role_words(hold)}, {contact}"
