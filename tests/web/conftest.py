"""A browser that reaches the server under test, and nothing else."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.conftest import BROWSER_FLAGS

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def browser(chromium: str) -> Iterator[Browser]:
    """Yield a browser; its contexts stand for tablets."""
    flags = [*BROWSER_FLAGS, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    with sync_playwright() as driver:
        found = driver.chromium.launch(executable_path=chromium, args=flags)
        yield found
        found.close()
