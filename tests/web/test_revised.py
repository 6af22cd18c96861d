"""What is told anew after late data is what pages and reports show, and they say so."""

from __future__ import annotations

import re
import uuid
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from joey.live.facts import Facts
from joey.serve.packing import facts_of
from joey.store.archive import Archive, Batch, EnvelopeRow, Fact, Revised
from joey.store.revisions import Revision
from joey.web.past import Stay, oxycrg_columns
from joey.web.reports import HoldReports, Made, make_report
from joey.web.tags import SaidOfSpell, words_of_tags
from joey.web.taps import as_payload
from tests.web.archived import NS, bradycardia, desaturation, strips, tell
from tests.web.messages import observations
from tests.web.test_reports import held, recorded, wish_of
from tests.web.test_told import BED, Clock, _spell, catch_up, clock, folder, open_ward, spells

if TYPE_CHECKING:
    from pathlib import Path

    from joey.events import Event
    from joey.web.ward import Ward

__all__ = ["clock", "folder", "held", "recorded"]  # fixtures

FRAME_NS = 600 * NS


def tell_anew(
    files: Path, stream: str, at_ns: int, asked_ns: int, told: dict[str, Event], state: str = "done"
) -> Revision:
    """Tell the ten minutes around a time anew, with spells and minutes of 111 beats/min."""
    start = at_ns // FRAME_NS * FRAME_NS
    of = Revision(stream, 1, start, start + FRAME_NS, 7, asked_ns, 0, 1, state=state)
    archive = Archive(files / "archive.db")
    archive.write(Batch(asked=[replace(of, state="waiting")]))
    note = Fact(stream, "revised", "", of.start_ns, of.end_ns, 7, b'{"asked_ns": %d}' % asked_ns, 1)
    found = Facts(stream, 7, spells=tuple(s for n, e in told.items() for s in _spell(n, e)))
    rows = [replace(each, revision=1) for each in facts_of(found)]
    heart = np.full(240, 111.0, np.float32)
    minutes = [EnvelopeRow(stream, start + k * 60 * NS, *[heart] * 5) for k in range(10)]
    if state != "done":
        archive.write(Batch(revised=[Revised(of)]))
    else:
        archive.write(Batch(revised=[Revised(of, [note, *rows], minutes)]))
    archive.close()
    return of


def test_spells_that_were_told_anew_replace_those_of_before(folder: Path, clock: Clock) -> None:
    """At once, after a restart, and where one of before is told later; others stay."""
    at = (clock.now // FRAME_NS - 2) * FRAME_NS / NS + 100
    events = {
        "D": (desaturation(at, 20.0, 78.0),), "B": (bradycardia(at + 700, 9.0, 70.0),),
    }  # fmt: skip
    name = tell(folder, BED, clock.now, events)
    ward = open_ward(folder, clock)
    assert [each["letters"] for each in spells(ward)] == ["D", "B"]
    tell_anew(folder, name, round(at * NS), clock.now, {"BD": bradycardia(at + 30, 12.0, 66.0)})
    archive = Archive(folder / "archive.db")
    behind = Facts(name, 9, spells=_spell("A", bradycardia(at + 200, 9.0, 71.0)))
    archive.write(Batch(facts=tuple(facts_of(behind))))
    archive.close()
    clock.now += NS
    catch_up(ward)
    again = open_ward(folder, clock)

    for each in (ward, again):
        assert [row["letters"] for row in spells(each)] == ["BD", "B"]
        each.close()


@pytest.mark.parametrize("moved_s", [-4.0, 0.0, 6.0])
def test_tags_stay_with_a_spell_that_late_data_move(
    folder: Path, clock: Clock, moved_s: float
) -> None:
    """They are shown, switched off and joined by others; a spell just before has its own."""
    at = (clock.now // FRAME_NS - 2) * FRAME_NS / NS + 100
    told = {"D": (desaturation(at, 20.0, 78.0),), "B": (bradycardia(at - 25, 8.0, 70.0),)}
    name = tell(folder, BED, clock.now, told)
    ward = open_ward(folder, clock)
    before, spell = spells(ward)
    assert (before["letters"], spell["letters"]) == ("B", "D")
    tap(ward, clock, before, "feeding")
    tap(ward, clock, spell, "stimulated")
    anew = {"BD": bradycardia(at + moved_s, 22.0, 66.0), "B": bradycardia(at - 25, 8.0, 70.0)}
    tell_anew(folder, name, round(at * NS), clock.now, anew)
    clock.now += NS
    catch_up(ward)

    before, spell = spells(ward)
    assert (spell["letters"], spell["tags"]) == ("BD", ["stimulated"])
    assert before["tags"] == ["feeding"]
    tap(ward, clock, spell, "oxygen_up")
    tap(ward, clock, spell, "stimulated", on=False)
    assert [each["tags"] for each in spells(ward)] == [["feeding"], ["oxygen_up"]]
    archive = Archive(folder / "archive.db", read_only=True)
    said = SaidOfSpell(name, round(at * NS), ("oxygen_up",), 0)
    words = words_of_tags([said], archive, str)
    assert words.endswith(f"{said.start_ns}{' BD' if moved_s <= 0 else ''}: O₂ up")
    archive.close()
    ward.close()


def test_a_tag_is_of_one_spell_where_late_data_make_two_of_it(folder: Path, clock: Clock) -> None:
    """The one that goes on at its time has it, and the next has none."""
    at = (clock.now // FRAME_NS - 2) * FRAME_NS / NS + 100
    name = tell(folder, BED, clock.now, {"D": (desaturation(at, 20.0, 78.0),)})
    ward = open_ward(folder, clock)
    tap(ward, clock, spells(ward)[0], "artifact")
    anew = {"B": bradycardia(at - 8, 12.0, 66.0), "D": desaturation(at + 20, 30.0, 79.0)}
    tell_anew(folder, name, round(at * NS), clock.now, anew)
    clock.now += NS
    catch_up(ward)

    assert [each["tags"] for each in spells(ward)] == [["artifact"], []]
    ward.close()


def test_a_spell_at_the_edge_of_the_hour_goes_whole(folder: Path, clock: Clock) -> None:
    """What one monitor tells before the edge belongs to what the other tells behind it."""
    at = clock.now / NS - 3599
    members = {"B": (bradycardia(at - 10, 9.0, 66.0),)}
    tell(folder, BED, clock.now, members)
    heard = observations("4", "M1", "JONES^BABY", clock.now, numbers={}, waves=(), device=0x99)
    other = {"D": (desaturation(at + 5, 30.0, 79.0),)}
    tell(folder, BED, clock.now, other, heard=heard)
    ward = open_ward(folder, clock)
    since_ns = clock.now - 3600 * NS

    assert ward._told.spells(BED, since_ns) == []
    ((_, whole),) = ward._told.spells(BED, since_ns - 60 * NS)
    assert whole.letters == "BD"
    ward.close()


def tap(ward: Ward, clock: Clock, spell: dict[str, Any], tag: str, *, on: bool = True) -> None:
    """Tap a tag of a spell, as the page does."""
    said = {
        "id": str(uuid.uuid4()), "type": "tag", "bed": BED, "at": clock.now / 1e6,
        "stream": spell["stream"], "start_ns": spell["startNs"], "tag": tag, "on": on,
    }  # fmt: skip
    assert ward.tap(*as_payload(said))["refused"] == ""


def test_the_oxycrg_shows_the_newest_minutes(folder: Path, clock: Clock) -> None:
    at_ns = (clock.now // FRAME_NS - 2) * FRAME_NS
    name = tell(folder, BED, clock.now, {})
    tell_anew(folder, name, at_ns, clock.now, {})
    archive = Archive(folder / "archive.db", read_only=True)
    packed = oxycrg_columns(
        archive, None, archive.streams(BED), (at_ns / 1e6 - 600_000, 600_000.0, 3), at_ns, Stay()
    )
    archive.close()

    heart = strips(packed, 3)["heart_rate"]
    assert heart[0, 1] == heart[1, 1] == 111.0
    assert heart[1, 0] > 140
    assert heart[1, 2] > 140


def test_the_feed_says_what_was_told_anew_and_what_cannot_be(folder: Path, clock: Clock) -> None:
    name = tell(folder, BED, clock.now, {})
    ward = open_ward(folder, clock, zone="UTC")
    assert ward.feed()["beds"][0]["anew"] == ""
    clock.now += NS
    asked = clock.now
    at = f"{datetime.fromtimestamp(asked / NS, UTC):%H:%M}"
    tell_anew(folder, name, clock.now - 3600 * NS, asked, {})
    assert ward.feed()["beds"][0]["anew"] == f"1, the last at {at}"
    archive = Archive(folder / "archive.db")
    gone = Revision(name, 2, 0, FRAME_NS, 8, asked, 0, 1, state="gone")
    archive.write(Batch(asked=[replace(gone, number=3, state="waiting")], revised=[Revised(gone)]))
    archive.close()

    words = ward.feed()["beds"][0]["anew"]
    assert words == (
        f"1, the last at {at}; 1 to come;"
        f" kept, not analyzed: older than the journal (1, the last at {at})"
    )
    ward.close()


def test_a_report_whose_span_was_told_anew_is_made_anew_and_says_so(
    held: tuple[Path, str, int],
) -> None:
    """Not before, not twice; with the time, in its page and among its lines."""
    wish = wish_of(held)
    reports = HoldReports()
    reports.want(wish)
    reports._keep(wish, Made("page", "", (), wish.now_ns))
    reports.want(wish)
    assert not reports.is_busy(wish.hold.id)
    anew = replace(wish, revised_ns=wish.now_ns)
    reports.want(anew)
    assert reports.is_busy(wish.hold.id)
    made = make_report(anew)
    reports._keep(anew, made)
    reports.want(anew)
    assert not reports.is_busy(wish.hold.id)

    assert re.fullmatch(r"revised after late data at \d\d:\d\d", made.lines[-1])
    assert f"The data were {made.lines[-1]}." in made.page
    assert "revised after" not in make_report(wish).page


def test_the_pages_know_when_a_span_was_told_anew(folder: Path, clock: Clock) -> None:
    """By the host's clock, the device's being 90 s behind; of that span and of no other."""
    name = tell(folder, BED, clock.now, {}, offset_ns=90 * NS)
    of = tell_anew(folder, name, clock.now - 3600 * NS, clock.now, {})
    ward = open_ward(folder, clock)
    begin, end = of.start_ns + 90 * NS, of.end_ns + 90 * NS

    assert ward._told.revised_ns(BED, begin + NS, begin + 2 * NS) == clock.now
    assert ward._told.revised_ns(BED, begin - 99 * NS, begin) == 0
    assert ward._told.revised_ns(BED, end, end + NS) == 0
    assert ward._told.revised_ns("NICU/9", begin, end) == 0
    ward.close()
