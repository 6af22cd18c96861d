"""Time below, in and above the infant's ordered SpO2 target: only where a target was given."""

from __future__ import annotations

from typing import TYPE_CHECKING

from joey.features import Feature, Measured, measure_target_time
from joey.features.measures import numeric
from joey.holds import breathes_room_air
from joey.holds.kinds import SETTING_S
from joey.response.charted import flows_in, oxygen_range, supports_in
from joey.spans import subtract

if TYPE_CHECKING:
    from collections.abc import Callable

    from joey.features import Material
    from joey.features.oxygen import TargetTime
    from joey.response.charted import Surroundings
    from joey.response.settings import Settings
    from joey.spans import Spans

__all__ = ["target_features"]

NAN = float("nan")
PARTS = ("below", "inside", "above")


def target_features(settings: Settings, around: Surroundings) -> tuple[Feature, ...]:
    """Return the features of an SpO2 target; none where none was given.

    Parameters
    ----------
    settings : Settings
        With the target, an order for this infant.
    around : Surroundings
        Support and FiO2: in room air there is no upper limit, and with the oxygen given unknown the
        time above the target is not known.
    """
    low, high = settings.spo2_low, settings.spo2_high
    if low is None or high is None:
        return ()
    words = {"below": "below", "inside": "in", "above": "above"}
    return tuple(
        Feature(
            name=f"spo2_target_{part}",
            label=f"Time {words[part]} the SpO2 target {low:g}-{high:g} %",
            unit="%",
            decimals=1,
            group="oxygen",
            blockwise=False,
            settles_min=0.0,
            threshold="",
            definition=f"Share of measured time {words[part]} the target as ordered; in room air "
            "there is no upper limit, without known support and FiO2 nothing is said of it.",
            measure=_share(part, low, high, around),
        )
        for part in PARTS
    )


def _share(
    part: str, low: float, high: float, around: Surroundings
) -> Callable[[Material, Spans], Measured]:
    def measure(material: Material, spans: Spans) -> Measured:
        channel = numeric(material, "spo2", spans)
        if channel is None:
            return Measured(NAN, 0, 0.0, "no SpO2 in this phase")
        series, covered = channel
        trusted = subtract(spans, material.doubted("spo2"))
        upper = _upper(around, spans)
        found: TargetTime = measure_target_time(series, trusted, low, high, upper=upper)
        values = {"below": found.below, "inside": found.inside, "above": found.above}
        whole = float((spans.bounds[:, 1] - spans.bounds[:, 0]).sum())
        coverage = covered.total / whole if whole > 0 else 0.0
        label = series.channel.label
        return Measured(values[part], len(covered.values), coverage, found.reason, label)

    return measure


def _upper(around: Surroundings, spans: Spans) -> bool | None:
    """Return whether the upper limit holds through the spans; None where that is not known."""
    oxygen = oxygen_range(around, spans)
    answers = {
        breathes_room_air(support, fio2, flow)
        for support in supports_in(around, spans, SETTING_S)
        for fio2 in ((NAN,) if oxygen is None else oxygen[1:])
        for flow in flows_in(around, spans, SETTING_S)
    }
    air = answers.pop() if len(answers) == 1 else None
    return None if air is None else not air
