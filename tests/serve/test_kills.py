"""Any process of a Joey is killed at any moment, under load: nothing is lost, nothing differs.

`JOEY_KILLS=50 ./joey test tests/serve/test_kills.py -n0 -s` is the long run, and tells its figures.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections import Counter
from typing import TYPE_CHECKING

from joey.simulate.ward.admit import admission
from joey.simulate.ward.people import admit_all, furnish
from joey.store.backup import back_up, verify
from joey.store.journal import Journal
from joey.store.records import Records

from .feeding import NS, SOURCES, START, entries_of
from .running import oru
from .test_worker import TABLES, content, work
from .whole import Whole, clock_from, kill_at_random, new_settings, send, tap_holds

if TYPE_CHECKING:
    from pathlib import Path

KILLS = int(os.environ.get("JOEY_KILLS", "6"))
PARTS = ("supervisor", "intake", "worker 1", "worker 2", "pages", "trimming")
SPEED = 20.0
MINUTES = max(4, KILLS)  # of what monitors send, 3 s each
BED = "NICU/1"
END_S = 300.0  # s for the workers to catch up


def beside(number: int) -> bytes:
    """Return a message of another bed, of its numbers alone."""
    return oru(number, mode="T", bed="9")


def records_of(folder: Path) -> list[object]:
    """Return what pages can ask of the records."""
    records = Records(f"sqlite:///{folder / 'records.db'}", {each.name: each for each in SOURCES})
    journal = Journal(folder / "journal.db", read_only=True)
    while entries := journal.read(records.applied()):
        records.apply(entries)
    journal.close()
    views = [records.bed(key, START + 86_400 * NS) for key in records.bed_keys()]
    found = [*[(view.infant, view.holds) for view in views if view], records.associations()]
    records.close()
    return found


def test_any_part_is_killed_at_any_moment(tmp_path: Path) -> None:
    """All that was acknowledged is there once, and facts and records are those of a calm run."""
    entries = [each for each in entries_of(tmp_path, MINUTES) if each.kind == "hl7"]
    folder = tmp_path / "data"
    folder.mkdir()
    whole = Whole(new_settings(folder, clock_from(START, SPEED), workers=2, sources=SOURCES))
    over = threading.Event()
    taps: list[tuple[str, str]] = []
    done: Counter[str] = Counter()
    try:
        admit = admission("A01", admit_all(3, "2026-05-01")[0], furnish(2)[0], "a1", START)
        sent = asyncio.run(send(whole.settings, [], lambda _: admit, iter([True, False]).__next__))

        def tap() -> None:
            taps.extend(tap_holds(whole, BED, lambda: not over.is_set()))

        def kill() -> None:
            try:
                done.update(kill_at_random(whole, PARTS, KILLS, 2.0 * 60 / SPEED))
            finally:
                over.set()

        threads = [threading.Thread(target=each) for each in (tap, kill)]
        for thread in threads:
            thread.start()
        more = asyncio.run(send(whole.settings, entries, beside, lambda: not over.is_set()))
        for thread in threads:
            thread.join(END_S)
        whole.wait_for_analysis(END_S)
    finally:
        whole.end()
    back_up(folder, tmp_path / "calm")
    for name in ("archive.db", "records.db", "backup.json"):
        (tmp_path / "calm" / name).unlink()
    work(tmp_path / "calm")
    acknowledged = Counter(sent.acknowledged + more.acknowledged)
    journal = Journal(folder / "journal.db", read_only=True)
    rows = journal.read(0, limit=10**7, most_bytes=1 << 40)
    journal.close()
    kept = Counter(entry.payload for entry in rows if entry.kind == "hl7")
    lost, doubled = ((acknowledged - kept).total(), (kept - acknowledged).total())
    print(  # noqa: T201
        f"{done.total()} kills {dict(done)}; {len(kept)} messages kept, {lost} lost,"
        f" {doubled} doubled; {len(taps)} taps; {more.reconnects} reconnects;"
        f" {len(content(folder, 'facts'))} facts, {len(content(folder, 'frames'))} frames"
    )

    assert done.total() == KILLS
    assert len(acknowledged) > len(entries)
    assert kept == acknowledged
    assert {name for name, _ in taps} == {e.control_id for e in rows if e.kind == "tap"}
    assert verify(folder).wrong == ()
    for table in TABLES:
        assert content(folder, table) == content(tmp_path / "calm", table), table
    assert records_of(folder) == records_of(tmp_path / "calm")
    holds = next(view[1] for view in records_of(folder)[:-1] if view[1])  # type: ignore[index]
    assert len(holds) == sum(kind == "start_hold" for _, kind in taps)
