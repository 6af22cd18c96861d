"""A simulated infant: its truth, its physiology, its log, its dirt."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from joey.holds.log import COLUMNS
from joey.signals import Segment, Signal, measured
from joey.simulate import HoldEffect, Simulated, SimulatedHold, simulate_infant
from joey.simulate.schedule import draw_effect
from joey.simulate.seeds import stream
from joey.spans import Span, Spans, intersect, overlap, total

MINUTE = 60.0  # s
NOTHING = HoldEffect()
HOLD = SimulatedHold(75 * MINUTE, 150 * MINUTE, effect=NOTHING)


@cache
def day(seed: int = 2) -> Simulated:
    """Return 24 h without waveforms; made once per worker."""
    return simulate_infant(24, seed, waveforms=False)


@cache
def hour() -> Simulated:
    """Return an hour with waveforms and a hold in it."""
    return simulate_infant(1, 1, holds=[SimulatedHold(1500, 2700)])


@cache
def clean(hours: float, seed: int, effect: HoldEffect) -> Simulated:
    """Return hours with one hold of the given effect and no dirt, without waveforms."""
    held = [replace(HOLD, effect=effect)]
    return simulate_infant(hours, seed, holds=held, dirt=False, dropout=0, waveforms=False)


def signal(infant: Simulated, quantity: str) -> Signal:
    """Return the infant's one signal of a quantity."""
    (found,) = [s for s in infant.recording.signals if s.channel.quantity == quantity]
    return found


def mean_in(infant: Simulated, quantity: str, start: float, end: float) -> float:
    """Return the mean of a numeric from `start` to `end` after the beginning. [min]"""
    values = signal(infant, quantity).values
    return float(np.nanmean(values[int(start * 60) : int(end * 60)]))


def same(one: Segment, two: Segment) -> bool:
    """Whether two segments are the same to the byte."""
    return (
        one.grid == two.grid
        and one.first == two.first
        and one.counts.tobytes() == two.counts.tobytes()
        and one.runs.tobytes() == two.runs.tobytes()
    )


def identical(one: Simulated, two: Simulated) -> bool:
    """Whether two simulations are the same to the byte."""
    pairs = zip(one.recording.signals, two.recording.signals, strict=True)
    counts = all(same(a, b) for s, t in pairs for a, b in zip(s.segments, t.segments, strict=True))
    logs = (one.holds, one.context) == (two.holds, two.context)
    return counts and logs and one.truth.beats_ns.tobytes() == two.truth.beats_ns.tobytes()


# --- what it is made of


def test_channels_rates_and_units() -> None:
    channels = [(s.channel.quantity, s.channel.unit, float(s.fs)) for s in hour().recording.signals]

    assert channels == [
        ("ecg", "mV", 250),
        ("resp", "Ohm", 62.5),
        ("pleth", "NU", 125),
        ("heart_rate", "/min", 1),
        ("pulse_rate", "/min", 1),
        ("resp_rate", "/min", 1),
        ("spo2", "%", 1),
        ("temp", "Cel", 1),
    ]
    assert all(
        segment.counts.dtype == np.int16 for s in hour().recording.signals for segment in s.segments
    )
    assert [s.channel.quantity for s in hour().recording.series] == ["fio2"]


def test_everything_says_simulated() -> None:
    infant = hour()

    assert infant.recording.simulated
    assert "simulated" in infant.recording.clock.note
    assert "simulated" in infant.recording.facts
    for data in (*infant.recording.signals, *infant.recording.series):
        assert "simulated" in data.channel.source
    for row in (*infant.holds, *infant.context):
        assert row["note"] == "simulated"


def test_one_seed_makes_the_same_bytes() -> None:
    assert identical(hour(), simulate_infant(1, 1, holds=[SimulatedHold(1500, 2700)]))
    assert not identical(hour(), simulate_infant(1, 2, holds=[SimulatedHold(1500, 2700)]))


def test_waveforms_do_not_change_numerics() -> None:
    """Each part has its own random numbers: leaving the waveforms out changes no number."""
    without = simulate_infant(1, 1, holds=[SimulatedHold(1500, 2700)], waveforms=False)
    full = hour().recording.signals[3:]

    for one, two in zip(full, without.recording.signals, strict=True):
        assert all(same(a, b) for a, b in zip(one.segments, two.segments, strict=True))


def test_dirt_does_not_change_the_body() -> None:
    """Without dirt and drop-out the same beats, breaths and spells happen."""
    args = {"hours": 3, "seed": 4, "holds": [HOLD], "waveforms": False}
    dirty = simulate_infant(**args)
    pure = simulate_infant(**args, dirt=False, dropout=0)
    leapt = sum(size for _, size in dirty.truth.clock.steps)

    assert pure.truth.dirt == ()
    assert np.max(np.abs(dirty.truth.beats_ns - pure.truth.beats_ns)) <= leapt * 1e9
    assert len(dirty.truth.apneas) == len(pure.truth.apneas)
    shared = signal(pure, "heart_rate").values
    seen = signal(dirty, "heart_rate").values_of(signal(dirty, "heart_rate").segments[0])
    frozen = [d for d in dirty.truth.dirt if d.what == "frozen"]
    first = int(min((d.start for d in frozen), default=1e12) - pure.recording.span.start)
    known = np.isfinite(seen[:first])
    assert np.array_equal(seen[:first][known], shared[: len(seen)][:first][known])


def test_a_hold_changes_nothing_before_it() -> None:
    """Up to 5 min before its first transfer, the recording is as it would be without a hold."""
    none = simulate_infant(3, 6, holds=[], dirt=False, waveforms=False)
    held = clean(3, 6, HoldEffect(heart_rate=10, resp_rate=5, variability=0.5))

    for quantity in ("heart_rate", "spo2", "temp"):
        one, two = (signal(x, quantity).values[: 70 * 60] for x in (none, held))
        assert np.array_equal(one, two, equal_nan=True)


# --- truth


def test_numerics_follow_the_beats() -> None:
    """The heart rate shown is that of the last 10 beats: within 1 /min, but for dirt."""
    infant = clean(3, 1, NOTHING)
    shown = signal(infant, "heart_rate").values
    beats = infant.truth.beats - infant.recording.span.start
    for second in range(100, 10_000, 97):
        last = beats[beats <= second - 1][-11:]
        if second - 1 - last[-1] < 0.5:
            assert shown[second] == pytest.approx(600 / (last[-1] - last[0]), abs=0.51)


def test_qrs_and_truth_are_in_step_to_the_end() -> None:
    """After gaps and steps, 99 % of QRS peak within a sample of the true beat, all within two."""
    infant = simulate_infant(1.5, 11, holds=[])
    ecg = signal(infant, "ecg")
    assert len(ecg.segments) > 1
    quiet = [(m[0] - 1, m[1] + 1) for m in infant.truth.motions]
    rails = [(d.start - 1, d.end + 1) for d in infant.truth.dirt if d.channel in ("ecg", "all")]
    skip = Spans.of(quiet + rails)
    error: list[float] = []
    for segment in ecg.segments:
        wave = ecg.values_of(segment)
        beats = infant.truth.beats
        beats = beats[(beats > segment.span.start + 1) & (beats < segment.span.end - 1)]
        for beat in beats[::7]:
            if overlap(skip, Span(float(beat) - 0.1, float(beat) + 0.1)) > 0:
                continue
            k = segment.grid.first_at(float(beat)) - segment.first
            peak = k - 10 + int(np.argmax(wave[k - 10 : k + 11]))
            error.append(abs(segment.grid.time(segment.first + peak) - float(beat)))

    assert len(error) > 1000
    assert np.mean(np.array(error) < 1 / 250) > 0.99
    assert max(error) < 2 / 250


def test_apneas_have_no_breath_that_moves_air() -> None:
    truth = day().truth
    moving = truth.breaths[~truth.airless]
    for stop in (*truth.apneas, *truth.pauses):
        inside = (moving > stop.start + 0.01) & (moving < stop.end - 0.01)
        assert not inside.any()


def test_obstructed_efforts_are_breaths_without_air() -> None:
    """Every airless effort lies in a mixed or obstructive apnea."""
    truth = day().truth
    closed = Spans.of(
        [(a.start - 1, a.end + 2) for a in truth.apneas if a.kind in ("mixed", "obstructive")]
    )
    efforts = truth.breaths[truth.airless]

    assert len(efforts) > 3
    assert all(overlap(closed, Span(float(t), float(t) + 1e-3)) > 0 for t in efforts)


def test_spells_stay_in_the_recording_and_in_order() -> None:
    infant = day()
    span = infant.recording.span
    truth = infant.truth
    for spells in (truth.apneas, truth.pauses, truth.bradycardias, truth.desaturations):
        starts = [spell.start for spell in spells]
        assert starts == sorted(starts)
        assert all(span.start <= s.start < s.end <= span.end + 1 for s in spells)


def test_true_bradycardias_are_in_the_beats() -> None:
    """Within each true bradycardia of 2 s or more, intervals over 600 ms are seen."""
    truth = day().truth
    long = [spell for spell in truth.bradycardias if spell.duration >= 2]
    assert len(long) > 10
    gaps, at = np.diff(truth.beats), truth.beats[:-1]
    for spell in long:
        inside = gaps[(at > spell.start - 0.7) & (at < spell.end)]
        assert inside.max() > 0.6
        assert spell.extreme < 100


# --- physiology


def test_a_day_of_rates_is_that_of_a_preterm_infant() -> None:
    """Medians: heart 135-170 /min, breathing 40-62 /min, saturation 89-97 %, skin 36-37.3."""
    for seed in (2, 3):
        infant = day(seed)
        heart, resp, spo2, temp = (
            np.nanmedian(signal(infant, q).values)
            for q in ("heart_rate", "resp_rate", "spo2", "temp")
        )
        assert 135 < heart < 170
        assert 40 < resp < 62
        assert 89 <= spo2 <= 97
        assert 36 <= temp <= 37.3


def test_breath_intervals_vary_as_in_preterm_infants() -> None:
    """In three minutes without a pause the relative SD of breath intervals is 10 to 35 %."""
    truth = day().truth
    stops = Spans.of([(s.start, s.end) for s in (*truth.apneas, *truth.pauses)])
    found = []
    for start in np.arange(truth.breaths[0], truth.breaths[-1] - 180, 180):
        span = Span(float(start), float(start) + 180)
        if overlap(stops, span) == 0:
            gaps = np.diff(truth.breaths[(truth.breaths >= start) & (truth.breaths < span.end)])
            found.append(np.std(gaps) / np.mean(gaps))

    assert len(found) > 30
    assert 0.14 < np.median(found) < 0.28
    assert np.quantile(found, 0.9) < 0.35


def test_variability_over_five_minutes_is_that_of_preterm_infants() -> None:
    """Medians over quiet 5-min windows: SDNN 5-20 ms, RMSSD 2-8 ms."""
    truth = clean(3, 3, NOTHING).truth
    rr = np.diff(truth.beats) * 1000
    windows = [rr[k : k + 750] for k in range(0, len(rr) - 750, 750)]
    sdnn = [np.std(w) for w in windows if w.max() < 500]
    rmssd = [np.sqrt(np.mean(np.diff(w) ** 2)) for w in windows if w.max() < 500]

    assert 5 < np.median(sdnn) < 20
    assert 2 < np.median(rmssd) < 8


def test_spells_per_day_are_of_the_published_order() -> None:
    """Over five infants of 32 weeks: desaturations 35-75 a day (Nagraj 2019: 60 at 32 weeks, 41 at
    35), bradycardias 20-60 (PICS: about 35), apneas of 20 s or more 1-10, periodic breathing 2-9 %.
    """
    days = [simulate_infant(12, seed, waveforms=False, holds=[]).truth for seed in range(5)]
    desaturations = 2 * np.mean([sum(s.duration >= 10 for s in t.desaturations) for t in days])
    bradycardias = 2 * np.mean([sum(s.duration >= 4 for s in t.bradycardias) for t in days])
    apneas = 2 * np.mean([sum(s.duration >= 20 for s in t.apneas) for t in days])
    periodic = np.mean([sum(s.duration for s in t.periodic_breathing) for t in days]) / 43200

    assert 35 < desaturations < 75
    assert 20 < bradycardias < 60
    assert 1 < apneas < 10
    assert 0.02 < periodic < 0.09


def test_spells_fall_with_age() -> None:
    """Five weeks older, the same infants have fewer apneas."""
    young, old = (
        sum(
            len(simulate_infant(6, s, waveforms=False, postnatal_days=d).truth.apneas)
            for s in range(4)
        )
        for d in (14, 49)
    )

    assert old < 0.8 * young


def test_apneas_cluster() -> None:
    """Counts per 10 min of apneas vary more than a Poisson process allows."""
    counts: list[int] = []
    for seed in (2, 3, 4):
        starts = [a.start for a in day(seed).truth.apneas]
        origin = day(seed).recording.span.start
        counts += np.histogram(starts, bins=144, range=(origin, origin + 86400))[0].tolist()

    assert np.var(counts) > 1.3 * np.mean(counts)


def test_periodic_breathing_has_three_pauses_or_more() -> None:
    truth = day().truth
    assert truth.periodic_breathing
    for bout in truth.periodic_breathing:
        pauses = [
            p for p in truth.pauses if p.kind == "periodic" and bout.start - 2 <= p.start < bout.end
        ]
        assert len(pauses) >= 3
        assert all(p.duration >= 3 for p in pauses)


def test_saturation_falls_after_long_apneas_and_later_than_they_begin() -> None:
    """After apneas of 20 s saturation is lower by 5 % in most, with its lowest 15-60 s after the
    start.
    """
    falls = []
    for seed in (2, 3, 4):
        infant = day(seed)
        spo2 = signal(infant, "spo2")
        origin, shown = infant.recording.span.start, np.full(86_500, np.nan)
        for segment in spo2.segments:
            shown[segment.first : segment.stop] = spo2.values_of(segment)
        for apnea in infant.truth.apneas:
            at = int(apnea.start - origin)
            if apnea.duration >= 20 and 30 < at < 86300:
                after = shown[at : at + 75]
                if np.isfinite(after).all():
                    falls.append((after[0] - after.min(), after.argmin()))
    depth, late = np.array(falls).T

    assert len(falls) > 5
    assert np.median(depth) > 8
    assert 15 < np.median(late) < 60


# --- holds


@pytest.mark.parametrize(
    ("quantity", "effect", "after_min"),
    [
        ("heart_rate", HoldEffect(heart_rate=7), 15),
        ("resp_rate", HoldEffect(resp_rate=-6), 15),
        ("spo2", HoldEffect(spo2=-1.5), 15),
        ("temp", HoldEffect(temp=0.4), 40),
    ],
)
def test_the_injected_effect_is_in_the_numbers(
    quantity: str, effect: HoldEffect, after_min: float
) -> None:
    """Against the same infants held without effect the settled mean moves by it, within 15 %."""
    start, end = 75 + after_min, 140
    wanted = {
        "heart_rate": effect.heart_rate,
        "resp_rate": effect.resp_rate,
        "spo2": effect.spo2,
        "temp": effect.temp,
    }[quantity]
    moved = [
        mean_in(clean(3, seed, effect), quantity, start, end)
        - mean_in(clean(3, seed, NOTHING), quantity, start, end)
        for seed in range(3)
    ]

    # Saturation is worth less where it is near its ceiling; nurses answer with oxygen.
    assert np.mean(moved) == pytest.approx(wanted, rel=0.35 if quantity == "spo2" else 0.15)


def test_the_effect_is_found_without_a_twin() -> None:
    """Over 14 infants, settled minus before is the injected 6 /min within 3 standard errors."""
    effect = HoldEffect(heart_rate=6)
    change = []
    held = [replace(HOLD, effect=effect)]
    for seed in range(14):
        # Feeds would move the heart rate of all of them at the same minute.
        infant = simulate_infant(2.6, seed, holds=held, cares=False, dirt=False, waveforms=False)
        change.append(mean_in(infant, "heart_rate", 90, 140) - mean_in(infant, "heart_rate", 5, 65))
    error = np.std(change, ddof=1) / np.sqrt(len(change))

    assert error < 1.2
    assert np.mean(change) == pytest.approx(6, abs=3 * error)


def test_a_hold_calms_the_heart_by_its_factor() -> None:
    """RMSSD by the minute is 0.65 of that of the twin held without effect, within 0.05."""
    ratio = []
    for seed in (5, 6):
        calm, usual = (
            np.diff(t.beats[(t.beats > t.holds[0].start + 900) & (t.beats < t.holds[0].end - 600)])
            for t in (
                clean(3, seed, HoldEffect(variability=0.65)).truth,
                clean(3, seed, NOTHING).truth,
            )
        )
        # Per minute, so that a bradycardia does not speak for the hold.
        minutes = [
            np.median([np.std(np.diff(part)) for part in np.array_split(rr, 50)])
            for rr in (calm, usual)
        ]
        ratio.append(minutes[0] / minutes[1])

    assert np.mean(ratio) == pytest.approx(0.65, abs=0.05)


def test_drawn_effects_have_the_stated_distribution() -> None:
    """Over 300 draws: means and SDs of HR N(4, 4), RR N(-2, 5), SpO2 N(0, 1), T N(0.2, 0.2)."""
    drawn = [draw_effect(stream(seed, "effect", 0)) for seed in range(300)]
    for name, mean, sd in (
        ("heart_rate", 4, 4),
        ("resp_rate", -2, 5),
        ("spo2", 0, 1),
        ("temp", 0.2, 0.2),
    ):
        values = [getattr(effect, name) for effect in drawn]
        assert np.mean(values) == pytest.approx(mean, abs=4 * sd / np.sqrt(300))
        assert np.std(values) == pytest.approx(sd, rel=0.15)
    assert {effect.variability for effect in drawn} == {0.65}


def test_the_transfer_stirs_the_infant() -> None:
    """Heart rate is higher in the transfer than before it, though the hold itself does nothing."""
    rise = [
        mean_in(clean(3, seed, NOTHING), "heart_rate", 72, 78)
        - mean_in(clean(3, seed, NOTHING), "heart_rate", 30, 65)
        for seed in range(6)
    ]

    assert np.mean(rise) > 5


def test_transfers_lose_about_a_tenth_and_the_leads() -> None:
    """Around transfers 5-25 % of saturation and ECG is lost; with no drop-out, nothing is."""
    args = {"hours": 3, "holds": [HOLD], "dirt": False}
    lost = []
    for seed in range(2):
        infant = simulate_infant(**args, seed=seed)
        hold = infant.truth.holds[0]
        around = Spans.of([(hold.start - 600, hold.start + 900), (hold.end - 600, hold.end + 900)])
        rails = Spans.of([(d.start, d.end) for d in infant.truth.dirt if d.what == "rail"])
        assert total(rails) > 10
        known = intersect(measured(signal(infant, "ecg")), around)
        lost.append(1 - total(known) / total(around))
    spared = simulate_infant(1, 0, holds=[SimulatedHold(1500, 2700)], dirt=False, dropout=0)

    assert 0.05 < np.mean(lost) < 0.25
    assert np.isfinite(signal(spared, "ecg").values).all()


def test_the_holder_breathes_in_the_infants_impedance() -> None:
    """While held, power between 0.2 and 0.35 Hz is at least twice that before."""
    quiet = SimulatedHold(1500, 3300, effect=NOTHING)
    ratios = []
    for seed in range(3):
        infant = simulate_infant(1, seed, holds=[quiet], dirt=False, dropout=0)
        wave = signal(infant, "resp").values
        power = []
        for lo in (100, 1900):
            part = wave[int(lo * 62.5) : int((lo + 1000) * 62.5)]
            spectrum = np.abs(np.fft.rfft(part - part.mean())) ** 2
            frequency = np.fft.rfftfreq(len(part), 1 / 62.5)
            power.append(spectrum[(frequency > 0.2) & (frequency < 0.35)].sum())
        ratios.append(power[1] / power[0])

    assert np.median(ratios) > 2


def test_a_day_has_its_holds_with_one_change_of_holder() -> None:
    infant = day()
    rows = infant.holds

    assert len(infant.truth.holds) == 3
    assert len(rows) == 4
    assert all(tuple(row) == COLUMNS for row in rows)
    assert rows[1]["end"] == rows[2]["start"]
    assert rows[1]["role"] != rows[2]["role"]


def test_without_dirt_the_log_is_exact() -> None:
    infant = clean(3, 1, NOTHING)

    assert [row["start"] for row in infant.holds] == ["2026-01-05T01:15:00Z"]
    assert [row["end"] for row in infant.holds] == ["2026-01-05T02:30:00Z"]


def test_log_error_rounds_to_five_minutes() -> None:
    """With an error of 4 min, times are written to 5 min, at most 20 min off, start before end."""
    held = [SimulatedHold(s, s + 1800) for s in range(1000, 20_000, 3600)]
    infant = simulate_infant(
        6, 1, holds=held, dirt=False, dropout=0, waveforms=False, log_error_min=4
    )
    moved = 0
    for row, hold in zip(infant.holds, infant.truth.holds, strict=True):
        start, end = (
            np.datetime64(row[key][:-1]).astype("datetime64[s]") for key in ("start", "end")
        )
        assert int(start.astype(int)) % 300 == 0
        assert start < end
        assert abs(float(start.astype(int)) - hold.start) < 1200
        moved += float(start.astype(int)) != hold.start
    assert moved


def test_holds_that_overlap_are_refused() -> None:
    with pytest.raises(ValueError, match="overlap"):
        simulate_infant(1, holds=[SimulatedHold(100, 900), SimulatedHold(800, 1200)])


def test_a_hold_outside_the_simulation_is_refused() -> None:
    with pytest.raises(ValueError, match="after the simulation"):
        simulate_infant(1, holds=[SimulatedHold(3000, 4000)])


@pytest.mark.parametrize("hours", [0, -1, 1e6, float("nan")])
def test_an_impossible_length_is_refused(hours: float) -> None:
    with pytest.raises(ValueError, match="hours"):
        simulate_infant(hours)


# --- dirt


def test_dirt_is_told_and_real() -> None:
    """Over a few days each kind of dirt appears, and what is told is in the recording."""
    kinds = set()
    for seed in (2, 3, 4):
        infant = day(seed)
        kinds |= {d.what for d in infant.truth.dirt}
        known = measured(signal(infant, "spo2"))
        for d in infant.truth.dirt:
            if d.what == "gap" and d.end - d.start > 2:
                assert overlap(known, Span(d.start + 1, d.end - 1)) == 0
    assert {"gap", "lost", "rail", "frozen", "miscounted", "clock step"} <= kinds


def test_frozen_numbers_do_not_move() -> None:
    infant = day(3)
    (frozen, *_) = [d for d in infant.truth.dirt if d.what == "frozen"]
    heart = signal(infant, "heart_rate")
    inside = (heart.times > frozen.start + 1) & (heart.times < frozen.end - 1)

    assert inside.sum() > 20
    assert np.ptp(heart.values[inside]) == 0


def test_a_step_of_the_clock_opens_a_segment() -> None:
    """The stamps leap over the step; beats never fall into it; no sample is lost or doubled."""
    stepped = [seed for seed in (2, 3, 4) if day(seed).truth.clock.steps]
    assert stepped
    infant = day(stepped[0])
    ((at, size),) = infant.truth.clock.steps
    origin = infant.recording.span.start
    leap = Span(origin + at, origin + at + size)
    beats = infant.truth.beats

    assert not ((beats > leap.start) & (beats < leap.end)).any()
    for numeric in infant.recording.signals:
        assert overlap(measured(numeric), leap) == 0
    assert 2 * abs(infant.truth.clock.drift_ppm) < 200


def test_fio2_follows_saturation() -> None:
    """Oxygen is set in steps, never below room air, and on more than one level in a day."""
    (fio2,) = day(3).recording.series

    assert fio2.values.min() >= 0.21
    assert fio2.values.max() < 0.6
    assert len(set(fio2.values)) > 2
    assert np.all(np.diff(fio2.values) != 0)


def test_the_night_holds_feeds_cares_and_temperatures() -> None:
    """Every three hours a feed; axillary readings with their site; caffeine once."""
    rows = day().context
    kinds = [row["kind"] for row in rows]

    assert 7 <= kinds.count("feed") <= 9
    assert kinds.count("caffeine") == 1
    spots = [row for row in rows if row["kind"] == "temp"]
    assert len(spots) >= 6
    assert all(row["site"] == "axilla" and 36 <= float(row["value"]) <= 38 for row in spots)
    assert {"gestational_age", "birth_time", "spo2_averaging_s"} <= {
        row["kind"] for row in rows if not row["time"]
    }


def test_a_gestational_age_has_at_most_six_days_beyond_its_weeks() -> None:
    """What is charted can be read back: no 29+7."""
    infant = simulate_infant(
        0.1, gestational_age_weeks=29.95, holds=0, cares=False, waveforms=False
    )
    charted = [row["value"] for row in infant.context if row["kind"] == "gestational_age"]
    assert charted == ["30+0"]


def test_decelerations_are_deeper_than_accelerations_are_high() -> None:
    """Deviations from the minute's median lean to long intervals, as preterm hearts do."""
    truth = clean(3, 3, NOTHING).truth
    rr = np.diff(truth.beats) * 1000
    rest = np.concatenate([part - np.median(part) for part in np.array_split(rr, len(rr) // 150)])
    rest = rest[np.abs(rest) < 150]

    assert np.sum(rest[rest > 0] ** 2) > 1.15 * np.sum(rest[rest < 0] ** 2)


def test_breathing_is_in_the_heart() -> None:
    """The rate is highest in the half second after inspiration ends, by 0.5 /min or more."""
    infant = simulate_infant(2, 9, holds=[], cares=False, dirt=False, waveforms=False)
    beats, breaths = infant.truth.beats, infant.truth.breaths
    rate = 60 / np.diff(beats)
    rate = (rate - np.convolve(rate, np.ones(15) / 15, mode="same"))[20:-20]
    middle = ((beats[1:] + beats[:-1]) / 2)[20:-20]
    since = middle - breaths[np.maximum(np.searchsorted(breaths, middle) - 1, 0)]
    bins = [np.median(rate[(since >= lo) & (since < lo + 0.1)]) for lo in np.arange(0, 0.9, 0.1)]

    assert np.ptp(bins) > 0.5
    assert np.argmax(bins) <= 4


def test_a_monitor_that_miscounts_shows_twice_the_breaths() -> None:
    """In miscounted spans the breathing rate shown is at least 1.4 times that of the hour."""
    infant = day(3)
    resp = signal(infant, "resp_rate")
    times, values = resp.times, resp.values
    usual = np.nanmedian(values)
    wrong = [
        np.nanmedian(values[(times > d.start + 1) & (times < d.end - 1)])
        for d in infant.truth.dirt
        if d.what == "miscounted" and d.end - d.start > 60
    ]

    assert len(wrong) > 2
    assert np.median(wrong) > 1.4 * usual
