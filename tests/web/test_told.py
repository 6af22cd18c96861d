"""What the pages say of what the workers told."""

from __future__ import annotations

import json
import time
import uuid
from dataclasses import astuple, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from joey.events import Event, Spell
from joey.live.facts import Facts
from joey.people import stream_key
from joey.response import SPELL_PARTS
from joey.serve.packing import facts_of
from joey.sources.codes import CodeMap
from joey.sources.hl7 import SourceSettings, read_message, read_observations
from joey.store.archive import Archive, Batch, Checkpoint, Fact, StreamRow
from joey.store.journal import SHARDS, Journal, NewEntry, shard_of
from joey.store.records import Records
from joey.web.past import Stay, oxycrg_columns
from joey.web.reports import make_report
from joey.web.searched import LETTERS
from joey.web.settings import PageSettings
from joey.web.taps import as_payload
from joey.web.ward import Ward
from tests.web.archived import NS, apnea, bradycardia, desaturation, strips, tell
from tests.web.messages import observations
from tests.web.serving import SOURCE, admit, write

BED = "NICU/4"


class Clock:
    """The host's time, moved by hand."""

    def __init__(self) -> None:
        self.now = time.time_ns() // NS * NS

    def now_ns(self) -> int:
        return self.now


def open_ward(folder: Path, clock: Clock, **chosen: Any) -> Ward:
    """Return the ward of a folder, caught up with its journal."""
    sources = {SOURCE: SourceSettings(SOURCE, simulated=True)}
    settings = PageSettings(folder, sources=sources, now_ns=clock.now_ns, **chosen)
    journal = Journal(folder / "journal.db")
    archive = Archive(folder / "archive.db")
    ward = Ward(settings, journal, archive, Records(f"sqlite:///{folder / 'records.db'}"))
    catch_up(ward)
    return ward


def catch_up(ward: Ward) -> None:
    """Step until there is no more, and the records had their turn."""
    for _ in range(2):
        ward._kept = 0.0  # as if they had waited for it
        while ward.step():
            pass


def hear(folder: Path, at_ns: int, slow: int = 0) -> None:
    """Let the bed's monitor send a second, its clock slow by some seconds."""
    numbers = {"heart_rate": 150.0, "spo2": 93.0}
    raw = observations("4", "M4", "JONES^BABY BOY", at_ns - slow * NS, numbers=numbers)
    write(folder, raw, BED, at_ns)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def folder(tmp_path: Path, clock: Clock) -> Path:
    """Return the files of a ward in which one bed has been for hours."""
    raw = observations("4", "M4", "JONES^BABY BOY", clock.now - 7200 * NS, numbers={})
    admit(tmp_path, "4", "M4", "JONES^BABY BOY", at_ns=clock.now - 7300 * NS)
    write(tmp_path, raw, BED, clock.now - 7200 * NS)
    hear(tmp_path, clock.now)
    return tmp_path


def spells(ward: Ward) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = ward.bed(BED)["spells"]
    return found


def test_spells_have_letters_extremes_and_the_hosts_time(folder: Path, clock: Clock) -> None:
    """The device's clock is 90 s behind: the spell is shown where the host saw it."""
    at = clock.now / NS - 1000
    members = (apnea(at, 12.0), bradycardia(at + 5, 9.0, 74.0), desaturation(at + 12, 31.0, 76.0))
    tell(folder, BED, clock.now, {"ABD": members}, offset_ns=90 * NS)
    ward = open_ward(folder, clock)

    (found,) = spells(ward)
    assert found["letters"] == "ABD"
    assert found["at"] == pytest.approx((at + 90) * 1000)
    assert found["seconds"] == pytest.approx(43.0)
    assert found["detail"] == "apnea 12 s, HR 74, SpO₂ 76 %"
    assert ward.tile(BED)["spells"] == [found]
    clock.now += 3600 * NS
    assert ward.tile(BED)["spells"] == []
    ward.close()


def test_no_number_of_another_patient_stands_beside_the_name(folder: Path, clock: Clock) -> None:
    """A monitor of the bed names somebody else: the name goes as the number comes."""
    ward = open_ward(folder, clock)
    assert ward.tile(BED)["infant"] is not None
    ward._kept = time.monotonic()  # the records have just had their turn
    raw = observations("4", "M77", "SMITH^BABY GIRL", clock.now, numbers={"spo2": 88.0})
    write(folder, raw, BED, clock.now)
    ward.step()

    tile = ward.tile(BED)
    assert tile["readings"]["spo2"]["value"] == 88.0
    assert tile["infant"] is None
    ward.close()


HOUR = [(-3600.0, -40.0)]
REACH_S = 25.0  # s after its end, in which a desaturation may begin that belongs to a spell
SEARCH = [  # min since the stream began, what was searched [s before now], how far, what is said
    (12, dict.fromkeys(LETTERS, HOUR), -40, "no spell in 12 min to {}"),
    (90, dict.fromkeys(LETTERS, HOUR), -40, "no spell in 1 h to {}"),
    (
        90,
        {name: [(-3500.0, -1700.0), (-300.0, -60.0)] for name in LETTERS},
        -60,
        "no spell in 34 min searched to {}",
    ),
    (
        90,
        {"central10": [(-900, -180)], "brady_uva": HOUR, "desat_uva": HOUR},
        -180,
        "no B, D in 1 h to {}; A in 12 min",
    ),
    (90, {"brady_uva": HOUR}, -40, "no B in 1 h to {}; A, D not searched"),
    (
        90,
        {"central10": [(-1300, -60)], "brady_uva": [(-2000, -60)], "desat_uva": HOUR},
        -60,
        "no D in 1 h to {}; A, B in 20 min",
    ),
    (  # the chest's leads are off since ten minutes: nothing waits for them
        90,
        {"central10": [(-3600, -600)], "brady_uva": HOUR, "desat_uva": HOUR},
        -40,
        "no B, D in 1 h to {}; A in 49 min",
    ),
    (  # all are, since ten minutes
        90,
        {name: [(-3600, -600)] for name in LETTERS},
        -600,
        "no spell in 49 min searched to {}",
    ),
    (  # an apnea has begun two minutes ago: what was before it may still belong to it
        90,
        {**dict.fromkeys(LETTERS, HOUR), "abd": [(-3600, -120)]},
        -120,
        "no spell in 1 h to {}",
    ),
    (90, {"central20": HOUR}, None, "spells not searched"),
    (0.5, {}, None, "no spell yet"),
]


@pytest.mark.parametrize(("minutes", "searched", "ended", "said"), SEARCH)
@pytest.mark.parametrize("later", [False, True])
def test_a_tile_says_for_how_long_and_until_when_spells_were_searched(
    tmp_path: Path,
    clock: Clock,
    minutes: float,
    searched: dict[str, list[tuple[float, float]]],
    ended: float | None,
    said: str,
    later: bool,
) -> None:
    """What could not be searched does not count; the device's clock is 90 s behind.

    A spell that ended a minute ago is still to be told: that is said by the time beside it.

    It is the same of what was told before the pages were started and after, and told twice.
    """
    begin = clock.now - round(minutes * 60) * NS
    heard = observations("4", "M4", "JONES^BABY BOY", clock.now - 90 * NS, numbers={})
    admit(tmp_path, "4", "M4", "JONES^BABY BOY", at_ns=clock.now - 7300 * NS)
    write(tmp_path, heard, BED, clock.now)
    found = read_observations(read_message(heard), SourceSettings(SOURCE), CodeMap())
    key = stream_key(SOURCE, found)
    row = StreamRow("s", *astuple(key), 1, begin - 90 * NS, 90 * NS)
    points = tuple(Checkpoint(f"shard {shard}", 1) for shard in range(SHARDS))
    archive = Archive(tmp_path / "archive.db")
    archive.write(Batch((row,), checkpoints=points))
    facts = []
    for name, spans in searched.items():
        for a, b in spans:
            for lo, hi in ((a, (a + b) / 2), (a + 1, (a + b) / 2), ((a + b) / 2, b)):
                bounds = [max(clock.now / NS + each - 90, 0.0) for each in (lo, hi)]
                start, end = (round(each * NS) for each in bounds)
                data = json.dumps({"spans": [bounds]}).encode()
                facts.append(Fact("s", "searched", name, start, end, 1, data))
    ward = open_ward(tmp_path, clock) if later else None
    archive.write(Batch(facts=facts))
    archive.close()
    if ward is None:
        ward = open_ward(tmp_path, clock)
    known = None if ended is None else (clock.now / NS + ended - REACH_S) // 60 * 60
    clock.now += NS
    catch_up(ward)

    tile = ward.tile(BED)
    until = "" if known is None else f"{datetime.fromtimestamp(known, UTC):%H:%M}"
    assert tile["looked"] == said.format(until)
    assert tile["known"] == (None if known is None else known * 1000)
    ward.close()


def test_spells_are_of_the_presets_that_are_shown_as_searched() -> None:
    assert tuple(LETTERS) == SPELL_PARTS


def test_a_new_spell_comes_without_a_restart(folder: Path, clock: Clock) -> None:
    at = clock.now / NS - 1000
    name = tell(folder, BED, clock.now, {"D": (desaturation(at, 20.0, 78.0),)})
    ward = open_ward(folder, clock)
    later = Facts(name, 5, spells=(*_spell("B", bradycardia(at + 600, 10.0, 70.0)),))
    archive = Archive(folder / "archive.db")
    archive.write(Batch(facts=tuple(facts_of(later))))
    clock.now += NS
    catch_up(ward)

    assert [each["letters"] for each in spells(ward)] == ["D", "B"]
    archive.close()
    ward.close()


def _spell(letters: str, event: Event) -> tuple[Spell, ...]:
    return (Spell(letters, event.span, (event,)),)


def test_tags_stay_with_their_spell(folder: Path, clock: Clock) -> None:
    """One tap each; they are there after a restart, and for the other tablet."""
    at = clock.now / NS - 1000
    tell(folder, BED, clock.now, {"D": (desaturation(at, 20.0, 78.0),)})
    ward = open_ward(folder, clock)
    spell = spells(ward)[0]
    shown: list[str] = []
    for tag in ("stimulated", "oxygen_up"):
        said = {
            "id": str(uuid.uuid4()),
            "type": "tag",
            "bed": BED,
            "at": clock.now / 1e6,
            "stream": spell["stream"],
            "start_ns": spell["startNs"],
            "tag": tag,
            "on": True,
        }
        answer = ward.tap(*as_payload(said))
        assert answer["refused"] == ""
        shown.append(tag)
        assert answer["bed"]["spells"][0]["tags"] == shown
    ward.close()
    again = open_ward(folder, clock)
    assert spells(again)[0]["tags"] == shown
    again.close()


def test_nobody_looking_is_said(folder: Path, clock: Clock) -> None:
    """Starting; then looked at; then not monitoring since the worker was last heard."""
    ward = open_ward(folder, clock)
    assert ward.tile(BED)["analysis"] == "analysis starting"
    ward.close()

    seq = Journal(folder / "journal.db", read_only=True).last()
    spell = {"D": (desaturation(clock.now / NS - 1000, 20.0, 78.0),)}
    name = tell(folder, BED, clock.now, spell, seq=seq)
    archive = Archive(folder / "archive.db")
    end = clock.now
    archive.write(Batch(facts=(Fact(name, "searched", "d", end - NS, end, seq, b"{}"),)))
    ward = open_ward(folder, clock)
    assert ward.tile(BED)["analysis"] == ""

    since = f"{time.gmtime(clock.now // NS).tm_hour:02}:{time.gmtime(clock.now // NS).tm_min:02}"
    clock.now += 60 * NS
    hear(folder, clock.now)
    catch_up(ward)
    assert ward.tile(BED)["analysis"] == f"not monitoring since {since}"

    last = Journal(folder / "journal.db", read_only=True).last()
    points = tuple(Checkpoint(f"shard {shard}", last) for shard in range(SHARDS))
    down = Fact(name, "down", "", clock.now, clock.now, last, b"{}")
    archive.write(Batch(facts=(down,), checkpoints=points))
    clock.now += 2 * NS
    catch_up(ward)
    assert ward.tile(BED)["analysis"].startswith("not monitoring since ")
    up = Fact(name, "up", "", clock.now, clock.now, last, b"{}")
    archive.write(Batch(facts=(up,)))
    clock.now += 2 * NS
    catch_up(ward)
    assert ward.tile(BED)["analysis"] == ""
    archive.close()
    ward.close()


def test_a_worker_that_is_behind_is_said_to_catch_up(folder: Path, clock: Clock) -> None:
    """As long as it moves, also by reading again; else it is dead; compiling is neither."""
    seq = Journal(folder / "journal.db", read_only=True).last()
    spell = {"D": (desaturation(clock.now / NS - 1000, 20.0, 78.0),)}
    name = tell(folder, BED, clock.now, spell, seq=seq)
    archive = Archive(folder / "archive.db")
    end = clock.now
    archive.write(Batch(facts=(Fact(name, "searched", "d", end - NS, end, seq, b"{}"),)))
    compiling = True
    ward = open_ward(folder, clock, starting=lambda: compiling)
    at = time.strftime("%H:%M", time.gmtime(clock.now // NS))

    def said(seconds: int) -> str:
        clock.now += seconds * NS
        hear(folder, clock.now)
        catch_up(ward)
        return str(ward.tile(BED)["analysis"])

    assert said(60) == "analysis starting"
    compiling = False
    assert said(2) == f"analysis catching up, at {at}"
    assert said(5) == f"not monitoring since {at}"
    for place in range(3):
        points = tuple(Checkpoint(f"shard {k}", seq, str(place)) for k in range(SHARDS))
        archive.write(Batch(checkpoints=points))
        assert said(4) == f"analysis catching up, at {at}"
    last = Journal(folder / "journal.db", read_only=True).last()
    points = tuple(Checkpoint(f"shard {k}", last) for k in range(SHARDS))
    archive.write(Batch(checkpoints=points))
    assert said(2) == ""
    archive.close()
    ward.close()


def test_a_signal_lost_before_a_restart_is_still_said_to_be_lost(
    folder: Path, clock: Clock
) -> None:
    """Started again after the monitor went silent, Joey says since when there are no data."""
    tell(folder, BED, clock.now, {})
    clock.now += 300 * NS
    ward = open_ward(folder, clock)

    (lost,) = ward.tile(BED)["lost"]
    assert lost["what"] == "data"
    assert 0 <= clock.now / 1e6 - lost["since"] - 300_000 <= 60_000
    ward.close()


def send_back(
    folder: Path, came: int, minutes: int, until: int = 0, received: int = 0
) -> list[int]:
    """Let a monitor send at once what it kept back for minutes, until some before; return where.

    It came then by the monitor's clock, and by the host's, if that is another, as `received`. [ns]
    """
    admit(folder, "4", "M4", "JONES^BABY BOY", at_ns=came - 7300 * NS)
    journal = Journal(folder / "journal.db")
    shard = shard_of(SOURCE, BED)
    entries = []
    for k in range((minutes - until) * 6 + 1):
        at = came - (minutes * 60 - 10 * k) * NS
        numbers = {"heart_rate": 150.0, "spo2": 93.0}
        raw = observations("4", "M4", "JONES^BABY BOY", at, seconds=10, numbers=numbers)
        entries.append(
            NewEntry((received or came) + k * NS // 100, "hl7", SOURCE, raw, shard, f"{k}")
        )
    places = [receipt.seq for receipt in journal.append(entries)]
    journal.close()
    return places


def backlog(folder: Path, clock: Clock, minutes: int, read: int) -> None:
    """Let a monitor send an hour at once, of which the analysis has read the first messages."""
    came = clock.now - 30 * NS
    seqs = send_back(folder, came, minutes)
    for k in range(1, 31):
        hear(folder, came + k * NS)
    first = came - minutes * 60 * NS
    tell(folder, BED, first + read * 60 * NS, {}, minutes=read, seq=seqs[read * 6])
    archive = Archive(folder / "archive.db")
    (row,) = archive.streams(BED)
    archive.write(Batch((replace(row, offset_ns=minutes * 60 * NS),)))
    archive.close()


def test_earlier_data_that_are_still_read_are_said_to_be(tmp_path: Path, clock: Clock) -> None:
    """What was kept back lies where it was measured, and the rest of it is said to be unread."""
    backlog(tmp_path, clock, 60, 20)
    ward = open_ward(tmp_path, clock)
    for _ in range(2):
        clock.now += 2 * NS
        hear(tmp_path, clock.now)
        catch_up(ward)
    read_ns = clock.now - (30 + 4 + 40 * 60) * NS
    at = time.strftime("%H:%M", time.gmtime(read_ns // NS // 60 * 60))

    assert ward.tile(BED)["analysis"] == f"reading earlier data, at {at}"
    assert abs(reads(ward, clock) - read_ns / 1e6) < 61_000
    data = ward.oxycrg(BED, clock.now / 1e6 - 3600_000, 60_000.0, 60)
    heart_rate = strips(data, 60)["heart_rate"][0]
    assert np.isfinite(heart_rate[2:18]).all()  # where it was measured, and not now
    assert np.isnan(heart_rate[22:58]).all()
    ward.close()


def test_pages_that_are_started_in_a_backlog_say_how_far_it_is_read(
    tmp_path: Path, clock: Clock
) -> None:
    """What is read came ten minutes ago, before all that they hear; they look at that message."""
    came = clock.now - 600 * NS
    seqs = send_back(tmp_path, came, 60)
    for k in range(-58, 1, 2):
        hear(tmp_path, clock.now + k * NS)
    first = came - 3600 * NS
    tell(tmp_path, BED, first + 1200 * NS, {}, minutes=20, seq=seqs[120])
    archive = Archive(tmp_path / "archive.db")
    (row,) = archive.streams(BED)
    archive.write(Batch((replace(row, offset_ns=3600 * NS),)))
    ward = open_ward(tmp_path, clock)

    def said() -> str:
        clock.now += 2 * NS
        hear(tmp_path, clock.now)
        catch_up(ward)
        return str(ward.tile(BED)["analysis"])

    for minutes in (20, 35):
        last = tuple(Checkpoint(f"shard {k}", seqs[minutes * 6]) for k in range(SHARDS))
        archive.write(Batch(checkpoints=last))
        read_ns = first + minutes * 60 * NS
        at = time.strftime("%H:%M", time.gmtime(read_ns // NS // 60 * 60))
        assert said() == f"reading earlier data, at {at}"
        assert abs(reads(ward, clock) - read_ns / 1e6) < 61_000
    archive.close()
    ward.close()


def reads(ward: Ward, clock: Clock) -> int:
    """Return from when on a bed's page says that data are still to be read; 0: none. [ms UTC]"""
    data = ward.oxycrg(BED, clock.now / 1e6 - 3600_000, 60_000.0, 60)
    return int(json.loads(data[4 : 4 + int.from_bytes(data[:4], "little")])["reads"])


@pytest.mark.parametrize("beside", [False, True])
def test_what_was_read_and_not_measured_is_not_said_to_be_unread(
    tmp_path: Path, clock: Clock, beside: bool
) -> None:
    """Leads off for 20 min, or a monitor unplugged beside another; the worker is seconds behind."""
    admit(tmp_path, "4", "M4", "JONES^BABY BOY", at_ns=clock.now - 7300 * NS)
    other = observations(
        "4", "M4", "JONES^BABY BOY", clock.now - 25 * 60 * NS, numbers={"spo2": 93.0}, device=9
    )
    write(tmp_path, other, BED, clock.now - 25 * 60 * NS)
    tell(tmp_path, BED, clock.now - 25 * 60 * NS, {}, minutes=20, heard=other)
    tell(tmp_path, BED, clock.now - (0 if beside else 20 * 60) * NS, {}, minutes=20)
    seqs = []
    journal = Journal(tmp_path / "journal.db")
    for k in range(-50, 1):
        at = clock.now + k * NS
        numbers = {"heart_rate": 150.0 if beside else float("nan")}
        raw = observations("4", "M4", "JONES^BABY BOY", at, numbers=numbers, waves=())
        write(tmp_path, raw, BED, at)
        seqs.append(journal.last())
    journal.close()
    archive = Archive(tmp_path / "archive.db")
    last = tuple(Checkpoint(f"shard {shard}", seqs[-8]) for shard in range(SHARDS))
    archive.write(Batch(checkpoints=last))
    archive.close()
    ward = open_ward(tmp_path, clock)

    since_ns = clock.now - 7 * NS
    at = time.strftime("%H:%M", time.gmtime(since_ns // NS))
    assert ward.tile(BED)["analysis"] == f"analysis catching up, at {at}"
    assert abs(reads(ward, clock) - since_ns / 1e6) < 1000
    ward.close()


@pytest.mark.parametrize("slow", [None, 0, 3600])
def test_what_a_monitor_kept_back_is_said_to_come(
    tmp_path: Path, clock: Clock, slow: int | None
) -> None:
    """As long as it comes, with the time at which it was measured; the report says it as well.

    By the host's clock, whatever the monitor's says (`slow` by so many seconds); without a time
    where its clock is not known, as no message has come yet as time goes by.
    """
    came = clock.now - 5 * NS
    clock.now -= 40 * 60 * NS
    ward = open_ward(tmp_path, clock)
    for _ in range(20 if slow is not None else 0):
        clock.now += NS
        hear(tmp_path, clock.now, slow or 0)
    clock.now = came + 5 * NS
    send_back(tmp_path, came - (slow or 0) * NS, 38, 30, came)
    catch_up(ward)
    said = {"id": str(uuid.uuid4()), "type": "start_hold", "bed": BED, "at": clock.now / 1e6}
    assert ward.tap(*as_payload(said))["refused"] == ""
    of_ns = came - 1800 * NS
    at = time.strftime(", at %H:%M", time.gmtime(of_ns // NS)) if slow is not None else ""
    assert ward.tile(BED)["analysis"] == f"earlier data arrive{at}"
    earlier = ward.hold(said["id"])["earlier"]
    assert abs(earlier - of_ns / 1e6) < 11_000 if at else earlier == 0

    clock.now += 20 * NS
    assert "arrive" not in ward.tile(BED)["analysis"]
    assert ward.hold(said["id"])["earlier"] is None
    ward.close()


def test_a_report_waits_for_what_is_still_to_be_read(folder: Path, clock: Clock) -> None:
    """Before the analysis has begun it does not say that there is none; then it comes by itself."""
    ward = open_ward(folder, clock)
    said = {"id": str(uuid.uuid4()), "type": "start_hold", "bed": BED, "at": clock.now / 1e6}
    assert ward.tap(*as_payload(said))["refused"] == ""

    def failed() -> str:
        ward.hold(said["id"])
        for wish in [*ward.reports._wishes.values()]:
            ward.reports._keep(wish, make_report(wish))
        return str(ward.hold(said["id"])["failed"])

    clock.now += 2 * NS
    hear(folder, clock.now)
    catch_up(ward)
    assert ward.tile(BED)["analysis"] == "analysis starting"
    assert failed().startswith("What was measured in this hold is still to be read: ")
    seq = Journal(folder / "journal.db", read_only=True).last()
    name = tell(folder, BED, clock.now, {}, seq=seq)
    end = clock.now
    archive = Archive(folder / "archive.db")
    archive.write(Batch(facts=(Fact(name, "searched", "d", end - NS, end, seq, b"{}"),)))
    archive.close()
    clock.now += 2 * NS
    catch_up(ward)
    assert failed() == ""
    assert ward.report(said["id"])
    ward.close()


def test_a_report_waits_only_for_what_will_come(tmp_path: Path, clock: Clock) -> None:
    """Not for what was before the monitor began, and no other reason is hidden meanwhile."""
    admit(tmp_path, "4", "M4", "JONES^BABY BOY", at_ns=clock.now - 7300 * NS)
    hear(tmp_path, clock.now - NS)
    ward = open_ward(tmp_path, clock)
    holds = []
    for start, end in ((40, 20), (10, None)):  # min ago: one that is over, and one that runs
        hold = str(uuid.uuid4())
        holds.append(hold)
        said = {"id": hold, "type": "start_hold", "bed": BED, "at": clock.now / 1e6 - start * 6e4}
        assert ward.tap(*as_payload(said))["refused"] == ""
        if end is not None:
            stop = {"id": str(uuid.uuid4()), "type": "stop_hold", "hold": hold, "bed": BED}
            stop["at"] = clock.now / 1e6 - end * 6e4
            assert ward.tap(*as_payload(stop))["refused"] == ""
        ward.hold(hold)
    assert ward.tile(BED)["analysis"] == "analysis starting"
    for wish in [*ward.reports._wishes.values()]:
        ward.reports._keep(wish, make_report(wish))
    old, runs = (str(ward.hold(each)["failed"]) for each in holds)
    assert old == "The monitor's data do not reach back to this hold."
    assert runs.startswith("What was measured in this hold is still to be read: ")

    clock.now += 70 * NS
    ward.hold(holds[1])
    ward.reports._keep(ward.reports._wishes[holds[1]], ValueError("a bug"))
    assert ward.tile(BED)["analysis"] == "analysis starting"
    assert ward.hold(holds[1])["failed"] == "No report: ValueError."
    ward.close()


def test_a_monitor_that_sends_as_time_goes_by_keeps_nothing_back(
    folder: Path, clock: Clock
) -> None:
    """Nor does one that is 2 s late and then on time, or whose clock, or the host's, was set."""
    ward = open_ward(folder, clock)
    for behind in (2, 0, 0, 3600, 3600, 3602, 3600, 0, 0, -3600):
        for _ in range(15):
            clock.now += NS
            hear(folder, clock.now, behind)
            catch_up(ward)
            assert "arrive" not in ward.tile(BED)["analysis"]
    ward.close()


@pytest.mark.parametrize(("minutes", "early"), [(70, True), (50, False)])
def test_a_start_before_the_data_is_told(
    folder: Path, clock: Clock, minutes: int, early: bool
) -> None:
    """With when the data of the bed begin: there is nothing before it to compare with."""
    tell(folder, BED, clock.now, {})
    ward = open_ward(folder, clock)
    start = clock.now - minutes * 60 * NS
    said = {"id": str(uuid.uuid4()), "type": "start_hold", "bed": BED, "at": start / 1e6}
    assert ward.tap(*as_payload(said))["refused"] == ""
    begin = (clock.now - 3600 * NS) // 1_000_000
    assert ward.bed(BED)["dataFrom"] == (begin if early else None)
    ward.close()


def test_columns_of_the_oxycrg_hold_the_extremes(folder: Path, clock: Clock) -> None:
    """No fall is lost, however wide a column is."""
    name = tell(folder, BED, clock.now, {})
    archive = Archive(folder / "archive.db")
    rows = archive.envelope(name, 0, clock.now)
    truth = np.concatenate([row.heart_rate for row in rows])
    start = rows[0].minute_ns / 1e6
    data = oxycrg_columns(archive, None, archive.streams(BED), (start, 360_000.0, 10), 0, Stay())
    low, high = strips(data, 10)["heart_rate"]

    cells = truth[: 10 * 1440].reshape(10, 1440)
    assert np.array_equal(low, cells.min(axis=1))
    assert np.array_equal(high, cells.max(axis=1))
    archive.close()


def test_what_was_before_the_infant_came_is_not_shown(folder: Path, clock: Clock) -> None:
    """Another lay there: its hour and its spells are not this infant's."""
    at = clock.now / NS - 1000
    heard = observations("4", "M5", "LI^WEI", clock.now, numbers={})
    tell(folder, BED, clock.now, {"D": (desaturation(at, 20.0, 78.0),)}, heard=heard)
    admit(folder, "4", "M5", "LI^WEI", at_ns=clock.now - 300 * NS)
    write(folder, heard, BED, clock.now)
    ward = open_ward(folder, clock)

    assert spells(ward) == []
    data = ward.oxycrg(BED, clock.now / 1e6 - 1_800_000, 60_000.0, 30)
    found = strips(data, 30)
    assert all(np.isnan(each[:, :24]).all() for each in found.values())
    assert np.isfinite(found["heart_rate"][0, 26:29]).all()
    ward.close()


def test_an_empty_bed_shows_nothing_of_who_lay_there(folder: Path, clock: Clock) -> None:
    """Neither numbers nor spells of the infant that left; what a monitor says since may stand."""
    at = clock.now / NS - 1000
    heard = observations("4", "M5", "LI^WEI", clock.now, numbers={})
    tell(folder, BED, clock.now, {"D": (desaturation(at, 20.0, 78.0),)}, heard=heard)
    admit(folder, "4", "M5", "LI^WEI", at_ns=clock.now - 1500 * NS)
    write(folder, heard, BED, clock.now)
    ward = open_ward(folder, clock)
    assert len(spells(ward)) == 1
    admit(folder, "4", "M5", "LI^WEI", "A03", at_ns=clock.now - 300 * NS)
    catch_up(ward)

    assert spells(ward) == []
    data = ward.oxycrg(BED, clock.now / 1e6 - 1_800_000, 60_000.0, 30)
    found = strips(data, 30)
    assert all(np.isnan(each[:, :24]).all() for each in found.values())
    assert np.isfinite(found["heart_rate"][0, 26:29]).all()
    trend = ward.trend(BED)
    assert all(value is None for value in trend["hr"][:108])
    ward.close()


def test_beds_of_two_units_are_told_apart(tmp_path: Path) -> None:
    """As short as can be; the unit's name stands only where two beds have one name."""
    beds = "NICU/4", "NICU/12/1", "NICU/13/1", "NICU/7", "SCN/7"
    ward = open_ward(tmp_path, Clock(), beds=beds)
    order, tiles = ward.unit()
    labels = [tiles[bed]["label"] for bed in order]
    ward.close()

    assert labels == ["4", "NICU/7", "12/1", "13/1", "SCN/7"]


def test_a_bed_is_empty_when_its_infant_and_monitor_are_gone(tmp_path: Path) -> None:
    """Nothing is lost where nobody is: no infant to look at, no stream for a person to confirm."""
    clock = Clock()
    admit(tmp_path, "4", "M4", "JONES^BABY BOY", at_ns=clock.now - 60 * NS)
    hear(tmp_path, clock.now)
    ward = open_ward(tmp_path, clock)
    clock.now += 2 * NS
    admit(tmp_path, "4", "M4", "JONES^BABY BOY", "A03", at_ns=clock.now)
    catch_up(ward)
    tile = ward.tile(BED)
    assert (tile["note"], tile["doubt"]) == ("unassigned", "nobody is admitted to this bed")
    assert [row["bed"] for row in ward.feed()["unassigned"]] == [BED]  # it still speaks

    clock.now += 5 * NS
    tile = ward.tile(BED)
    assert (tile["note"], tile["lost"]) == ("empty", [])
    assert {each["at"] for each in tile["readings"].values()} == {None}
    assert ward.feed()["unassigned"] == []
    hear(tmp_path, clock.now)
    catch_up(ward)
    assert ward.tile(BED)["note"] == "unassigned"
    assert [row["bed"] for row in ward.feed()["unassigned"]] == [BED]
    ward.close()


def test_a_monitor_that_speaks_seldom_waits_for_somebody(tmp_path: Path) -> None:
    """At a bed without an infant, too: between two messages a person can still confirm."""
    clock = Clock()
    ward = open_ward(tmp_path, clock, beds=(BED,))
    listed = []
    for _ in range(3):
        hear(tmp_path, clock.now)
        catch_up(ward)
        clock.now += 20 * NS
        listed.append(len(ward.feed()["unassigned"]))
    clock.now += 45 * NS
    listed.append(len(ward.feed()["unassigned"]))
    ward.close()

    assert listed[1:] == [1, 1, 0]  # how seldom is known from the second on


def test_a_doubtful_monitor_waits_for_a_person_as_long_as_its_infant_is_there(
    tmp_path: Path,
) -> None:
    """The page of the bed sends people to the feed page: there it is, silent or not."""
    clock = Clock()
    admit(tmp_path, "4", "M4", "JONES^BABY BOY", at_ns=clock.now - 60 * NS)
    write(tmp_path, observations("4", "", "", clock.now, numbers={}), BED, clock.now)
    ward = open_ward(tmp_path, clock)
    waiting, notes = [], []
    for _ in range(2):
        clock.now += 40 * NS
        waiting.append([(row["infant"], row["silent"]) for row in ward.feed()["unassigned"]])
        notes.append(ward.tile(BED)["note"])
    ward.close()

    assert waiting == [[("JONES, BABY BOY", False)], [("JONES, BABY BOY", True)]]
    assert notes == ["unassigned"] * 2  # no bed of an infant looks as if it were empty


def test_a_unit_has_all_its_beds(tmp_path: Path) -> None:
    """Those of the settings, and those whose monitor spoke before a restart; in room order."""
    clock = Clock()
    archive = Archive(tmp_path / "archive.db")
    spoke = StreamRow("s1", SOURCE, "m", "NICU/10", "", 1, clock.now - 3600 * NS)
    gone = StreamRow("s2", SOURCE, "m", "NICU/11", "", 1, clock.now - 3600 * NS, closed_ns=1)
    archive.write(Batch(streams=(spoke, gone)))
    archive.close()
    ward = open_ward(tmp_path, clock, beds=("NICU/2", "NICU/9"))

    order, tiles = ward.unit()
    assert order == ["NICU/2", "NICU/9", "NICU/10"]
    assert [tiles[bed]["note"] for bed in order] == ["empty"] * 3
    assert ward.bed("NICU/2")["tile"]["readings"]["hr"]["value"] is None
    ward.close()
