"""Several channels of one quantity: which probe is read when, and which channels froze together."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from joey.events import without
from joey.quality import Quality, Verdict, frozen_together
from joey.signals import Series, measured, pieces
from joey.spans import EMPTY, Span, Spans, intersect, subtract, total, union

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from joey.response.channels import Numeric

__all__ = ["Joined", "frozen_numerics", "join_probes"]

ABSENT_S = 600.0  # s without a value, from which another probe is read instead (Joey default)
BREATHING = "resp_rate"
# Numerics of different organs or sensors: none of a pair follows from the other.
PAIRS = (
    ("heart_rate", "spo2"),
    ("pulse_rate", "spo2"),
    ("heart_rate", BREATHING),
    ("pulse_rate", BREATHING),
)
WORDS = {
    "heart_rate": "heart rate",
    "pulse_rate": "pulse rate",
    "spo2": "SpO2",
    BREATHING: "breathing rate",
}
APART_S = 10.0  # s left out at each change of probe: no event runs from one to another


@dataclass(frozen=True, slots=True, eq=False)
class Joined:
    """What events are looked for in.

    Parameters
    ----------
    series : Series
        The fullest channel, with others where it is absent for 10 min or more.
    quality : Quality
        Of each channel where it was read.
    words : str
        Which channel was read, and which others for how long.
    """

    series: Series
    quality: Quality
    words: str


def join_probes(found: Sequence[Numeric], values: Sequence[Series]) -> Joined | None:
    """Return one series of several probes; None of none.

    Parameters
    ----------
    found : sequence of Numeric
        With their judgments, the fullest first.
    values : sequence of Series
        The same without what is not to be trusted.

    Notes
    -----
    Two probes may read some percent apart: within what the fuller one measured it is never left,
    and no event runs from one to another.
    """
    if not found:
        return None
    series, quality, words = values[0], found[0].quality, _name(found, 0)
    for k in range(1, len(found)):
        gaps = _gaps(series, values[k])
        filled = intersect(measured(values[k]), gaps)
        if len(filled) == 0:
            continue
        elsewhere = subtract(_hull(series, values[k]), gaps)
        series = _merged(series, without(values[k], elsewhere))
        quality = _judged(quality, found[k].quality, gaps)
        words += f"; where that has none for {ABSENT_S / 60:.0f} min or more in {_name(found, k)}"
        words += f" ({total(filled) / 3600:.1f} h)"
    return Joined(series, quality, words)


def _name(found: Sequence[Numeric], k: int) -> str:
    """Return the label of a channel, with its source where another has the same label."""
    labels = [each.series.channel.label for each in found]
    source = found[k].series.channel.source
    return f"{labels[k]} ({source})" if source and labels.count(labels[k]) > 1 else labels[k]


def _hull(*several: Series) -> Spans:
    rows = union(*map(measured, several)).bounds
    return Spans.of([(float(rows[0, 0]), float(rows[-1, 1]))]) if len(rows) else EMPTY


def _gaps(series: Series, other: Series) -> Spans:
    """Return where a series is absent for so long that another is read."""
    rows = subtract(_hull(series, other), measured(series)).bounds
    rows = rows[rows[:, 1] - rows[:, 0] >= ABSENT_S]
    return Spans.of(rows + np.array([APART_S, -APART_S]))


def _merged(series: Series, other: Series) -> Series:
    known = pieces(series)
    order = np.argsort(np.concatenate((known.times, other.times)), kind="stable")
    columns = (
        np.concatenate(pair)[order]
        for pair in (
            (known.times, other.times),
            (known.values, other.values),
            (known.valid_s, other.valid_s),
        )
    )
    return Series(series.channel, *columns)


def _judged(quality: Quality, other: Quality, gaps: Spans) -> Quality:
    """Return the judgment of the one outside the gaps and of the other inside."""
    kept = [
        Verdict(Span(part.start, part.end), verdict.grade, verdict.reason)
        for judged, inside in ((quality, False), (other, True))
        for verdict in judged.verdicts
        for part in (intersect if inside else subtract)(Spans.of([verdict.span]), gaps)
    ]
    looked = union(subtract(quality.judged, gaps), intersect(other.judged, gaps))
    kept.sort(key=lambda verdict: verdict.span.start)
    return replace(quality, verdicts=tuple(kept), judged=looked)


def frozen_numerics(
    numerics: Mapping[str, Sequence[Numeric]],
) -> tuple[dict[str, tuple[Spans, ...]], tuple[str, ...]]:
    """Return where numerics stood still together with an independent one, and that in words.

    Only the pair that froze is concerned: another probe may go on. A ventilator may set a breathing
    rate that stands still, so that it takes away nothing but itself.

    Parameters
    ----------
    numerics : mapping of str to sequence of Numeric
        By quantity.

    Returns
    -------
    still : dict of str to tuple of Spans
        By quantity, of each of its numerics.
    words : tuple of str
        How long each pair of quantities stood still; none where none did.
    """
    found = {name: [EMPTY] * len(several) for name, several in numerics.items()}
    words = []
    for first, second in PAIRS:
        together = EMPTY
        for i, one in enumerate(numerics.get(first, ())):
            for k, other in enumerate(numerics.get(second, ())):
                still = frozen_together(one.series, other.series)
                together = union(together, still)
                found[second][k] = union(found[second][k], still)
                if second != BREATHING:
                    found[first][i] = union(found[first][i], still)
        if len(together):
            left = f"; {WORDS[second]} left out" if second == BREATHING else ": left out"
            names = f"{WORDS[first]} and {WORDS[second]}"
            words.append(f"{names} stood still together for {total(together):.0f} s{left}")
    return {name: tuple(spans) for name, spans in found.items()}, tuple(words)
