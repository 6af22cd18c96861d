"""What several test files share: the real recordings, a browser, and one seed for everything.

Two environment variables change where things are found, one what may be missing:
``JOEY_SHARED_DATA`` is the folder of real recordings, ``JOEY_CHROMIUM`` a browser's executable, and
with ``JOEY_REQUIRE_BROWSER=1`` a missing browser fails a test instead of skipping it.
"""

import os
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]

# Examples are drawn from each test's own name: the same on every machine and in every worker.
hypothesis.settings.register_profile("joey", derandomize=True, deadline=None)
hypothesis.settings.load_profile("joey")

BROWSERS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
# Nothing that reaches for the network or for another user's profile.
BROWSER_FLAGS = (
    "--headless",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say at the end of a run what was skipped and why, each reason once: ``./joey test`` does."""
    why = Counter(
        report.longrepr[2].removeprefix("Skipped: ")
        for report in terminalreporter.stats.get("skipped", [])
        if isinstance(report.longrepr, tuple)
    )
    if why:
        terminalreporter.section("skipped, and why")
    for reason, count in sorted(why.items(), key=lambda each: (-each[1], each[0])):
        terminalreporter.write_line(f"{count:5d} {'test' if count == 1 else 'tests'}: {reason}")


@pytest.fixture(scope="session")
def root() -> Path:
    """Return the folder of the checkout."""
    return ROOT


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of real recordings; what needs them is skipped where they are absent."""
    folder = Path(os.environ.get("JOEY_SHARED_DATA") or ROOT.parent / "shared" / "data")
    if not folder.is_dir():
        pytest.skip(f"no real recordings in {folder}; JOEY_SHARED_DATA may name their folder")
    return folder


@pytest.fixture(scope="session")
def chromium() -> str:
    """Return the executable of an installed Chromium or Chrome."""
    wanted = os.environ.get("JOEY_CHROMIUM")
    for name in (wanted,) if wanted else BROWSERS:
        if found := shutil.which(name):
            return found
    missing = "no Chromium found (apt install chromium, or set JOEY_CHROMIUM to an executable)"
    if os.environ.get("JOEY_REQUIRE_BROWSER") == "1":
        pytest.fail(missing)
    pytest.skip(missing)


@pytest.fixture
def page(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """Yield an empty page of a browser that was never used before and is closed afterwards.

    The page is offline: what it asks of the network fails, and ``page.on("requestfailed")`` tells.
    """
    flags = list(BROWSER_FLAGS)
    if os.geteuid() == 0:
        flags.append("--no-sandbox")  # root cannot have Chromium's sandbox
    with sync_playwright() as driver:
        context = driver.chromium.launch_persistent_context(
            tmp_path_factory.mktemp("browser"), executable_path=chromium, args=flags, offline=True
        )
        yield context.pages[0]
        context.close()
