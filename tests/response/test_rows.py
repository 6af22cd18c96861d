"""What changes by ratio: geometric means of blocks, and an interval that stays above zero."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from joey.features import FEATURES, Feature, Material, Measured
from joey.holds import Hold, PhaseSettings, Piece, phases_of
from joey.response import FeatureRow, Settings
from joey.response.pseudo import PseudoHolds
from joey.response.rows import Beside, feature_rows
from joey.signals import Channel, Series
from joey.spans import Span, Spans, total

if TYPE_CHECKING:
    from numpy.typing import NDArray

HOLD = Hold("h", "i", (Piece("m", "mother", 5400.0, 11100.0),))
PHASES = phases_of(HOLD, (), Span(0.0, 16000.0), PhaseSettings())
BLOCKS = 600.0  # s
NO_WINDOWS = PseudoHolds((), "", enough=False)


def power(values: NDArray[np.float64], scale: str) -> Feature:
    """A measure that takes one value per ten minutes of the record; a span has their mean."""

    def measure(_: Material, spans: Spans) -> Measured:
        middles = spans.bounds[0, 0] + BLOCKS * (0.5 + np.arange(max(1, total(spans) // BLOCKS)))
        at = (middles // BLOCKS).astype(int)
        return Measured(float(np.mean(values[at])), len(at), 1.0, "", "sim")

    return Feature(
        "power", "Power", "ms²", 1, "heart", True, 0.0, "", "Made up.", measure, scale
    )  # fmt: skip


def heart_rate() -> Series:
    values = 150 + np.random.default_rng(1).standard_normal(16000)
    channel = Channel("heart_rate", "/min", source="sim")
    return Series(channel, np.arange(16000.0), values, np.ones(16000))


def row_of(values: NDArray[np.float64], scale: str) -> FeatureRow:
    material = Material(numerics={"heart_rate": (heart_rate(),)})
    (row,) = feature_rows(
        [power(values, scale)], material, PHASES, NO_WINDOWS, Settings(), Beside({})
    )
    return row


@pytest.fixture
def skewed() -> NDArray[np.float64]:
    return np.exp(np.random.default_rng(2).normal(1.0, 1.2, 27))


def test_a_ratio_is_that_of_geometric_means_and_its_interval_is_positive(
    skewed: NDArray[np.float64],
) -> None:
    row = row_of(skewed, "ratio")
    before, settled = row.phases["before"], row.phases["settled"]
    change = row.changes["settled"]
    assert row.scale == "ratio"
    blocks = skewed[2:8]  # the blocks of `before`, from 1200 s to 4800 s
    assert before.value == pytest.approx(np.exp(np.mean(np.log(blocks))))
    assert change.value == pytest.approx(settled.value / before.value)
    assert change.unit == "1"
    for found in (before, settled, change):
        assert 0 < found.low < found.value < found.high
        assert found.low * found.high == pytest.approx(found.value**2)
    assert "times what it was before" in row.sentence
    plain = row_of(skewed, "difference").phases["before"]
    assert plain.low < 0 < plain.value


def test_the_interval_of_a_ratio_is_that_of_the_logarithms(skewed: NDArray[np.float64]) -> None:
    logs, scale = np.log(skewed), row_of(skewed, "ratio").changes["settled"]
    found = row_of(logs, "difference").changes["settled"]
    assert np.log(scale.low) == pytest.approx(found.low)
    assert np.log(scale.high) == pytest.approx(found.high)


def test_a_block_of_zero_has_no_ratio_and_says_why(skewed: NDArray[np.float64]) -> None:
    skewed[4] = 0.0
    row = row_of(skewed, "ratio")
    assert np.isnan(row.phases["before"].value)
    assert np.isnan(row.changes["settled"].value)
    assert "a block is zero" in row.changes["settled"].reason
    assert np.isfinite(row.phases["settled"].value)


def test_a_scale_of_one_is_no_change() -> None:
    noise = np.tile([0.9, 1.0, 1.0 / 0.9], 9)
    change = row_of(3.0 * noise, "ratio").changes["settled"]
    assert change.low < 1 < change.high


def test_the_positive_and_skewed_measures_are_ratios_and_pnn_has_no_interval() -> None:
    ratios = {each.name for each in FEATURES if each.scale == "ratio"}
    assert ratios == {"sdnn", "rmssd", "sd1", "sd2", "asymmetry", "lf", "hf", "rsa"}
    assert not next(each for each in FEATURES if each.name == "pnn10").blockwise


def test_where_nothing_was_measured_before_the_hold_the_change_says_so() -> None:
    """And not *in this phase*: beside a change there are two, and the hold has the signal."""
    (monitor,) = (each for each in FEATURES if each.name == "heart_rate_monitor")
    late = Series(Channel("heart_rate", "/min", source="sim"), np.arange(5000.0, 16000.0),
        np.full(11000, 150.0), np.ones(11000))  # fmt: skip
    material = Material(numerics={"heart_rate": (late,)})
    (row,) = feature_rows([monitor], material, PHASES, NO_WINDOWS, Settings(), Beside({}))

    why = "cannot say: no heart rate or pulse rate before the hold"
    assert row.changes["settled"].reason == why
    assert row.phases["before"].reason == "no heart rate or pulse rate in this phase"
