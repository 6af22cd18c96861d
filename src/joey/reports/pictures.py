"""The pictures of a report as inline SVG: the OxyCRG with the hold, event strips, small intervals.

Colors tie a number to its curve and are set by classes in the page's style: none of them means
good or bad. What was not measured is hatched; nothing is drawn across a gap.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from joey.reports.frames import (
    CHARACTER,
    NAME,
    WIDTH,
    X0,
    X1,
    block,
    clock_ticks,
    draw,
    node,
    picture_root,
    stack,
    text_of,
    time_axis,
)
from joey.reports.paths import Axis
from joey.reports.wording import phase_label, spoken
from joey.response.letters import LETTERS

if TYPE_CHECKING:
    from joey.events import Event
    from joey.features import Summary
    from joey.reports.wording import Clock
    from joey.response import Response, Strip

__all__ = ["change_picture", "oxycrg_picture", "strip_picture"]

LANES, LANE = 3, 14.0  # rows of event letters, and their height
BAR = 20.0  # height of the rows that name the phases and the hold
OVERLAPPING = {"whole_hold", "last_10"}  # phases that lie over others: the hold's bar shows them
SECONDS_S = 600  # a picture shorter than this has seconds on its time axis
CAPITAL = 9.0  # width of a bold capital
STEPS_S = (5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200)


# ---- the OxyCRG -------------------------------------------------------------------------------


def oxycrg_picture(response: Response, clock: Clock, key: str) -> str:
    """Return the compressed OxyCRG of a hold as SVG: curves, hold, phases, event letters, gaps.

    Parameters
    ----------
    response : Response
        The hold; its `oxycrg` is drawn.
    clock : Clock
        How times are printed.
    key : str
        Prefix of the ids in the picture, unique in its page.

    Returns
    -------
    str
        One ``svg`` element.
    """
    picture = response.oxycrg
    span = (
        picture.span
        if picture.span.duration > 0
        else replace(picture.span, end=picture.span.start + 1)
    )
    x = Axis(span.start, span.end, X0, X1)
    bar = BAR + 2  # from top to bottom: names of phases, hold, letters of events, strips
    marks = _placed(picture.marks, x)
    lanes = 1 + max((mark.lane for mark in marks), default=-1)
    top = bar + BAR + (lanes * LANE + 6 if marks else 0)
    frames = stack(picture.tracks, x, span, top, whole=False)
    bottom = frames[-1].bottom if frames else top + 40
    height = bottom + 24
    root = picture_root(
        key,
        height,
        f"OxyCRG, {clock.range(span.start, span.end)}",
        _in_words(response, clock),
        "oxycrg",
    )
    _phase_bands(root, response, x, Axis(0, 1, bottom, 2.0))
    at = clock_ticks(span, clock, STEPS_S, 12)
    for frame in frames:
        draw(root, frame, at, [])
    if not frames:
        node(root, "text", "no curves to draw", class_="mid", x=(X0 + X1) / 2, y=top + 24)
    for excluded in response.excluded:
        block(root, x, excluded, Axis(0, 1, bottom, top + NAME), "excluded")
    _hold_bar(root, response, x, bar, bottom)
    _letters(root, marks, top + 2)
    label = clock.second if span.duration < SECONDS_S else clock.minute
    time_axis(root, x, at, [label(t) for t in at], bottom + 16)
    if response.simulated:
        node(root, "text", "simulated", class_="stamp end halo", x=X1 - 2, y=top + NAME - 4)
    return text_of(root)


def _in_words(response: Response, clock: Clock) -> str:
    span = response.oxycrg.span
    curves = ", ".join(track.label for track in response.oxycrg.tracks) or "no curves"
    hold = clock.range(response.hold.start, response.hold.end)
    marks = ", ".join(
        f"{letters} {clock.second(event.span.start)}" for event, letters in response.oxycrg.marks
    )
    stamp = "Simulated. " if response.simulated else ""
    return (
        f"{stamp}{curves}, {clock.range(span.start, span.end)}; hold {hold}. "
        f"Events: {marks or 'none marked'}. The numbers are in the tables below."
    )


def _phase_bands(root: ET.Element, response: Response, x: Axis, y: Axis) -> None:
    """Shade each phase through all strips and name it in the row above them."""
    for phase, spans in response.phases.spans.items():
        if phase in OVERLAPPING:
            continue
        for span in spans:
            if span.end <= x.low or span.start >= x.high:
                continue
            block(root, x, span, y, f"phase ph-{phase.replace('_', '-')}")
            left, right = x(max(span.start, x.low)), x(min(span.end, x.high))
            node(root, "path", class_="phase-edge", d=f"M{left:.1f} {y.at_high:g}V{y.at_low:g}")
            node(root, "path", class_="phase-edge", d=f"M{right:.1f} {y.at_high:g}V{y.at_low:g}")
            name = _fitting((phase_label(phase), phase_label(phase).split()[0]), right - left)
            if name:
                middle = (left + right) / 2
                node(root, "text", name, class_="mid", x=middle, y=y.at_high + 14)


def _fitting(choices: tuple[str, ...], width: float) -> str:
    return next((text for text in choices if CHARACTER * len(text) + 4 <= width), "")


def _hold_bar(root: ET.Element, response: Response, x: Axis, top: float, bottom: float) -> None:
    """Draw the hold as one solid bar per holder; an arrow where it still runs."""
    for piece in response.hold.pieces:
        end = x.high if piece.end is None else piece.end
        if end <= x.low or piece.start >= x.high:
            continue
        left, right = x(max(piece.start, x.low)), x(min(end, x.high))
        y, tip = top + 1, 9.0 if piece.end is None else 0.0
        half = (BAR - 2) / 2
        d = f"M{left:.1f} {y:g}H{right - tip:.1f}l{tip:g} {half:g}l{-tip:g} {half:g}H{left:.1f}z"
        node(root, "path", class_="hold", d=d)
        role = spoken(piece.role)
        choices = (f"held: {role}, {spoken(response.hold.contact)}", f"held: {role}", role, "held")
        name = _fitting(choices, right - left - tip)
        if name:
            node(root, "text", name, class_="hold-t mid", x=(left + right - tip) / 2, y=y + 13)
        edges = [left] if piece.end is None else [left, right]
        for edge in edges:
            node(root, "path", class_="hold-edge", d=f"M{edge:.1f} {y:g}V{bottom:g}")


@dataclass(frozen=True, slots=True)
class _Mark:
    """Where the letters of one event stand; in no lane (-1) there was no room for them."""

    letters: str
    at: float
    middle: float
    lane: int


def _placed(marks: tuple[tuple[Event, str], ...], x: Axis) -> list[_Mark]:
    """Place the letters of events in rows so that they never touch, the gravest first."""
    lanes: list[list[tuple[float, float]]] = [[] for _ in range(LANES)]  # what each has taken
    placed = []
    for event, letters in sorted(marks, key=_gravest_first):
        if event.span.end < x.low or event.span.start > x.high:
            continue
        at = x(max(event.span.start, x.low))
        half = CAPITAL * len(letters) / 2 + 2
        middle = min(max(at, X0 + half), X1 - half)
        left, right = middle - half, middle + half
        free = (k for k, taken in enumerate(lanes) if all(right < a or left > b for a, b in taken))
        lane = next(free, -1)
        if lane >= 0:
            lanes[lane].append((left, right))
        placed.append(_Mark(letters, at, middle, lane))
    return sorted(placed, key=lambda mark: mark.at)


def _gravest_first(mark: tuple[Event, str]) -> tuple[int, float]:
    event, letters = mark
    rank = LETTERS.index(letters) if letters in LETTERS else len(LETTERS)
    return rank, event.span.start


def _letters(root: ET.Element, marks: list[_Mark], bottom: float) -> None:
    for mark in marks:
        y = bottom - 4 - max(mark.lane, 0) * LANE
        node(root, "path", class_="mark", d=f"M{mark.at:.1f} {bottom:g}V{y:g}")
        if mark.lane >= 0:
            node(root, "text", mark.letters, class_="letters mid halo", x=mark.middle, y=y - 1)


# ---- the strip of one event -------------------------------------------------------------------


def strip_picture(strip: Strip, clock: Clock, key: str, *, simulated: bool) -> str:
    """Return the signals around one event as SVG, the event shaded, on a 1-s and 5-s grid.

    Parameters
    ----------
    strip : Strip
        Event and signals.
    clock : Clock
        How times are printed.
    key : str
        Prefix of the ids in the picture, unique in its page.
    simulated : bool
        Whether the picture must say so.

    Returns
    -------
    str
        One ``svg`` element, under 40 kB for a minute of ECG at any rate.
    """
    span = strip.span if strip.span.duration > 0 else replace(strip.span, end=strip.span.start + 1)
    x = Axis(span.start, span.end, X0, X1)
    frames = stack(strip.tracks, x, span, 0.0, whole=True)
    bottom = frames[-1].bottom if frames else 44.0
    title = f"{strip.letters} {clock.second(strip.event.span.start)}, {phase_label(strip.phase)}"
    shown = ", ".join(track.label for track in strip.tracks) or "no signals"
    stamp = "Simulated. " if simulated else ""
    words = f"{stamp}{shown} from {clock.second(span.start)} to {clock.second(span.end)}."
    root = picture_root(key, bottom + 22, title, words, "strip")
    block(root, x, strip.event.span, Axis(0, 1, bottom, 0.0), "event")
    coarse = clock_ticks(span, clock, (5,), 1)
    fine = clock_ticks(span, clock, (1,), 1) if span.duration <= 150 else []
    fine = [t for t in fine if t not in set(coarse)]
    for frame in frames:
        draw(root, frame, coarse, fine)
    if not frames:
        node(root, "text", "no signals around this event", class_="mid", x=WIDTH / 2, y=28)
    labeled = [t for t in coarse if round(t + clock.offset(span.start)) % 10 == 0]
    time_axis(root, x, labeled, [clock.second(t) for t in labeled], bottom + 15)
    if simulated:
        node(root, "text", "simulated", class_="stamp end halo", x=X1 - 2, y=NAME - 4)
    return text_of(root)


# ---- one change with its interval -------------------------------------------------------------

SMALL, SMALL_HEIGHT = 150.0, 26.0


def change_picture(change: Summary, threshold: float, words: str, *, ratio: bool = False) -> str:
    """Return a dot with its interval around no change; the display threshold as thin marks.

    Parameters
    ----------
    change : Summary
        The change; without a value, or with neither interval nor threshold, there is no picture.
    threshold : float
        The unit's display threshold in the unit of `change`; NaN where none is set.
    words : str
        What the picture says, for people who hear the page.
    ratio : bool
        Whether the change is a ratio: drawn on a logarithmic scale with 1 in its middle, so that
        half and double lie equally far out.

    Returns
    -------
    str
        One ``svg`` element; empty where nothing can be said.
    """
    if ratio:
        low, high = _log(change.low), _log(change.high)
        change = replace(change, value=_log(change.value), low=low, high=high)
        threshold = _log(threshold)
    scaled = math.isfinite(threshold) or math.isfinite(change.low + change.high)
    if not math.isfinite(change.value) or not scaled:
        return ""  # a dot alone says nothing: neither how sure nor how large
    sides = [abs(v) for v in (change.value, change.low, change.high, threshold) if math.isfinite(v)]
    reach = max(sides) * 1.15 or 1.0
    x = Axis(-reach, reach, 6.0, SMALL - 6.0)
    middle = SMALL_HEIGHT / 2
    root = ET.Element("svg")
    root.set("viewBox", f"0 0 {SMALL:g} {SMALL_HEIGHT:g}")
    root.set("class", "small")
    root.set("role", "img")
    root.set("aria-label", words)
    node(root, "path", class_="edge", d=f"M6 {middle:g}H{SMALL - 6:g}")
    node(root, "path", class_="zero", d=f"M{x(0):.1f} 2V{SMALL_HEIGHT - 2:g}")
    if math.isfinite(threshold):
        for side in (-threshold, threshold):
            node(root, "path", class_="threshold", d=f"M{x(side):.1f} 4V{SMALL_HEIGHT - 4:g}")
    if math.isfinite(change.low) and math.isfinite(change.high):
        left, right = x(change.low), x(change.high)
        node(root, "path", class_="reach", d=f"M{left:.1f} {middle:g}H{right:.1f}")
    node(root, "circle", class_="dot", cx=x(change.value), cy=middle, r=4)
    return text_of(root)


def _log(value: float) -> float:
    """Return the logarithm; NaN of what has none."""
    return math.log(value) if value > 0 else math.nan
