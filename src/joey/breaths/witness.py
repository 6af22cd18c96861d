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
    from numpy.typing import NDArray

    from joey.beats import Beats
    from joey.quality import Quality
    from joey.spans import Span

__all__ = ["HeartWitness", "without_heart"]

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
    witness = HeartWitness(whole.start)
    told = witness.update(beats.times, beats.times[-1], bad_spans(judged), -np.inf)
    return union(told, witness.finish(whole.end))


class HeartWitness:
    """Where no heart is seen, chunk by chunk: the same as `without_heart`.

    Parameters
    ----------
    start : float
        Of the recording. [s]
    """

    def __init__(self, start: float) -> None:
        self._last = start  # s, the last beat
        self._bad = EMPTY  # near each other, and the last of them may go on
        self._final = -np.inf

    @property
    def final(self) -> float:
        """Before this time all is told. [s]"""
        return self._final

    def update(
        self, times: NDArray[np.float64], beats_upto: float, bad: Spans, judged_upto: float
    ) -> Spans:
        """Take beats and bad time, and until when each is known; return where no heart is seen."""
        at = np.concatenate(([self._last], times))
        long = np.flatnonzero(np.diff(at) > SILENT_S)
        rows = [np.column_stack((at[long], at[long + 1]))]
        self._last = last = float(at[-1])
        known = last
        if beats_upto - last > SILENT_S:
            rows.append(np.array([[last, beats_upto]]))
            known = beats_upto
        self._bad = union(self._bad, bad)
        wide = Spans.of(self._bad.bounds + np.array([-NEAR_S / 2, NEAR_S / 2])).bounds
        pieces = wide + np.array([NEAR_S / 2, -NEAR_S / 2])
        rows.append(pieces[pieces[:, 1] - pieces[:, 0] >= LEAST_S])
        if len(pieces) and pieces[-1, 1] + NEAR_S >= judged_upto:
            start, end = pieces[-1].tolist()
            judged_upto = min(judged_upto, end if end - start >= LEAST_S else start)
            self._bad = Spans(self._bad.bounds[self._bad.bounds[:, 0] >= start])
        else:
            self._bad = EMPTY
        self._final = max(self._final, min(known, judged_upto))
        return Spans.of(np.concatenate(rows))

    def finish(self, end: float) -> Spans:
        """End the recording; return the rest."""
        return self.update(np.empty(0), end, EMPTY, np.inf)
