"""The feed: what came in, what is shown of it, and what a person can put right."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
import time
from contextlib import closing
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from joey.errors import InputError
from joey.store.journal import Journal, NewEntry, shard_of
from joey.web.health import DiskUse, words_of_journal
from tests.web.messages import observations
from tests.web.serving import SOURCE, admit
from tests.web.test_told import Clock, catch_up, hear, open_ward

NS = 1_000_000_000


def tick(
    folder: Path, at_ns: int, messages: int, refused: int = 0, again: int = 0, begun: int = 0
) -> None:
    """Write what intake writes once a second."""
    journal = Journal(folder / "journal.db")
    counts = {"messages": messages, "refused_more": refused, "again": again, "begun_ns": begun}
    said = json.dumps({"now_ns": at_ns, **counts}).encode()
    journal.append([NewEntry(at_ns, "tick", "host", said)])
    journal.close()


def test_in_equals_stored_equals_shown(tmp_path: Path) -> None:
    """Three messages of a monitor between two ticks, and an intake that begins anew."""
    clock = Clock()
    admit(tmp_path, "4", "M4", "JONES^BABY BOY", at_ns=clock.now - NS)
    tick(tmp_path, clock.now, 100)
    journal = Journal(tmp_path / "journal.db")
    for k in range(3):
        at = clock.now + k * NS
        raw = observations("4", "M4", "JONES^BABY BOY", at, numbers={"spo2": 93.0})
        journal.append([NewEntry(at, "hl7", SOURCE, raw, shard_of(SOURCE, "NICU/4"), str(k))])
    clock.now += 3 * NS
    tick(tmp_path, clock.now, 103)
    ward = open_ward(tmp_path, clock)

    cards = ward.feed()["cards"]
    assert [cards[name] for name in ("in", "stored", "shown")] == ["3", "3", "3"]
    assert cards["intake"] == "listening"
    tick(tmp_path, clock.now, 103, refused=1200)
    catch_up(ward)
    said = "listening; refused 1,200 connections of addresses that had too many"
    assert ward.feed()["cards"]["intake"] == said
    assert [row["shown"] for row in ward.feed()["beds"]] == [3]
    tick(tmp_path, clock.now, 105, again=2)
    catch_up(ward)
    assert ward.feed()["cards"]["in"] == "5, 2 of them again"
    tick(tmp_path, clock.now, 0)
    catch_up(ward)
    assert ward.feed()["cards"]["in"] == "5, 2 of them again"
    later = observations("4", "M4", "JONES^BABY BOY", clock.now, numbers={"spo2": 93.0})
    journal.append([NewEntry(clock.now, "hl7", SOURCE, later, shard_of(SOURCE, "NICU/4"), "9")])
    catch_up(ward)
    assert ward.feed()["cards"]["stored"] == "3", "one that intake has not counted yet"
    clock.now += 10 * NS
    assert ward.feed()["cards"]["intake"].startswith("silent since ")
    journal.close()
    ward.close()


@pytest.mark.parametrize(
    ("first", "then", "said"),
    [
        ((3, 3, 7), (5, 0, 8), "5"),  # it began anew, and has taken more than the one before
        ((3, 2, 7), (5, 4, 8), "5, 4 of them again"),
        ((3, 2, 7), (5, 4, 7), "2, 2 of them again"),
        ((3, 3, 0), (5, 0, 0), "5"),  # of a version whose intake did not say when it began
        ((3, 0, 0), (2, 1, 0), "2, 1 of them again"),
    ],
)
def test_an_intake_that_began_anew_counts_from_zero(
    tmp_path: Path, first: tuple[int, int, int], then: tuple[int, int, int], said: str
) -> None:
    """However many messages it took before its first tick: no count falls, none is below zero."""
    clock = Clock()
    for messages, again, begun in (first, then):
        tick(tmp_path, clock.now, messages, again=again, begun=begun)
    ward = open_ward(tmp_path, clock)

    assert ward.feed()["cards"]["in"] == said
    ward.close()


def test_a_message_of_the_quarantine_is_read_again(tmp_path: Path) -> None:
    """With its reason, without what is in it; after the release its numbers are on the screen."""
    clock = Clock()
    admit(tmp_path, "4", "M4", "JONES^BABY BOY", at_ns=clock.now - NS)
    raw = observations("4", "M4", "JONES^BABY BOY", clock.now, numbers={"spo2": 91.0})
    journal = Journal(tmp_path / "journal.db")
    shard = shard_of(SOURCE, "NICU/4")
    why = "MSH-11 is T, not P: not of patient care"
    (bad,) = journal.append(
        [NewEntry(clock.now, "hl7", SOURCE, raw, shard, "1", "quarantined", why)]
    )
    ward = open_ward(tmp_path, clock)
    (row,) = ward.feed()["quarantine"]
    assert (row["seq"], row["reason"]) == (bad.seq, why)
    assert "JONES" not in json.dumps(row)
    assert ward.tile("NICU/4")["readings"]["spo2"]["value"] is None

    assert ward.release(bad.seq)
    catch_up(ward)
    assert ward.feed()["quarantine"] == []
    assert ward.tile("NICU/4")["readings"]["spo2"]["value"] == 91.0
    assert not ward.release(bad.seq + 1000)
    journal.close()
    ward.close()


def test_what_could_not_be_applied_is_shown(tmp_path: Path) -> None:
    """With its reason and nothing of what it says; once the reason is gone it is tried again."""
    clock = Clock()
    open_ward(tmp_path, clock).close()
    with closing(sqlite3.connect(tmp_path / "records.db")) as db:
        db.execute("CREATE TRIGGER no BEFORE INSERT ON names BEGIN SELECT RAISE(ABORT, 'no'); END")
    admit(tmp_path, "4", "M4", "JONES^BABY BOY", at_ns=clock.now - NS)
    ward = open_ward(tmp_path, clock)

    feed = ward.feed()
    (row,) = feed["quarantine"]
    assert row["reason"] == "this message changed nothing (IntegrityError)"
    assert row["again"] == "apply"
    assert feed["cards"]["quarantined"] == "1"
    assert "JONES" not in json.dumps(feed)
    assert ward.try_again(row["seq"]) == "it could not be applied this time either (IntegrityError)"
    assert len(ward.feed()["quarantine"]) == 1
    with closing(sqlite3.connect(tmp_path / "records.db")) as db:
        db.execute("DROP TRIGGER no")
    assert ward.try_again(row["seq"]) == ""
    assert ward.tile("NICU/4")["infant"]["name"] == "JONES, BABY BOY"
    assert ward.feed()["quarantine"] == []
    assert ward.try_again(row["seq"]) == "it is not set apart any more"
    ward.close()


def test_what_cannot_be_helped_is_said(tmp_path: Path) -> None:
    """What a monitor says comes again by itself; what the journal has no more cannot be tried."""
    clock = Clock()
    open_ward(tmp_path, clock).close()
    with closing(sqlite3.connect(tmp_path / "records.db")) as db:
        for table in ("names", "associations"):
            db.execute(
                f"CREATE TRIGGER no_{table} BEFORE INSERT ON {table}"
                " BEGIN SELECT RAISE(ABORT, 'no'); END"
            )
    admit(tmp_path, "4", "M4", "JONES^BABY BOY", at_ns=clock.now - NS)
    hear(tmp_path, clock.now)
    ward = open_ward(tmp_path, clock)

    heard, admitted = ward.feed()["quarantine"]
    assert "tried again when Joey is started" in heard["reason"]
    assert heard["again"] == ""
    with pytest.raises(InputError, match="cannot be tried"):
        ward.try_again(heard["seq"])
    assert admitted["again"] == "apply"
    journal = Journal(tmp_path / "journal.db")
    journal.trim(heard["seq"])
    journal.close()
    (admitted,) = [row for row in ward.feed()["quarantine"] if row["seq"] == admitted["seq"]]
    assert "older than the journal" in admitted["reason"]
    assert admitted["again"] == ""
    ward.close()


def test_a_clock_that_was_set_is_told(tmp_path: Path) -> None:
    """Until then what it gained or lost, since when, and by what."""
    clock = Clock()
    admit(tmp_path, "4", "M4", "JONES^BABY BOY", at_ns=clock.now - NS)
    ward = open_ward(tmp_path, clock, zone="Europe/Berlin")
    begun = datetime.fromtimestamp(clock.now / NS, ZoneInfo("Europe/Berlin"))
    cards = ward.feed()["cards"]
    wanted = (
        rf"(gained|lost) \d+\.\d s since {begun:%Y-%m-%d %H:%M}, "
        r"by the computer's own timer, which nobody can set"
    )
    assert cards["clock"] == "keeps time"
    assert re.fullmatch(wanted, cards["clockwhy"]), cards

    clock.now += 3600 * NS
    time.sleep(0.01)
    catch_up(ward)
    assert re.match(r"set by \+3(599|60\d) s at ", ward.feed()["cards"]["clock"])
    ward.close()


def test_codes_that_are_not_known_are_counted(tmp_path: Path) -> None:
    """With code, text and unit: a person can map them."""
    clock = Clock()
    admit(tmp_path, "4", "M4", "JONES^BABY BOY", at_ns=clock.now - NS)
    raw = observations("4", "M4", "JONES^BABY BOY", clock.now, numbers={"spo2": 91.0})
    raw += b"OBX|90|NM|999^NEW_THING^99ACME|1.9.9|5|mmHg|||||R\r"
    journal = Journal(tmp_path / "journal.db")
    shard = shard_of(SOURCE, "NICU/4")
    journal.append([NewEntry(clock.now, "hl7", SOURCE, raw, shard, "1")])
    ward = open_ward(tmp_path, clock)

    (row,) = ward.feed()["unmapped"]
    told = {
        name: row[name] for name in ("source", "code", "text", "unit", "own", "value", "n", "beds")
    }
    assert told == {
        "source": SOURCE, "code": "999", "text": "NEW_THING", "unit": "mmHg", "own": "mm[Hg]",
        "value": "5", "n": 1, "beds": ["NICU/4"],
    }  # fmt: skip
    journal.close()
    ward.close()


def test_names_without_end_are_not_sent_to_browsers(tmp_path: Path) -> None:
    """The feed is sent each second: what a monitor calls a row fills neither it nor the memory."""
    clock = Clock()
    admit(tmp_path, "4", "M4", "JONES^BABY BOY", at_ns=clock.now - NS)
    raw = observations("4", "M4", "JONES^BABY BOY", clock.now, numbers={"spo2": 91.0})
    long = b"x" * 100_000
    raw += b"OBX|90|NM|" + long + b"^" + long + b"^99ACME|1.9.9|5|" + long + b"|||||R\r"
    journal = Journal(tmp_path / "journal.db")
    journal.append([NewEntry(clock.now, "hl7", SOURCE, raw, shard_of(SOURCE, "NICU/4"), "1")])
    journal.close()
    ward = open_ward(tmp_path, clock)

    assert len(ward.feed()["unmapped"]) == 1
    assert len(json.dumps(ward.feed())) < 10_000
    ward.close()


def test_a_code_that_a_person_maps_is_shown_and_can_be_taken_back(tmp_path: Path) -> None:
    """From the next message on, after a restart as well; taken back it is unknown again."""
    clock = Clock()
    admit(tmp_path, "4", "M4", "JONES^BABY BOY", at_ns=clock.now - NS)
    journal = Journal(tmp_path / "journal.db")

    def hear() -> None:
        clock.now += NS
        raw = observations("4", "M4", "JONES^BABY BOY", clock.now, numbers={"heart_rate": 150.0})
        raw += b"OBX|90|NM|999^NEW_SAT^99ACME|1.9.9|91||||||R\r"
        shard = shard_of(SOURCE, "NICU/4")
        journal.append([NewEntry(clock.now, "hl7", SOURCE, raw, shard, str(clock.now))])

    hear()
    ward = open_ward(tmp_path, clock)
    assert ward.tile("NICU/4")["readings"]["spo2"]["value"] is None
    wish = {"code": "999", "label": "NEW_SAT", "rowUnit": "", "quantity": "spo2", "unit": "%"}
    ward.map_code(wish)
    hear()
    catch_up(ward)
    assert ward.tile("NICU/4")["readings"]["spo2"]["value"] == 91.0
    assert ward.feed()["unmapped"] == []
    (mapped,) = ward.feed()["mapped"]
    ward.close()

    clock.now += 3600 * NS
    hear()
    ward = open_ward(tmp_path, clock)
    assert ward.tile("NICU/4")["readings"]["spo2"]["value"] == 91.0
    ward.take_back_code(mapped["seq"])
    hear()
    catch_up(ward)
    assert [row["n"] for row in ward.feed()["unmapped"]] == [1]
    with pytest.raises(InputError, match="taken back already"):
        ward.take_back_code(mapped["seq"])
    journal.close()
    ward.close()


def test_a_code_is_mapped_for_one_source_or_for_all(tmp_path: Path) -> None:
    """Two gateways send one code: mapped for one, it stays unknown of the other."""
    clock = Clock()
    journal = Journal(tmp_path / "journal.db")
    ward = open_ward(tmp_path, clock)

    def hear() -> list[str]:
        clock.now += NS
        for bed, source in (("4", SOURCE), ("5", "other")):
            raw = observations(bed, f"M{bed}", "A^B", clock.now, numbers={"heart_rate": 150.0})
            raw += b"OBX|90|NM|999^NEW_SAT^99ACME|1.9.9|91||||||R\r"
            shard = shard_of(source, f"NICU/{bed}")
            journal.append([NewEntry(clock.now, "hl7", source, raw, shard, f"{clock.now}{bed}")])
        catch_up(ward)
        return sorted(row["source"] for row in ward.feed()["unmapped"])

    assert hear() == [SOURCE, "other"]
    wish = {"code": "999", "label": "NEW_SAT", "quantity": "spo2", "unit": "%"}
    ward.map_code({**wish, "source": SOURCE})
    assert hear() == ["other"]
    assert [each["source"] for each in ward.feed()["mapped"]] == [SOURCE]
    values = [ward.tile(f"NICU/{bed}")["readings"]["spo2"]["value"] for bed in "45"]
    assert values == [91.0, None]
    ward.map_code({**wish, "source": ""})
    assert hear() == []
    assert [each["source"] for each in ward.feed()["mapped"]] == ["", SOURCE]
    journal.close()
    ward.close()


def test_late_and_corrected_values_are_counted(tmp_path: Path) -> None:
    """With the time of the last; what is in order is neither, and is not made so by a restart."""
    clock = Clock()
    admit(tmp_path, "4", "M4", "JONES^BABY BOY", at_ns=clock.now - NS)
    journal = Journal(tmp_path / "journal.db")
    shard = shard_of(SOURCE, "NICU/4")
    for k, (behind_s, status) in enumerate([(0, "R"), (0, "R"), (30, "R"), (3, "C"), (0, "R")]):
        clock.now += NS
        at = clock.now - behind_s * NS
        raw = observations(
            "4", "M4", "JONES^BABY BOY", at, numbers={"spo2": 91.0}, waves=()
        ).replace(b"|||||R|||", b"|||||" + status.encode() + b"|||")
        journal.append([NewEntry(clock.now, "hl7", SOURCE, raw, shard, str(k))])
    ward = open_ward(tmp_path, clock)

    (row,) = ward.feed()["beds"]
    assert (row["late"], row["corrections"]) == (1, 1)
    assert row["revisedAt"] == (clock.now - NS) / 1e6
    journal.close()
    ward.close()


def test_what_is_stored_and_not_shown_is_told_by_bed(tmp_path: Path) -> None:
    """In is stored is shown, but for what is in quarantine; read again it is shown, not doubled."""
    clock = Clock()
    admit(tmp_path, "4", "M4", "JONES^BABY BOY", at_ns=clock.now - NS)
    journal = Journal(tmp_path / "journal.db")
    shard = shard_of(SOURCE, "NICU/4")
    raw = observations("4", "M4", "JONES^BABY BOY", clock.now, numbers={"spo2": 91.0})
    good = NewEntry(clock.now, "hl7", SOURCE, raw, shard, "1")
    bad = NewEntry(clock.now, "hl7", SOURCE, raw + b"ZZZ|1\r", shard, "2", "quarantined", "why")
    _, kept = journal.append([good, bad])
    ward = open_ward(tmp_path, clock)

    def counts() -> list[tuple[int, int, int]]:
        rows = ward.feed()["beds"]
        return [(row["stored"], row["shown"], row["withheld"]) for row in rows]

    assert counts() == [(2, 1, 1)]
    ward.release(kept.seq)
    catch_up(ward)
    assert counts() == [(2, 2, 0)]
    journal.close()
    ward.close()


def test_the_disk_lasts_as_long_as_the_journal_is_trimmed(tmp_path: Path) -> None:
    """The journal grows to its age and no further, unless it is held; the archive grows on."""
    now = time.time_ns()
    journal = Journal(tmp_path / "journal.db")
    (tmp_path / "archive.db").write_bytes(bytes(1_000_000))
    journal.append([NewEntry(now, "hl7", SOURCE, bytes(9000), 1, "0")])
    disk = DiskUse(tmp_path, journal, now, days=2.0)
    hour = 3600 * NS
    assert re.fullmatch(r"[\d,]+ GB free", disk.words(now + 30 * NS))

    journal.append([NewEntry(now, "hl7", SOURCE, bytes(9000), 1, f"a{k}") for k in range(1000)])
    # Full-grown before the disk is full.
    assert re.fullmatch(r"[\d,]+ GB free", disk.words(now + hour))
    free = shutil.disk_usage(tmp_path).free
    a_day = 24 * 9.0e6
    assert days_of(disk.words(now + hour, held=True)) == pytest.approx(free / a_day, rel=0.5)
    (tmp_path / "archive.db").write_bytes(bytes(31_000_000))
    alone = days_of(disk.words(now + hour))
    assert alone == pytest.approx((free - 2 * a_day) / (24 * 30e6), rel=0.1)
    assert days_of(disk.words(now + hour, held=True)) < 0.85 * alone
    assert disk.age_days(now + hour) == pytest.approx(1 / 24)
    journal.close()


def test_the_days_are_told_whatever_is_free(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No rounding of the division turns a journal that cannot be trimmed into endless room."""
    now = time.time_ns()
    with closing(Journal(tmp_path / "journal.db")) as journal:
        disk = DiskUse(tmp_path, journal, now, days=2.0)
        journal.append([NewEntry(now, "hl7", SOURCE, bytes(9000), 1, f"a{k}") for k in range(1000)])
        for pages in range(15_400_000, 15_400_200):  # of 4096 bytes: about 63 GB
            usage = shutil.disk_usage(tmp_path)._replace(free=4096 * pages)
            monkeypatch.setattr(shutil, "disk_usage", lambda _, usage=usage: usage)
            words = disk.words(now + 3600 * NS, held=True)
            assert days_of(words) == pytest.approx(usage.free / 24 / 9.0e6, rel=0.5)
            monkeypatch.undo()


def days_of(words: str) -> float:
    """Return the number of days that are told."""
    return float(words.partition(" days")[0].replace(",", ""))


@pytest.mark.parametrize(
    ("days", "words"),
    [(0.0, "0 min"), (0.05, "72 min"), (0.1, "2.4 h"), (0.99, "23.8 h"), (2.04, "2.0 days")],
)
def test_how_far_the_journal_reaches_back_in_words(days: float, words: str) -> None:
    assert words_of_journal(days, (), str) == words
