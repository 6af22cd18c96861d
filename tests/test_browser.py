"""The browser that the pages are tested in does what those tests rely on."""

from pathlib import Path

import pytest
from playwright.sync_api import Page


@pytest.mark.browser
def test_a_file_is_rendered_and_its_script_runs(page: Page, tmp_path: Path) -> None:
    """A page from the disk is opened and runs its own script."""
    file = tmp_path / "page.html"
    file.write_text("<!doctype html><p id=rate></p><script>rate.textContent = 60 + 80</script>")

    page.goto(file.as_uri())

    assert page.locator("#rate").inner_text() == "140"


@pytest.mark.browser
def test_what_a_page_asks_of_the_network_is_seen(page: Page, tmp_path: Path) -> None:
    """A request that leaves the machine fails and is reported, so a test can refuse it."""
    failed: list[str] = []
    page.on("requestfailed", lambda request: failed.append(request.url))
    file = tmp_path / "page.html"
    file.write_text("<!doctype html><img src='http://192.0.2.1/beacon.png'>")

    page.goto(file.as_uri())

    assert failed == ["http://192.0.2.1/beacon.png"]
