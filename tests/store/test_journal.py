"""The journal keeps all or nothing, in one order, and a message once."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from joey.store.journal import Entry, Journal, NewEntry, StorageError, shard_of


def message(number: int, *, control_id: str | None = None, shard: int = 1) -> NewEntry:
    """Return a message as intake keeps it."""
    name = f"m{number}" if control_id is None else control_id
    return NewEntry(1000 + number, "hl7", "ward", b"MSH|%d" % number, shard, name)


def test_entries_come_back_in_order_as_they_were(tmp_path: Path) -> None:
    """What is read is what was kept."""
    journal = Journal(tmp_path / "journal.db")
    tap = NewEntry(5, "tap", "web", b"{}", control_id="t")
    receipts = journal.append([message(1), tap, message(2)])

    assert [each.seq for each in receipts] == [1, 2, 3]
    assert journal.read(1) == [
        Entry(2, 5, "tap", "web", b"{}", -1, "t"),
        Entry(3, 1002, "hl7", "ward", b"MSH|2", 1, "m2"),
    ]
    assert (journal.first(), journal.last()) == (1, 3)


def test_a_message_sent_again_is_kept_once(tmp_path: Path) -> None:
    """Same source, control id and bytes: the receipt is that of the first."""
    journal = Journal(tmp_path / "journal.db")
    (first,) = journal.append([message(1)])
    again, other = journal.append([message(1), message(2, control_id="m1")])

    assert (again.seq, again.duplicate) == (first.seq, True)
    assert not other.duplicate  # the same id with other bytes is another message
    assert len(journal.read(0)) == 2


def test_taps_are_never_taken_for_duplicates(tmp_path: Path) -> None:
    """Two ticks of the same bytes are two."""
    journal = Journal(tmp_path / "journal.db")
    tick = NewEntry(1, "tick", "host", b"")

    assert [each.duplicate for each in journal.append([tick, tick])] == [False, False]


def test_a_reader_sees_its_shards_and_what_concerns_all(tmp_path: Path) -> None:
    """A worker of shard 1 reads shard 1 and -1, nothing of shard 2."""
    journal = Journal(tmp_path / "journal.db")
    journal.append([message(1, shard=1), message(2, shard=2), NewEntry(3, "tick", "host", b"")])
    reader = Journal(tmp_path / "journal.db", read_only=True)

    assert [each.seq for each in reader.read(0, shards={1})] == [1, 3]
    assert [each.seq for each in reader.read(0, kinds={"hl7"})] == [1, 2]
    assert [each.seq for each in reader.read(0, limit=1)] == [1]


def test_places_are_never_used_twice(tmp_path: Path) -> None:
    """After trimming, new entries go on counting; quarantine stays."""
    journal = Journal(tmp_path / "journal.db")
    bad = NewEntry(1, "hl7", "ward", b"x", state="quarantined", reason="no MSH")
    journal.append([bad, message(1), message(2)])

    assert journal.trim(4) == 2
    assert [each.seq for each in journal.read(0)] == [1]
    assert journal.append([message(3)])[0].seq == 4
    assert [each.reason for each in journal.quarantined()] == ["no MSH"]


def test_it_is_trimmed_some_at_a_time(tmp_path: Path) -> None:
    """The first ones first; what was released goes with its release, and the place is known."""
    journal = Journal(tmp_path / "journal.db")
    bad = NewEntry(1, "hl7", "ward", b"x", state="quarantined", reason="no MSH")
    journal.append([bad, message(1), message(2), replace(bad, payload=b"y"), message(3)])
    assert journal.release(1, 9) is not None
    assert journal.trimmed() == 0

    assert journal.trim(6, most=2) == 2
    assert (journal.trimmed(), [each.seq for each in journal.read(0)]) == (4, [1, 4, 5, 6])
    assert journal.trim(6, most=2) == 1
    assert [each.seq for each in journal.quarantined()] == [4]
    used = journal.used_bytes()
    assert journal.trim(7) == 1
    assert (journal.trimmed(), [each.seq for each in journal.read(0)]) == (7, [4])
    assert journal.trim(3) == 0
    assert journal.trimmed() == 7
    assert 0 < journal.used_bytes() <= used
    assert journal.last() == 6


@pytest.mark.parametrize("asked", [0, 1000, 1001, 1004, 1005, 1006, 9999])
def test_the_place_of_a_time(asked: int, tmp_path: Path) -> None:
    """The last entry received before it, with entries trimmed in front."""
    journal = Journal(tmp_path / "journal.db")
    journal.append([message(number) for number in range(1, 10)])
    journal.trim(3)
    before = [each.seq for each in journal.read(0) if each.received_ns < asked]

    found = journal.at(asked)
    assert found == (before[-1] if before else found)
    assert found < (before[0] if before else 3) or found in before


def test_a_full_disk_keeps_nothing_of_the_batch_and_recovers(tmp_path: Path) -> None:
    """No half of a batch, nothing lost that was there; with room it goes on."""
    journal = Journal(tmp_path / "journal.db")
    journal.append([message(1)])
    (pages,) = journal._db.execute("PRAGMA page_count").fetchone()
    journal._db.execute(f"PRAGMA max_page_count={pages + 2}")
    large = [NewEntry(1, "hl7", "ward", bytes(20_000), 1, f"big{k}") for k in range(4)]
    with pytest.raises(StorageError, match="full"):
        journal.append(large)

    assert [each.seq for each in journal.read(0)] == [1]
    journal._db.execute("PRAGMA max_page_count=1073741823")
    assert len(journal.append(large)) == 4
    assert len(journal.read(0)) == 5


def test_a_folder_that_cannot_be_written_is_a_clear_error(tmp_path: Path) -> None:
    """Where a file stands in place of the folder."""
    (tmp_path / "data").write_text("")
    with pytest.raises(StorageError, match="cannot be opened"):
        Journal(tmp_path / "data" / "journal.db")


WRITER = """
import sys
from pathlib import Path
from joey.store.journal import Journal, NewEntry
journal = Journal(Path(sys.argv[1]))
number = 0
while True:
    batch = [NewEntry(1, "hl7", "ward", b"x" * 4000, 1, f"m{number + k}") for k in range(20)]
    done = journal.append(batch)
    print(done[-1].seq, flush=True)
    number += 20
"""


@pytest.mark.parametrize("after_s", [0.05, 0.2, 0.4])
def test_what_was_acknowledged_survives_a_kill(after_s: float, tmp_path: Path) -> None:
    """A process killed at any moment: every receipt it gave is kept, whole batches only."""
    path = tmp_path / "journal.db"
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path)],
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2] / "src")},
    ) as writer:
        assert writer.stdout is not None
        last = int(writer.stdout.readline())
        time.sleep(after_s)
        writer.send_signal(signal.SIGKILL)
        last = max([last, *(int(line) for line in writer.stdout.read().split())])

    kept = Journal(path, read_only=True).read(0, limit=10**6)
    assert len(kept) >= last
    assert len(kept) % 20 == 0
    assert [each.seq for each in kept] == list(range(1, len(kept) + 1))
    assert sqlite3.connect(path).execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_bed_has_one_shard() -> None:
    """The same for the same bed, spread over all of them."""
    assert shard_of("ward", "NICU/4") == shard_of("ward", "NICU/4")
    assert len({shard_of("ward", f"NICU/{k}") for k in range(500)}) > 60


def test_a_release_is_read_as_the_message_it_releases(tmp_path: Path) -> None:
    """At its own place, accepted, for its own shard; the quarantine shows it no longer."""
    journal = Journal(tmp_path / "journal.db")
    bad = NewEntry(1, "hl7", "gw", b"MSH|bad", 7, "c1", "quarantined", "not P")
    (receipt,) = journal.append([bad])
    journal.append([NewEntry(2, "tap", "web", b"{}")])
    assert [entry.seq for entry in journal.quarantined()] == [receipt.seq]

    released = journal.release(receipt.seq, 3)
    assert released is not None
    assert journal.quarantined() == []
    (again,) = journal.read(2, shards={7}, kinds={"hl7"})
    assert (again.seq, again.kind, again.state) == (released.seq, "hl7", "accepted")
    assert (again.payload, again.source, again.shard) == (b"MSH|bad", "gw", 7)
    assert journal.read(2, shards={8}) == []
    assert journal.release(99, 4) is None
    assert journal.release(2, 4) is None
    journal.close()


def test_a_batch_is_bounded_by_its_bytes(tmp_path: Path) -> None:
    """Few large messages are read as many small ones are: in parts, one at least, none left out."""
    journal = Journal(tmp_path / "journal.db")
    sizes = [10, 10, 500, 10, 90, 10, 10]
    journal.append([NewEntry(k, "hl7", "ward", bytes(n), 1, f"{k}") for k, n in enumerate(sizes)])
    parts: list[list[int]] = []
    while entries := journal.read(sum(map(len, parts)), most_bytes=100):
        parts.append([len(each.payload) for each in entries])
    assert parts == [[10, 10, 500], [10, 90], [10, 10]]

    large = bytes(8 << 20)
    journal.append([NewEntry(9, "hl7", "ward", large + bytes([k]), 1, f"l{k}") for k in range(10)])
    first = journal.read(len(sizes))
    assert len(first) == 8
    assert len(journal.read(first[-1].seq)) == 2
    journal.close()
