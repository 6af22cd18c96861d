"""What `joey check` says of a recording."""

from joey import check
from joey.quality import judge_waveform
from joey.signals import Clock, Recording
from joey.simulate import simulate_ecg


def test_a_time_is_rounded_before_it_is_split() -> None:
    """No minute has 60 seconds."""
    undated = Clock(dated=False)
    assert check._said(3599.9996, undated) == "1:00:00.000 from the start"
    assert check._said(59.9994, undated) == "0:00:59.999 from the start"


def test_a_waveform_is_judged_once_and_what_can_be_answered_is_the_same() -> None:
    ecg = simulate_ecg([0.2 + 0.4 * k for k in range(148)], 250, seconds=60, seed=1)
    judge = check._once()
    assert judge(ecg) is judge(ecg)
    assert judge(ecg).verdicts == judge_waveform(ecg).verdicts
    recording = Recording(signals=(ecg,))
    assert check.questions(recording, judge) == check.questions(recording)
