"""One spell in several places: by which definition each of them counts it, and why they differ.

A spell is an episode: its letters say which events of `SPELL_PARTS` belong to it. A row of the
table counts events by a preset of its own, whose parts may be too short to give a letter.
The line for the chart counts spells, without apneas that are doubtful or that the holder may hide.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from joey.events import PRESETS, counted
from joey.response.charted import clock_time, inside
from joey.response.findings import SPELL_PARTS
from joey.spans import union

if TYPE_CHECKING:
    from joey.events import Event, Events, Spell
    from joey.holds import Phases
    from joey.response.findings import Findings

__all__ = [
    "LETTERS",
    "chart_letters",
    "counted_as",
    "letter_rows",
    "letter_words",
    "note_of_chart",
    "row_words",
    "why_apart",
]

LETTERS = ("ABD", "BD", "AB", "AD", "B", "D", "A20", "A15", "A10")
"""The letters that a spell may have, the gravest first: what belongs together, then how long."""

COMBINED = ("abd", "ab", "ad", "bd")
LETTER_OF = {
    "apnea": "A",
    "periodic_breathing": "A",
    "bradycardia": "B",
    "pause": "B",
    "desaturation": "D",
    "intermittent_hypoxemia": "D",
}
HIDDEN = "apneas of this hold cannot be counted"
MOST = 4  # spells that a row names


def letter_rows() -> tuple[tuple[str, str], ...]:
    """Return the letters that a spell may have, and what gives each."""
    _, brady, desat = (PRESETS[name] for name in SPELL_PARTS)
    return (
        ("A10, A15, A20", "apnea of at least 10, 15, 20 s (A with other letters)"),
        ("B", f"heart rate below {brady.below:g}/min for {brady.at_least:g} s"),
        ("D", f"SpO2 below {desat.below:g} % for {desat.at_least:g} s"),
        ("AB, AD, BD, ABD", "together"),
    )


def letter_words() -> str:
    """Return what the letters of a spell stand for."""
    *single, (several, together) = letter_rows()
    said = "; ".join(" ".join(row) for row in single)
    return f"Letters: what belongs to one spell. {said}; {together} {several}"


def chart_letters(spell: Spell, *, hides: bool) -> str:
    """Return the letters of a spell, without an apnea that is doubtful or may be hidden."""
    if not (hides or _doubtful(spell)):
        return spell.letters
    if spell.letters in {"AB", "AD", "ABD"}:
        return spell.letters.removeprefix("A")
    return "" if spell.letters.startswith("A") else spell.letters


def _doubtful(spell: Spell) -> bool:
    return any(e.kind == "apnea" and e.quality != "good" for e in spell.members)


def note_of_chart(within: tuple[Spell, ...], *, hides: bool) -> str:
    """Return how the line for the chart counts the spells that began in the hold."""
    note = "Spells that began in the hold, each counted once, by its letters in the OxyCRG"
    if hides:
        return f"{note} without the A: {HIDDEN}."
    if any(_doubtful(spell) for spell in within):
        return f"{note} without the A where the apnea is doubtful."
    return f"{note}."


def counted_as(findings: Findings, spell: Spell) -> tuple[str, ...]:
    """Return the rows of the table of events in which something of a spell is counted."""
    rows = (each for each in findings.events if _counts(each, spell))
    return tuple(dict.fromkeys(row_name(each) for each in rows))


def row_name(found: Events) -> str:
    """Return the short name of a row: ``bradycardia``, ``apnea from 10 s``, ``ABD``."""
    preset = found.preset
    if preset.kind in COMBINED:
        return preset.name.upper() if preset.name == preset.kind else preset.name
    name = preset.kind.replace("_", " ")
    if preset.kind == "apnea" and preset.at_least:
        return f"{name} {'over' if preset.over else 'from'} {preset.at_least:g} s"
    return name


def _counts(found: Events, spell: Spell) -> bool:
    return any(_of(event, found, spell) for event in counted(found))


def _of(event: Event, found: Events, spell: Spell) -> bool:
    """Whether an event of a row belongs to a spell; a combination does by what it is made around.

    The time below its threshold is that of its apnea, or of the bradycardias of a BD.
    """
    kind = found.preset.kind
    if kind == "bd":
        return {"B", "D"} <= set(spell.letters) and (
            spell.span.start <= event.span.start and event.span.end <= spell.span.end
        )
    if kind in COMBINED:
        return any(
            each.kind == "apnea"
            and each.time_below_s == event.time_below_s
            and event.span.start <= each.span.start
            and each.span.end <= event.span.end
            for each in spell.members
        )
    letter = LETTER_OF.get(kind, "")
    return any(
        letter == LETTER_OF.get(each.kind, "")
        and each.span.start < event.span.end
        and event.span.start < each.span.end
        for each in spell.members
    )


def why_apart(findings: Findings, spell: Spell, charted: str | None) -> str:
    """Return why a spell has other letters than the rows and the chart's line that count it.

    Parameters
    ----------
    findings : Findings
        With the rows.
    spell : Spell
        One of its spells.
    charted : str or None
        Its letters in the line for the chart; None where that does not count it at all.
    """
    said = []
    for found in findings.events:
        why, own = _apart(found, spell)
        if why:
            said.append(f"{'counted' if own else 'not counted'} as {row_name(found)}: {why}")
    if charted is not None and charted != spell.letters:
        where = f"{charted} in" if charted else "not in"
        why = "its apnea is doubtful" if _doubtful(spell) else HIDDEN
        said.append(f"{where} the line for the chart: {why}")
    return "; ".join(said)


def row_words(found: Events, findings: Findings, phases: Phases) -> str:
    """Return the spells of the phases whose letters are others than a row's, and why."""
    shown = union(*phases.spans.values())
    said = []
    for spell in findings.spells:
        if not inside(shown, spell.span):
            continue
        why, own = _apart(found, spell)
        if why:
            at = clock_time(spell.span.start, findings.around)
            said.append(f"{spell.letters} at {at} is {'' if own else 'not '}counted here: {why}")
    more = f"; {len(said) - MOST} more such spells" if len(said) > MOST else ""
    return "; ".join(said[:MOST]) + more


def _apart(found: Events, spell: Spell) -> tuple[str, bool]:
    """Return why a row and a spell's letters do not agree, if so, and whether the row counts it."""
    preset = found.preset
    if preset.kind not in COMBINED:
        return "", False
    own = _counts(found, spell)
    lacking = [letter for letter in preset.kind.upper() if letter not in spell.letters]
    if own and lacking:
        # Both ask for the same apneas and times, so that what has no letter is what was too short.
        least = {LETTER_OF[PRESETS[name].kind]: PRESETS[name].at_least for name in SPELL_PARTS}
        short = " and ".join(f"its {x}, shorter than {least[x]:g} s," for x in lacking)
        return f"{short} {'has' if len(lacking) == 1 else 'have'} no letter", own
    if own or lacking:
        return "", own
    longest = max((e.span.duration for e in spell.members if e.kind == "apnea"), default=0.0)
    if preset.kind != "bd" and longest < preset.at_least:
        return f"its apnea is shorter than {preset.at_least:g} s", own
    return f"its {' and '.join(preset.kind.upper())} lie further apart than this allows", own
