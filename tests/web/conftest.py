"""A browser that reaches the server under test, and nothing else."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.conftest import BROWSER_FLAGS

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def launched(chromium: str) -> Iterator[Browser]:
    """Yield the browser of a file's tests: one for each test is a fifth of their time.

    Not one for all files: as long as it is there its event loop runs in this thread, where tests
    of other files run theirs.
    """
    flags = [*BROWSER_FLAGS, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    with sync_playwright() as driver:
        found = driver.chromium.launch(executable_path=chromium, args=flags)
        yield found
        found.close()


@pytest.fixture
def browser(launched: Browser) -> Iterator[Browser]:
    """Yield a browser without a page; its contexts stand for tablets, and end with the test."""
    yield launched
    for context in launched.contexts:
        context.close()
