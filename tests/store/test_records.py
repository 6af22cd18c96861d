"""Records are what the journal says: applied once, in its order, and made again from it.

Each on SQLite, and on a real PostgreSQL where there is one.
"""

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import event, inspect, text

from joey.holds import Hold, read_holds, write_holds
from joey.signals import Clock
from joey.sources.hl7 import SourceSettings
from joey.spans import Span
from joey.store.journal import Entry, StorageError
from joey.store.records import OVERTAKEN, Records, to_try
from joey.store.records.engine import open_engine
from joey.store.records.tables import metadata

from .postgresql import Server, running_server, why_not

MIN = 60 * 10**9
NOW = 1_780_000_000 * 10**9
SOURCES = {"ward": SourceSettings("ward", "UTC")}


class Journal:
    """Entries in the order they are said, as the journal would give them."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []

    def say(self, kind: str, payload: bytes, at: int = NOW, source: str = "ward") -> Entry:
        """Append one."""
        number = len(self.entries) + 1
        made = Entry(
            seq=number, received_ns=at, kind=kind, source=source, payload=payload, shard=3,
            control_id=f"m{number}",
        )  # fmt: skip
        self.entries.append(made)
        return made

    def adt(
        self, event: str, name: str, bed: str, mrn: str = "0012", at: int = NOW, when: int = 0
    ) -> Entry:
        """Append an admission message that came at a time, of what was then or at 20:00."""
        stamp = "20260528200000+0000"
        if when:
            stamp = f"{datetime.fromtimestamp(when // 10**9, UTC):%Y%m%d%H%M%S}+0000"
        lines = (
            f"MSH|^~\\&|ADT|HOSP|JOEY|HOSP|{stamp}||ADT^{event}|c{len(self.entries)}|P|2.6",
            f"EVN|{event}|{stamp}",
            f"PID|||{mrn}^^^HOSP^MR||{name}||20260301|M",
            f"PV1||I|NICU^^{bed}",
        )
        return self.say("hl7", "\r".join(lines).encode(), at)

    def jones(self, event: str, bed: str, when: int) -> Entry:
        """Append what is said of JONES, BABY BOY as it happens."""
        return self.adt(event, "JONES^BABY BOY", bed, at=when, when=when)

    def li(self, event: str, bed: str, when: int) -> Entry:
        """Append what is said of LI, WEI as it happens."""
        return self.adt(event, "LI^WEI", bed, mrn="0099", at=when, when=when)

    def oru(
        self, name: str, bed: str, mrn: str = "0012", born: str = "20260301", device: str = "",
        source: str = "ward",
    ) -> Entry:  # fmt: skip
        """Append a monitor's message."""
        number = f"{mrn}^^^HOSP^MR" if mrn else ""
        rate = "147842^MDC_ECG_HEART_RATE^MDC"
        lines = (
            f"MSH|^~\\&|MON|HOSP|JOEY|HOSP|20260528200001+0000||ORU^R01|o{len(self.entries)}|P|2.6",
            f"PID|||{number}||{name}||{born}|M",
            f"PV1||I|NICU^^{bed}",
            "OBR|1|||0^MON|||20260528200001+0000",
            f"OBX|1|NM|{rate}|1.1.1.1|150|264864^MDC_DIM_BEAT_PER_MIN^MDC|||||R|||||||{device}",
        )
        return self.say("hl7", "\r".join(lines).encode(), source=source)

    def tap(self, kind: str, name: str, at: int, bed: str = "NICU/4", **said: object) -> Entry:
        """Append a tap."""
        tap = {"id": name, "type": kind, "bed": bed, "at_ns": at, **said}
        return self.say("tap", json.dumps(tap).encode(), max(at, NOW))


@pytest.fixture
def journal() -> Journal:
    """Return a journal in which JONES, BABY BOY is in bed 4."""
    made = Journal()
    made.adt("A01", "JONES^BABY BOY", "4")
    return made


@pytest.fixture(scope="module")
def postgresql() -> Iterator[Server]:
    """Return a PostgreSQL, started once."""
    if reason := why_not():
        pytest.skip(reason)
    with running_server() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def new_url(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], str]:
    """Return who makes an empty database, and tells where it is."""
    if request.param == "postgresql":
        server: Server = request.getfixturevalue("postgresql")
        return server.new_database
    numbers = iter(range(9))
    return lambda: f"sqlite:///{tmp_path / f'records{next(numbers)}.db'}"


@pytest.fixture
def records(new_url: Callable[[], str]) -> Iterator[Records]:
    """Return empty records."""
    made = Records(new_url(), SOURCES)
    yield made
    made.close()


SARA = {"role": "mother", "label": "Sara"}
TOM = {"role": "father", "label": "Tom"}


def offered(records: Records, bed: str = "NICU/4") -> list[str]:
    """Return the names of the holders whom a bed offers."""
    view = records.bed(bed, NOW + 4 * MIN)
    assert view is not None
    return [each.label for each in view.holders]


def shown(records: Records, bed: str = "NICU/4", now: int = NOW) -> tuple[str, str]:
    """Return the name at a bed, and the former one."""
    view = records.bed(bed, now)
    assert view is not None
    return ("", "") if view.infant is None else (view.infant.name.text, view.infant.name.formerly)


def test_a_rename_is_the_same_infant(journal: Journal, records: Records) -> None:
    """A name is dated: the hold that runs and the stay go on, and the old name stays visible."""
    journal.tap("start_hold", "t1", NOW, holder=SARA, contact="skin_to_skin")
    journal.adt("A08", "JONES^JOSEPH ALEXANDER", "4")
    records.apply(journal.entries)
    view = records.bed("NICU/4", NOW)

    assert shown(records) == ("JONES, JOSEPH ALEXANDER", "JONES, BABY BOY")
    assert view is not None
    assert view.running is not None
    assert view.running.pieces[0].role == "mother"


def test_a_name_enters_without_signs_that_turn_it(journal: Journal, records: Records) -> None:
    """Of infants and holders; the journal keeps what was sent."""
    sent = journal.adt("A01", "JONES^\u202eBABY BOY\u2066", "4")
    journal.tap("start_hold", "t1", NOW, holder={"role": "mother", "label": "\u202eSara\u200f"})
    records.apply(journal.entries)

    assert shown(records)[0] == "JONES, BABY BOY"
    with records._engine.connect() as connection:
        (given,) = connection.execute(text("SELECT given FROM names")).scalars().all()
    assert given == "BABY BOY"
    bed = records.bed("NICU/4", NOW)
    assert bed is not None
    assert [each.label for each in bed.holders] == ["Sara"]
    assert bed.holds[0].pieces[0].holder == "mother:Sara"
    assert "\u202e" in sent.payload.decode()


def test_what_was_applied_is_applied_once(journal: Journal, records: Records) -> None:
    """Entries that come again, in one batch or one by one, change nothing."""
    journal.tap("start_hold", "t1", NOW, holder=SARA)
    journal.tap("stop_hold", "t2", NOW + 30 * MIN, hold="t1")
    records.apply(journal.entries)
    first = records.bed("NICU/4", NOW)
    for entry in journal.entries:
        records.apply([entry])

    again = records.bed("NICU/4", NOW)
    assert first is not None
    assert again is not None
    assert again.holds == first.holds
    assert records.applied() == len(journal.entries)


def test_the_same_journal_makes_the_same_records(
    journal: Journal, records: Records, new_url: Callable[[], str]
) -> None:
    """One by one or at once: what pages show is the same."""
    journal.oru("JONES^BABY BOY", "4")
    journal.tap("start_hold", "t1", NOW, holder=SARA)
    journal.adt("A02", "JONES^BABY BOY", "5")
    journal.tap("nudge", "t2", NOW - 5 * MIN, bed="NICU/5", hold="t1")
    for entry in journal.entries:
        records.apply([entry])
    other = Records(new_url(), SOURCES)
    other.apply(journal.entries)

    assert records.bed_keys() == other.bed_keys() != ()
    for key in records.bed_keys():
        bed, again = records.bed(key, NOW), other.bed(key, NOW)
        assert bed is not None
        assert again is not None
        assert (bed.infant, bed.holds) == (again.infant, again.holds)
    assert records.associations() == other.associations()
    other.close()


def test_a_hold_follows_the_infant_to_another_bed(journal: Journal, records: Records) -> None:
    """The infant is held, not the bed."""
    journal.tap("start_hold", "t1", NOW, holder=SARA)
    journal.adt("A02", "JONES^BABY BOY", "5")
    records.apply(journal.entries)
    old, new = records.bed("NICU/4", NOW), records.bed("NICU/5", NOW)

    assert old is not None
    assert new is not None
    assert (old.infant, old.running) == (None, None)
    assert new.running is not None


def test_a_second_start_is_refused_and_a_tap_sent_twice_is_one(
    journal: Journal, records: Records
) -> None:
    """Two tablets press start: one hold, and the other is told."""
    journal.tap("start_hold", "t1", NOW, holder=SARA)
    journal.tap("start_hold", "t1", NOW, holder=SARA)
    journal.tap("start_hold", "t9", NOW, holder=SARA)
    done = records.apply(journal.entries)
    view = records.bed("NICU/4", NOW)

    assert list(done.refused) == ["t9"]
    assert done.refused["t9"] == "a hold runs here already, started by another tap"
    assert view is not None
    assert len(view.holds) == 1


@pytest.mark.parametrize(
    ("event", "where"),
    [("A03", None), ("A11", None)],
)
def test_who_has_left_is_no_longer_shown(
    event: str, where: None, journal: Journal, records: Records
) -> None:
    """A discharge, or an admission taken back, empties the bed; the bed stays."""
    journal.adt(event, "JONES^BABY BOY", "4")
    records.apply(journal.entries)
    view = records.bed("NICU/4", NOW)

    assert view is not None
    assert view.infant is where


def test_a_number_of_another_infant_stays_with_that_infant(
    journal: Journal, records: Records
) -> None:
    """Two infants' numbers in one message are no merge: both stay who they are."""
    journal.adt("A01", "DOE^ANN", "5", mrn="0013")
    journal.adt("A08", "JONES^JOSEPH", "4", mrn="0012^^^HOSP^MR~0013")
    journal.adt("A08", "DOE^ANNA", "5", mrn="0013")
    records.apply(journal.entries)

    assert shown(records)[0] == "JONES, JOSEPH"
    assert shown(records, "NICU/5")[0] == "DOE, ANNA"


def test_a_day_that_no_table_holds_is_no_day(journal: Journal, records: Records) -> None:
    """Some systems write year 9999 for never: the message counts as of when it came."""
    never = journal.adt("A01", "DOE^ANN", "5", mrn="0013")
    payload = never.payload.replace(b"20260528200000", b"99991231235959")
    journal.entries[-1] = replace(never, payload=payload)
    records.apply(journal.entries)

    assert shown(records, "NICU/5")[0] == "DOE, ANN"


def test_an_entry_that_fails_is_set_apart_and_the_rest_goes_on(
    tmp_path: Path, journal: Journal, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing of it is kept but its place and the error's name; it is not tried for ever."""
    bad = journal.adt("A01", "SMITH^ANN", "5", mrn="0077")
    journal.adt("A01", "LI^WEI", "6", mrn="0099")
    path = tmp_path / "records.db"
    records = Records(f"sqlite:///{path}")
    with closing(sqlite3.connect(path)) as other:
        other.execute(
            "CREATE TRIGGER no BEFORE INSERT ON names WHEN NEW.family = 'SMITH'"
            " BEGIN SELECT RAISE(ABORT, 'no'); END"
        )
    records.apply(journal.entries)

    assert records.applied() == len(journal.entries)
    assert [shown(records, f"NICU/{bed}")[0] for bed in "46"] == ["JONES, BABY BOY", "LI, WEI"]
    assert records.bed("NICU/5", NOW) is None
    with closing(sqlite3.connect(path)) as other:
        assert other.execute("SELECT count(*) FROM infants").fetchone() == (2,)
        assert other.execute("SELECT count(*) FROM accounts WHERE value = '0077'").fetchone() == (
            0,
        )
    (apart,) = records.apart()
    assert (apart.seq, apart.received_ns, apart.source) == (bad.seq, NOW, "ward")
    assert apart.reason == "IntegrityError"
    assert f"entry {bad.seq} was not applied" in caplog.text
    assert "SMITH" not in caplog.text
    records.close()


def test_a_bug_over_one_tap_ends_that_tap_alone(journal: Journal, records: Records) -> None:
    """Its tablet is told, and the next tap counts."""
    bad = journal.say("tap", b"[" * 100_000)
    journal.tap("start_hold", "t1", NOW, holder=SARA)
    done = records.apply(journal.entries)
    view = records.bed("NICU/4", NOW)

    assert "could not be applied" in done.refused[bad.control_id]
    assert view is not None
    assert view.running is not None
    assert [(each.seq, each.kind, each.reason) for each in records.apart()] == [
        (bad.seq, "tap", "RecursionError")
    ]


BLOCKED = "CREATE TRIGGER no BEFORE INSERT ON {0} BEGIN SELECT RAISE(ABORT, 'no'); END"


def blocked(path: Path, table: str, journal: Journal) -> Records:
    """Return records that have applied a journal while a table took no row; now it does."""
    records = Records(f"sqlite:///{path}")
    records.apply(journal.entries[:1])
    with closing(sqlite3.connect(path)) as other:
        other.execute(BLOCKED.format(table))
        records.apply(journal.entries)
        other.execute("DROP TRIGGER no")
    return records


def test_a_tap_that_was_set_apart_counts_once_it_is_tried_again(
    tmp_path: Path, journal: Journal
) -> None:
    """As one that a tablet had kept: a start counts from its own time, and only once."""
    start = journal.tap("start_hold", "t1", NOW, holder=SARA)
    records = blocked(tmp_path / "records.db", "taps", journal)
    (apart,) = records.apart()
    assert apart.seq == start.seq
    assert records.bed("NICU/4", NOW).running is None  # type: ignore[union-attr]
    again = to_try(start, NOW + 20 * MIN)
    for _ in range(2):
        journal.say(again.kind, again.payload, again.received_ns)
    done = records.apply(journal.entries)
    view = records.bed("NICU/4", NOW)

    assert view is not None
    assert view.running is not None
    assert view.running.start == NOW / 1e9
    assert records.apart() == ()
    assert list(done.refused.values()) == ["it is not set apart any more"]
    # With what stood against it gone from the start, a replay makes the same hold.
    afresh = Records(f"sqlite:///{tmp_path / 'afresh.db'}")
    afresh.apply(journal.entries)
    assert afresh.bed("NICU/4", NOW).running == view.running  # type: ignore[union-attr]
    afresh.close()
    records.close()


@pytest.mark.parametrize(
    ("since", "named"),
    [
        ((), "SMITH, ANN"),
        ((("A02", "SMITH^ANN", "7", "0077"),), None),  # she was moved meanwhile
        ((("A01", "LI^WEI", "5", "0099"),), "LI, WEI"),  # another came to the bed
        ((("A01", "LI^WEI", "5", "0099"), ("A03", "LI^WEI", "5", "0099")), None),
        ((("A01", "LI^WEI", "6", "0099"),), "SMITH, ANN"),  # of neither
    ],
)
def test_a_message_is_tried_again_only_where_nothing_came_since(
    tmp_path: Path,
    journal: Journal,
    since: tuple[tuple[str, str, str, str], ...],
    named: str | None,
) -> None:
    """Else an old admission would put an infant back into a bed, over what is known by now."""
    bad = journal.adt("A01", "SMITH^ANN", "5", mrn="0077", at=NOW, when=NOW)
    records = blocked(tmp_path / "records.db", "names", journal)
    for k, (what, name, bed, mrn) in enumerate(since, 1):
        journal.adt(what, name, bed, mrn=mrn, at=NOW + k * MIN, when=NOW + k * MIN)
    again = to_try(bad, NOW + 20 * MIN)
    tried = journal.say(again.kind, again.payload, again.received_ns)
    done = records.apply(journal.entries)
    view = records.bed("NICU/5", NOW + 20 * MIN)

    helped = named == "SMITH, ANN"
    shown_name = None if view is None or view.infant is None else view.infant.name.text
    assert shown_name == named
    assert (done.refused.get(tried.control_id) == OVERTAKEN) is not helped
    assert [each.reason for each in records.apart()] == ([] if helped else [OVERTAKEN])
    if helped and view is not None:
        assert view.since_ns == NOW  # when she came, not when it was tried
    records.close()


def test_very_many_that_fail_fill_no_disk(journal: Journal, records: Records) -> None:
    """The last are listed."""
    for _ in range(300):
        journal.say("tap", b"[" * 100_000)
    records.apply(journal.entries)

    assert [each.seq for each in records.apart()] == list(range(301, 101, -1))


@pytest.mark.parametrize("kind", ["PI", "VN", "AN"])
def test_a_number_of_another_kind_is_another_number(
    kind: str, journal: Journal, records: Records
) -> None:
    """One authority gives out numbers of many kinds: a visit may have another infant's digits."""
    one = journal.adt("A01", "DOE^ANN", "5", mrn="0013")
    both = f"0013^^^HOSP^MR~0012^^^HOSP^{kind}" if kind != "PI" else "0012^^^HOSP^PI"
    payload = one.payload.replace(b"0013^^^HOSP^MR", both.encode())
    journal.entries[-1] = replace(one, payload=payload)
    journal.adt("A08", "JONES^JOSEPH", "4")
    records.apply(journal.entries)

    assert shown(records)[0] == "JONES, JOSEPH"
    assert shown(records, "NICU/5")[0] == "DOE, ANN"


def test_a_number_without_a_kind_finds_nobody_beside_one_with(
    journal: Journal, records: Records
) -> None:
    """It may be a visit's; alone it is the infant's, as systems send it that say no kinds."""
    both = journal.adt("A01", "DOE^ANN", "5", mrn="0013")
    payload = both.payload.replace(b"0013^^^HOSP^MR", b"0013^^^HOSP^MR~0012^^^HOSP")
    journal.entries[-1] = replace(both, payload=payload)
    alone = journal.adt("A08", "JONES^JOSEPH", "4")
    payload = alone.payload.replace(b"0012^^^HOSP^MR", b"0012^^^HOSP")
    journal.entries[-1] = replace(alone, payload=payload)
    records.apply(journal.entries)

    assert shown(records)[0] == "JONES, JOSEPH"
    assert shown(records, "NICU/5")[0] == "DOE, ANN"


def test_a_number_that_may_be_of_two_changes_nothing(journal: Journal, records: Records) -> None:
    """Nobody can tell whose it is: no third infant is made of it, and none is renamed."""
    for old, new in ((b"0012^^^HOSP^MR", b"0012^^^HOSP^PI"), (b"0012^^^HOSP^MR", b"0012^^^HOSP")):
        said = journal.adt("A01", "DOE^ANN", "5")
        journal.entries[-1] = replace(said, payload=said.payload.replace(old, new))
    journal.entries[-1] = replace(
        journal.entries[-1], payload=journal.entries[-1].payload.replace(b"NICU^^5", b"NICU^^6")
    )
    records.apply(journal.entries)

    assert shown(records)[0] == "JONES, BABY BOY"
    assert shown(records, "NICU/5")[0] == "DOE, ANN"
    assert records.bed("NICU/6", NOW) is None


def test_a_hold_is_moved_stopped_and_taken_back_at_the_new_bed(
    journal: Journal, records: Records
) -> None:
    """What was tapped at the old bed is offered where the infant lies now, and nowhere else."""
    journal.tap("start_hold", "t1", NOW, holder=SARA)
    journal.adt("A02", "JONES^BABY BOY", "7")
    journal.tap("nudge", "t2", NOW - 5 * MIN, bed="NICU/7", hold="t1")
    journal.tap("stop_hold", "t3", NOW + 20 * MIN, bed="NICU/7", hold="t1")
    journal.adt("A01", "LI^WEI", "4", mrn="0099")
    records.apply(journal.entries)

    taps = records.standing_taps("NICU/7", NOW - MIN)
    assert [(each.id, each.kind) for each in taps] == [
        ("t1", "start_hold"), ("t2", "nudge"), ("t3", "stop_hold"),
    ]  # fmt: skip
    assert records.standing_taps("NICU/4", NOW - MIN) == ()
    journal.tap("undo", "t4", NOW + 21 * MIN, bed="NICU/7", hold="t1", of="t3")
    done = records.apply(journal.entries)
    view = records.bed("NICU/7", NOW)
    assert done.refused == {}
    assert view is not None
    assert view.running is not None
    assert view.running.start == (NOW - 5 * MIN) / 10**9
    late = journal.tap("stop_hold", "t5", NOW + 22 * MIN, bed="NICU/4", hold="t1")
    assert records.apply([late]).beds == {"NICU/4", "NICU/7"}, "a tablet of the old bed"


def test_what_could_not_be_written_is_applied_later(tmp_path: Path, journal: Journal) -> None:
    """Whose a stream is, too, is as if the disk had never been full."""
    journal.oru("JONES^BABY BOY", "4")
    path = tmp_path / "records.db"
    records = Records(f"sqlite:///{path}")
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        pages = other.execute("PRAGMA page_count").fetchone()[0]
        assert pages > 1
    full = f"PRAGMA max_page_count={pages}"
    event.listen(records._engine, "connect", lambda db, _: db.execute(full))
    records._engine.dispose()
    name = "X" * 100_000
    journal.adt("A08", f"JONES^{name}", "4")
    with pytest.raises(StorageError, match="full") as told:
        records.apply(journal.entries)
    assert "JONES" not in str(told.value)
    assert records.applied() == 0
    full = "PRAGMA max_page_count=100000"
    records._engine.dispose()
    records.apply(journal.entries)
    assert [each.infant for each in records.associations("NICU/4")] == [1]
    records.close()


def test_a_transfer_taken_back(journal: Journal, records: Records) -> None:
    """After A12 the infant is where it was."""
    journal.adt("A02", "JONES^BABY BOY", "5")
    journal.adt("A12", "JONES^BABY BOY", "4")
    records.apply(journal.entries)

    assert shown(records)[0] == "JONES, BABY BOY"
    assert shown(records, "NICU/5")[0] == ""


@pytest.mark.parametrize(
    ("name", "mrn", "born", "attached"),
    [
        ("JONES^BABY BOY", "0012", "20260301", True),
        ("", "0012", "", False),
        ("", "", "", False),
        ("SMITH^BABY GIRL", "0077", "20260302", False),
        ("JONES^BABY BOY", "0077", "20260301", False),
    ],
)
def test_signals_are_attached_by_two_identifiers_or_unassigned(
    name: str, mrn: str, born: str, attached: bool, journal: Journal, records: Records
) -> None:
    """A stream that lacks one, or contradicts, waits for a person, with the reason."""
    journal.oru(name, "4", mrn, born)
    records.apply(journal.entries)
    (found,) = records.associations("NICU/4")

    assert (found.infant is not None) is attached
    assert found.reason


def test_a_person_confirms_a_stream(journal: Journal, records: Records) -> None:
    """The confirmation is a tap: it counts for this stream and stays after the next message."""
    journal.oru("", "4", "", "")
    records.apply(journal.entries)
    (stream,) = records.associations("NICU/4")
    view = records.bed("NICU/4", NOW)
    assert view is not None
    assert view.infant is not None
    journal.tap("associate", "a1", NOW, stream=stream.stream, infant=view.infant.id)
    journal.oru("", "4", "", "")
    records.apply(journal.entries)

    (found,) = records.associations("NICU/4")
    assert (found.infant, found.confirmed) == (view.infant.id, True)


def test_a_confirmation_is_taken_back(journal: Journal, records: Records) -> None:
    """It was the wrong button: nothing of that monitor is the infant's, and it waits again."""
    journal.oru("", "4", "", "")
    records.apply(journal.entries)
    (stream,) = records.associations("NICU/4")
    said = {"stream": stream.stream, "infant": 1}
    journal.tap("associate", "a1", NOW, **said)
    records.apply(journal.entries)
    assert streams_at(records) == {stream.stream}
    journal.tap("associate", "a2", NOW, **said, on=False)
    journal.oru("", "4", "", "")
    assert records.apply(journal.entries).refused == {}
    (found,) = records.associations("NICU/4")
    assert (found.infant, found.confirmed) == (None, False)
    assert streams_at(records) == set()
    journal.tap("associate", "a3", NOW, **said, on=False)
    assert list(records.apply(journal.entries).refused) == ["a3"]
    journal.tap("associate", "a4", NOW, **said)
    records.apply(journal.entries)
    assert streams_at(records) == {stream.stream}


def test_another_infant_in_the_bed_needs_a_new_confirmation(
    journal: Journal, records: Records
) -> None:
    """What was confirmed of one infant is not carried to the next."""
    journal.oru("", "4", "", "")
    records.apply(journal.entries)
    (stream,) = records.associations("NICU/4")
    journal.tap("associate", "a1", NOW, stream=stream.stream, infant=1)
    journal.adt("A01", "SMITH^BABY GIRL", "4", mrn="0077")
    records.apply(journal.entries)

    (found,) = records.associations("NICU/4")
    assert (found.infant, found.confirmed) == (None, False)


def test_a_confirmation_is_not_carried_to_the_next_infant_by_a_restart(
    journal: Journal, new_url: Callable[[], str]
) -> None:
    """Also where the monitor is silent from Joey's start until another infant is admitted."""
    url = new_url()
    before = Records(url, SOURCES)
    journal.oru("", "4", "", "")
    before.apply(journal.entries)
    (stream,) = before.associations("NICU/4")
    journal.tap("associate", "a1", NOW, stream=stream.stream, infant=1)
    before.apply(journal.entries)
    before.close()
    records = Records(url, SOURCES)
    journal.adt("A01", "SMITH^BABY GIRL", "4", mrn="0077")
    records.apply(journal.entries)
    assert not any(each.infant == 1 for each in records.associations("NICU/4"))
    journal.oru("", "4", "", "")
    records.apply(journal.entries)

    (found,) = records.associations("NICU/4")
    assert (found.infant, found.confirmed) == (None, False)
    records.close()


def test_another_monitor_that_says_no_name_needs_a_confirmation_of_its_own(
    journal: Journal, records: Records
) -> None:
    """A monitor is exchanged: of the new one nobody has said whose its signals are."""
    journal.oru("", "4", "", "", device="A1")
    records.apply(journal.entries)
    (stream,) = records.associations("NICU/4")
    journal.tap("associate", "a1", NOW, stream=stream.stream, infant=1)
    journal.oru("", "4", "", "", device="A1")
    records.apply(journal.entries)
    assert [each.infant for each in records.associations("NICU/4")] == [1]
    journal.oru("", "4", "", "", device="B2")
    records.apply(journal.entries)

    found = records.associations("NICU/4")
    assert [(each.infant, each.confirmed) for each in found] == [(1, True), (None, False)]


def test_each_monitor_of_a_bed_is_asked_again_when_another_infant_comes(
    journal: Journal, records: Records
) -> None:
    """Also the one that was not the last to speak, and whose signals a person had confirmed."""
    journal.oru("JONES^BABY BOY", "4")
    journal.oru("", "4", "", "")
    records.apply(journal.entries)
    (nobodys,) = [each for each in records.associations("NICU/4") if each.infant is None]
    journal.tap("associate", "a1", NOW, stream=nobodys.stream, infant=1)
    journal.oru("JONES^BABY BOY", "4")
    records.apply(journal.entries)
    assert [each.infant for each in records.associations("NICU/4")] == [1, 1]
    journal.adt("A01", "SMITH^BABY GIRL", "4", mrn="0077")
    records.apply(journal.entries)
    assert not any(each.infant == 1 for each in records.associations("NICU/4"))
    journal.oru("", "4", "", "")
    records.apply(journal.entries)

    found = records.associations("NICU/4")
    assert [(each.infant, each.confirmed) for each in found] == [(None, False)] * 2


def test_what_is_nobodys_again_is_not_joined_to_the_infant(
    journal: Journal, records: Records
) -> None:
    """A confirmed monitor named another patient meanwhile: whose it is must be said again."""
    journal.oru("JONES^BABY BOY", "4", device="A1")
    journal.oru("", "4", "", "", device="B2")
    records.apply(journal.entries)
    heart, oximeter = records.associations("NICU/4")
    journal.tap("associate", "a1", NOW, stream=oximeter.stream, infant=1)
    records.apply(journal.entries)
    assert streams_at(records) == {heart.stream, oximeter.stream}
    journal.oru("LI^WEI", "4", "0099", "", device="B2")
    journal.oru("JONES^BABY BOY", "4", device="A1")
    journal.oru("", "4", "", "", device="B2")
    journal.oru("JONES^BABY BOY", "4", device="A1")
    records.apply(journal.entries)
    again = [each for each in records.associations("NICU/4") if each.stream == oximeter.stream]
    assert [each.infant for each in again] == [None]
    assert streams_at(records) == {heart.stream}
    journal.tap("start_hold", "h1", NOW)
    journal.tap("associate", "a2", NOW, stream=oximeter.stream, infant=1)
    records.apply(journal.entries)
    assert streams_at(records) == {heart.stream, oximeter.stream}

    journal.jones("A03", "4", NOW + 10 * 1_000_000_000)
    for device, mrn, name in (("A1", "0012", "JONES^BABY BOY"), ("B2", "", "")):
        journal.oru(name, "4", mrn, device=device)  # nobody is there: they speak on
    records.apply(journal.entries)
    hold = records.hold("h1", NOW)
    assert hold is not None
    assert set(hold.places[0].streams) == {heart.stream, oximeter.stream}


def test_what_was_nobodys_when_the_infant_left_is_in_no_report(
    journal: Journal, records: Records
) -> None:
    """The stay is over, and nobody has said again whose it was."""
    journal.oru("", "4", "", "", device="B2")
    records.apply(journal.entries)
    (oximeter,) = records.associations("NICU/4")
    journal.tap("associate", "a1", NOW, stream=oximeter.stream, infant=1)
    journal.tap("start_hold", "h1", NOW)
    journal.oru("LI^WEI", "4", "0099", "", device="B2")
    journal.oru("", "4", "", "", device="B2")
    journal.jones("A03", "4", NOW + 10 * 1_000_000_000)
    records.apply(journal.entries)
    hold = records.hold("h1", NOW)
    assert hold is not None
    assert hold.places[0].streams == ()


def streams_at(records: Records, bed: str = "NICU/4") -> set[str]:
    view = records.bed(bed, NOW)
    assert view is not None
    return set(view.streams)


def test_two_monitors_of_one_infant_are_both_its_own(journal: Journal, records: Records) -> None:
    """However often they speak in turn: neither takes the other's place."""
    for _ in range(3):
        journal.oru("JONES^BABY BOY", "4", device="A1")
        journal.oru("JONES^BABY BOY", "4", device="B2")
        records.apply(journal.entries)

    found = records.associations("NICU/4")
    assert [each.infant for each in found] == [1, 1]
    assert len({each.stream for each in found}) == 2
    view = records.bed("NICU/4", NOW)
    assert view is not None
    assert set(view.streams) == {each.stream for each in found}
    with records._engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM associations")).scalar() == 2


def test_monitors_of_two_gateways_are_asked_again_when_an_infant_comes(
    journal: Journal, records: Records
) -> None:
    """Each says what it said before: none is nobody's until Joey is started anew."""
    for _ in range(2):
        journal.oru("JONES^BABY BOY", "9", device="A1", source="one")
        journal.oru("JONES^BABY BOY", "9", device="B2", source="other")
    journal.adt("A01", "JONES^BABY BOY", "9")
    for _ in range(2):
        journal.oru("JONES^BABY BOY", "9", device="A1", source="one")
        journal.oru("JONES^BABY BOY", "9", device="B2", source="other")
    records.apply(journal.entries)

    (infant,) = {each.infant for each in records.associations("NICU/9")}
    assert infant is not None
    assert len(records.associations("NICU/9")) == 2


def test_a_confirmation_of_an_earlier_stay_is_none_of_this_one(
    journal: Journal, records: Records
) -> None:
    """Who comes back to a bed is not followed by a monitor that names nobody, until one says so."""
    journal.jones("A01", "9", NOW)
    journal.oru("", "9", "", "", device="B2")
    records.apply(journal.entries)
    (nobodys,) = records.associations("NICU/9")
    journal.tap("associate", "a1", NOW, "NICU/9", stream=nobodys.stream, infant=1)
    records.apply(journal.entries)
    view = records.bed("NICU/9", NOW)
    assert view is not None
    assert view.streams == (nobodys.stream,)

    journal.li("A02", "9", NOW + 2 * MIN)
    journal.jones("A02", "9", NOW + 4 * MIN)
    journal.oru("", "9", "", "", device="B2")
    journal.tap("start_hold", "h1", NOW + 5 * MIN, "NICU/9")
    records.apply(journal.entries)
    view, hold = records.bed("NICU/9", NOW), records.hold("h1", NOW)
    assert view is not None
    assert hold is not None
    assert view.streams == ()
    assert [place.streams for place in hold.places[-2:]] == [(nobodys.stream,), ()]

    journal.tap("associate", "a2", NOW + 6 * MIN, "NICU/9", stream=nobodys.stream, infant=1)
    records.apply(journal.entries)
    view = records.bed("NICU/9", NOW)
    assert view is not None
    assert view.streams == (nobodys.stream,)


def test_monitors_that_speak_by_turns_are_asked_once(journal: Journal, records: Records) -> None:
    """With two at each of hundreds of beds the tables are not looked at with every message."""
    looked: list[str] = []

    @event.listens_for(records._engine, "before_cursor_execute")
    def _count(_c: object, _cursor: object, statement: str, *_: object) -> None:
        looked.extend([statement] if "FROM associations" in statement else [])

    for name in ("JONES^BABY BOY", "SMITH^BABY GIRL"):
        for _ in range(20):
            journal.oru("JONES^BABY BOY", "4", device="A1")
            journal.oru(name, "4", device="B2")
    records.apply(journal.entries)
    many = len(looked)
    for _ in range(20):
        journal.oru("JONES^BABY BOY", "4", device="A1")
        journal.oru("SMITH^BABY GIRL", "4", device="B2")
    records.apply(journal.entries)

    assert 0 < many < 60
    assert len(looked) == many


def test_two_monitors_of_one_bed_that_name_two_patients_stand_side_by_side(
    journal: Journal, records: Records
) -> None:
    """They do not take each other's place with every message: the one is hers, one nobody's."""
    for _ in range(20):
        journal.oru("JONES^BABY BOY", "4", device="A1")
        journal.oru("SMITH^BABY GIRL", "4", "0077", device="B2")
        records.apply(journal.entries)

    found = records.associations("NICU/4")
    assert sorted(str(each.infant) for each in found) == ["1", "None"]
    with records._engine.connect() as connection:
        rows = connection.execute(text("SELECT count(*) FROM associations")).scalar()
    assert rows is not None
    assert rows < 12


def test_a_monitor_whose_patient_was_named_wrongly_once_is_whole_again(
    journal: Journal, records: Records
) -> None:
    """A name typed wrongly, then rightly, at one monitor leaves no second monitor behind."""
    for name in ("JONES^BABY BOY", "JOMES^BABY BOY", "JONES^BABY BOY"):
        journal.oru(name, "4", device="A1")
        records.apply(journal.entries)

    assert [each.infant for each in records.associations("NICU/4")] == [1]


def test_who_comes_back_after_a_restart_is_attached_again(
    journal: Journal, new_url: Callable[[], str]
) -> None:
    """The stream of an infant that was away is not nobody's for ever."""
    url = new_url()
    before = Records(url, SOURCES)
    journal.oru("JONES^BABY BOY", "4")
    journal.adt("A03", "JONES^BABY BOY", "4", at=NOW + MIN, when=NOW + MIN)
    before.apply(journal.entries)
    assert [each.infant for each in before.associations("NICU/4")] == [None]
    before.close()
    records = Records(url, SOURCES)
    journal.adt("A01", "JONES^BABY BOY", "4", at=NOW + 2 * MIN, when=NOW + 2 * MIN)
    journal.oru("JONES^BABY BOY", "4")
    records.apply(journal.entries)

    assert [each.infant for each in records.associations("NICU/4")] == [1]
    records.close()


def test_who_holds_is_remembered_of_the_infant_that_is_held(
    journal: Journal, records: Records
) -> None:
    """A tap that was kept comes from the bed before, where another infant lies by now."""
    journal.tap("start_hold", "t1", NOW, holder=SARA, contact="skin_to_skin")
    journal.jones("A02", "7", NOW + MIN)
    journal.li("A01", "4", NOW + 2 * MIN)
    tom = {"role": "father", "label": "Tom"}
    journal.tap("change_holder", "t2", NOW + 3 * MIN, hold="t1", holder=tom)
    records.apply(journal.entries)

    assert (offered(records), offered(records, "NICU/7")) == ([], ["Tom", "Sara"])
    journal.tap("undo", "u1", NOW + 4 * MIN, hold="t1", of="t2")
    records.apply(journal.entries)
    assert (offered(records, "NICU/4"), offered(records, "NICU/7")) == ([], ["Sara"])


def test_beds_stand_in_room_order(records: Records) -> None:
    """Bed 10 comes after bed 9, whoever was admitted first."""
    journal = Journal()
    for k, bed in enumerate(("10", "2", "9", "1")):
        journal.adt("A01", f"NAME{k}^X", bed, mrn=f"{k}")
    records.apply(journal.entries)

    assert [key.rpartition("/")[2] for key in records.bed_keys()] == ["1", "2", "9", "10"]


def test_the_last_holders_come_first(journal: Journal, records: Records) -> None:
    """One tap for whoever held last: the chips of the bed page."""
    tom = {"role": "father", "label": "Tom"}
    journal.tap("start_hold", "t1", NOW, holder=SARA)
    journal.tap("change_holder", "t2", NOW + MIN, hold="t1", holder=tom)
    records.apply(journal.entries)
    view = records.bed("NICU/4", NOW)

    assert view is not None
    assert [(each.role, each.label) for each in view.holders] == [
        ("father", "Tom"),
        ("mother", "Sara"),
    ]


def test_a_holder_that_was_taken_back_or_refused_is_not_offered(
    journal: Journal, records: Records
) -> None:
    """A slip of the finger does not hold the infant the next time; one that held before stays."""
    tom, eve = {"role": "father", "label": "Tom"}, {"role": "other", "label": "Eve"}
    journal.tap("start_hold", "t1", NOW, holder=SARA)
    journal.tap("change_holder", "t2", NOW + MIN, hold="t1", holder=tom)
    journal.tap("change_holder", "t3", NOW + 2 * MIN, hold="t1", holder=SARA)
    journal.tap("start_hold", "t4", NOW + 3 * MIN, holder=eve)
    for number, of in (("t5", "t2"), ("t6", "t3")):
        journal.tap("undo", number, NOW + 4 * MIN, hold="t1", of=of)
    done = records.apply(journal.entries)

    assert set(done.refused) == {"t4"}
    assert offered(records) == ["Sara"]
    journal.tap("undo", "t7", NOW + 5 * MIN, hold="t1", of="t5")  # Tom held her after all
    records.apply(journal.entries)
    assert offered(records) == ["Tom", "Sara"]


def test_who_took_over_a_hold_that_was_taken_back_is_not_offered(
    journal: Journal, records: Records
) -> None:
    """Nobody held: neither of them; with the start taken back again, both."""
    journal.tap("start_hold", "t1", NOW, holder=SARA)
    journal.tap("change_holder", "t2", NOW + MIN, hold="t1", holder=TOM)
    records.apply(journal.entries)
    assert offered(records) == ["Tom", "Sara"]
    journal.tap("undo", "t3", NOW + 2 * MIN, hold="t1", of="t1")
    assert records.apply(journal.entries).refused == {}
    assert offered(records) == []
    journal.tap("undo", "t4", NOW + 3 * MIN, hold="t1", of="t3")
    records.apply(journal.entries)
    assert offered(records) == ["Tom", "Sara"]


def test_a_spell_has_the_tags_that_are_on_in_their_order(
    journal: Journal, records: Records
) -> None:
    """Each is switched by itself; on twice is on once, off keeps the others, off and on is last."""
    taps = [
        ("stimulated", True),
        ("oxygen_up", True),
        ("bagged", False),
        ("stimulated", True),
        ("feeding", True),
        ("oxygen_up", False),
        ("oxygen_up", True),
    ]
    for k, (tag, on) in enumerate(taps):
        journal.tap("tag", f"g{k}", NOW + k, stream="s", start_ns=5, tag=tag, on=on)
    journal.tap("tag", "other", NOW, stream="s", start_ns=9, tag="bagged", on=True)
    done = records.apply(journal.entries)

    assert done.refused == {}
    assert records.tags("s", 0) == {5: ("stimulated", "feeding", "oxygen_up"), 9: ("bagged",)}
    records.apply(journal.entries)  # sent twice, applied once
    assert records.tags("s", 0)[5] == ("stimulated", "feeding", "oxygen_up")


def test_a_tag_that_is_none_is_refused(journal: Journal, records: Records) -> None:
    """What is not known, what says neither on nor off, and a new tap that says all at once."""
    for k, said in enumerate(
        [
            {"tag": "sang", "on": True},
            {"tag": "stimulated", "on": "yes"},
            {"tag": "stimulated", "on": 1},
            {"tag": "none", "on": True},
        ]
    ):
        journal.tap("tag", f"g{k}", NOW, stream="s", start_ns=5, **said)
    done = records.apply(journal.entries)

    assert done.refused == dict.fromkeys(["g0", "g1", "g2", "g3"], "this tag is not known")
    assert records.tags("s", 0) == {}


def test_an_old_tap_that_says_no_on_replaces_the_tags_before(
    journal: Journal, records: Records
) -> None:
    """So journals of before are read as they were meant: one tag of a spell, or none."""
    for name, tag in (("g1", "stimulated"), ("g2", "feeding"), ("g3", "sang")):
        journal.tap("tag", name, NOW, stream="s", start_ns=5, tag=tag)
    done = records.apply(journal.entries)

    assert records.tags("s", 0) == {5: ("feeding",)}
    assert done.refused == {"g3": "this tag is not known"}
    journal.tap("tag", "g4", NOW, stream="s", start_ns=5, tag="oxygen_up", on=True)
    records.apply(journal.entries)
    assert records.tags("s", 0) == {5: ("feeding", "oxygen_up")}
    journal.tap("tag", "g5", NOW, stream="s", start_ns=5, tag="none")
    records.apply(journal.entries)
    assert records.tags("s", 0) == {}


def test_an_old_tap_takes_a_tag_off_and_all_rows_stay(journal: Journal, records: Records) -> None:
    """What was said of a spell is none then; its rows are kept, and another tag can follow."""
    journal.tap("tag", "g1", NOW, stream="s", start_ns=5, tag="stimulated")
    journal.tap("tag", "g2", NOW, stream="s", start_ns=9, tag="bagged")
    journal.tap("tag", "g3", NOW, stream="s", start_ns=5, tag="none")
    done = records.apply(journal.entries)

    assert done.refused == {}
    assert records.tags("s", 0) == {9: ("bagged",)}
    with records._engine.connect() as connection:
        rows = connection.execute(text("SELECT tag FROM tags ORDER BY seq")).scalars().all()
    assert rows == ["stimulated", "bagged", "none"]
    journal.tap("tag", "g4", NOW, stream="s", start_ns=5, tag="feeding")
    records.apply(journal.entries)
    assert records.tags("s", 0) == {5: ("feeding",), 9: ("bagged",)}


@pytest.mark.parametrize(
    "payload",
    [
        *(b"", b"[]", b"{}", b'{"id": 1}', b'{"id":"x","type":"hug","bed":"b","at_ns":1}'),
        b'{"id":"x","type":"start_hold","bed":"NICU/4","at_ns":%d}' % 2**63,
        b'{"id":"x","type":"tag","bed":"NICU/4","at_ns":1,"stream":"s","start_ns":%d,'
        b'"tag":"feeding"}' % 2**63,
        b'{"id":"x","type":"start_hold","bed":"NICU/4","at_ns":1,"holder":"mother"}',
        b'{"id":"x","type":"start_hold","bed":"NICU/4","at_ns":1,"details":["a"]}',
        b'{"id":"x","type":"start_hold","bed":"NICU/4","at_ns":1,"holder":{"label":"\\ud83d"}}',
    ],
)
def test_what_is_no_tap_changes_nothing(payload: bytes, journal: Journal, records: Records) -> None:
    """Anything may stand in a journal: it is told, and the rest goes on."""
    bad = journal.say("tap", payload)
    journal.tap("start_hold", "t1", NOW, holder=SARA)
    done = records.apply(journal.entries)
    view = records.bed("NICU/4", NOW)

    assert bad.control_id in done.refused
    assert view is not None
    assert view.running is not None


def test_migrations_make_the_tables_that_the_code_knows(new_url: Callable[[], str]) -> None:
    """What Alembic makes is what SQLAlchemy expects, column by column."""
    engine = open_engine(new_url())
    seen = inspect(engine)

    for table in metadata.sorted_tables:
        made = {column["name"]: column["nullable"] for column in seen.get_columns(table.name)}
        assert made == {column.name: column.nullable for column in table.columns}
    engine.dispose()


def test_a_kept_start_is_of_who_lay_there_then(journal: Journal, records: Records) -> None:
    """A tap that waited on a tablet names no infant: the one of its time is meant, not the next."""
    journal.adt("A02", "JONES^BABY BOY", "5")
    journal.adt("A01", "LI^WEI", "4", mrn="0099")
    at = 1_780_000_000 * 10**9 - 1  # just before both
    stay = journal.entries[0]
    journal.entries[0] = replace(
        stay, payload=stay.payload.replace(b"20260528200000", b"20260528190000")
    )
    for k in (1, 2):
        moved = journal.entries[k]
        journal.entries[k] = replace(
            moved, payload=moved.payload.replace(b"20260528200000", b"20260528203000")
        )
    journal.tap("start_hold", "a", at)
    journal.entries[-1] = replace(journal.entries[-1], received_ns=NOW + 60 * MIN)
    records.apply(journal.entries)

    moved_to, here = records.bed("NICU/5", NOW + 61 * MIN), records.bed("NICU/4", NOW + 61 * MIN)
    assert moved_to is not None
    assert here is not None
    assert [hold.id for hold in moved_to.holds] == ["a"]
    assert here.holds == ()


def hold_of(records: Records, key: str = "t1") -> Hold:
    """Return a hold, wherever its infant is."""
    view = records.hold(key, NOW)
    assert view is not None
    return view.hold


def is_running(records: Records, bed: str) -> bool:
    """Whether a hold runs at a bed."""
    view = records.bed(bed, NOW)
    return view is not None and view.running is not None


AT = NOW + 60 * MIN


@pytest.mark.parametrize("how", ["A03", "A11", "another"])
def test_a_hold_ends_with_the_stay(how: str, journal: Journal, records: Records) -> None:
    """Nobody can stop it any more: it ended when its infant left, and says so."""
    journal.tap("start_hold", "t1", NOW, holder=SARA, contact="skin_to_skin")
    if how == "another":
        journal.li("A01", "4", AT)
    else:
        journal.jones(how, "4", AT)
    journal.tap("start_hold", "t9", AT + MIN, holder=SARA)
    records.apply(journal.entries)
    view = records.hold("t1", AT)

    assert view is not None
    assert (view.hold.start, view.hold.end) == (NOW / 10**9, AT / 10**9)
    assert view.hold.details["end_reason"] == "left_unit"
    assert "nobody tapped Stop" in view.hold.details["note"]
    assert view.infant is not None
    assert view.infant.name.text == "JONES, BABY BOY"
    assert (view.bed, view.places[0].until_ns) == ("NICU/4", AT)
    bed = records.bed("NICU/4", AT + 2 * MIN)
    assert bed is not None
    assert bed.cut_short == view.hold
    assert [hold.id for hold in bed.holds] == ["t9"], "of who lies there now, or of nobody known"
    later = records.bed("NICU/4", AT + 121 * MIN)
    assert later is not None
    assert later.cut_short is None


def test_a_discharge_taken_back_lets_the_hold_run_on(journal: Journal, records: Records) -> None:
    """As if it had never been: the infant is here since it came, and Stop counts."""
    journal.tap("start_hold", "t1", NOW, holder=SARA)
    journal.jones("A03", "4", AT)
    journal.jones("A13", "4", AT + 5 * MIN)
    records.apply(journal.entries)
    before, view = journal.entries[0], records.bed("NICU/4", AT)

    assert view is not None
    assert view.running is not None
    assert view.running.details.get("end_reason") is None
    assert view.cut_short is None
    assert view.since_ns == before.received_ns - 1600 * 10**9, "as of 20:00"
    journal.tap("stop_hold", "t2", AT + 10 * MIN, hold="t1")
    assert records.apply(journal.entries).refused == {}
    assert hold_of(records).end == (AT + 10 * MIN) / 10**9


def test_a_discharge_taken_back_to_another_bed(journal: Journal, records: Records) -> None:
    """Another infant lies in the bed by now: it stays there, and the hold goes with its own."""
    journal.tap("start_hold", "t1", NOW, holder=SARA)
    journal.jones("A03", "4", AT)
    journal.li("A01", "4", AT + MIN)
    journal.jones("A13", "6", AT + 5 * MIN)
    records.apply(journal.entries)

    assert is_running(records, "NICU/6")
    assert not is_running(records, "NICU/4")
    assert shown(records)[0] == "LI, WEI"


def test_a_second_admission_is_no_end_of_the_first_hold(journal: Journal, records: Records) -> None:
    """Who comes back an hour later has two holds: the one that ended, and a new one."""
    journal.tap("start_hold", "t1", NOW, holder=SARA)
    journal.jones("A03", "4", AT)
    journal.jones("A01", "4", AT + 60 * MIN)
    journal.tap("start_hold", "t2", AT + 70 * MIN, holder=SARA)
    done = records.apply(journal.entries)

    assert done.refused == {}
    assert hold_of(records).end == AT / 10**9
    view = records.bed("NICU/4", AT + 71 * MIN)
    assert view is not None
    assert [(hold.id, hold.end is None) for hold in view.holds] == [("t1", False), ("t2", True)]


def test_who_was_only_pushed_aside_is_held_on(journal: Journal, records: Records) -> None:
    """The transfer of the first infant is told after the second has come into its bed."""
    journal.tap("start_hold", "t1", NOW, holder=SARA)
    journal.li("A01", "4", AT)
    records.apply(journal.entries)
    assert hold_of(records).end == AT / 10**9
    journal.jones("A02", "7", AT + MIN)
    records.apply(journal.entries)

    assert is_running(records, "NICU/7")


def test_an_update_after_the_discharge_brings_nobody_back(
    journal: Journal, records: Records
) -> None:
    """With the last bed in it, where another infant lies by now: that one stays."""
    journal.tap("start_hold", "t1", NOW, holder=SARA)
    journal.jones("A03", "4", AT)
    journal.jones("A08", "4", AT + MIN)
    journal.li("A01", "4", AT + 2 * MIN)
    journal.jones("A08", "4", AT + 3 * MIN)
    records.apply(journal.entries)

    assert shown(records)[0] == "LI, WEI"
    assert hold_of(records).end == AT / 10**9


def test_a_transfer_taken_back_leaves_one_stay(journal: Journal, records: Records) -> None:
    """The infant was at its bed all the time: the hold runs, and the report looks there."""
    journal.tap("start_hold", "t1", NOW, holder=SARA)
    journal.jones("A02", "5", AT)
    journal.jones("A12", "4", AT + MIN)
    journal.jones("A12", "4", AT + 2 * MIN)
    records.apply(journal.entries)
    view = records.hold("t1", AT)

    assert view is not None
    assert view.hold.end is None
    assert [(each.bed, each.until_ns) for each in view.places] == [("NICU/4", None)]
    assert is_running(records, "NICU/4")


def test_a_stop_that_was_tapped_counts_more_than_the_stay(
    journal: Journal, records: Records
) -> None:
    """It was kept on a tablet and comes after the discharge; taken back, the stay counts again."""
    journal.tap("start_hold", "t1", NOW, holder=SARA)
    journal.jones("A03", "4", AT)
    late = journal.tap("stop_hold", "t2", AT - 10 * MIN, hold="t1")
    journal.entries[-1] = replace(late, received_ns=AT + MIN)
    records.apply(journal.entries)
    assert hold_of(records).end == (AT - 10 * MIN) / 10**9
    assert "end_reason" not in hold_of(records).details
    journal.tap("undo", "t3", AT + 2 * MIN, hold="t1", of="t2")
    assert records.apply(journal.entries).refused == {}

    assert hold_of(records).end == AT / 10**9


def test_a_discharge_before_the_hold_gives_it_no_negative_length(
    journal: Journal, records: Records
) -> None:
    """Two clocks contradict each other: the hold is known, and took no time that anybody saw."""
    journal.tap("start_hold", "t1", NOW, holder=SARA)
    journal.adt("A03", "JONES^BABY BOY", "4", at=AT, when=NOW - 5 * MIN)
    records.apply(journal.entries)

    assert hold_of(records).start == hold_of(records).end == NOW / 10**9


def test_a_discharge_that_is_to_come_ends_now(journal: Journal, records: Records) -> None:
    """The bed is empty from the message on: so ends the hold, not in the future."""
    journal.tap("start_hold", "t1", NOW, holder=SARA)
    journal.adt("A03", "JONES^BABY BOY", "4", at=AT, when=AT + 60 * MIN)
    records.apply(journal.entries)

    assert hold_of(records).end == AT / 10**9


@pytest.mark.parametrize("since", ["before", "after"])
def test_a_hold_of_nobody_known_when_somebody_is_admitted(
    since: str, new_url: Callable[[], str]
) -> None:
    """Told late, the admission was before: it is that infant's hold. Else it ends with it."""
    journal = Journal()
    journal.li("A01", "4", NOW - 600 * MIN)
    journal.li("A03", "4", NOW - 300 * MIN)
    journal.tap("start_hold", "t1", NOW, holder=SARA, contact="skin_to_skin")
    came = NOW - 60 * MIN if since == "before" else AT
    journal.adt("A01", "JONES^BABY BOY", "4", at=AT, when=came)
    records = Records(new_url(), SOURCES)
    records.apply(journal.entries)
    view = records.hold("t1", AT)

    assert view is not None
    if since == "before":
        assert is_running(records, "NICU/4")
        assert view.infant is not None
        journal.tap("stop_hold", "t2", AT + MIN, hold="t1")
        assert records.apply(journal.entries).refused == {}
        assert hold_of(records).end == (AT + MIN) / 10**9
    else:
        bed = records.bed("NICU/4", AT + MIN)
        assert view.infant is None
        assert view.hold.end == AT / 10**9
        assert bed is not None
        assert (bed.holds, bed.cut_short) == ((), view.hold)
    records.close()


def test_a_walk_through_the_unit_is_the_same_in_a_replay(new_url: Callable[[], str]) -> None:
    """Discharged, taken back, moved, pushed aside, back: one by one or at once."""
    journal = Journal()
    journal.jones("A01", "4", NOW - 600 * MIN)
    journal.tap("start_hold", "t1", NOW, holder=SARA)
    journal.jones("A03", "4", AT)
    journal.jones("A13", "4", AT + MIN)
    journal.jones("A02", "5", AT + 2 * MIN)
    journal.tap("nudge", "t2", NOW - 5 * MIN, bed="NICU/5", hold="t1")
    journal.li("A01", "5", AT + 3 * MIN)
    journal.jones("A08", "6", AT + 4 * MIN)
    journal.tap("change_holder", "t3", AT + 5 * MIN, bed="NICU/6", hold="t1", holder=SARA)
    journal.jones("A11", "6", AT + 6 * MIN)
    one, other = Records(new_url(), SOURCES), Records(new_url(), SOURCES)
    running = []
    for entry in journal.entries:
        one.apply([entry])
        view = one.hold("t1", AT)
        running.append(view is not None and view.hold.end is None)
    other.apply(journal.entries)

    assert running == [False, True, False, True, True, True, False, True, True, False]
    for key in one.bed_keys():
        bed, again = one.bed(key, AT), other.bed(key, AT)
        assert bed is not None
        assert again is not None
        assert (bed.infant, bed.since_ns, bed.holds) == (again.infant, again.since_ns, again.holds)
    first, second = one.hold("t1", AT), other.hold("t1", AT)
    assert first is not None
    assert second is not None
    assert (first.hold, first.places) == (second.hold, second.places)
    assert first.hold.end == (AT + 6 * MIN) / 10**9
    one.close()
    other.close()


def test_the_hold_log_says_how_it_ended(tmp_path: Path, journal: Journal, records: Records) -> None:
    """Written and read back: the word is one that a hold log knows."""
    journal.tap("start_hold", "t1", NOW, holder=SARA, contact="skin_to_skin")
    journal.jones("A03", "4", AT)
    records.apply(journal.entries)
    clock = Clock(dated=True, zone="UTC")
    write_holds(tmp_path / "holds.csv", [hold_of(records)], clock)
    span = Span(NOW / 10**9 - 60, AT / 10**9)
    (hold,) = read_holds(tmp_path / "holds.csv", clock, None, span).holds

    assert hold.details["end_reason"] == "left_unit"
    assert hold.end == AT / 10**9
