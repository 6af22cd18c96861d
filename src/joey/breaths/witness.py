"""What the ECG of the same electrodes says about a silent chest.

Impedance is measured between two of the ECG's electrodes. A lead that is off moves as little as a
chest that does not breathe; but the heart of an infant in apnea goes on beating.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from joey.quality import bad_spans
from joey.spans import EMPTY, Spans, union

if TYPE_CHECKING:
    from joey.beats import Beats
    from joey.quality import Quality
    from joey.spans import Span

__all__ = ["without_heart"]

SILENT_S = 4.0  # s without a beat, as of an interval that is none (`joey.beats`)
NEAR_S = 2.0  # s, bad time so near to more of it is one piece
LEAST_S = 5.0  # s, a shorter piece of bad ECG denies nothing: no apnea is so short


def without_heart(beats: Beats, judged: Quality, whole: Span) -> Spans:
    """Return where no heart is seen, so that impedance that stands still is no apnea.

    Parameters
    ----------
    beats : Beats
        Found in the ECG.
    judged : Quality
        Of the ECG.
    whole : Span
        Of the recording. [s]

    Returns
    -------
    Spans
        Where 4 s pass without a beat, measured or not, and where the ECG is bad for 5 s or more.
        Nothing where no beat was found at all: then there is no witness. [s]
    """
    if len(beats.times) == 0:
        return EMPTY
    at = np.concatenate(([whole.start], beats.times, [whole.end]))
    long = np.flatnonzero(np.diff(at) > SILENT_S)
    silent = Spans.of(np.column_stack((at[long], at[long + 1])))
    wide = Spans.of(bad_spans(judged).bounds + np.array([-NEAR_S / 2, NEAR_S / 2])).bounds
    bad = wide + np.array([NEAR_S / 2, -NEAR_S / 2])
    bad = bad[bad[:, 1] - bad[:, 0] >= LEAST_S]
    return union(silent, Spans(bad))
