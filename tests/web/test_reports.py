"""The report of a hold: made in a process of its own, shown while it is made."""

from __future__ import annotations

import re
import shutil
import sqlite3
import subprocess
import sys
import time
import uuid
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, expect

from joey.events import Spell
from joey.holds import Hold, Piece
from joey.live import unpack_state
from joey.live.facts import Facts
from joey.serve.packing import facts_of
from joey.sources.hl7 import SourceSettings
from joey.store.archive import Archive, Batch
from joey.store.journal import Journal, NewEntry, shard_of
from joey.store.records import Records
from joey.web.reports import NOT_REACHED, HoldReports, Made, Wish, make_report
from joey.web.settings import PageSettings
from joey.web.taps import as_payload
from joey.web.ward import Ward
from tests.web.archived import bradycardia, work
from tests.web.messages import observations
from tests.web.serving import SOURCE, admit, running
from tests.web.test_browser_ward import tablet
from tests.web.test_told import catch_up

NS = 1_000_000_000
BED = "NICU/4"
STEP_S = 10
SOURCES = {SOURCE: SourceSettings(SOURCE, simulated=True)}


def monitor(
    folder: Path,
    start_ns: int,
    end_ns: int,
    late_s: int = 0,
    bed: str = "4",
    came_ns: int | None = None,
) -> None:
    """Let a bed's monitor send ten seconds at a time; its clock is behind by `late_s`.

    All comes within seconds from `came_ns` on, where that is given.
    """
    journal = Journal(folder / "journal.db")
    entries = []
    for at in range(start_ns + STEP_S * NS, end_ns + 1, STEP_S * NS):
        raw = observations(
            bed, "M4", "JONES^BABY BOY", at - late_s * NS, seconds=STEP_S,
            numbers={"heart_rate": 150.0, "spo2": 93.0, "resp_rate": 50.0, "temp": 36.8},
        )  # fmt: skip
        shard = shard_of(SOURCE, f"NICU/{bed}")
        came = at if came_ns is None else came_ns + (at - start_ns) // 1000
        entries.append(NewEntry(came, "hl7", SOURCE, raw, shard, f"{bed}-{at}"))
    journal.append(entries)
    journal.close()


def tap(ward: Ward, kind: str, at_ns: int, **more: object) -> str:
    """Tap as a tablet does; return the tap's id."""
    name = str(uuid.uuid4())
    said = {"id": name, "type": kind, "bed": BED, "at": at_ns / 1e6, **more}
    assert ward.tap(*as_payload(said))["refused"] == ""
    return name


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, int]:
    """Return files in which a hold of 40 min ended 10 min ago, its id, and the present."""
    folder = tmp_path_factory.mktemp("held")
    now = time.time_ns() // NS * NS
    start = now - 110 * 60 * NS
    admit(folder, "4", "M4", "JONES^BABY BOY", at_ns=start - NS)
    monitor(folder, start, now)
    work(folder, tuple(SOURCES.values()))
    settings = PageSettings(folder, sources=SOURCES)
    journal = Journal(folder / "journal.db")
    archive = Archive(folder / "archive.db")
    ward = Ward(settings, journal, archive, Records(f"sqlite:///{folder / 'records.db'}"))
    mother = {"role": "mother", "label": "Sara"}
    contact = "skin_to_skin"
    hold = tap(ward, "start_hold", now - 50 * 60 * NS, holder=mother, contact=contact)
    tap(ward, "stop_hold", now - 10 * 60 * NS, hold=hold)
    ward.close()
    return folder, hold, now


@pytest.fixture
def held(recorded: tuple[Path, str, int], tmp_path: Path) -> tuple[Path, str, int]:
    """Return the same files for one test alone."""
    folder, hold, now = recorded
    for each in folder.glob("*.db*"):
        shutil.copy(each, tmp_path / each.name)
    return tmp_path, hold, now


def wish_of(held: tuple[Path, str, int]) -> Wish:
    """Return what the pages would ask for."""
    folder, name, now = held
    records = Records(f"sqlite:///{folder / 'records.db'}")
    view = records.hold(name, now)
    records.close()
    assert view is not None
    return Wish(folder, view.places, view.hold, view.others, now, "Europe/Berlin", SOURCES)


def test_the_report_is_that_of_respond(held: tuple[Path, str, int]) -> None:
    """Page, chart line and answers of the hold, simulated said in each."""
    made = make_report(wish_of(held))

    assert made.why == ""
    assert made.page.startswith("<!DOCTYPE html>")
    time = r"(\d{4}-\d\d-\d\d )?\d\d:\d\d"  # with its day where the hold crosses midnight
    assert re.match(rf"KC {time}- ?{time} \(40 min\), mother, skin-to-skin", made.chart)
    assert "[simulated]" in made.chart
    asked = ("Heart rate, breathing", "SpO2", "Temperature", "Events")
    assert all(line.startswith(what) for line, what in zip(made.lines, asked, strict=True))
    assert "JONES" not in made.page


def words_of(page: str) -> str:
    """Return the text of a report, without its pictures."""
    text = re.sub(r"<(style|script|svg)\b.*?</\1>", "", page, flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", text).split())


def test_the_hour_after_a_hold_is_provisional_while_it_goes_on(held: tuple[Path, str, int]) -> None:
    """So far 3 of its 60 min, and until when; a minute after it is over nothing of it is."""
    wish = wish_of(held)
    end = wish.now_ns / NS - 18 * 60
    wish = replace(wish, hold=replace(wish.hold, pieces=(replace(wish.hold.pieces[0], end=end),)))
    made = make_report(wish)
    until = f"{datetime.fromtimestamp(end + 75 * 60, ZoneInfo(wish.zone)):%H:%M}"
    text = words_of(made.page)

    assert made.until_ns == round((end + 75 * 60) * NS)
    assert f"(so far 3 of 60 min; provisional until {until})" in text
    assert f"Provisional until {until} : the time after the hold is not over, so far 3 of" in text
    assert "of after lie" not in text
    assert made.page.count('<span class="line">so far 3 of 60 min</span>') == 2  # the heads

    past = make_report(replace(wish, now_ns=wish.now_ns + 59 * 60 * NS))
    assert past.until_ns == 0
    assert "rovisional" not in words_of(past.page)
    assert "of the 60 min of after lie outside the recording" in past.page


def test_nothing_is_to_come_of_an_infant_that_has_left(held: tuple[Path, str, int]) -> None:
    """The hour after its hold is over with its stay, and lies outside of what was measured."""
    wish = wish_of(held)
    *before, last = wish.places
    gone = replace(last, until_ns=wish.now_ns - 5 * 60 * NS)
    made = make_report(replace(wish, places=(*before, gone)))

    assert made.until_ns == 0
    assert "rovisional" not in words_of(made.page)
    assert "of after lie outside the recording" in made.page


def test_a_reason_why_nothing_can_be_said_stands_once(held: tuple[Path, str, int]) -> None:
    """Of a hold of two seconds: in answers, words and events one sentence with all their names."""
    wish = wish_of(held)
    piece = replace(wish.hold.pieces[0], end=wish.hold.start + 1.77)
    made = make_report(replace(wish, hold=replace(wish.hold, pieces=(piece,))))
    why = "the hold of 2 s has no settled part"
    text = words_of(made.page)

    assert made.lines[0].startswith(f"Heart rate, breathing, SpO2, temperature: cannot say: {why}")
    assert sum(why in line for line in made.lines) == 1
    assert "(2 s), mother" in made.chart
    assert "Settled against before: cannot say: the hold of 2 s" in text


def test_when_the_hour_after_a_hold_is_over_its_report_is_made_anew_at_once(
    held: tuple[Path, str, int],
) -> None:
    """It had said that it is provisional until then."""
    wish = wish_of(held)
    reports = HoldReports()
    over = round((wish.hold.end or 0.0) * NS) + 76 * 60 * NS
    for at, busy in ((over - 120 * NS, True), (over - NS, False), (over, True)):
        reports.want(replace(wish, now_ns=at))
        assert reports.is_busy(wish.hold.id) is busy
        if busy:
            reports._keep(replace(wish, now_ns=at), Made("page", "KC", (), at))


def test_whose_hold_it_is_stands_in_the_page_that_is_shown_alone(
    held: tuple[Path, str, int],
) -> None:
    """In its head, by the name of now; not in its title, nor in what is kept and passed on."""
    folder, hold, now = held
    made = make_report(wish_of(held))
    ward = keep(folder)
    ward.reports._made[hold] = made, wish_of(held)
    shown = ward.report(hold)
    assert "JONES" not in repr(made)
    assert "<strong><bdi>JONES, BABY BOY · bed 4</bdi></strong>" in shown
    assert "JONES" not in shown.partition("</head>")[0]
    admit(folder, "4", "M4", "JONES^JOSEPH <b>", "A08", at_ns=now)
    catch_up(ward)
    named = ward.report(hold)
    ward.close()
    assert "JONES, JOSEPH &lt;b&gt;" in named
    assert "formerly JONES, BABY BOY" in named


def test_a_report_that_was_made_of_another_infant_is_shown_under_no_name(
    held: tuple[Path, str, int],
) -> None:
    """The records say late that it lay in another bed: what was measured is not that infant's."""
    folder, hold, _ = held
    wish = wish_of(held)
    made, other = make_report(wish), replace(wish.hold, infant=f"{wish.hold.infant}1")
    ward = keep(folder)
    ward.reports._made[hold] = made, replace(wish, hold=other)
    assert ward.report(hold) == ""
    assert ward.reports.made(wish.hold) is None
    assert ward.reports.made_of(wish.hold) is None
    assert ward.reports.made(other) is made
    ward.close()


def test_the_report_knows_the_age_as_the_bed_page_does(held: tuple[Path, str, int]) -> None:
    """The birth date that the admission system told; of another one the report is made anew."""
    folder, hold, _ = held
    ward = keep(folder)
    ward.hold(hold)
    (wish,) = ward.reports._wishes.values()
    age = ward.tile(BED)["infant"]["age"]
    ward.close()
    made = make_report(wish)

    days = int(age.removesuffix(" days old"))
    (said,) = re.findall(r"<dt>age</dt><dd>([^<]*)</dd>", made.page)
    began = datetime.fromtimestamp(wish.hold.start, ZoneInfo(wish.zone)).date()
    today = datetime.fromtimestamp(time.time(), ZoneInfo(wish.zone)).date()
    assert said == f"{days - (today - began).days} d"
    reports = HoldReports()
    reports._wishes[hold] = wish
    reports._keep(wish, made)
    reports.want(wish)
    assert not reports.is_busy(hold)
    reports.want(replace(wish, birth_date="2026-11-01"))
    assert reports.is_busy(hold)


def test_the_report_says_what_was_said_of_the_spells(held: tuple[Path, str, int]) -> None:
    """How often each tag, then of which spell; a spell before the hold is not among them.

    It is made anew when a tag is tapped, and not when the monitor's clock is measured anew.
    """
    folder, hold, now = held
    end = now / NS - 600
    members = [bradycardia(end - ago, 10.0, 70.0) for ago in (3600, 600, 300)]
    archive = Archive(folder / "archive.db")
    (row,) = archive.streams(BED)
    found = tuple(Spell("B", each.span, (each,)) for each in members)
    facts = tuple(facts_of(Facts(row.id, row.first_seq, spells=found)))
    archive.write(Batch(facts=facts))
    archive.close()
    starts = [str(each.start_ns) for each in facts]
    ward = keep(folder)
    for start, tag in ((0, "bagged"), (1, "stimulated"), (1, "oxygen_up"), (2, "stimulated")):
        tap(ward, "tag", now, stream=row.id, start_ns=starts[start], tag=tag, on=True)
    ward.reports._wishes.clear()  # what was asked for before all was said
    ward.hold(hold)
    wish = ward.reports._wishes.pop(hold)
    made = make_report(wish)

    hosts = (each.span.start + row.offset_ns / NS for each in members)
    at = [f"{datetime.fromtimestamp(each, ZoneInfo(wish.zone)):%H:%M:%S}" for each in hosts]
    said = f"2 stimulated, 1 O₂ up; {at[1]} B: stimulated, O₂ up; {at[2]} B: stimulated"
    assert made.lines[-1] == f"Said of spells in the hold: {said}"
    assert f"{at[1]} B: stimulated, O₂ up" in made.page
    assert "bagged" not in made.page
    reports = HoldReports()
    reports._wishes[hold] = wish
    reports._keep(wish, made)
    moved = tuple(replace(each, offset_ns=each.offset_ns + 1) for each in wish.said)
    reports.want(replace(wish, said=moved))
    assert not reports.is_busy(hold)
    tap(ward, "tag", now, stream=row.id, start_ns=starts[2], tag="stimulated", on=False)
    ward.hold(hold)
    (less,) = ward.reports._wishes.values()
    reports.want(less)
    assert reports.is_busy(hold)
    ward.close()


def test_a_hold_older_than_the_journal_has_the_same_report(held: tuple[Path, str, int]) -> None:
    """The journal is trimmed to what a restart needs: chart line and answers are the same."""
    wish = wish_of(held)
    before = make_report(wish)
    folder, _, _ = held
    archive = Archive(folder / "archive.db", read_only=True)
    (row,) = archive.streams(BED)
    resume, _, _ = unpack_state(archive.checkpoints()[row.id].state)
    archive.close()
    assert resume is not None
    journal = Journal(folder / "journal.db")
    journal.trim(resume.seq)
    (first,) = journal.read(0, limit=1)
    journal.close()

    assert first.received_ns > (wish.hold.start + 60) * NS
    after = make_report(wish)
    assert (after.why, after.chart, after.lines) == ("", before.chart, before.lines)
    assert after.page == before.page


def test_a_report_of_a_backlog_that_is_still_analyzed_is_that_of_when_it_is(tmp_path: Path) -> None:
    """Signals that came late, all at once, lie where they were measured in a report at once."""
    now = time.time_ns() // NS * NS
    start = now - 110 * 60 * NS
    admit(tmp_path, "4", "M4", "JONES^BABY BOY", at_ns=start - NS)
    monitor(tmp_path, start, now, came_ns=now - 20 * NS)
    archive = Archive(tmp_path / "archive.db")
    ward = Ward(
        PageSettings(tmp_path, sources=SOURCES), Journal(tmp_path / "journal.db"), archive,
        Records(f"sqlite:///{tmp_path / 'records.db'}"),
    )  # fmt: skip
    hold = tap(ward, "start_hold", now - 60 * 60 * NS, holder={"role": "mother", "label": "Sara"})
    tap(ward, "stop_hold", now - 10 * 60 * NS, hold=hold)
    ward.close()
    work(tmp_path, tuple(SOURCES.values()))
    archive = Archive(tmp_path / "archive.db", read_only=True)
    (row,) = archive.streams(BED)
    archive.close()
    assert row.offset_ns > 100 * 60 * NS  # the worker has come by no tick yet
    made = make_report(wish_of((tmp_path, hold, now)))

    assert made.why == ""
    assert re.match(r"Heart rate: 150.\d before, 150.\d /min settled", made.lines[0])


def test_a_report_made_while_data_came_is_made_anew_when_they_are_there(
    held: tuple[Path, str, int],
) -> None:
    """At once, of a hold that is long over too."""
    wish = wish_of(held)
    reports = HoldReports()
    reports.want(replace(wish, arriving=True))
    reports._keep(replace(wish, arriving=True), make_report(wish))
    reports.want(replace(wish, arriving=True))
    assert not reports.is_busy(wish.hold.id)
    reports.want(wish)
    assert reports.is_busy(wish.hold.id)


def test_nothing_is_said_of_what_was_not_recorded(held: tuple[Path, str, int]) -> None:
    """The archive does not reach back to the hold: it says so instead of a report."""
    wish = wish_of(held)
    early = replace(wish.hold.pieces[0], start=wish.hold.start - 7200, end=wish.hold.start - 6900)
    places = tuple(replace(each, since_ns=0) for each in wish.places)
    made = make_report(replace(wish, hold=replace(wish.hold, pieces=(early,)), places=places))
    assert made.page == ""
    assert "do not reach back" in made.why


def test_a_start_before_the_data_is_said_to_be_that(held: tuple[Path, str, int]) -> None:
    """What was measured of the hold is told, and first what its start means for the answer."""
    wish = wish_of(held)
    early = replace(wish.hold.pieces[0], start=wish.hold.start - 3900)
    places = tuple(replace(each, since_ns=0) for each in wish.places)
    made = make_report(replace(wish, hold=replace(wish.hold, pieces=(early,)), places=places))

    assert made.lines[0] == (
        "Start of the hold: 5 min before the data begin: nothing before it to compare with, and "
        "its first 5 min were not measured"
    )
    assert "5 min before the data begin" in made.page
    assert made.lines[1] == "Heart rate: cannot say: no ECG with beats before the hold"
    assert make_report(wish).lines[0].startswith("Heart rate")


def test_samples_that_are_not_what_was_written_give_no_report(
    held: tuple[Path, str, int],
) -> None:
    """It says what to do, and no number is made of them."""
    archive = sqlite3.connect(held[0] / "archive.db")
    archive.execute("UPDATE frames SET lo = lo - 1")
    archive.commit()
    archive.close()
    made = make_report(wish_of(held))
    assert made.page == ""
    assert "restore a backup" in made.why


def test_a_clock_that_is_set_in_the_midst_of_a_hold_parts_no_report(tmp_path: Path) -> None:
    """What was before the step counts as what was after it, and the report says when it was."""
    now = 2_980_000 * 600 * NS
    start, step = now - 110 * 60 * NS, now - 35 * 60 * NS
    admit(tmp_path, "4", "M4", "JONES^BABY BOY", at_ns=start - NS)
    monitor(tmp_path, start, step)
    monitor(tmp_path, step, now, late_s=600)
    work(tmp_path, tuple(SOURCES.values()))
    settings = PageSettings(tmp_path, sources=SOURCES)
    journal, archive = Journal(tmp_path / "journal.db"), Archive(tmp_path / "archive.db")
    ward = Ward(settings, journal, archive, Records(f"sqlite:///{tmp_path / 'records.db'}"))
    hold = tap(ward, "start_hold", now - 65 * 60 * NS, holder={"role": "mother", "label": "S"})
    tap(ward, "stop_hold", now - 10 * 60 * NS, hold=hold)
    ward.close()
    made = make_report(wish_of((tmp_path, hold, now)))

    assert made.why == ""
    (said,) = re.findall(r"clock was set[^<]*", made.page)
    assert "by −600 s" in said
    assert "150" in made.lines[0]
    assert "before" in made.lines[0]


def keep(folder: Path) -> Ward:
    """Return the ward of a folder whose messages were analyzed."""
    work(folder, tuple(SOURCES.values()))
    journal, archive = Journal(folder / "journal.db"), Archive(folder / "archive.db")
    settings = PageSettings(folder, sources=SOURCES)
    return Ward(settings, journal, archive, Records(f"sqlite:///{folder / 'records.db'}"))


@pytest.mark.parametrize("left", ["discharged", "moved"])
def test_a_hold_of_who_has_left_the_bed_has_its_report(left: str, tmp_path: Path) -> None:
    """Discharged in the hold, or moved in it, with another monitor: all that was sent is in it."""
    now = 2_980_000 * 600 * NS
    start, leaves = now - 130 * 60 * NS, now - 30 * 60 * NS
    admit(tmp_path, "4", "M4", "JONES^BABY BOY", at_ns=start - NS)
    monitor(tmp_path, start, leaves)
    ward = keep(tmp_path)
    hold = tap(
        ward, "start_hold", now - 80 * 60 * NS, holder={"role": "mother"}, contact="skin_to_skin"
    )
    ward.close()
    event, bed = ("A03", "4") if left == "discharged" else ("A02", "7")
    admit(tmp_path, bed, "M4", "JONES^BABY BOY", event, at_ns=leaves)
    if left == "moved":
        monitor(tmp_path, leaves, now, bed="7")
    admit(tmp_path, "4", "M5", "LI^WEI", at_ns=leaves + NS)
    ward = keep(tmp_path)
    if left == "moved":
        tap(ward, "stop_hold", now - 10 * 60 * NS, hold=hold, bed="NICU/7")
    while ward.step():
        pass
    assert ward.has_hold(hold)
    assert ward.hold(hold)["title"].startswith(f"JONES, BABY BOY, bed {bed}: ")
    assert ("ended as the infant left" in ward.hold(hold)["title"]) is (left == "discharged")
    ward.close()
    made = make_report(wish_of((tmp_path, hold, now)))

    assert made.why == ""
    minutes = 50 if left == "discharged" else 70
    assert re.match(rf"KC \d\d:\d\d-\d\d:\d\d \({minutes} min\), mother", made.chart)
    assert ("ended as the infant left" in made.chart) is (left == "discharged")
    assert ("nobody tapped Stop" in made.page) is (left == "discharged")
    assert "150" in made.lines[0]
    assert "WEI" not in made.page


def test_a_hold_without_any_length_has_a_reason(held: tuple[Path, str, int]) -> None:
    """Its infant had left before it, by the records: there is nothing to measure, and no error."""
    wish = wish_of(held)
    piece = replace(wish.hold.pieces[0], end=wish.hold.start)
    made = make_report(replace(wish, hold=replace(wish.hold, pieces=(piece,))))

    assert made.page == ""
    assert "no length" in made.why


def test_what_was_measured_while_a_hold_ran_is_not_said_of_it_when_it_has_ended(
    held: tuple[Path, str, int],
) -> None:
    """The line for the chart is of the hold as it is; a reason that is tapped changes none."""
    wish = wish_of(held)
    pieces = tuple(replace(each, end=None) for each in wish.hold.pieces)
    running_ = replace(wish, hold=replace(wish.hold, pieces=pieces))
    reports = HoldReports()
    reports.want(running_)
    reports._keep(running_, Made("page", "KC so far", ("so far",), wish.now_ns))
    assert reports.made_of(running_.hold) is not None
    assert reports.made_of(wish.hold) is None
    reports.want(wish)
    reports._keep(wish, Made("page", "KC", (), wish.now_ns))
    said = replace(wish.hold, details={"end_reason": "planned_end"})
    made = reports.made_of(said)

    assert made is not None
    assert made.chart == "KC"


@pytest.mark.browser
def test_the_report_is_shown_in_the_page(browser: Browser, held: tuple[Path, str, int]) -> None:
    """The bed page tells the last hold and its chart line; the hold page shows the report whole."""
    folder, hold, _ = held
    with running(folder) as served:
        page = tablet(browser, served, "/beds/NICU/4")
        expect(page.locator("#chart")).to_contain_text("(40 min), mother", timeout=90_000)
        expect(page.locator("#lastlines")).to_contain_text("Heart rate")
        page.get_by_role("link", name="Whole report").click()
        expect(page).to_have_url(f"{served.address}/holds/{hold}")
        frame = page.frame_locator("#report")
        expect(frame.locator("svg.oxycrg")).to_be_visible(timeout=30_000)
        expect(frame.get_by_text("the bedside monitor alarms").first).to_be_visible()
        expect(page.locator("#title")).to_contain_text("mother · Sara")

        light = page.get_by_role("button", name="Light")
        for theme, dark in (("day", False), ("night", True), ("day", False)):
            while page.locator("html").get_attribute("data-theme") != theme:
                light.click()
            paper = frame.locator("body").evaluate(PAPER)
            assert (sum(paper) < 150) is dark, (theme, paper)
            # Its own dark style, nothing turned round: colors keep their meaning.
            assert page.locator("#report").evaluate("e => getComputedStyle(e).filter") == "none"


@pytest.mark.browser
def test_a_report_that_is_being_made_says_so_at_once(browser: Browser, tmp_path: Path) -> None:
    """In the page itself, before any script has run, with since when the hold goes on."""
    now = time.time_ns() // NS * NS
    admit(tmp_path, "4", "M4", "JONES^BABY BOY", at_ns=now - 7200 * NS)
    monitor(tmp_path, now - 1800 * NS, now)
    ward = keep(tmp_path)
    hold = tap(ward, "start_hold", now - 1020 * NS, contact="skin_to_skin")
    ward.close()
    began = f"{datetime.fromtimestamp(now / NS - 1020, ZoneInfo('Europe/Berlin')):%H:%M}"
    said = f"The hold goes on since {began}: 17 min so far."
    with running(tmp_path) as served:
        context = browser.new_context(java_script_enabled=False)
        page = context.new_page()
        page.goto(served.link())
        page.goto(f"{served.address}/holds/{hold}")
        expect(page.get_by_text("The report is being made …")).to_be_visible()
        expect(page.get_by_text(said)).to_be_visible()
        expect(page.locator("#title")).to_contain_text("JONES, BABY BOY, bed 4: since")
        assert "JONES" not in page.title()
        context.close()
        page = tablet(browser, served, f"/holds/{hold}")
        expect(page.frame_locator("#report").locator("svg.oxycrg")).to_be_visible(timeout=60_000)
        expect(page.locator("#making")).to_be_hidden()
        head = page.frame_locator("#report").locator(".day .whose").first
        expect(head).to_have_text("JONES, BABY BOY · bed 4")


@pytest.mark.browser
def test_the_bed_page_says_what_a_start_before_the_data_means(
    browser: Browser, tmp_path: Path
) -> None:
    """The start is kept; beside it stands when the data begin."""
    now = time.time_ns() // NS * NS
    admit(tmp_path, "4", "M4", "JONES^BABY BOY", at_ns=now - 7200 * NS)
    monitor(tmp_path, now - 600 * NS, now)
    work(tmp_path, tuple(SOURCES.values()))
    with running(tmp_path) as served:
        page = tablet(browser, served, "/beds/NICU/4")
        page.get_by_role("button", name="Start hold").click()
        expect(page.get_by_role("timer")).to_be_visible()
        expect(page.locator(".holdpanel")).not_to_contain_text("this bed's data")
        page.get_by_role("button", name="−15 min").click()
        expect(page.locator(".holdpanel")).to_contain_text(
            re.compile(r"The start lies before this bed's data \(from \d\d:\d\d\)")
        )


@pytest.mark.browser
def test_back_leads_from_a_report_to_the_bed(browser: Browser, held: tuple[Path, str, int]) -> None:
    """However often the report was made anew meanwhile."""
    folder, hold, _ = held
    with running(folder) as served:
        page = tablet(browser, served, "/beds/NICU/4")
        made: list[str] = []
        page.on("response", lambda answer: made.append(answer.url))
        page.get_by_role("link", name="Whole report").click(timeout=30_000)
        expect(page.frame_locator("#report").locator("svg.oxycrg")).to_be_visible(timeout=90_000)
        before, reports = page.evaluate("history.length"), sum("/report?" in url for url in made)
        assert reports == 1
        said = """async (hold) => (await (await fetch("/api/taps", { method: "POST",
            headers: { "Content-Type": "application/json" }, body: JSON.stringify({
            id: crypto.randomUUID(), type: "describe", bed: "NICU/4", hold, at: Date.now(),
            details: { end_reason: "feeding" } }) })).json()).refused"""
        assert page.evaluate(said, hold) == ""
        with page.expect_response(re.compile("/report\\?"), timeout=60_000):
            pass
        expect(page.frame_locator("#report").locator("svg.oxycrg")).to_be_visible(timeout=30_000)
        assert page.evaluate("history.length") == before
        page.evaluate("history.back()")
        expect(page).to_have_url(f"{served.address}/beds/NICU/4")


PAPER = """
body => {
  const root = getComputedStyle(body.ownerDocument.documentElement).backgroundColor;
  const own = getComputedStyle(body).backgroundColor;
  return (own === "rgba(0, 0, 0, 0)" ? root : own).match(/[0-9]+/g).slice(0, 3).map(Number);
}
"""
PARENT = """
import os, time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from joey.web.reports import _be_patient

if __name__ == "__main__":
    pool = ProcessPoolExecutor(1, mp_context=get_context("spawn"), initializer=_be_patient)
    print(pool.submit(os.getpid).result(), flush=True)
    time.sleep(60)
"""


def is_running(process: int) -> bool:
    """Whether a process runs; one that has ended and was not asked for does not."""
    try:
        state = Path(f"/proc/{process}/stat").read_text(encoding="ascii")
    except OSError:
        return False
    return state.rpartition(")")[2].split()[0] != "Z"


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are looked up in /proc")
def test_the_process_of_reports_ends_with_the_pages_that_were_killed(tmp_path: Path) -> None:
    """Nothing of Joey is left behind, however the process of the pages ended."""
    script = tmp_path / "parent.py"
    script.write_text(PARENT, encoding="utf-8")
    with subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert is_running(child)
        parent.kill()
    deadline = time.monotonic() + 10
    while is_running(child) and time.monotonic() < deadline:
        time.sleep(0.05)

    assert not is_running(child)


def asked(hours: float, unread: tuple[bool, bool], seconds: int = 16) -> bool:
    """Return whether it is asked again for a hold that ended then and has no data. [h, s]

    `unread` is whether its data were still to be read when that was said, and now.
    """
    now = 1_700_000_000 * NS
    end = now / NS - 3600 * hours
    hold = Hold("h", "i", (Piece("", "mother", end - 1800, end),))
    wish = Wish(Path(), (), hold, (), now, "UTC", {}, unread=unread[0])
    reports = HoldReports()
    reports.want(wish)
    reports._keep(wish, Made("", "", (), now, NOT_REACHED))
    reports.want(replace(wish, now_ns=now + seconds * NS, unread=unread[1]))
    return reports.is_busy("h")


def test_data_that_do_not_reach_back_are_asked_for_only_while_some_may_come() -> None:
    """While they are read, and once when they were; and until the hour after the hold is over."""
    assert asked(0.5, (False, False))
    assert not asked(0.5, (False, False), 14)
    assert not asked(3.0, (False, False))
    assert not asked(3.0, (False, False), 4 * 3600)
    assert asked(3.0, (True, True))
    assert not asked(3.0, (True, True), 14)
    assert asked(3.0, (True, False), 2)
