"""The numbers of real preterm infants, from the intervals of PICS infant 1 (Gee 2017).

R times are the automatic peaks of the database at 250 Hz, not interpolated, so that every number
follows from integers; the expected ones were computed once, from the definitions, apart from Joey.
"""

import warnings
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from joey.features import (
    measure_acceleration_capacity,
    measure_alpha1,
    measure_asymmetry,
    measure_deceleration_capacity,
    measure_heart_rate,
    measure_mean_nn,
    measure_pnn,
    measure_poincare,
    measure_rmssd,
    measure_sample_entropy,
    measure_sdnn,
)

TABLE = {
    "n": ("513", "254", "453"),
    "mean_nn": ("388.811", "400.850", "396.662"),
    "heart_rate": ("154.317", "149.682", "151.262"),
    "sdnn": ("10.4117", "13.0684", "5.9275"),
    "rmssd": ("4.3445", "6.5914", "4.1817"),
    "pnn10": ("2.344", "14.229", "2.876"),
    "pnn50": ("0", "0", "0"),
    "sd1": ("3.0750", "4.6694", "2.9602"),
    "sd2": ("14.3997", "17.8820", "7.8427"),
    "median_nn": ("388", "400", "396"),
    "r1": ("32.4055", "65.1339", "11.6909"),
    "r2": ("76.4444", "105.7008", "23.8057"),
    "asymmetry": ("2.3590", "1.6228", "2.0363"),
    "sampen_m2": ("0.8809", "1.2749", "0.9478"),
    "sampen_m3": ("0.8130", "1.3302", "0.9066"),
    "alpha1": ("1.3080", "1.2705", "1.1816"),
    "dc": ("1.3654", "2.5581", "1.5495"),
    "dc_anchors": ("104", "43", "91"),
    "ac": ("-1.1314", "-2.2115", "-1.2059"),
    "ac_anchors": ("137", "52", "102"),
}


def intervals_of(folder: Path, segment: int) -> NDArray[np.float64]:
    """Return the intervals between the automatic R peaks of one cut. [ms]"""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # wfdb's, about pandas
        import wfdb  # noqa: PLC0415 - warns at import

        marks = wfdb.rdann(str(folder / f"infant1_seg{segment}_ecg"), "qrs")
    return np.diff(marks.sample) * (1000.0 / marks.fs)


def measured(nn: NDArray[np.float64]) -> dict[str, float]:
    asymmetry, spread = measure_asymmetry(nn), measure_poincare(nn)
    dc = measure_deceleration_capacity(nn, anchor=1, scale=2, reach=50)
    ac = measure_acceleration_capacity(nn, anchor=1, scale=2, reach=50)
    return {
        "n": len(nn),
        "mean_nn": measure_mean_nn(nn),
        "heart_rate": measure_heart_rate(nn),
        "sdnn": measure_sdnn(nn),
        "rmssd": measure_rmssd(nn),
        "pnn10": measure_pnn(nn, 10.0),
        "pnn50": measure_pnn(nn, 50.0),
        "sd1": spread.sd1,
        "sd2": spread.sd2,
        "median_nn": float(np.median(nn)),
        "r1": asymmetry.r1,
        "r2": asymmetry.r2,
        "asymmetry": asymmetry.ratio,
        "sampen_m2": measure_sample_entropy(nn, m=2).value,
        "sampen_m3": measure_sample_entropy(nn, m=3).value,
        "alpha1": measure_alpha1(nn),
        "dc": dc.value,
        "dc_anchors": dc.anchors,
        "ac": ac.value,
        "ac_anchors": ac.anchors,
    }


@pytest.mark.parametrize("segment", [0, 1, 2])
def test_every_number_of_pics_infant_1_to_every_printed_digit(
    shared_data: Path, segment: int
) -> None:
    found = measured(intervals_of(shared_data / "pics", segment))
    expected = {name: row[segment] for name, row in TABLE.items()}
    digits = {name: len(text.partition(".")[2]) for name, text in expected.items()}
    assert {name: f"{found[name]:.{digits[name]}f}" for name in found} == expected
