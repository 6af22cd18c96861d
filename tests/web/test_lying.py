"""The page of a bed shows its infant's own past at the beds where it lay before, and nobody's else.

JONES lay in bed 7, for ten minutes in bed 9, which has no monitor, and is in bed 4 since half an
hour ago.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from playwright.sync_api import Browser, expect

from tests.web.archived import bradycardia, strips, tell
from tests.web.messages import observations
from tests.web.serving import admit, running, write
from tests.web.test_browser_ward import tablet
from tests.web.test_told import BED, Clock, catch_up, open_ward

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from joey.web.ward import Ward

NS = 1_000_000_000
MIN_NS = 60 * NS
OLD = "NICU/7"
JONES = "M4", "JONES^BABY BOY"
LI = "M5", "LI^WEI"
ZONE = ZoneInfo("Europe/Berlin")  # of `running`
LEFT_MIN, MOVED_MIN = 40, 30  # min ago


@pytest.fixture
def clock() -> Clock:
    found = Clock()
    found.now = found.now // MIN_NS * MIN_NS
    return found


def heard(folder: Path, bed: str, whose: tuple[str, str], at_ns: int) -> bytes:
    """Let the monitor of a bed send something; return it."""
    raw = observations(bed, *whose, at_ns, numbers={})
    write(folder, raw, f"NICU/{bed}", at_ns)
    return raw


def lay_in_7(folder: Path, clock: Clock, spells: dict[str, tuple[object, ...]]) -> None:
    """Have him lie there; the monitor of bed 7 tells his number until 20 min ago."""
    moved = clock.now - MOVED_MIN * MIN_NS
    admit(folder, "7", *JONES, at_ns=clock.now - 100 * MIN_NS)
    raw = heard(folder, "7", JONES, clock.now - 95 * MIN_NS)
    tell(folder, OLD, moved + 10 * MIN_NS, spells, heard=raw)
    admit(folder, "9", *JONES, "A02", at_ns=clock.now - LEFT_MIN * MIN_NS)
    admit(folder, "4", *JONES, "A02", at_ns=moved)
    heard(folder, "4", JONES, moved + MIN_NS)
    tell(
        folder,
        BED,
        clock.now,
        {},
        minutes=MOVED_MIN - 1,
        heard=heard(folder, "4", JONES, moved + 2 * MIN_NS),
    )


def rate(ward: Ward, clock: Clock, bed: str = BED) -> NDArray[np.float32]:
    """Return the least of a bed's rate in the columns of the last 90 min, of a minute each."""
    data = ward.oxycrg(bed, (clock.now - 90 * MIN_NS) / 1e6, 60_000.0, 90)
    return strips(data, 90)["heart_rate"][0]


def test_the_past_at_another_bed_is_shown_and_said(tmp_path: Path, clock: Clock) -> None:
    """Until he went, and not while that monitor went on telling his number."""
    lay_in_7(tmp_path, clock, {})
    ward = open_ward(tmp_path, clock)
    before = ward.bed(BED)["before"]
    found = rate(ward, clock)
    ward.close()

    until = [(clock.now - each * MIN_NS) / 1e6 for each in (LEFT_MIN, MOVED_MIN)]
    assert [(each["label"], each["until"]) for each in before] == [("7", until[0]), ("9", until[1])]
    assert np.isfinite(found[12:50]).all()
    assert np.isnan(found[50:60]).all()
    assert np.isfinite(found[62:-3]).all()


def test_the_letters_of_that_time_come_with_it(tmp_path: Path, clock: Clock) -> None:
    """Those after he went are not his."""
    left = (clock.now - LEFT_MIN * MIN_NS) / NS
    falls = {"B": (bradycardia(left - 600, 8.0, 71.0),)}
    lay_in_7(tmp_path, clock, {**falls, "BB": (bradycardia(left + 60, 8.0, 66.0),)})
    ward = open_ward(tmp_path, clock)
    before, between = ward.bed(BED)["before"]
    assert before["spells"] == [{"letters": "B", "at": (left - 600) * 1e3}]
    assert between["spells"] == []
    assert ward.bed(BED)["spells"] == []
    ward.close()


def test_who_came_into_the_old_bed_is_in_no_picture_of_the_new_one(
    tmp_path: Path, clock: Clock
) -> None:
    """Nor what a monitor there told of her number while he lay there."""
    lay_in_7(tmp_path, clock, {})
    ward = open_ward(tmp_path, clock)
    alone = rate(ward, clock)
    ward.close()
    raw = heard(tmp_path, "7", LI, clock.now - 85 * MIN_NS)
    falls = {"B": (bradycardia(clock.now / NS - 3000, 8.0, 50.0),)}
    tell(tmp_path, OLD, clock.now, falls, minutes=94, heard=raw, kinds=("pulse_rate",))
    admit(tmp_path, "7", *LI, at_ns=clock.now - 20 * MIN_NS)
    heard(tmp_path, "7", LI, clock.now - 19 * MIN_NS)
    ward = open_ward(tmp_path, clock)
    np.testing.assert_array_equal(rate(ward, clock), alone)
    assert [each["spells"] for each in ward.bed(BED)["before"]] == [[], []]
    assert ward.bed(OLD)["before"] == []
    ward.close()


def test_where_the_signals_here_are_nobodys_none_of_the_past_stands_beside_them(
    tmp_path: Path, clock: Clock
) -> None:
    lay_in_7(tmp_path, clock, {})
    ward = open_ward(tmp_path, clock)
    shows = ward.tile(BED)["shows"]
    heard(tmp_path, "4", LI, clock.now)
    catch_up(ward)

    assert ward.bed(BED)["before"] == []
    assert np.isnan(rate(ward, clock)[:59]).all()
    assert ward.tile(BED)["shows"] != shows
    ward.close()


def test_a_transfer_that_is_taken_back_takes_the_past_with_it(tmp_path: Path, clock: Clock) -> None:
    lay_in_7(tmp_path, clock, {})
    ward = open_ward(tmp_path, clock)
    admit(tmp_path, "9", *JONES, "A12", at_ns=clock.now)
    catch_up(ward)

    assert ward.bed(BED)["before"] == []
    (before,) = ward.bed("NICU/9")["before"]
    assert before["label"] == "7"
    assert np.isnan(rate(ward, clock)).all()
    assert np.isfinite(rate(ward, clock, "NICU/9")[12:50]).all()
    ward.close()


@pytest.mark.browser
def test_the_spells_of_that_time_are_named_with_the_bed(browser: Browser, tmp_path: Path) -> None:
    """Below those of here; a tag is for what is looked at here."""
    clock = Clock()
    at = clock.now / NS - (LEFT_MIN + 10) * 60
    falls = {"B": (bradycardia(at, 8.0, 71.0),), "BB": (bradycardia(at - 900, 8.0, 66.0),)}
    lay_in_7(tmp_path, clock, falls)
    with running(tmp_path) as served:
        page = tablet(browser, served, "/beds/NICU/4")
        listed = page.locator("#spells")
        expect(listed).to_contain_text("No spell here in what was looked at.", timeout=15_000)
        left = clock.now / NS - LEFT_MIN * 60
        until, one, two = (f"{datetime.fromtimestamp(t, ZONE):%H:%M}" for t in (left, at, at - 900))
        said = f"In bed 7 until {until}: B {one}, BB {two}"
        expect(listed.locator("li").last).to_have_text(said)
        expect(listed.get_by_role("button")).to_have_count(0)
