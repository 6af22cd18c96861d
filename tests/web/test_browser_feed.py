"""The feed in a real browser: what needs a person, and the person."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser, expect

from joey.store.journal import Journal, NewEntry
from tests.web.messages import observations
from tests.web.serving import SOURCE, admit, running, write
from tests.web.test_browser_ward import tablet

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.browser

NS = 1_000_000_000


def sender(folder: Path) -> Callable[[], None]:
    """Return what lets a monitor speak once; it names its saturation as nobody else does."""

    def hear() -> None:
        now = time.time_ns()
        raw = observations("4", "M4", "JONES^BABY BOY", now, numbers={"heart_rate": 150.0})
        raw += b"OBX|90|NM|999^NEW_SAT^99ACME|1.9.9|91||||||R\r"
        write(folder, raw, "NICU/4", now)

    return hear


def test_a_person_says_what_a_code_stands_for(browser: Browser, tmp_path: Path) -> None:
    """Code, name, value and bed are seen; it is mapped, the number is there; undone, it is not."""
    admit(tmp_path, "4", "M4", "JONES^BABY BOY")
    hear = sender(tmp_path)
    hear()
    with running(tmp_path) as served:
        page = tablet(browser, served, "/feed")
        row = page.locator("#unmapped tr")
        expect(row).to_contain_text("NEW_SAT")
        expect(row.locator("td").nth(3)).to_have_text("91")
        expect(row.locator("td").nth(5)).to_have_text("NICU/4")
        row.get_by_role("button", name="Stands for").click()
        dialog = page.get_by_role("dialog")
        go = dialog.get_by_role("button", name="From now on")
        expect(go).to_be_disabled()
        dialog.get_by_label("Stands for").select_option("spo2")
        expect(go).to_be_disabled()
        dialog.get_by_label("The values are in").select_option("%")
        reach = dialog.get_by_label("Where it is sent by")
        expect(reach).to_have_value(SOURCE)
        expect(reach.locator("option")).to_have_text([f"{SOURCE} only", "all sources"])
        go.click()
        expect(page.locator("#mapped")).to_contain_text("spo2")
        expect(page.locator("#mapped td").nth(3)).to_have_text(SOURCE)
        hear()
        expect(row).to_have_text("None")
        other = page.context.new_page()
        other.goto(served.address + "/beds/NICU/4")
        expect(other.locator(".spo2 .value")).to_have_text("91")

        page.get_by_role("button", name="Undo what NEW_SAT").click()
        expect(page.locator("#mappedpanel")).to_be_hidden()
        hear()
        expect(row).to_contain_text("NEW_SAT")


def test_a_confirmation_is_one_tap_and_taken_back_by_another(
    browser: Browser, tmp_path: Path
) -> None:
    """The second half of a double tap falls on the row that moved up: it confirms nobody."""
    infants = {"4": ("M4", "JONES^BABY BOY"), "5": ("M5", "LI^WEI")}
    for bed, (number, name) in infants.items():
        admit(tmp_path, bed, number, name)
        at = time.time_ns()
        raw = observations(bed, "", "", at, numbers={"spo2": 93.0}, waves=())
        write(tmp_path, raw, f"NICU/{bed}", at)
    with running(tmp_path) as served:
        page = tablet(browser, served, "/feed")
        rows = page.locator("#unassigned tr")
        expect(rows).to_have_count(2)
        expect(page.locator("#confirmedpanel")).to_be_hidden()
        page.evaluate("""() => {
            for (const [k, name] of ["JONES", "LI"].entries()) {
                const at = { bubbles: true, clientX: 40, clientY: 300, detail: k + 1 };
                [...document.querySelectorAll("#unassigned button")]
                    .find((each) => each.textContent.startsWith(`This is ${name}`))
                    .dispatchEvent(new MouseEvent("click", at));
            }
        }""")
        expect(page.locator("#confirmed")).to_contain_text("JONES, BABY BOY")
        expect(rows).to_have_count(1)
        expect(rows).to_contain_text("This is LI, WEI")
        undo = page.get_by_role("button", name="Undo that a monitor of bed NICU/4")
        time.sleep(0.5)  # a wish of its own, no second half
        undo.click()
        expect(page.locator("#say")).to_contain_text("nobody's until confirmed")
        expect(page.locator("#confirmedpanel")).to_be_hidden()
        expect(rows).to_have_count(2)
        expect(rows.last).to_contain_text("taken back")


def test_a_monitor_that_names_another_is_confirmed_by_a_second_tap_only(
    browser: Browser, tmp_path: Path
) -> None:
    """Whom it names is said and asked about: one tap would put another's numbers under it."""
    admit(tmp_path, "4", "M4", "JONES^BABY BOY")

    def hear() -> None:
        at = time.time_ns()
        raw = observations("4", "M9", "ALBERS^IDA", at, numbers={"spo2": 93.0}, waves=())
        write(tmp_path, raw, "NICU/4", at)

    hear()
    with running(tmp_path) as served:
        page = tablet(browser, served, "/feed")
        row = page.locator("#unassigned tr")
        expect(row).to_contain_text("the monitor says ALBERS, IDA, M9")
        row.get_by_role("button", name="This is JONES, BABY BOY").click()
        expect(row).to_contain_text("It is JONES, BABY BOY all the same: tap again")
        for _ in range(3):  # the question stands while the monitor speaks
            hear()
            page.wait_for_timeout(500)
        expect(page.locator("#confirmedpanel")).to_be_hidden()
        row.get_by_role("button", name="tap again").click()
        expect(page.locator("#confirmed")).to_contain_text("JONES, BABY BOY")


def test_what_changed_nothing_is_tried_again_by_a_tap(browser: Browser, tmp_path: Path) -> None:
    """In vain as long as what stood against it does; then the infant is there, the row is gone."""
    with running(tmp_path) as served:
        page = tablet(browser, served, "/feed")
        expect(page.locator("#quarantine")).to_have_text("Nothing is in quarantine.")
        with closing(sqlite3.connect(tmp_path / "records.db", timeout=20)) as db:
            db.execute(
                "CREATE TRIGGER no BEFORE INSERT ON names BEGIN SELECT RAISE(ABORT, 'no'); END"
            )
        admit(tmp_path, "4", "M4", "JONES^BABY BOY")
        expect(page.locator("#quarantine")).to_contain_text("changed nothing (IntegrityError)")
        again = page.get_by_role("button", name="Try 1 again")
        again.click()
        expect(page.locator("#say")).to_contain_text("could not be applied this time either")
        with closing(sqlite3.connect(tmp_path / "records.db", timeout=20)) as db:
            db.execute("DROP TRIGGER no")
        again.click()
        expect(page.locator("#say")).to_contain_text("was applied")
        expect(page.locator("#quarantine")).to_have_text("Nothing is in quarantine.")
        page.goto(served.address + "/beds/NICU/4")
        expect(page.locator("#name")).to_have_text("JONES, BABY BOY")


def test_three_hundred_messages_in_quarantine_hide_nothing(
    browser: Browser, tmp_path: Path
) -> None:
    """All are counted, the last are listed, and what is below is not far below."""
    admit(tmp_path, "4", "M4", "JONES^BABY BOY")
    label = b"<img src=x onerror=document.title=1>" + b"W" * 150
    raw = observations("4", "M4", "JONES^BABY BOY", time.time_ns(), numbers={"spo2": 93})
    write(tmp_path, raw + b"OBX|90|NM|999^" + label + b"^99ACME|1.9.9|91||||||R\r", "NICU/4")
    journal = Journal(tmp_path / "journal.db")
    bad = [
        NewEntry(
            time.time_ns(),
            "hl7",
            SOURCE,
            b"x",
            control_id=f"{k}",
            state="quarantined",
            reason="no MSH",
        )
        for k in range(300)
    ]
    journal.append(bad)
    journal.close()
    with running(tmp_path) as served:
        page = tablet(browser, served, "/feed")
        expect(page.locator("#card-quarantined")).to_have_text("300, the last 200 below")
        expect(page.locator("#quarantine tr")).to_have_count(200)
        expect(page.locator("#unmapped")).to_contain_text("WWWW")
        assert page.evaluate("document.documentElement.scrollHeight") < 3 * 800
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert "Joey" in page.title()


def test_the_table_of_beds_fits_a_tablet_and_says_its_words(
    browser: Browser, tmp_path: Path
) -> None:
    """No number wraps, nothing is cut off at its side, and what a word means stands there."""
    admit(tmp_path, "4", "M4", "JONES^BABY BOY")
    now = time.time_ns() // NS * NS
    for ago in (5, 4, 3, 2, 33, 1):  # s; the fifth had been kept back
        slow = now - (3600 + ago) * NS
        raw = observations("4", "M4", "JONES^BABY BOY", slow, numbers={"spo2": 93.0})
        write(tmp_path, raw, "NICU/4", now - ago % 30 * NS)
    with running(tmp_path) as served:
        page = tablet(browser, served, "/feed")
        page.set_viewport_size({"width": 1024, "height": 768})
        row, beneath = page.locator("#beds tr").first, page.locator("#beds tr").last
        expect(row).to_contain_text("+60 min 0")
        expect(beneath).to_contain_text("last late or corrected")
        expect(beneath).to_contain_text("about 1 h off: is the zone of this source right")
        panel = page.locator("section", has=page.locator("#beds"))
        for word in ("Late", "Corrected", "Told anew"):
            expect(panel.locator(".note")).to_contain_text(f"{word}:")
        wide, high = panel.evaluate("""panel => {
            const table = panel.querySelector(".wide"), cells = [...table.querySelectorAll("td.n")];
            for (const each of cells) each.append(" ppm"); // longer than any
            return [table.scrollWidth - table.clientWidth, Math.max(...cells.map((each) =>
                each.clientHeight / parseFloat(getComputedStyle(each).fontSize)))];
        }""")
        assert wide <= 0
        assert high < 3  # ems: of two lines it would be more
