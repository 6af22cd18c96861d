"""Matches, multiscale and cross-sample entropy: against every pair compared one by one."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from joey.features import (
    matching,
    measure_cross_entropy,
    measure_multiscale_entropy,
    measure_sample_entropy,
)
from joey.features.entropy import count_matches
from joey.features.matching import (
    Ranked,
    cross_matches,
    own_matches,
    ranked,
    ranked_ticks,
    windows_matches,
)
from joey.features.variability import ranks_of

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

SERIES = {
    "integers": st.integers(0, 6).map(float),
    "negative too": st.integers(-3, 3).map(float),
    "tenths, whose differences round": st.integers(-9, 9).map(lambda k: k / 10),
    "any double": st.floats(-2.0, 2.0)
    | st.sampled_from([0.0, -0.0, 5e-324, 1e-300, 1e300, -1e300]),
}


def plain(x: Floats, y: Floats, m: int, r: float, here: Bools, there: Bools) -> tuple[int, int]:
    """Return A and B over all pairs (i of x, j of y), each point compared as |a - b| <= r."""
    near = np.abs(x[:, None] - y[None, :]) <= r
    rows, columns = np.flatnonzero(here), np.flatnonzero(there)
    match = np.ones((len(rows), len(columns)), dtype=bool)
    b = 0
    for ahead in range(m + 1):
        if ahead == m:
            b = int(match.sum())
        match &= near[np.ix_(rows + ahead, columns + ahead)]
    return int(match.sum()), b


def plain_own(x: Floats, m: int, r: float, whole: Bools) -> tuple[int, int]:
    """Return A and B over the pairs i < j of one series."""
    a, b = plain(x, x, m, r, whole, whole)
    itself = int(whole.sum())
    return (a - itself) // 2, (b - itself) // 2


def templates(n: int, m: int, seed: int, share: float = 0.9) -> Bools:
    """Return where templates begin: mostly, never at the last m."""
    whole = np.random.default_rng(seed).random(n) < share
    whole[max(n - m, 0) :] = False
    return whole


def unbroken(known: Bools, m: int) -> Bools:
    """Return where m + 1 known samples begin."""
    n = len(known)
    return np.array([k < n - m and bool(known[k : k + m + 1].all()) for k in range(n)])


def both_ways(
    series: Ranked, whole: Bools, m: int, r: float, patch: pytest.MonkeyPatch
) -> list[tuple[int, int]]:
    """Return the counts by the sweep and by the table."""
    found = []
    for cost in (0.0, 1e9):
        patch.setattr(matching, "TEMPLATE_NS", cost)
        patch.setattr(matching, "WORD_NS", 0.0)
        found.append(own_matches(series, whole, m, r))
    return found


class TestMatches:
    @pytest.mark.parametrize("kind", SERIES)
    @settings(max_examples=40, deadline=None)
    @given(data=st.data(), m=st.integers(1, 4), share=st.sampled_from([0.3, 1.0]))
    def test_of_one_series_are_those_of_every_pair(
        self, kind: str, data: st.DataObject, m: int, share: float
    ) -> None:
        """Any values, tolerance equal to a difference among them, any breaks, by either way."""
        x = np.array(data.draw(st.lists(SERIES[kind], min_size=m + 1, max_size=150)))
        i, j = (data.draw(st.integers(0, len(x) - 1)) for _ in range(2))
        r = float(abs(x[i] - x[j]))
        whole = templates(len(x), m, len(x), share)
        with pytest.MonkeyPatch.context() as patch:
            found = both_ways(ranked(x), whole, m, r, patch)
        assert found == [plain_own(x, m, r, whole)] * 2

    @pytest.mark.parametrize("kind", SERIES)
    @settings(max_examples=25, deadline=None)
    @given(data=st.data(), m=st.integers(1, 3))
    def test_of_two_series_are_those_of_every_pair(
        self, kind: str, data: st.DataObject, m: int
    ) -> None:
        x = np.array(data.draw(st.lists(SERIES[kind], min_size=m + 1, max_size=140)))
        y = np.array(data.draw(st.lists(SERIES[kind], min_size=m + 1, max_size=80)))
        r = float(abs(x[0] - y[-1]))
        here, there = templates(len(x), m, 1), templates(len(y), m, 2)
        found = cross_matches(ranked(x), here, ranked(y), there, m, r)
        assert found == plain(x, y, m, r, here, there)

    @pytest.mark.parametrize("n", [4, 63, 64, 65, 66, 67, 128, 129, 130, 700])
    @pytest.mark.parametrize("m", [1, 2, 3, 5])
    def test_at_every_filling_of_the_last_word(
        self, n: int, m: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ticks = np.random.default_rng(n).integers(0, 9, n)
        whole = templates(n, m, n, 1.0)
        expected = plain_own(ticks.astype(float), m, 2.0, whole)
        assert both_ways(ranked_ticks(ticks), whole, m, 2.0, monkeypatch) == [expected] * 2

    def test_of_a_constant_are_all_pairs(self, monkeypatch: pytest.MonkeyPatch) -> None:
        n, m = 500, 2
        whole = templates(n, m, 0, 1.0)
        pairs = (n - m) * (n - m - 1) // 2
        series = ranked_ticks(np.full(n, 7))
        assert both_ways(series, whole, m, 0.0, monkeypatch) == [(pairs, pairs)] * 2

    def test_of_more_values_than_short_ranks_can_count(self) -> None:
        """70,000 distinct values: ranks no longer fit in 16 bits."""
        n = 70_000
        x = np.random.default_rng(5).permutation(n).astype(np.float64)
        r, whole = 40.0, templates(n, 1, 0, 1.0)
        where = np.argsort(x)
        b = a = 0
        for apart in range(1, 41):  # the pairs whose first points differ by so much
            i, j = where[:-apart], where[apart:]
            real = (i < n - 1) & (j < n - 1)
            b += int(real.sum())
            a += int(np.sum(np.abs(x[i[real] + 1] - x[j[real] + 1]) <= r))
        assert own_matches(ranked(x), whole, 1, r) == (a, b)

    def test_ranks_of_doubles_and_of_ticks_agree(self) -> None:
        ticks = np.random.default_rng(6).integers(-500, 500, 2000)
        of_ticks, of_doubles = ranked_ticks(ticks), ranked(ticks.astype(np.float64))
        assert np.array_equal(of_ticks.rank, of_doubles.rank)
        assert np.array_equal(of_ticks.distinct, np.unique(ticks))
        assert np.all(np.diff(ticks[of_ticks.order]) >= 0)

    @pytest.mark.parametrize(("level", "spread"), [(0, 1e-300), (0, 1e9), (400, 1e-3), (400, 10)])
    @pytest.mark.parametrize("outlier", [0.0, -1e300, 1e300])
    def test_ranks_of_doubles_whose_highest_bits_are_one(
        self, level: float, spread: float, outlier: float
    ) -> None:
        """Beside an outlier the series has but one place by its highest bits."""
        rng = np.random.default_rng(16)
        x = rng.normal(level, spread, 3000)
        x[::7] = rng.choice(x, len(x[::7]))
        x[1500] = outlier
        found = ranked(x)
        distinct, rank = np.unique(x, return_inverse=True)
        assert np.array_equal(found.distinct, distinct)
        assert np.array_equal(found.rank, rank)
        assert np.array_equal(x[found.order], np.sort(x))
        assert np.array_equal(np.sort(found.order), np.arange(3000))

    @pytest.mark.parametrize(("m", "tolerance"), [(0, 1), (2, -1)])
    def test_impossible_settings_are_refused(self, m: int, tolerance: int) -> None:
        with pytest.raises(ValueError, match="m is at least 1 and the tolerance not negative"):
            count_matches(np.arange(9), np.ones(9, dtype=np.bool_), m, tolerance)


class TestSampleEntropy:
    def test_of_a_series_with_breaks_is_that_of_every_pair(self) -> None:
        rng = np.random.default_rng(7)
        nn = np.rint(400 + np.cumsum(rng.normal(0, 2, 600)))
        nn[rng.random(600) < 0.05] = np.nan
        known = np.isfinite(nn)
        r = 0.2 * np.std(nn[known], ddof=1)
        for m in (1, 2, 3):
            whole = unbroken(known, m)
            a, b = plain_own(np.where(known, nn, 0.0), m, r, whole)
            found = measure_sample_entropy(nn, m=m)
            assert (found.a, found.b) == (a, b)
            assert found.value == math.log(b / a)

    @pytest.mark.parametrize("m", [1, 2, 3])
    @pytest.mark.parametrize("unit", [1.0, 1e-3, 2.0**-40, 1e200])
    @pytest.mark.parametrize("seed", range(6))
    def test_of_any_doubles_is_that_of_every_pair(self, seed: int, unit: float, m: int) -> None:
        """Ties, breaks, and differences of r to the last bit: 338 of 3,136, not 337 of 3,134."""
        rng = np.random.default_rng(seed)
        nn = rng.normal(400, 10, 300)
        nn[::3] = rng.choice(nn, 100)
        for _ in range(4):  # values that lie r beside another, or a hair more or less
            r = 0.2 * float(np.std(nn, ddof=1))
            at = rng.integers(0, 300, 40)
            beside = rng.choice(nn, 40) + r * rng.choice([-1.0, 1.0], 40)
            nn[at] = beside + np.spacing(beside) * rng.integers(-2, 3, 40)
        nn *= unit
        nn[rng.integers(0, 300, 5)] = np.nan
        known = np.isfinite(nn)
        r = 0.2 * float(np.std(nn[known] / unit, ddof=1)) * unit
        whole = unbroken(known, m)
        filled = np.where(known, nn, 0.0)
        if unit > 1e100:  # the square of such a spread is no double: counts alone
            assert count_matches(filled, known, m, r) == plain_own(filled, m, r, whole)
            return
        found = measure_sample_entropy(nn, m=m)
        assert (found.a, found.b) == plain_own(filled, m, found.r_ms, whole)
        assert found.r_ms == pytest.approx(r, rel=1e-12)

    def test_seconds_give_what_milliseconds_give(self) -> None:
        nn = 400 + np.cumsum(np.random.default_rng(14).normal(0, 3, 1000))
        one, other = measure_sample_entropy(nn, m=2), measure_sample_entropy(nn / 1000.0, m=2)
        assert (one.a, one.b, one.value) == (other.a, other.b, other.value)
        fine = (
            measure_multiscale_entropy(nn, scales=3),
            measure_multiscale_entropy(nn / 1e3, scales=3),
        )
        assert [each.b for each in fine[0]] == [each.b for each in fine[1]]

    def test_of_nothing_has_a_reason(self) -> None:
        for nn in (np.array([]), np.array([400.0]), np.full(50, np.nan)):
            found = measure_sample_entropy(nn)
            assert math.isnan(found.value)
            assert found.reason == "fewer than two intervals"


class TestMultiscaleEntropy:
    def test_is_the_sample_entropy_of_the_means(self) -> None:
        """Sums of whole milliseconds: means compared with one r, that of the series itself."""
        nn = np.rint(400 + np.cumsum(np.random.default_rng(8).normal(0, 3, 1500)))
        r = 0.15 * np.std(nn, ddof=1)
        for scale, found in enumerate(measure_multiscale_entropy(nn, scales=6), start=1):
            means = nn[: len(nn) // scale * scale].reshape(-1, scale).mean(axis=1)
            a, b = plain_own(means, 2, r, templates(len(means), 2, 0, 1.0))
            assert (found.a, found.b, found.r_ms) == (a, b, pytest.approx(r))
            assert found.value == math.log(b / a)

    def test_of_any_doubles_is_that_of_the_means(self) -> None:
        nn = np.random.default_rng(15).normal(0.4, 0.01, 800)
        r = 0.15 * np.std(nn, ddof=1)
        for scale, found in enumerate(measure_multiscale_entropy(nn, scales=5), start=1):
            means = nn[: len(nn) // scale * scale].reshape(-1, scale).mean(axis=1)
            assert (found.a, found.b) == plain_own(means, 2, r, templates(len(means), 2, 0, 1.0))

    def test_at_scale_1_is_sample_entropy(self) -> None:
        nn = np.rint(np.random.default_rng(9).normal(400, 10, 500))
        nn[::50] = np.nan
        assert measure_multiscale_entropy(nn, scales=1, m=3, r=0.2) == (measure_sample_entropy(nn),)

    def test_a_difference_of_exactly_the_tolerance_matches_at_every_scale(self) -> None:
        """0.1 ms steps, r = 0.3 ms: in doubles 0.3 > 0.1 + 0.2 is lost, in ticks it is not."""
        steps = np.random.default_rng(10).integers(0, 9, 600)
        nn = steps * 0.1
        share = 0.3 / float(np.std(nn, ddof=1))
        ticked = measure_multiscale_entropy(nn, scales=5, r=share, tick_ms=0.1)
        for scale, found in enumerate(ticked, start=1):
            sums = steps[: 600 // scale * scale].reshape(-1, scale).sum(axis=1).astype(float)
            whole = templates(len(sums), 2, 0, 1.0)
            assert (found.a, found.b) == plain_own(sums, 2, 3.0 * scale, whole)

    def test_no_mean_and_no_template_crosses_a_break(self) -> None:
        """Each run is averaged from its own start; level jumps at the break do not show."""
        rng = np.random.default_rng(11)
        parts = [np.rint(rng.normal(400, 10, n)) for n in (203, 301)]
        joined = np.concatenate((parts[0], [np.nan], parts[1]))
        r = 0.15 * np.std(np.concatenate(parts), ddof=1)
        for scale, found in enumerate(measure_multiscale_entropy(joined, scales=4), start=1):
            means = [p[: len(p) // scale * scale].reshape(-1, scale).mean(axis=1) for p in parts]
            whole = np.concatenate([templates(len(each), 2, 0, 1.0) for each in means])
            assert (found.a, found.b) == plain_own(np.concatenate(means), 2, r, whole)

    def test_noise_loses_entropy_with_scale_and_one_over_f_noise_keeps_it(self) -> None:
        """What Costa 2002 shows in their figure 1."""
        rng = np.random.default_rng(12)
        spectrum = np.fft.rfft(rng.normal(size=2**14))
        spectrum[1:] /= np.sqrt(np.arange(1, len(spectrum)))
        pink = np.fft.irfft(spectrum)
        white = measure_multiscale_entropy(rng.normal(400, 10, 2**14))
        keeps = measure_multiscale_entropy(400 + 10 * pink / pink.std())
        assert white[0].value > keeps[0].value
        assert white[-1].value < keeps[-1].value
        assert white[-1].value < 0.6 * white[0].value
        assert keeps[-1].value == pytest.approx(keeps[4].value, abs=0.2)

    def test_a_scale_without_enough_means_has_a_reason(self) -> None:
        found = measure_multiscale_entropy(np.random.default_rng(13).normal(400, 10, 300))
        assert math.isfinite(found[0].value)
        assert math.isnan(found[-1].value)
        assert found[-1].reason == f"only {found[-1].a} matches of 3 means of 20"

    def test_of_one_interval_has_a_reason_at_every_scale(self) -> None:
        found = measure_multiscale_entropy(np.array([400.0]), scales=2)
        assert [each.reason for each in found] == ["fewer than two intervals"] * 2

    def test_no_scale_is_refused(self) -> None:
        with pytest.raises(ValueError, match="at least 1 of them, not 0"):
            measure_multiscale_entropy(np.full(300, 400.0), scales=0)


class TestCrossEntropy:
    def test_is_that_of_every_pair_of_standard_values(self) -> None:
        rng = np.random.default_rng(14)
        x, y = rng.normal(150, 9, 400), 97 - rng.gamma(2.0, 2.0, 300)
        x[100:104] = np.nan
        standard = [(s - np.nanmean(s)) / np.nanstd(s, ddof=1) for s in (x, y)]
        whole = [unbroken(np.isfinite(each), 2) for each in standard]
        found = measure_cross_entropy(x, y)
        assert (found.a, found.b) == plain(standard[0], standard[1], 2, 0.2, whole[0], whole[1])
        assert found.value == math.log(found.b / found.a)

    def test_is_the_same_both_ways_and_in_any_unit(self) -> None:
        rng = np.random.default_rng(15)
        x, y = np.cumsum(rng.normal(size=(2, 500)), axis=1)
        there = measure_cross_entropy(x, y)
        assert measure_cross_entropy(y, x) == there
        assert measure_cross_entropy(8 * x + 3, y / 4).value == pytest.approx(there.value, rel=1e-3)

    def test_like_patterns_have_less_than_unlike_ones(self) -> None:
        rng = np.random.default_rng(16)
        wave = np.sin(np.arange(600) / 7)
        near = wave + 0.05 * rng.normal(size=600)
        assert measure_cross_entropy(wave, near).value < 0.5
        assert measure_cross_entropy(wave, rng.permutation(near)).value > 1.0

    def test_of_a_series_that_does_not_vary_there_is_none(self) -> None:
        wave = np.sin(np.arange(100))
        for flat in (np.full(100, 96.0), np.full(100, np.nan), np.array([])):
            found = measure_cross_entropy(wave, flat)
            assert math.isnan(found.value)
            assert found.reason == "a series that does not vary"

    def test_with_too_few_matches_there_is_none(self) -> None:
        x, y = np.random.default_rng(17).normal(size=(2, 30))
        found = measure_cross_entropy(x, y, m=3)
        assert math.isnan(found.value)
        assert found.reason == f"only {found.a} matches of 4 points"


class TestWindows:
    @pytest.mark.parametrize("wide", [2, 3, 4, 5, 64, 66, 130, 400])
    def test_of_many_rows_are_those_of_each_alone(self, wide: int) -> None:
        """With breaks, rows of any length, tolerances of no value, of one and of many."""
        rng = np.random.default_rng(wide)
        rows = 400.0 + 4.0 * rng.integers(0, 9, (12, wide))
        rows[rng.random(rows.shape) < 0.05] = np.nan
        lengths = rng.integers(1, wide + 1, 12)
        rows[np.arange(wide) >= lengths[:, None]] = np.nan
        ranks = ranks_of(rows)
        tolerances = np.floor(rng.choice([0.0, 4.0, 9.0, 100.0], 12) / ranks.tick_ms)
        tolerances[3] = math.nan
        found = windows_matches(ranks, lengths, tolerances)
        assert not found[:, 3].any()
        for w in np.flatnonzero(np.isfinite(tolerances)):
            row = rows[w, : lengths[w]]
            ticks = np.where(np.isfinite(row), row, 0.0) / ranks.tick_ms
            for m in (2, 3):
                whole = unbroken(np.isfinite(row), m)
                expected = plain_own(ticks, m, tolerances[w], whole) if whole.any() else (0, 0)
                assert tuple(found[2 * m - 4 : 2 * m - 2, w]) == expected
