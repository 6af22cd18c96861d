"""What the pages do when the disk fails, and when Joey does: they go on, or they are gone."""

from __future__ import annotations

import json
import sqlite3
import time
import uuid
from contextlib import closing
from typing import TYPE_CHECKING

from joey.store.journal import Journal, NewEntry
from tests.web.serving import admit, running
from tests.web.test_door import ask, cookie_of

if TYPE_CHECKING:
    from pathlib import Path

FOUND_S = 15  # s that a loaded machine may take


def test_after_a_failure_of_the_disk_the_pages_go_on(tmp_path: Path) -> None:
    """A tap that was not stored is told so, sent again, and counts; what comes later is shown."""
    admit(tmp_path, "4", "M4", "JONES^BABY BOY")
    tag = {
        "id": str(uuid.uuid4()), "type": "tag", "bed": "NICU/4", "at": time.time() * 1e3,
        "stream": "s", "start_ns": "5", "tag": "feeding",
    }  # fmt: skip
    with running(tmp_path) as served:
        given = {
            "Cookie": cookie_of(served),
            "Origin": served.address,
            "Content_Type": "application/json",
        }
        with closing(sqlite3.connect(tmp_path / "records.db", isolation_level=None)) as db:
            db.execute("ALTER TABLE tags RENAME TO away")
            assert ask(served, "/api/taps", "POST", json.dumps(tag), **given)[0] == 503
            time.sleep(0.5)  # in which it is tried again by itself
            db.execute("ALTER TABLE away RENAME TO tags")
        assert ask(served, "/api/taps", "POST", json.dumps(tag), **given)[0] == 200
        admit(tmp_path, "5", "M5", "DOE^ANN")
        until = time.monotonic() + FOUND_S
        while (status := ask(served, "/beds/NICU/5", **given)[0]) == 404:
            assert time.monotonic() < until
            time.sleep(0.1)
        assert status == 200
        with closing(sqlite3.connect(tmp_path / "records.db")) as db:
            assert db.execute("SELECT count(*) FROM tags").fetchone() == (1,)


def test_pages_that_nothing_keeps_current_end(tmp_path: Path) -> None:
    """Who starts them sees that they are gone, and starts them again."""
    admit(tmp_path, "4", "M4", "JONES^BABY BOY")
    with running(tmp_path) as served:
        with closing(Journal(tmp_path / "journal.db")) as journal:
            journal.append([NewEntry(time.time_ns(), "codes", "web", b"no JSON")])
        assert served.process is not None
        assert served.process.wait(FOUND_S) == 1
