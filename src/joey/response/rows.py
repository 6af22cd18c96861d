"""The table of features: each through the phases, its change, and three facts about it.

The three facts stay apart: the change with its interval, its rank among the infant's own comparable
hours without a hold, and whether it reaches the unit's threshold for showing it. None is a verdict.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from joey.features import Summary
from joey.holds import settled_from, why_unpaired
from joey.holds.times import say_length
from joey.response.pace import BY_MINUTE, minute_values, window_means
from joey.response.pseudo import rank_of
from joey.response.stats import (
    Limit,
    Part,
    blocks_of,
    difference,
    exceeds,
    half_width,
    limit_words,
    memory_of,
)
from joey.response.types import FeatureRow, Rank
from joey.spans import Spans, total

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from joey.features import Feature, Material, Measured
    from joey.holds import Phases
    from joey.response.pseudo import PseudoHolds
    from joey.response.settings import Settings

__all__ = ["Beside", "feature_rows"]

SHOWN = ("before", "transfer_in", "settled", "change", "transfer_out", "after")
CHANGES = ("transfer_in", "settled", "change", "transfer_out", "after")
NAN = float("nan")
BESIDE = ("before", "after")  # phases that only other holds make shorter


@dataclass(frozen=True, slots=True)
class Beside:
    """What must be read beside a group of features.

    Parameters
    ----------
    words : dict of str to str
        By group: FiO2 and support beside oxygen, the leak test beside breathing.
    """

    words: Mapping[str, str]


@dataclass(frozen=True, slots=True, eq=False)
class _Measurer:
    """One feature of one hold, measured over any spans."""

    feature: Feature
    material: Material
    phases: Phases
    settings: Settings
    pseudo: PseudoHolds

    def spans(self, name: str) -> Spans:
        """Return a phase; what settles late has a later settled part."""
        if name == "settled" and self.feature.settles_min:
            return settled_from(self.phases, self.settings.phases.temperature_settled_after)
        return self.phases.spans[name]

    def usual_square(self) -> float:
        """Return the mean square of the change in all windows of this shape without a hold.

        Only of features that have a value by the minute; NaN of others, and without windows.
        """
        free = self.pseudo.free
        if len(free) == 0 or self.feature.name not in BY_MINUTE:
            return NAN
        before, settled = self.spans("before"), self.spans("settled")
        start, end = float(before.bounds[0, 0]), float(settled.bounds[-1, 1])
        first, last = start + float(free[0]), end + float(free[-1])
        values = minute_values(self.feature, self.material, Spans.of([(first, last)]))
        changes = window_means(values, first, settled, free) - window_means(
            values, first, before, free
        )
        known = np.isfinite(changes)
        return float(np.mean(changes[known] ** 2)) if known.any() else NAN

    @property
    def ratio(self) -> bool:
        """Whether its mean is that of logarithms, and its change a ratio."""
        return self.feature.scale == "ratio"

    def over(self, spans: Spans) -> Measured:
        """Return the value over spans: what changes by ratio as the geometric mean of blocks."""
        found = self.feature.measure(self.material, spans)
        if not self.ratio or np.isnan(found.value):
            return found
        blocks = self.blocks(spans)
        # Less than a block holds one value, which is its own mean of either kind.
        known = blocks[np.isfinite(blocks)] if len(blocks) else np.array([found.value])
        if len(known) == 0:
            rules = self.settings.intervals
            return replace(
                found,
                value=NAN,
                reason=f"no block of {rules.block_min:g} min has {rules.block_coverage:.0%} of it"
                " measured".replace("%", " %"),
            )
        if np.any(known <= 0):
            why = "a block is zero: it has no logarithm, so that there is no mean and no ratio"
            return replace(found, value=NAN, reason=why)
        return replace(found, value=float(np.exp(np.mean(np.log(known)))))

    def blocks(self, spans: Spans) -> NDArray[np.float64]:
        """Return the value of each block; NaN where too little of it is valid."""
        rules = self.settings.intervals
        found = [self.feature.measure(self.material, each) for each in blocks_of(spans, rules)]
        return np.array([b.value if b.coverage >= rules.block_coverage else NAN for b in found])

    def part(self, name: str) -> Part:
        """Return blocks and minutes of a phase; of what changes by ratio the blocks' logarithms."""
        spans = self.spans(name)
        blocks = np.log(self.blocks(spans)) if self.ratio else self.blocks(spans)
        return Part(blocks, minute_values(self.feature, self.material, spans), total(spans))

    def change(self, before: float, during: float) -> float:
        """Return the change on the feature's scale; NaN where either value is."""
        return during / before if self.ratio else during - before

    def around(self, value: float, half: float) -> tuple[float, float]:
        """Return the interval around a value or change; the half width is that of `Part`."""
        if self.ratio:
            return value * float(np.exp(-half)), value * float(np.exp(half))
        return value - half, value + half


def feature_rows(
    features: Sequence[Feature],
    material: Material,
    phases: Phases,
    pseudo: PseudoHolds,
    settings: Settings,
    beside: Beside,
) -> tuple[FeatureRow, ...]:
    """Return the table of features of one hold.

    Parameters
    ----------
    features : sequence of Feature
        In the order of the table.
    material : Material
        What they are measured from.
    phases : Phases
        Of the hold.
    pseudo : PseudoHolds
        The comparable windows; measured only where there are enough for a rank.
    settings : Settings
        Thresholds and rules.
    beside : Beside
        What is said beside a group.

    Returns
    -------
    tuple of FeatureRow
        A feature without any source channel is left out.
    """
    rows = [_row(_Measurer(each, material, phases, settings, pseudo), beside) for each in features]
    return tuple(row for row in rows if row is not None)


def _row(measurer: _Measurer, beside: Beside) -> FeatureRow | None:
    feature, settings = measurer.feature, measurer.settings
    names = [name for name in SHOWN if len(measurer.phases.spans[name])]
    measured = {name: measurer.over(measurer.spans(name)) for name in names}
    source = next((each.source for each in measured.values() if each.source), "")
    if not source:
        return None
    blockwise = {
        name: measurer.part(name)
        for name in names
        if feature.blockwise and np.isfinite(measured[name].value)
    }
    pair = [blockwise[name].minutes for name in ("before", "settled") if name in blockwise]
    memory = memory_of(*pair) if pair else np.array(NAN)
    shown = {n: _level(measured[n], blockwise.get(n), float(memory), measurer) for n in names}
    changes = {
        name: _change(name, measured, blockwise, measurer)
        for name in names
        if name in CHANGES and "before" in names
    }
    settled = changes.get("settled")
    if settled is None:
        why = why_unpaired(measurer.phases, settings.phases)
        unit = "1" if measurer.ratio else feature.unit
        settled = changes["settled"] = Summary(NAN, NAN, NAN, unit, 0, 0.0, f"cannot say: {why}")
    change = settled.value
    rank = _rank(change, measurer)
    threshold = _threshold(feature, settings)
    passes = None if np.isnan(change) or np.isnan(threshold) else abs(change) >= threshold
    sentence = _sentence(measurer, shown, settled, rank, threshold, beside)
    return FeatureRow(
        feature.name, feature.label, feature.unit, feature.group, source, feature.decimals,
        shown, changes, rank, threshold, passes, sentence, feature.scale,
    )  # fmt: skip


def _level(measured: Measured, part: Part | None, memory: float, measurer: _Measurer) -> Summary:
    """Return the value of one phase with its interval."""
    feature, rules = measurer.feature, measurer.settings.intervals
    if part is None:
        return Summary(
            measured.value, NAN, NAN, feature.unit, measured.n, measured.coverage, measured.reason
        )
    half, limit = half_width(part, memory, rules)
    reason = "; ".join(r for r in (measured.reason, limit_words(limit, rules)) if r)
    n = int(np.isfinite(part.blocks).sum()) if limit == Limit.NONE else measured.n
    low, high = measurer.around(measured.value, half)
    return Summary(measured.value, low, high, feature.unit, n, measured.coverage, reason)


def _change(
    name: str, measured: Mapping[str, Measured], parts: Mapping[str, Part], measurer: _Measurer
) -> Summary:
    """Return a phase against `before`; the interval is around the change that is shown."""
    feature, settings = measurer.feature, measurer.settings
    unit = "1" if measurer.ratio else feature.unit
    before, during = measured["before"], measured[name]
    coverage = min(before.coverage, during.coverage)
    lacking = _lacking("before", measurer, before, settings.phases.min_valid_before)
    if not lacking and name == "settled":
        lacking = _lacking(name, measurer, during, settings.phases.min_valid_settled)
    if not lacking and before.source and during.source and before.source != during.source:
        lacking = f"{before.source} before, {during.source} in this phase: two channels, no change"
    value = NAN if lacking else measurer.change(before.value, during.value)
    if np.isnan(value):
        whose = ((before, "before the hold"), (during, f"in {name.replace('_', ' ')}"))
        unsaid = (
            each.reason.replace("in this phase", words)  # beside a change there are two of them
            for each, words in whose
            if np.isnan(each.value)
        )
        why = next(unsaid, "") or lacking
        why = why if why.startswith("cannot say") else f"cannot say: {why or 'not measured'}"
        return Summary(NAN, NAN, NAN, unit, 0, coverage, why)
    if "before" not in parts or name not in parts:
        return Summary(
            value,
            NAN,
            NAN,
            unit,
            min(before.n, during.n),
            coverage,
            "no interval: none is made for this measure",
        )
    rules = settings.intervals
    found = difference(parts["before"], parts[name], rules)
    limit, half = Limit(int(found.limit)), float(found.half)
    if limit != Limit.NONE:
        return Summary(
            value,
            NAN,
            NAN,
            unit,
            min(before.n, during.n),
            coverage,
            limit_words(limit, rules),
        )
    if name == "settled":
        usual = measurer.usual_square()
        if exceeds(usual, measurer.pseudo.separate, half, float(found.df), rules):
            usually = f"{np.sqrt(usual):.{feature.decimals}f} {_spoken(feature)}".rstrip()
            pairs = measurer.pseudo.separate
            why = (
                f"no interval: without a hold, too, two such phases differ, typically by {usually} "
                f"(root mean square; {pairs} such pairs fit side by side into the hours without a "
                "hold), more than an interval from these two alone would allow for"
            )
            n = min(before.n, during.n)
            return Summary(value, NAN, NAN, unit, n, coverage, why)
    blocks = int(sum(np.isfinite(parts[each].blocks).sum() for each in ("before", name)))
    return Summary(value, *measurer.around(value, half), unit, blocks, coverage)


def _lacking(name: str, measurer: _Measurer, measured: Measured, minutes: float) -> str:
    """Return why a phase has too little valid time for a change; empty where it has enough.

    Readings taken by hand do not fill a phase: of temperature any reading counts.
    """
    length = total(measurer.spans(name)) / 60
    valid = measured.coverage * length
    if measurer.feature.group == "temperature" or valid >= minutes * (1 - 1e-9):
        return ""
    if name in BESIDE and length < minutes:
        left = say_length(length * 60, down=True)
        return f"other holds leave {left} of {name}, {minutes:g} min are needed"
    left = say_length(valid * 60, down=True).replace(" ", " valid ")
    return f"{left} of {name.replace('_', ' ')}, {minutes:g} min are needed"


def _rank(change: float, measurer: _Measurer) -> Rank:
    rules, pseudo = measurer.settings.matching, measurer.pseudo
    days = [window.day for window in pseudo.windows]
    if not pseudo.enough:
        # Nothing could be said from so few: they are counted, not measured.
        return rank_of(change, [0.0] * len(days), days, pseudo.matching, rules)
    others = []
    for window in pseudo.windows:
        before, settled = measurer.over(window.before), measurer.over(window.settled)
        lacks = _lacking("before", measurer, before, measurer.settings.phases.min_valid_before)
        lacks += _lacking("settled", measurer, settled, measurer.settings.phases.min_valid_settled)
        others.append(NAN if lacks else measurer.change(before.value, settled.value))
    return rank_of(change, others, days, pseudo.matching, rules)


def _threshold(feature: Feature, settings: Settings) -> float:
    show = settings.show
    return {
        "hr": show.heart_rate, "rr": show.resp_rate, "spo2": show.spo2, "temp": show.temperature,
    }.get(feature.threshold, NAN)  # fmt: skip


def _sentence(
    measurer: _Measurer,
    shown: Mapping[str, Summary],
    change: Summary,
    rank: Rank,
    threshold: float,
    beside: Beside,
) -> str:
    """Return the three facts, and what must be read beside them."""
    feature, settings = measurer.feature, measurer.settings
    if np.isnan(change.value):
        parts = [f"change: {change.reason}"]
    else:
        parts = [_moved(change, feature), *_ranked(rank)]
        if not np.isnan(threshold):
            unit = _spoken(feature).replace("points", "point")
            side = "at or above" if abs(change.value) >= threshold else "below"
            parts.append(f"{side} the unit's {threshold:g} {unit} display threshold")
    pair = [shown[name].coverage for name in ("before", "settled") if name in shown]
    said = np.isfinite(change.value)
    if said and len(pair) == 2 and abs(pair[0] - pair[1]) > settings.coverage_apart:
        parts.append(
            f"coverage differs: {pair[0]:.0%} before, {pair[1]:.0%} settled".replace("%", " %")
        )
    if beside.words.get(feature.group):
        parts.append(beside.words[feature.group])
    return "; ".join(parts) + "."


def _moved(change: Summary, feature: Feature) -> str:
    if feature.scale == "ratio":
        return _multiplied(change)
    unit, digits = _spoken(feature), feature.decimals
    size = f"{abs(change.value):.{digits}f}"
    way = "higher" if change.value > 0 else "lower"
    moved = f"{size} {unit} {way} than before".replace("  ", " ")
    if float(size) == 0:
        step = f"{10.0**-digits:g} {unit}".rstrip()
        moved = f"as before, to {step.replace('1 percentage points', '1 percentage point')}"
    if np.isnan(change.low):
        return f"{moved} ({change.reason})"
    return f"{moved} (95 % interval {change.low:.{digits}f} to {change.high:.{digits}f})"


def _multiplied(change: Summary) -> str:
    times = f"{change.value:.2f}"
    moved = "as before, to 0.01 of it" if times == "1.00" else f"{times} times what it was before"
    if np.isnan(change.low):
        return f"{moved} ({change.reason})"
    return f"{moved} (95 % interval {change.low:.2f} to {change.high:.2f} times)"


def _ranked(rank: Rank) -> tuple[str, ...]:
    """Return the rank; where there is none its reason is that of all features, and said once."""
    if rank.smaller is None:
        return ()
    usual = {None: "", True: ", within", False: ", outside"}[rank.usual]
    tail = f"{usual} this infant's usual range" if usual else ""
    words = f"larger than in {rank.smaller} of {rank.windows} comparable hours without a hold{tail}"
    return (words,)


def _spoken(feature: Feature) -> str:
    """Return the unit as it is said after a number."""
    if feature.unit in ("/min", "1/min"):
        return {"heart": "beats/min", "breathing": "breaths/min"}.get(feature.group, "/min")
    return {"1": "", "NU": "", "Cel": "degC", "%": "percentage points"}.get(
        feature.unit, feature.unit
    )
