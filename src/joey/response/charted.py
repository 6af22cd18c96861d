"""What stands beside the signals: header, context by phase, the line for the chart.

Support and FiO2 stand beside every saturation, because a saturation that rises with the oxygen
given is no answer to a hold. What is not known is printed as unknown, or left out of the one line.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

import numpy as np

from joey.holds import postmenstrual_age, postnatal_age, weeks_and_days
from joey.holds.kinds import SETTING_S
from joey.holds.taps import LEFT_UNIT
from joey.holds.times import moment_of, say_length, say_time
from joey.spans import Spans, contains, intersect, total

if TYPE_CHECKING:
    from collections.abc import Sequence

    from joey.holds import Context, Hold, Phases
    from joey.signals import Clock, Recording, Series
    from joey.spans import Span

__all__ = [
    "Surroundings",
    "averaging_time",
    "chart_line",
    "context_rows",
    "flows_in",
    "header",
    "oxygen_range",
    "oxygen_words",
    "supports_in",
    "temperature_sites",
]

UNKNOWN = "unknown"
CORE_SITES = ("axilla", "rectal", "esophageal", "bladder", "core", "tympanic")
SHORT_SITES = {"axilla": "ax"}
RECENT = 300.0  # s, a temperature or FiO2 "at" a time is the median of the 5 min before it
MOSTLY = 0.9  # of a hold: with less of it recorded the line for the chart says how much
STANDS = 4 * 3600.0  # s, how long a temperature charted before a hold may speak for its start
PROBES = {"probe_site_spo2": "SpO2", "probe_site_temp": "temperature"}
HOW = {
    "tap": "tap at the bedside",
    "typed": "typed later",
    "inferred": "inferred from the signals",
    "invented": "invented",
}
PHASE_WORDS = {"before": "before", "settled": "settled", "after": "after"}


@dataclass(frozen=True, slots=True, eq=False)
class Surroundings:
    """Everything beside the signals that a response is read with.

    Parameters
    ----------
    recording : Recording
        For its facts and clock.
    context : Context or None
        What was charted; None where no context was given.
    oxygen : tuple of Series
        Inspired oxygen: of devices first, then as charted. [1]
    temperatures : tuple of Series
        One per site. [Cel]
    zone : str
        To print times in.
    """

    recording: Recording
    context: Context | None
    oxygen: tuple[Series, ...]
    temperatures: tuple[Series, ...]
    zone: str


def header(hold: Hold, around: Surroundings, spo2: Series | None) -> tuple[tuple[str, str], ...]:
    """Return what a physician reads first; what is not known says so."""
    context, start = around.context, hold.start
    weeks = weeks_and_days(context.gestational_age_days if context else None)
    return (
        ("gestational age", _weeks(weeks)),
        (
            "postmenstrual age",
            _weeks(weeks_and_days(postmenstrual_age(context, start) if context else None)),
        ),
        ("age", _age(hold, around)),
        ("weight", _charted(context, "weight", start, " g")),
        ("support", _charted(context, "support", start)),
        ("caffeine", _charted(context, "caffeine", start)),
        ("SpO2 averaging time", averaging_time(context, spo2)),
        ("probe sites", _sites(context, around.temperatures)),
        ("times logged", _logged(hold, around)),
    )


def _logged(hold: Hold, around: Surroundings) -> str:
    """Return how, by whom and when a hold's times were logged, as far as that is known."""
    details = hold.details
    how = HOW.get(details.get("time_source", ""), "")
    who, at = (details.get(key, UNKNOWN) for key in ("logged_by", "logged_at"))
    parts = [how, "" if who == UNKNOWN else f"by {who}"]
    parts.append("" if at == UNKNOWN else f"at {_local(at, hold, around)}")
    return ", ".join(each for each in parts if each) or UNKNOWN


def _age(hold: Hold, around: Surroundings) -> str:
    """Return the age at the start in completed days, or hours of the first two days."""
    context = around.context
    age = postnatal_age(context, hold.start) if context else None
    if age is not None:
        return f"{int(age)} d" if age >= 2 else f"{int(age * 24)} h"
    if context is None or not context.birth_date or not around.recording.clock.dated:
        return UNKNOWN
    born = date.fromisoformat(context.birth_date)
    days = (moment_of(hold.start, around.zone).date() - born).days
    return f"{days} d" if days >= 0 else UNKNOWN


def _weeks(text: str) -> str:
    return text if text == UNKNOWN else f"{text} weeks"


def _charted(context: Context | None, kind: str, time: float, unit: str = "") -> str:
    known = context.at(kind, time) if context else None
    if known is None:
        return UNKNOWN
    entry = known.entry
    text = f"{entry.number:g}{unit}" if np.isfinite(entry.number) else entry.value.replace("_", " ")
    hours = known.age_s / 3600
    return f"{text} (charted {hours:.0f} h before the hold)" if hours >= 1 else text


def _local(text: str, hold: Hold, around: Surroundings) -> str:
    """Return stamps with an offset as local times, with a date where it is not the hold's."""
    return "; ".join(_stamp(each.strip(), hold, around) for each in text.split(";"))


def _stamp(text: str, hold: Hold, around: Surroundings) -> str:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    if moment.tzinfo is None or not around.recording.clock.dated:
        return text  # as it was typed
    local = moment_of(moment.timestamp(), around.zone)
    same = local.date() == moment_of(hold.start, around.zone).date()
    return local.strftime("%H:%M" if same else "%Y-%m-%d %H:%M")


def averaging_time(context: Context | None, spo2: Series | None) -> str:
    """Return the oximeter's averaging time as charted, else as the channel has it, or unknown."""
    fact = context.facts.get("spo2_averaging_s", UNKNOWN) if context else UNKNOWN
    if fact != UNKNOWN:
        return f"{fact.removesuffix('s').strip()} s"
    known = spo2.channel.averaging_s if spo2 is not None else None
    return UNKNOWN if known is None else f"{known:g} s"


def _sites(context: Context | None, temperatures: Sequence[Series]) -> str:
    facts = context.facts if context else {}
    known = [
        f"{PROBES.get(name, name.removeprefix('probe_site_'))} {value}"
        for name, value in sorted(facts.items())
        if name.startswith("probe_site_") and value != UNKNOWN
    ]
    known += [f"temperature {s.channel.site}" for s in temperatures if s.channel.site]
    return ", ".join(dict.fromkeys(known)) or UNKNOWN


def temperature_sites(temperatures: Sequence[Series]) -> tuple[Series, ...]:
    """Return the temperatures, core and axillary sites first."""
    return tuple(sorted(temperatures, key=lambda s: s.channel.site not in CORE_SITES))


def oxygen_words(around: Surroundings, phases: Phases, names: Sequence[str], start: float) -> str:
    """Return FiO2 and support by phase, in one clause to stand beside a saturation.

    The phase before a hold ends some minutes before its start [s]: where the FiO2 was another by
    then, as the line for the chart has it, both are said.
    """
    parts = []
    for name in names:
        spans = phases.spans.get(name)
        if spans is None or len(spans) == 0:
            continue
        parts.append(
            f"{PHASE_WORDS.get(name, name)} FiO2 {_fio2_of(around, name, spans, start)}, "
            f"{_support(around, spans)}"
        )
    return "; ".join(parts)


def _fio2_of(around: Surroundings, name: str, spans: Spans, start: float) -> str:
    """Return the FiO2 of a phase; after that of `before` the one at the start, if it is another."""
    words = _fio2(around, spans)
    at_start = _fio2_near(around, start) if name == "before" else None
    of_phase = oxygen_range(around, spans)
    same = (
        of_phase is not None and at_start is not None and f"{of_phase[0]:.2f}" == f"{at_start:.2f}"
    )
    if at_start is None or same:
        return words
    if of_phase is None:
        return f"known only at the start ({at_start:.2f})"
    return f"{words} ({at_start:.2f} at the start)"


def _fio2_near(around: Surroundings, time: float) -> float | None:
    """Return the median FiO2 of the 5 min before a time; None where none is known."""
    found = oxygen_range(around, Spans.of([(time - RECENT, time)]))
    return None if found is None else found[0]


def _fio2(around: Surroundings, spans: Spans) -> str:
    values = oxygen_range(around, spans)
    if values is None:
        return UNKNOWN
    middle, low, high = values
    return (
        f"{middle:.2f}" if round(high - low, 2) == 0 else f"{middle:.2f} ({low:.2f} to {high:.2f})"
    )


def oxygen_range(around: Surroundings, spans: Spans) -> tuple[float, float, float] | None:
    """Return median, lowest and highest FiO2 in the spans, of the first source that has any."""
    found = (standing_range(series, spans) for series in around.oxygen)
    return next((each for each in found if each is not None), None)


def standing_range(series: Series, spans: Spans) -> tuple[float, float, float] | None:
    """Return median by time, lowest and highest of the values that stand within the spans."""
    if len(series.times) == 0 or len(spans) == 0:
        return None
    weights, values = [], []
    for span in spans:
        lo = max(int(np.searchsorted(series.ends, span.start, side="right")), 0)
        hi = int(np.searchsorted(series.times, span.end))
        starts, ends = series.times[lo:hi], series.ends[lo:hi]
        weights.append(np.minimum(ends, span.end) - np.maximum(starts, span.start))
        values.append(series.values[lo:hi])
    weight, value = np.concatenate(weights), np.concatenate(values)
    known = np.isfinite(value) & (weight > 0)
    if not known.any():
        return None
    order = np.argsort(value[known], kind="stable")
    share = np.cumsum(weight[known][order])
    middle = value[known][order][np.searchsorted(share, share[-1] / 2)]
    return float(middle), float(value[known].min()), float(value[known].max())


def supports_in(around: Surroundings, spans: Spans, stands_s: float) -> tuple[str, ...]:
    """Return the support charted for the spans, in order; ``unknown`` where none stands."""
    context = around.context
    if context is None or len(spans) == 0:
        return (UNKNOWN,)
    first = context.at("support", float(spans.bounds[0, 0]))
    kinds = [first.entry.value if first is not None and first.age_s <= stands_s else UNKNOWN]
    for span in spans:
        kinds += [entry.value for entry in context.during("support", span)]
    return tuple(dict.fromkeys(kinds))


def flows_in(around: Surroundings, spans: Spans, stands_s: float) -> tuple[float, ...]:
    """Return the flow charted for the spans, in order; NaN where none stands. [L/min]"""
    context = around.context
    if context is None or len(spans) == 0:
        return (float("nan"),)
    first = context.at("flow", float(spans.bounds[0, 0]))
    known = first is not None and first.age_s <= stands_s
    flows = [first.entry.number if first is not None and known else float("nan")]
    for span in spans:
        flows += [entry.number for entry in context.during("flow", span)]
    return tuple(flows)


def _support(around: Surroundings, spans: Spans) -> str:
    words = (each.replace("_", " ") for each in supports_in(around, spans, SETTING_S))
    return f"support {', then '.join(words)}"


def context_rows(hold: Hold, phases: Phases, around: Surroundings) -> tuple[tuple[str, str], ...]:
    """Return FiO2 and support by phase, and what was done to the infant."""
    rows = []
    for name in ("before", "settled", "after"):
        spans = phases.spans[name]
        if len(spans):
            rows.append((f"FiO2 {name}", _fio2_of(around, name, spans, hold.start)))
            rows.append((f"support {name}", _support(around, spans).removeprefix("support ")))
    rows += _happenings(phases, around)
    return tuple(rows)


def _happenings(phases: Phases, around: Surroundings) -> list[tuple[str, str]]:
    """Return feeds, cares and other entries from the start of `before` to the end of `after`."""
    context = around.context
    if context is None or not context.entries:
        return [("feeds", UNKNOWN), ("care", UNKNOWN)]
    covered = [float(b) for spans in phases.spans.values() for b in spans.bounds.ravel()]
    rows = []
    for kind in ("feed", "care", "caffeine", "medication", "sensor", "transfusion", "phototherapy"):
        inside = [
            e for e in context.entries if e.kind == kind and min(covered) <= e.time < max(covered)
        ]
        said = [f"{e.value.replace('_', ' ')} {clock_time(e.time, around)}" for e in inside]
        if said or kind in ("feed", "care"):
            rows.append(({"feed": "feeds"}.get(kind, kind), ", ".join(said) or "none charted"))
    return rows


def clock_time(time: float, around: Surroundings) -> str:
    """Return ``13:05`` in the zone, or the time from the start of an undated recording."""
    clock: Clock = around.recording.clock
    return moment_of(time, around.zone).strftime("%H:%M") if clock.dated else say_time(time, clock)


def chart_line(hold: Hold, stop: float, around: Surroundings, spells: str) -> str:
    """Return the line to copy into the chart, in ASCII; parts that are unknown are left out.

    Parameters
    ----------
    hold : Hold
        The hold.
    stop : float
        Its end, or the end of the data where it still runs. [s]
    around : Surroundings
        For temperature and FiO2.
    spells : str
        What to say of spells (``1 BD``); empty to say nothing.
    """
    lasted = say_length(stop - hold.start)
    span = around.recording.span
    seen = min(stop, span.end) - max(hold.start, span.start)
    if seen < MOSTLY * (stop - hold.start):
        lasted += f", data for {say_length(max(seen, 0.0))}"
    first, last = clock_time(hold.start, around), clock_time(stop, around)
    if around.recording.clock.dated:
        days = [moment_of(time, around.zone).strftime("%Y-%m-%d") for time in (hold.start, stop)]
        if days[0] != days[1]:
            first, last = f"{days[0]} {first}", f" {days[1]} {last}"
    when = f"{first}- ({lasted} so far)" if hold.end is None else f"{first}-{last} ({lasted})"
    word = "KC" if hold.contact == "skin_to_skin" else "Held"
    contact = {
        "skin_to_skin": "skin-to-skin",
        "clothed": "clothed",
        "mixed": "skin-to-skin in part",
    }
    roles = [piece.role for piece in hold.pieces if piece.role != UNKNOWN]
    who = ", then ".join(
        role.replace("_", " ") for k, role in enumerate(roles) if k == 0 or role != roles[k - 1]
    )
    position = hold.details.get("position", UNKNOWN)
    about = [
        f"{word} {when}",
        who,
        contact.get(hold.contact, ""),
        "" if position == UNKNOWN else position,
        "ended as the infant left" if hold.details.get("end_reason") == LEFT_UNIT else "",
    ]
    parts = [", ".join(part for part in about if part)]
    parts += [_temperature(hold, stop, around), _oxygen(hold, stop, around), spells]
    line = "; ".join(part for part in parts if part)
    return line.encode("ascii", "replace").decode("ascii")


def _temperature(hold: Hold, stop: float, around: Surroundings) -> str:
    for series in temperature_sites(around.temperatures):
        start = _near(series, hold.start, hold.start - STANDS)
        end = _near(series, stop, hold.start)
        if start is not None and end is not None:
            site = SHORT_SITES.get(series.channel.site, series.channel.site)
            return f"T {site} {start:.1f} -> {end:.1f}".replace("  ", " ")
    return ""


def _oxygen(hold: Hold, stop: float, around: Surroundings) -> str:
    first, last = _fio2_near(around, hold.start), _fio2_near(around, stop)
    return "" if first is None or last is None else f"FiO2 {first:.2f} -> {last:.2f}"


def _near(series: Series, time: float, earliest: float) -> float | None:
    """Return the median of the 5 min before a time, else the last value since `earliest`."""
    known = np.isfinite(series.values) & (series.times <= time) & (series.times >= earliest)
    if not known.any():
        return None
    times, values = series.times[known], series.values[known]
    recent = values[times > time - RECENT]
    return float(np.median(recent)) if len(recent) else float(values[-1])


def covered_share(spans: Spans, valid: Spans) -> float:
    """Return the share of the spans that is valid; NaN of no spans."""
    whole = total(spans)
    return total(intersect(spans, valid)) / whole if whole > 0 else float("nan")


def inside(spans: Spans, span: Span) -> bool:
    """Whether a span starts within the spans."""
    return bool(contains(spans, np.array([span.start]))[0])
