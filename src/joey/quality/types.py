"""The judgment of one signal: which spans are not good, and why."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from joey.spans import Span, Spans, intersect, subtract, union

if TYPE_CHECKING:
    from joey.signals import Channel

__all__ = ["Quality", "Verdict", "add_doubt", "bad_spans", "distrust", "doubtful_spans"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """One span of a signal that is not good.

    Parameters
    ----------
    span : Span
        When. [s]
    grade : str
        ``doubtful`` or ``bad``. (Missing samples are not judged: they are absent.)
    reason : str
        ``flat``, ``clipped``, ``frozen``, ``motion``, ``low amplitude``, ``out of range`` ...
    """

    span: Span
    grade: str
    reason: str


@dataclass(frozen=True, slots=True, eq=False)
class Quality:
    """The judgment of one signal.

    Parameters
    ----------
    channel : Channel
        The signal.
    verdicts : tuple of Verdict
        The spans that are not good, in time order, disjoint.
    judged : Spans
        What was looked at; judged time outside the verdicts is good.
    """

    channel: Channel
    verdicts: tuple[Verdict, ...]
    judged: Spans


def bad_spans(quality: Quality) -> Spans:
    """Return the spans graded bad."""
    return Spans.of(each.span for each in quality.verdicts if each.grade == "bad")


def doubtful_spans(quality: Quality) -> Spans:
    """Return the spans graded doubtful."""
    return Spans.of(each.span for each in quality.verdicts if each.grade == "doubtful")


def distrust(quality: Quality, spans: Spans, reason: str) -> Quality:
    """Return the judgment with spans that are bad for a reason the signal itself does not show.

    Parameters
    ----------
    quality : Quality
        Of the signal.
    spans : Spans
        What is bad besides. [s]
    reason : str
        Why.

    Returns
    -------
    Quality
        Its verdicts there are replaced, and the time counts as judged.
    """
    kept = []
    bounds = spans.bounds
    for each in quality.verdicts:
        first = int(np.searchsorted(bounds[:, 1], each.span.start, side="right"))
        if first == len(bounds) or bounds[first, 0] >= each.span.end:
            kept.append(each)
        else:
            left = subtract(Spans.of([each.span]), spans)
            kept += [Verdict(span, each.grade, each.reason) for span in left]
    kept += [Verdict(span, "bad", reason) for span in spans]
    kept.sort(key=lambda each: each.span)
    return Quality(quality.channel, tuple(kept), union(quality.judged, spans))


def add_doubt(quality: Quality, spans: Spans, reason: str) -> Quality:
    """Return the judgment with the spans doubtful, where they were judged and nothing was said yet.

    For what one signal alone cannot tell, such as another that differs. Nothing becomes bad by it.

    Examples
    --------
    >>> from joey.signals import Channel
    >>> judged = Quality(Channel("heart_rate"), (), Spans.of([(0.0, 60.0)]))
    >>> add_doubt(judged, Spans.of([(50.0, 70.0)]), "pulse rate differs").verdicts
    (Verdict(span=Span(start=50.0, end=60.0), grade='doubtful', reason='pulse rate differs'),)
    """
    known = Spans.of(each.span for each in quality.verdicts)
    rows = subtract(intersect(spans, quality.judged), known)
    more = (Verdict(Span(each.start, each.end), "doubtful", reason) for each in rows)
    verdicts = sorted((*quality.verdicts, *more), key=lambda each: each.span.start)
    return replace(quality, verdicts=tuple(verdicts))
