"""The judgment of one signal: which spans are not good, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from joey.spans import Spans

if TYPE_CHECKING:
    from joey.signals import Channel
    from joey.spans import Span

__all__ = ["Quality", "Verdict", "bad_spans", "doubtful_spans"]


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
