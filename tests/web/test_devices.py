"""Two monitors at one bed: they stand side by side, and only the infant's bear its name."""

from __future__ import annotations

import asyncio
import json
import uuid
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from joey.events import PRESETS, Event, Events, Spell, spells
from joey.sources.codes import CodeMap, Meaning
from joey.sources.hl7 import SourceSettings, read_message, read_observations
from joey.spans import EMPTY, Span, Spans, union
from joey.store.archive import Archive, Batch, Fact
from joey.store.journal import Journal, NewEntry, shard_of
from joey.web.past import archived_cells
from joey.web.recent import CELL_MS, NS_PER_MS
from joey.web.screens import Screen
from joey.web.sockets import Unit
from joey.web.spells import JOINED, Member, SpellTold, told_once
from joey.web.taps import as_payload
from tests.web.archived import NS, bradycardia, desaturation, strips, tell, work
from tests.web.messages import observations
from tests.web.serving import SOURCE, admit, write
from tests.web.test_told import REACH_S, Clock, catch_up, open_ward

if TYPE_CHECKING:
    from pathlib import Path

    from joey.web.ward import Ward

BED = "NICU/4"
HEART, OXIMETER = 0x41, 0x42
JONES = "M4", "JONES^BABY BOY"
NOBODY = "", ""
HEART_SAYS = {"heart_rate": 150.0, "resp_rate": 50.0}
OXIMETER_SAYS = {"spo2": 93.0, "temp": 36.9}


class Bed:
    """A bed with two monitors that are heard by turns."""

    def __init__(self, folder: Path) -> None:
        self.clock, self.folder = Clock(), folder
        admit(folder, "4", *JONES, at_ns=self.clock.now - 7200 * NS)
        self.ward: Ward = open_ward(folder, self.clock)

    def say(
        self,
        device: int,
        numbers: dict[str, float],
        waves: tuple[str, ...] = (),
        whose: tuple[str, str] = JONES,
    ) -> None:
        """Let a monitor send the second that ended half a second ago."""
        self.clock.now += NS // 2
        at = self.clock.now // NS * NS
        raw = observations("4", *whose, at, numbers=numbers, waves=waves, device=device)
        write(self.folder, raw, BED, self.clock.now)

    def hear(
        self,
        device: int,
        numbers: dict[str, float],
        waves: tuple[str, ...] = (),
        whose: tuple[str, str] = JONES,
    ) -> dict[str, Any]:
        """Let a monitor send a second; return the tile after it."""
        self.say(device, numbers, waves, whose)
        return self.tile()

    def both(self, whose: tuple[str, str] = JONES) -> list[dict[str, Any]]:
        """Let both send; return the tiles after each."""
        heart = self.hear(HEART, HEART_SAYS, ("ecg", "resp"))
        return [heart, self.hear(OXIMETER, OXIMETER_SAYS, ("pleth",), whose)]

    def tile(self) -> dict[str, Any]:
        """Return the tile as of all that was written."""
        catch_up(self.ward)
        return self.ward.tile(BED)


@pytest.fixture
def bed(tmp_path: Path) -> Bed:
    return Bed(tmp_path)


def shown(tile: dict[str, Any]) -> dict[str, float | None]:
    return {name: reading["value"] for name, reading in tile["readings"].items()}


def lanes(frame: bytes) -> dict[str, str]:
    """Return the names of the waves of a frame, by what they are called."""
    size = int.from_bytes(frame[:4], "little")
    return {each["id"]: each["label"] for each in json.loads(frame[4 : 4 + size])["waves"]}


def test_the_numbers_of_both_stand_whoever_spoke_last(bed: Bed) -> None:
    """The heart rate of the one and the saturation of the other never change places."""
    tiles = [tile for _ in range(2) for tile in bed.both()][1:]

    for tile in tiles:
        assert tile["infant"]["name"] == "JONES, BABY BOY"
        assert shown(tile) == {"hr": 150.0, "spo2": 93.0, "rr": 50.0, "temp": 36.9}
        assert tile["lost"] == []
        assert not tile["doubt"]
        assert not tile["aside"]
    trend = bed.ward.trends()[BED]
    assert 150.0 in trend["hr"]
    assert 93.0 in trend["spo2"]


def test_the_waves_of_both_run_on(bed: Bed) -> None:
    """Each keeps its lane, and nothing counts as missed."""
    names: list[dict[str, str]] = []
    cursors: dict[int, int] = {}
    for _ in range(3):
        bed.both()
        frame, cursors, missed = bed.ward.waves(BED, cursors)
        names.append(lanes(frame))
        assert missed == 0
    assert sorted(names[0].values()) == ["ECG II", "Pleth", "Resp"]
    assert names[1] == names[2] == names[0]
    assert bed.ward.waves(BED, cursors) == (b"", cursors, 0)


def test_of_two_that_measure_the_same_the_first_is_shown(bed: Bed) -> None:
    """A number that jumps between two monitors could not be read; lanes are told apart."""
    seen = set()
    for k in range(4):
        device, rate = ((HEART, 150.0), (OXIMETER, 141.0))[k % 2]
        seen.add(shown(bed.hear(device, {"heart_rate": rate}, ("ecg",)))["hr"])
    assert seen == {150.0}
    frame, _, _ = bed.ward.waves(BED, {})
    assert set(lanes(frame).values()) == {"ECG II (000041)", "ECG II (000042)"}

    bed.clock.now += 6 * NS  # the first falls silent: the other stands in for it
    tile = bed.hear(OXIMETER, {"heart_rate": 141.0}, ("ecg",))
    assert shown(tile)["hr"] == 141.0
    assert tile["lost"] == []


def test_what_one_of_them_loses_is_said(bed: Bed) -> None:
    """The other speaks on: the link is not lost, the ECG is."""
    bed.both()
    bed.clock.now += 40 * NS
    tile = bed.hear(OXIMETER, OXIMETER_SAYS, ("pleth",))
    assert [each["what"] for each in tile["lost"]] == ["ECG", "breathing signal"]
    assert shown(tile) == {"hr": None, "spo2": 93.0, "rr": None, "temp": 36.9}
    assert tile["infant"]["name"] == "JONES, BABY BOY"


def test_a_monitor_that_names_nobody_is_not_shown_beside_the_infants(bed: Bed) -> None:
    """Its signals may be anybody's; a person says whose they are, and they are shown."""
    bed.both()
    tile = bed.both(NOBODY)[1]
    bed.clock.now += 40 * NS
    tile = [tile for _ in range(2) for tile in bed.both(NOBODY)][-1]
    assert tile["infant"]["name"] == "JONES, BABY BOY"
    assert shown(tile) == {"hr": 150.0, "spo2": None, "rr": 50.0, "temp": None}
    assert tile["aside"]
    assert all(value is None for value in bed.ward.trends()[BED]["spo2"][-1:])
    assert sorted(lanes(bed.ward.waves(BED, {})[0]).values()) == ["ECG II", "Resp"]

    (row,) = bed.ward.feed()["unassigned"]
    assert row["device"].endswith("42")
    assert not row["silent"]
    confirm(bed, 1)
    tile = bed.both(NOBODY)[1]
    assert shown(tile)["spo2"] == 93.0
    assert not tile["aside"]
    assert bed.ward.feed()["unassigned"] == []


def test_nobodys_signals_are_nobodys_where_the_infants_monitor_is_away(bed: Bed) -> None:
    """After a minute of silence what is there is shown, without a name."""
    bed.both()
    bed.hear(OXIMETER, {"spo2": 60.0}, ("pleth",), NOBODY)
    bed.clock.now += 50 * NS
    tile = bed.hear(OXIMETER, {"spo2": 60.0}, ("pleth",), NOBODY)
    assert shown(tile)["spo2"] is None
    assert tile["infant"] is not None
    assert [each["what"] for each in tile["lost"]] == ["data"]

    bed.clock.now += 20 * NS
    tile = bed.hear(OXIMETER, {"spo2": 60.0}, ("pleth",), NOBODY)
    assert tile["infant"] is None
    assert tile["note"] == "unassigned"
    assert shown(tile)["spo2"] == 60.0
    assert bed.ward.trends()[BED]["hr"].count(150.0) == 0


def test_another_patient_on_the_same_monitor_begins_with_nothing(bed: Bed) -> None:
    """Numbers of the infant before are gone at once, also where another monitor goes on."""
    bed.both()
    tile = bed.hear(OXIMETER, {"temp": 37.2}, (), ("M5", "LI^WEI"))
    assert shown(tile)["spo2"] is None


def test_no_number_is_lost_while_a_bed_is_asked_again(bed: Bed) -> None:
    """One monitor names somebody else, or the infant goes: the numbers of both stand, nobody's."""
    bed.both()
    tile = bed.hear(OXIMETER, {"spo2": 91.0}, ("pleth",), ("M5", "LI^WEI"))
    assert tile["infant"] is None
    assert (shown(tile)["hr"], shown(tile)["spo2"]) == (150.0, 91.0)
    assert tile["lost"] == []
    tile = bed.hear(HEART, HEART_SAYS, ("ecg", "resp"))
    assert tile["infant"]["name"] == "JONES, BABY BOY"
    assert (shown(tile)["hr"], shown(tile)["spo2"]) == (150.0, None)

    bed.both()
    admit(bed.folder, "4", *JONES, "A03", at_ns=bed.clock.now)
    tile = bed.tile()
    assert tile["infant"] is None
    assert shown(tile) == {"hr": 150.0, "spo2": 93.0, "rr": 50.0, "temp": 36.9}
    assert tile["lost"] == []


def test_a_spell_that_both_tell_is_told_once_and_others_spells_are_not(bed: Bed) -> None:
    """The heart of one monitor and of the other slowed once; a third is not this infant's."""
    bed.both()
    bed.hear(0x43, {"spo2": 90.0}, (), NOBODY)
    now = bed.clock.now
    at = now / NS - 900
    slow, fall = bradycardia(at, 9.0, 74.0), desaturation(at + 4, 30.0, 78.0)
    told = (
        (HEART, JONES, {"B": (slow,)}),
        (OXIMETER, JONES, {"BD": (bradycardia(at + 1, 8.0, 76.0), fall)}),
        (0x43, NOBODY, {"D": (desaturation(at + 300, 20.0, 70.0),)}),
    )
    for device, whose, found in told:
        heard = observations("4", *whose, now, numbers={}, waves=(), device=device)
        tell(bed.folder, BED, now, found, heard=heard)
    tell_later = {"B": (bradycardia(at + 500, 9.0, 70.0),)}
    heard = observations("4", *JONES, now, numbers={}, waves=(), device=HEART)
    tell(bed.folder, BED, now, tell_later, heard=heard, seq=2)
    bed.clock.now += 2 * NS
    catch_up(bed.ward)
    assert [each["letters"] for each in bed.ward.bed(BED)["spells"]] == ["BD", "B"]


def test_the_trend_of_the_infant_before_is_not_shown(tmp_path: Path) -> None:
    """The hour of a tile is that of who lies there now."""
    clock = Clock()
    admit(tmp_path, "4", *JONES, at_ns=clock.now - 7200 * NS)
    heard = observations("4", *JONES, clock.now - 400 * NS, numbers={}, waves=())
    write(tmp_path, heard, BED, clock.now - 400 * NS)
    tell(tmp_path, BED, clock.now - 400 * NS, {}, heard=heard)
    ward = open_ward(tmp_path, clock)
    before = [each for each in ward.trends()[BED]["hr"] if each is not None]
    assert len(before) > 90

    admit(tmp_path, "4", "M5", "LI^WEI", at_ns=clock.now - NS)
    catch_up(ward)
    assert [each for each in ward.trends()[BED]["hr"] if each is not None] == []
    ward.close()


def test_the_trend_is_the_lowest_of_each_half_minute(bed: Bed) -> None:
    """What the archive has is final, also that there was nothing; what it has not is the monitor's.

    The archive ends 4 min before now; in between the monitor falls for a second.
    """
    now = bed.clock.now = (bed.clock.now // (60 * NS) + 1) * 60 * NS + 15 * NS
    heard = observations("4", *JONES, now, numbers={}, device=HEART)
    tell(bed.folder, BED, now - 240 * NS, {}, heard=heard, kinds=("heart_rate",), minutes=30)
    bed.clock.now -= 600 * NS
    journal = Journal(bed.folder / "journal.db")
    for second in range(600):
        bed.clock.now += NS
        at = bed.clock.now
        numbers = {"heart_rate": 70.0 if second == 450 else 130.0, "spo2": 88.0}
        raw = observations("4", *JONES, at, numbers=numbers, waves=(), device=HEART)
        journal.append([NewEntry(at, "hl7", SOURCE, raw, shard_of(SOURCE, BED), str(second))])
    journal.close()
    bed.tile()
    bed.clock.now += NS
    bed.tile()
    archive = Archive(bed.folder / "archive.db")
    trend = bed.ward.trends()[BED]
    first = trend["end"] // CELL_MS - 120 * 120
    cells, told = archived_cells(archive, archive.streams(BED), first, first + 120 * 120)
    archive.close()
    final = told.reshape(120, 120).all(axis=1)
    lowest = cells["heart_rate"].reshape(120, 120).min(axis=1)
    hr, spo2 = (np.array(trend[kind], dtype=float) for kind in ("hr", "spo2"))
    assert final.sum() > 50
    assert hr[final] == pytest.approx(np.round(lowest[final], 1))
    assert np.isnan(spo2[final]).all()
    after = np.flatnonzero(final)[-1] + 1
    assert set(hr[after:-3]) == {130.0, 70.0}
    assert set(spo2[after:-3]) == {88.0}


def test_the_past_of_both_is_laid_together(bed: Bed) -> None:
    """A minute of the one is not wiped out by the minute of the other, which has no heart rate."""
    bed.both()
    now = bed.clock.now
    for device in (HEART, OXIMETER):
        heard = observations("4", *JONES, now, numbers={}, waves=(), device=device)
        kinds = ("heart_rate",) if device == HEART else ("spo2",)
        tell(bed.folder, BED, now, {}, heard=heard, kinds=kinds)
    stop = now // NS_PER_MS // CELL_MS
    archive = Archive(bed.folder / "archive.db")
    cells, told = archived_cells(archive, archive.streams(BED), stop - 4800, stop)
    archive.close()
    assert told[: 4800 - 240].all()
    for kind in ("heart_rate", "spo2"):
        assert np.isfinite(cells[kind][told]).all()


def test_a_thermometer_does_not_wait_for_its_analysis_for_ever(bed: Bed) -> None:
    """It has nothing that could be looked at; of the ECG beside it the beats are there."""
    for _ in range(60):
        bed.say(HEART, HEART_SAYS, ("ecg", "resp"))
        bed.say(0x44, {"temp": 36.6})
    work(bed.folder, (SourceSettings(SOURCE),))
    bed.clock.now += NS
    bed.tile()
    bed.clock.now += 2 * NS
    assert bed.tile()["analysis"] == "analysis starting"
    for _ in range(200):
        bed.clock.now += NS // 2
        bed.say(HEART, HEART_SAYS, ("ecg", "resp"))
        bed.say(0x44, {"temp": 36.6})
    work(bed.folder, (SourceSettings(SOURCE),))
    bed.tile()
    bed.clock.now += 2 * NS
    assert bed.tile()["analysis"] == ""


def test_an_analysis_that_ended_is_said_while_the_other_goes_on(bed: Bed) -> None:
    """Each monitor has an analysis of its own, and a bed is looked at if all are."""
    for _ in range(60):
        bed.say(HEART, HEART_SAYS, ("ecg", "resp"))
        bed.say(OXIMETER, OXIMETER_SAYS, ("pleth",))
    work(bed.folder, (SourceSettings(SOURCE),))
    archive = Archive(bed.folder / "archive.db")
    heart, oximeter = sorted(archive.streams(BED), key=lambda row: row.device)
    for _ in range(2):
        bed.clock.now += 2 * NS
        tile = bed.tile()
    assert tile["analysis"] == ""

    now = bed.clock.now
    archive.write(Batch(facts=(Fact(heart.id, "down", "", now, now, 1, b"{}"),)))
    for _ in range(3):
        bed.clock.now += 2 * NS
        assert bed.tile()["analysis"].startswith("not monitoring since ")
    now = bed.clock.now
    archive.write(Batch(facts=(Fact(oximeter.id, "up", "", now, now, 1, b"{}"),)))
    bed.clock.now += 2 * NS
    assert bed.tile()["analysis"].startswith("not monitoring since ")
    ended = tuple(replace(row, closed_ns=now) for row in (heart, oximeter))
    archive.write(Batch(streams=ended))
    archive.close()
    bed.clock.now += 2 * NS
    assert bed.tile()["analysis"] == ""


def confirm(bed: Bed, number: int) -> None:
    """Say of the one monitor that waits for it that it is the infant's."""
    (row,) = bed.ward.feed()["unassigned"]
    said = {"type": "associate", "bed": BED, "stream": row["stream"], "infant": row["infantId"]}
    tap = {**said, "id": str(uuid.UUID(int=number)), "at": bed.clock.now / 1e6}
    assert not bed.ward.tap(*as_payload(tap))["refused"]


def test_a_trend_laid_of_nobody_never_stands_under_a_name(bed: Bed) -> None:
    """Trends are laid anew by turns; who speaks again has its own at once in any unit."""
    bed.hear(HEART, HEART_SAYS)
    bed.hear(OXIMETER, {"spo2": 60.0}, (), NOBODY)
    for device, whose, kind in ((HEART, JONES, "heart_rate"), (OXIMETER, NOBODY, "spo2")):
        heard = observations("4", *whose, bed.clock.now, numbers={}, waves=(), device=device)
        tell(bed.folder, BED, bed.clock.now, {}, heard=heard, kinds=(kind,))
    bed.clock.now += 62 * NS
    tile = bed.hear(OXIMETER, {"spo2": 60.0}, (), NOBODY)
    before = bed.ward.trends()[BED]
    assert tile["infant"] is None
    assert before["hr"].count(None) == 120
    assert before["spo2"].count(None) < 10

    bed.ward._due = ["another"] * 500  # whose turn is first
    back = bed.hear(HEART, HEART_SAYS)
    after = bed.ward.trends()[BED]
    assert back["infant"] is not None
    assert back["shows"] != tile["shows"]
    assert after["spo2"].count(None) == 120
    assert after["hr"].count(None) < 10


def test_what_pages_drew_is_anothers_as_soon_as_the_bed_is(bed: Bed) -> None:
    """A word tells them apart, and the unit's page has the trend with the name."""
    words = [bed.both()[1]["shows"] for _ in range(2)]
    unit = Unit(bed.ward)
    queue: asyncio.Queue[str | None] = asyncio.Queue()
    unit._queues.add(queue)
    unit._hand_out()
    unit._hand_out()
    queue.get_nowait()
    assert "trends" not in json.loads(queue.get_nowait() or "")
    admit(bed.folder, "4", "M5", "LI^WEI", at_ns=bed.clock.now)
    words.append(bed.tile()["shows"])
    unit._hand_out()

    trend = json.loads(queue.get_nowait() or "")["trends"][BED]
    assert trend["hr"].count(None) == len(trend["hr"])
    assert words[0] == words[1] != words[2]


def test_what_was_searched_in_nobodys_signals_is_not_said_of_the_infant(bed: Bed) -> None:
    """Its desaturations are not shown, so that there were none is not said."""
    bed.both()
    bed.hear(OXIMETER, OXIMETER_SAYS, ("pleth",), NOBODY)
    now = bed.clock.now
    archive = Archive(bed.folder / "archive.db")
    for device, whose, preset in ((HEART, JONES, "brady_uva"), (OXIMETER, NOBODY, "desat_uva")):
        heard = observations("4", *whose, now, numbers={}, waves=(), device=device)
        stream = tell(bed.folder, BED, now, {}, heard=heard)
        said = json.dumps({"spans": [(now / NS - 3600, now / NS - 40)]}).encode()
        fact = Fact(stream, "searched", preset, now - 3600 * NS, now, 1, said)
        archive.write(Batch(facts=(fact,)))
    archive.close()
    bed.clock.now += 2 * NS
    bed.both(NOBODY)

    until = f"{datetime.fromtimestamp(now / NS - 40 - REACH_S, UTC):%H:%M}"
    assert bed.tile()["looked"] == f"no B in 1 h to {until}; A, D not searched"
    confirm(bed, 2)
    assert bed.tile()["looked"] == f"no B, D in 1 h to {until}; A not searched"


def measured(rng: np.random.Generator) -> dict[str, list[Event]]:
    """Return what a monitor finds in some hours: events of each kind that do not overlap."""
    found: dict[str, list[Event]] = {}
    for kind, shortest, longest in (
        ("apnea", 10.0, 30.0), ("bradycardia", 4.0, 30.0), ("desaturation", 10.0, 90.0),
    ):  # fmt: skip
        starts = np.sort(rng.choice(200, 70, replace=False)) * 100.0 + rng.uniform(0, 9, 70)
        lengths = rng.uniform(shortest, longest, 70)
        found[kind] = [
            Event(kind, Span(at, at + long), 70.0, at, 1.0, long, 0.0, "beat")
            for at, long in zip(starts.tolist(), lengths.tolist(), strict=True)
        ]
    return found


def episodes(found: dict[str, list[Event]]) -> tuple[Spell, ...]:
    """Return its spells."""
    return spells(*(Events(tuple(each), EMPTY, PRESETS["bd"]) for each in found.values()))


@pytest.mark.parametrize("seed", range(3))
def test_spells_of_two_monitors_are_those_of_all_their_events(seed: int) -> None:
    """None is lost, none told twice, and what belongs together in one recording is together."""
    rng = np.random.default_rng(seed)
    both = {"heart": measured(rng), "oximeter": measured(rng)}
    told = []
    for stream, found in both.items():
        for each in episodes(found):
            members = tuple(Member(m.kind, m.span.start, m.span.end, 70.0) for m in each.members)
            at = round(each.span.start * NS)
            told.append((at, SpellTold(at, stream, each.span.duration, each.letters, members)))

    joined = told_once(told)
    assert joined == sorted(joined)
    assert len(joined) < 0.8 * len(told)
    events = [member for _, each in joined for member in each.members]
    assert sorted(events) == sorted(member for _, each in told for member in each.members)
    of = {(m.kind, m.start): k for k, (_, each) in enumerate(joined) for m in each.members}
    whole: dict[str, list[Event]] = {}
    for kind in JOINED:
        parts = sorted(e.span for found in both.values() for e in found[kind])
        spans = union(*(Spans.of([(each.start, each.end)]) for each in parts)).bounds.tolist()
        whole[kind] = [
            Event(kind, Span(lo, hi), 70.0, lo, 1.0, hi - lo, 0.0, "") for lo, hi in spans
        ]
    for episode in episodes(whole):
        inside = {
            of[kind, start]
            for each in episode.members
            for kind, start in of
            if kind == each.kind and each.span.start <= start < each.span.end
        }
        assert len(inside) == 1
        letters = {letter for letter in episode.letters if letter.isalpha()}
        assert letters <= set(joined[inside.pop()][1].letters)


B = Member("bradycardia", 10.0, 19.0, 74.0)
D = Member("desaturation", 22.0, 60.0, 78.0)
A = Member("apnea", 1.0, 23.0, None)


@pytest.mark.parametrize(
    ("heart", "oximeter", "expected"),
    [
        ([("B", B)], [("D", D)], [("BD", 10, 50, "HR 74, SpO₂ 78 %")]),
        ([("A20", A)], [("D", D)], [("AD", 1, 59, "apnea 22 s, SpO₂ 78 %")]),
        ([("AB", A, B)], [("D", D)], [("ABD", 1, 59, "apnea 22 s, HR 74, SpO₂ 78 %")]),
        (
            [("AB", A, B)],
            [("BD", B._replace(start=11.0, nadir=71.0), D)],
            [("ABD", 1, 59, "apnea 22 s, HR 71, SpO₂ 78 %")],
        ),
        (  # the better of two counts alone
            [("B", B)],
            [("B", B._replace(end=26.0, nadir=41.0, doubtful=True))],
            [("B", 10, 16, "HR 74")],
        ),
        (  # their bradycardia is one that ends with the later
            [("B", B._replace(start=30.0, end=60.0))],
            [("B", B._replace(start=0.0, end=35.0)), ("D", D._replace(start=80.0, end=100.0))],
            [("BD", 0, 100, "HR 74, SpO₂ 78 %")],
        ),
        (
            [("BD", B, D)],
            [("D", D._replace(end=90.0, nadir=66.0))],
            [("BD", 10, 80, "HR 74, SpO₂ 66 %")],
        ),
        ([("B", B)], [("D", D._replace(start=200.0, end=230.0))], None),
        ([("B", B), ("B", B._replace(start=100.0, end=110.0))], [], None),
    ],
)
def test_what_two_monitors_tell_of_one_spell_is_one(
    heart: list[Any], oximeter: list[Any], expected: list[tuple[str, int, int, str]] | None
) -> None:
    """By the windows of a spell, on the host's time; each letter and extreme once."""
    ahead = 7 * NS  # that the oximeter's clock is
    told = []
    for stream, rows, off in (("heart", heart, 0), ("oximeter", oximeter, ahead)):
        for letters, *members in rows:
            moved = tuple(
                each._replace(start=each.start + off / NS, end=each.end + off / NS)
                for each in members
            )
            start_ns = round(moved[0].start * NS)
            seconds = max(each.end for each in moved) - moved[0].start
            told.append((start_ns - off, SpellTold(start_ns, stream, seconds, letters, moved)))

    found = told_once(told)
    if expected is None:
        assert found == sorted(told)
    else:
        assert [
            (each.letters, at / NS, each.seconds, each.detail) for at, each in found
        ] == expected
    apart = told_once(told, lambda _: True)
    assert apart == sorted(told)
    if expected is not None and len(oximeter) == 1:
        ((_, led),) = told_once(told, lambda each: each.stream == "oximeter")
        assert led.stream == "oximeter"


def test_a_new_monitor_is_not_blanked_by_what_the_other_has_told(bed: Bed) -> None:
    """Its first minutes are the monitor's own, as long as its analysis has told none."""
    bed.clock.now = (bed.clock.now // (60 * NS) + 1) * 60 * NS
    bed.both()
    now = bed.clock.now
    heard = observations("4", *JONES, now, numbers={}, waves=(), device=HEART)
    tell(bed.folder, BED, now + 120 * NS, {}, heard=heard, kinds=("heart_rate",))
    heard = observations("4", *JONES, now, numbers={}, waves=(), device=OXIMETER)
    tell(bed.folder, BED, now, {}, heard=heard, minutes=0)
    for _ in range(120):
        bed.say(OXIMETER, OXIMETER_SAYS, ("pleth",))
        bed.say(HEART, HEART_SAYS, ("ecg", "resp"))
    bed.tile()
    bed.clock.now += NS
    bed.tile()
    bed.clock.now += NS
    bed.tile()
    end = bed.clock.now / 1e6
    data = bed.ward.oxycrg(BED, end - 120_000, 10_000.0, 12)
    found = strips(data, 12)
    assert (found["spo2"][0, 1:-1] == 93.0).all()
    assert np.isfinite(found["heart_rate"][0, 1:-1]).all()
    assert 93.0 in bed.ward.trends()[BED]["spo2"][-3:]


def told_apart(bed: Bed, seconds: int, heart: float, pulse: float) -> list[str]:
    """Let both tell a rate of the heart for some seconds; return what was said of them."""
    said = []
    for _ in range(seconds):
        bed.say(HEART, {**HEART_SAYS, "heart_rate": heart}, ("ecg",))
        said.append(bed.hear(OXIMETER, {**OXIMETER_SAYS, "pulse_rate": pulse})["apart"])
    return said


def test_two_rates_of_one_heart_that_disagree_are_marked(bed: Bed) -> None:
    """From half a minute on, as long as they do; both stay, and neither is said to be right."""
    assert told_apart(bed, 30, 150.0, 152.0) == [""] * 30
    said = told_apart(bed, 35, 149.0, 188.0)
    first = said.index("HR 149 and PR 188 disagree")
    assert 25 <= first <= 30
    assert said[first:] == ["HR 149 and PR 188 disagree"] * (35 - first)
    tile = bed.tile()
    assert tile["readings"]["hr"] == {**tile["readings"]["hr"], "value": 149.0, "state": "live"}
    assert tile["lost"] == []
    assert told_apart(bed, 2, 149.0, 155.0) == ["", ""]


def test_what_one_rate_shows_later_than_the_other_is_no_disagreement(bed: Bed) -> None:
    """A bradycardia of 15 s that the oximeter averages, and tells 10 s later."""
    told_apart(bed, 30, 150.0, 150.0)
    said = told_apart(bed, 10, 80.0, 150.0) + told_apart(bed, 5, 80.0, 110.0)
    said += told_apart(bed, 10, 150.0, 110.0) + told_apart(bed, 30, 150.0, 150.0)
    assert not any(said)


def test_the_two_rates_of_one_monitor_are_compared_as_well(bed: Bed) -> None:
    for _ in range(70):
        tile = bed.hear(HEART, {"heart_rate": 75.0, "pulse_rate": 150.0}, ("ecg",))
    assert tile["apart"] == "HR 75 and PR 150 disagree"


def mend(bed: Bed, status: bytes, rate: float) -> str:
    """Let the oximeter correct or delete its last rate; return what is said of the two."""
    at = bed.clock.now // NS * NS
    bed.clock.now += NS // 10
    said = {**OXIMETER_SAYS, "pulse_rate": rate}
    raw = observations("4", *JONES, at, numbers=said, waves=(), device=OXIMETER)
    write(bed.folder, raw.replace(b"|||||R|", b"|||||" + status + b"|"), BED, bed.clock.now)
    return str(bed.tile()["apart"])


def test_a_rate_that_was_withdrawn_disagrees_with_none(bed: Bed) -> None:
    """What was corrected or deleted is not quoted, and what stands in its place is compared."""
    assert told_apart(bed, 40, 149.0, 188.0)[-1] == "HR 149 and PR 188 disagree"
    assert mend(bed, b"C", 190.0) == "HR 149 and PR 190 disagree"
    assert mend(bed, b"D", 190.0) == "HR 149 and PR 188 disagree"
    assert mend(bed, b"C", 150.0) == ""
    assert told_apart(bed, 3, 149.0, 188.0)[-1] == ""
    assert told_apart(bed, 30, 149.0, 188.0)[-1] == "HR 149 and PR 188 disagree"


def test_a_rate_of_nobody_is_not_compared(bed: Bed) -> None:
    """Whose the other monitor is, nobody has said: it may be of another infant."""
    for _ in range(35):
        bed.say(OXIMETER, {"spo2": 93.0, "pulse_rate": 188.0}, whose=NOBODY)
        tile = bed.hear(HEART, HEART_SAYS, ("ecg",))
    assert tile["aside"]
    assert tile["apart"] == ""


def test_a_pulse_rate_stands_in_for_a_heart_rate_under_its_own_name(bed: Bed) -> None:
    """The ECG's monitor is silent: the tile is not empty, and nothing of the ECG is taken back."""
    for _ in range(3):
        bed.say(HEART, HEART_SAYS, ("ecg", "resp"))
        tile = bed.hear(OXIMETER, {**OXIMETER_SAYS, "pulse_rate": 147.0}, ("pleth",))
    assert tile["readings"]["hr"]["value"] == 150.0
    assert "label" not in tile["readings"]["hr"]
    for _ in range(40):
        bed.clock.now += NS // 2
        tile = bed.hear(OXIMETER, {**OXIMETER_SAYS, "pulse_rate": 147.0}, ("pleth",))

    assert (tile["readings"]["hr"]["label"], tile["readings"]["hr"]["value"]) == ("PR", 147.0)
    assert "ECG" in {each["what"] for each in tile["lost"]}
    tile = bed.hear(HEART, HEART_SAYS, ("ecg", "resp"))
    assert tile["readings"]["hr"]["value"] == 150.0
    assert "label" not in tile["readings"]["hr"]


def test_pulse_rates_are_called_so_wherever_they_are_drawn(bed: Bed) -> None:
    """Of an oximeter alone; with a heart rate in the same span both are said, in columns each."""
    for _ in range(40):
        bed.clock.now += NS // 2
        bed.hear(OXIMETER, {**OXIMETER_SAYS, "pulse_rate": 147.0}, ("pleth",))
    trend = bed.ward.trend(BED)
    assert trend["label"] == "PR"
    assert 147.0 in trend["hr"]
    for _ in range(10):
        bed.both()
    assert bed.ward.trend(BED)["label"] == "HR, PR"

    start = bed.clock.now // NS_PER_MS // CELL_MS * CELL_MS - 40_000
    found = strips(bed.ward.oxycrg(BED, start, CELL_MS, 160), 160)
    pulse, rate = found["pulse"][0], found["heart_rate"][0]
    assert (rate[pulse == 1] == 147.0).all()
    assert (rate[pulse == 0] == 150.0).all()
    assert (pulse == 1).sum() > 80
    assert (pulse == 0).sum() > 30
    assert np.array_equal(np.isnan(pulse), np.isnan(rate))


def test_a_monitor_that_says_it_has_no_heart_rate_leaves_the_pulse_rate(bed: Bed) -> None:
    """Leads off: the number is gone, and that it is stays said where no wave is sent."""
    none = float("nan")
    bed.hear(HEART, {"heart_rate": 150.0, "pulse_rate": 148.0})
    for _ in range(15):
        tile = bed.hear(HEART, {"heart_rate": none, "pulse_rate": 148.0})
        bed.clock.now += NS // 2
    assert (tile["readings"]["hr"]["label"], tile["readings"]["hr"]["value"]) == ("PR", 148.0)
    assert [each["what"] for each in tile["lost"]] == ["heart rate"]


def test_two_waves_of_one_name_are_called_by_their_sites() -> None:
    """Before and behind the duct: neither takes the other's lane."""
    screen, at = Screen(BED), Clock().now
    raw = observations("4", *JONES, at, numbers={}, waves=("pleth", "pleth"), device=OXIMETER)
    first, second, third = b"150452^MDC_PULS_OXIM_PLETH", b"1^Pl 1", b"2^Pl 2"
    raw = raw.replace(first, second, 1).replace(first, third, 1)
    sites = {"1^Pl 1": Meaning("pleth", site="hand"), "2^Pl 2": Meaning("pleth", site="foot")}
    heard = read_observations(read_message(raw), SourceSettings(SOURCE), CodeMap(sites))
    screen.take(heard, SOURCE, at)
    found = lanes(screen.frame({}, at)[0])
    assert sorted(found.values()) == ["Pleth foot", "Pleth hand"]


def test_a_tagged_spell_keeps_its_tag_whatever_another_monitor_tells_later(bed: Bed) -> None:
    """What a nurse said of it is not lost from the page."""
    bed.both()
    now = bed.clock.now
    at = now / NS - 900
    heard = observations("4", *JONES, now, numbers={}, waves=(), device=HEART)
    stream = tell(bed.folder, BED, now, {"B": (bradycardia(at, 9.0, 74.0),)}, heard=heard)
    bed.clock.now += 2 * NS
    catch_up(bed.ward)
    (spell,) = bed.ward.bed(BED)["spells"]
    tap = {"type": "tag", "bed": BED, "stream": stream, "start_ns": spell["startNs"]}
    tap |= {"tag": "stimulated", "id": str(uuid.UUID(int=2)), "at": bed.clock.now / 1e6}
    bed.ward.tap(*as_payload(tap))

    members = (bradycardia(at + 1, 8.0, 76.0), desaturation(at + 4, 30.0, 78.0))
    heard = observations("4", *JONES, now, numbers={}, waves=(), device=OXIMETER)
    tell(bed.folder, BED, now, {"BD": members}, heard=heard)
    bed.clock.now += 2 * NS
    catch_up(bed.ward)
    found = [(each["letters"], each["tags"]) for each in bed.ward.bed(BED)["spells"]]
    assert found == [("BD", ["stimulated"])]


def test_a_simulator_that_was_taken_away_marks_the_unit_no_more() -> None:
    """Ten minutes after it fell silent, where a monitor of the bed speaks on."""
    screen, at = Screen(BED), Clock().now

    def hear(device: int, mode: bytes) -> None:
        raw = observations("4", *JONES, at, numbers={"spo2": 90.0}, waves=(), device=device)
        raw = raw.replace(b"|P|2.6", mode)
        source = SourceSettings(SOURCE, simulated=mode != b"|P|2.6")
        screen.take(read_observations(read_message(raw), source, CodeMap()), SOURCE, at)

    hear(0x77, b"|T|2.6")
    assert screen.simulated(at + 3600 * NS)  # nothing else was heard since
    at += 300 * NS
    hear(HEART, b"|P|2.6")
    assert screen.simulated(at)
    assert not screen.simulated(at + 301 * NS)


def test_a_silent_monitor_does_not_take_the_beats_of_the_other_away(bed: Bed) -> None:
    """Six minutes in which one told nothing: what the other told of them is final all the same."""
    bed.both()
    now = bed.clock.now // (60 * NS) * 60 * NS
    for device, end, minutes in ((HEART, now, 30), (OXIMETER, now - 600 * NS, 20)):
        heard = observations("4", *JONES, now, numbers={}, waves=(), device=device)
        tell(bed.folder, BED, end, {}, heard=heard, minutes=minutes)
    stop = now // NS_PER_MS // CELL_MS
    archive = Archive(bed.folder / "archive.db")
    _, told = archived_cells(archive, archive.streams(BED), stop - 960, stop + 480)
    archive.close()
    assert told[:960].all()
    assert not told[960:].any()
