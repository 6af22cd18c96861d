"""The feed in a real browser: what needs a person, and the person."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser, expect

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
        expect(row.locator("td").nth(5)).to_have_text("4")
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
