"""What a code stands for counts from the mapping on, also for a worker that begins again."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

from joey.serve import Settings
from joey.serve.worker import Worker
from joey.sources.hl7 import SourceSettings
from joey.store.archive import Archive
from joey.store.codebook import as_mapping
from joey.store.journal import Journal, NewEntry, shard_of
from tests.web.messages import observations

NS = 1_000_000_000
START = 2_980_000 * 600 * NS
SAID = {"code": "999", "label": "NEW_SAT", "quantity": "spo2", "place": "", "unit": "%"}


def entries(source: str = "") -> list[NewEntry]:
    """Return half an hour of a monitor with a code of its own, mapped in the middle."""
    found = [NewEntry(START, "tick", "host", b"{}")]
    for second in range(10, 1800, 10):
        at = START + second * NS
        raw = observations("4", "M4", "A^B", at, numbers={"heart_rate": 150.0}, waves=())
        raw += b"OBX|90|NM|999^NEW_SAT^99ACME|1.9.9|93||||||R\r"
        found.append(NewEntry(at, "hl7", "ward", raw, shard_of("ward", "NICU/4"), str(second)))
        found += [NewEntry(at + k * NS, "tick", "host", b"{}") for k in range(10)]
        if second == 900:
            found.append(NewEntry(at, "codes", "web", as_mapping(SAID | {"source": source}, "")))
    return found


def work(folder: Path) -> None:
    """Have a worker take the journal as far as it goes."""
    journal = Journal(folder / "journal.db", read_only=True)
    archive = Archive(folder / "archive.db")
    settings = Settings(folder, sources=(SourceSettings("ward", simulated=True),))
    worker = Worker(settings, 0, journal, archive)
    while worker.step():
        pass
    assert worker.keep()
    archive.close()
    journal.close()


def values(folder: Path) -> list[tuple[object, ...]]:
    """Return the values of the archive."""
    db = sqlite3.connect(folder / "archive.db")
    rows = sorted(db.execute("SELECT * FROM numerics").fetchall(), key=repr)
    db.close()
    return rows


def test_a_worker_that_begins_again_understands_as_before(tmp_path: Path) -> None:
    """Before the mapping the code is unknown, after it SpO2; restarts change nothing."""
    found = []
    for name, cuts in (("whole", ()), ("parts", (700, 1100, 1400))):
        folder = tmp_path / name
        folder.mkdir()
        journal, rows = Journal(folder / "journal.db"), entries()
        for begin, end in zip((0, *cuts), (*cuts, len(rows)), strict=True):
            journal.append(rows[begin:end])
            work(folder)
        journal.close()
        found.append(values(folder))

    assert found[0] == found[1]
    channels = json.dumps([[str(each) for each in row] for row in found[0]])
    assert "unknown" in channels
    assert "spo2" in channels


def test_a_mapping_for_another_source_changes_nothing(tmp_path: Path) -> None:
    """The code stays unknown in the archive; for its own source it is understood."""
    found = {}
    for source in ("ward", "gateway"):
        folder = tmp_path / source
        folder.mkdir()
        journal = Journal(folder / "journal.db")
        journal.append(entries(source))
        journal.close()
        work(folder)
        found[source] = json.dumps([[str(each) for each in row] for row in values(folder)])

    assert "spo2" in found["ward"]
    assert "spo2" not in found["gateway"]
