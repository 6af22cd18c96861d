"""A run of the tests says what it skipped, and why."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.parametrize("workers", ["0", "2"])
def test_what_is_skipped_is_said_with_its_reason(workers: str) -> None:
    """Each reason once, with how many tests it was of, whether they ran in one process or more."""
    done = subprocess.run(
        [
            sys.executable,
            "-P",
            "-m",
            "pytest",
            "-q",
            "-n",
            workers,
            "tests/reports/test_browser_report.py",
        ],
        cwd=ROOT,
        env={**os.environ, "JOEY_CHROMIUM": "no-such-browser", "JOEY_REQUIRE_BROWSER": "0"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout
    told = done.stdout.partition("skipped, and why")[2].splitlines()[1:-1]
    (line,) = told
    count, _, reason = line.strip().partition(" tests: ")
    assert int(count) >= 7
    assert reason.startswith("no Chromium found (apt install chromium")
