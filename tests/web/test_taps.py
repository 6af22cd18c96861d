"""What taps leave behind: what can be taken back, and how long an infant was held."""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from joey.web.taps import as_payload
from joey.web.ward import UNDO_S, Ward
from tests.web.messages import admission
from tests.web.serving import admit, write
from tests.web.test_told import Clock, catch_up, open_ward

NS = 1_000_000_000
BED = "NICU/4"


def tap(ward: Ward, clock: Clock, kind: str, **more: object) -> tuple[str, dict[str, Any]]:
    """Tap as a tablet does; return the tap's id and the bed after it."""
    name = str(uuid.uuid4())
    said = {"id": name, "type": kind, "bed": BED, "at": clock.now / 1e6, **more}
    done = ward.tap(*as_payload(said))
    assert done["refused"] == ""
    return name, done["bed"]


@pytest.fixture
def clock() -> Clock:
    """Return a clock at noon, so that no hold of a test began yesterday."""
    clock = Clock()
    clock.now = clock.now // (86_400 * NS) * 86_400 * NS + 12 * 3600 * NS
    return clock


def test_taps_of_before_a_restart_are_taken_back(tmp_path: Path, clock: Clock) -> None:
    """Last first: the change of holder, then the start; not a second time, not for ever."""
    admit(tmp_path, "4", "M4", "JONES^BABY BOY", at_ns=clock.now - NS)
    ward = open_ward(tmp_path, clock)
    hold, _ = tap(ward, clock, "start_hold", holder={"role": "mother"}, contact="skin_to_skin")
    clock.now += 60 * NS
    change, _ = tap(ward, clock, "change_holder", hold=hold, holder={"role": "father"})
    ward.close()

    ward = open_ward(tmp_path, clock)
    assert ward.bed(BED)["undo"] == {"hold": hold, "tap": change, "words": "change of holder"}
    _, bed = tap(ward, clock, "undo", hold=hold, of=change)
    assert bed["tile"]["hold"]["holder"]["role"] == "mother"
    assert bed["undo"] == {"hold": hold, "tap": hold, "words": "start"}
    clock.now += UNDO_S * NS
    assert ward.bed(BED)["undo"] is None
    ward.close()


@pytest.mark.parametrize(
    ("first", "second", "words"),
    [
        (
            {"role": "mother", "label": "Sara"},
            {"role": "father", "label": "Tom"},
            "mother · Sara holds since 12:00, by another tap; by this one father · Tom was to hold",
        ),
        (
            None,
            None,
            "since 12:00, by another tap that named nobody; this one named nobody",
        ),
    ],
)
def test_who_was_to_hold_is_said_of_a_start_that_is_refused(
    tmp_path: Path,
    clock: Clock,
    first: dict[str, str] | None,
    second: dict[str, str] | None,
    words: str,
) -> None:
    """Two tablets: the later one reads who holds instead, since when, and no key of a tap."""
    admit(tmp_path, "4", "M4", "JONES^BABY BOY", at_ns=clock.now - NS)
    ward = open_ward(tmp_path, clock)
    hold, _ = tap(ward, clock, "start_hold", **({"holder": first} if first else {}))
    clock.now += 120 * NS
    said = {"id": str(uuid.uuid4()), "type": "start_hold", "bed": BED, "at": clock.now / 1e6}
    said |= {"holder": second} if second else {}
    payload = as_payload(said)

    assert ward.tap(*payload)["refused"] == f"a hold runs here already: {words}"
    clock.now += 60 * NS
    tap(ward, clock, "stop_hold", hold=hold)
    ended = f"a hold ran here already: {words.replace('holds', 'held')}"
    assert ward.tap(*payload)["refused"] == ended  # sent again, as its answer was lost
    clock.now += 900 * NS
    tap(ward, clock, "start_hold", holder={"role": "grandparent", "label": "Ann"})
    assert ward.tap(*payload)["refused"] == ended  # who holds since did not then
    ward.close()


@pytest.fixture
def clothed(tmp_path: Path, clock: Clock) -> Iterator[tuple[Ward, str]]:
    """Yield a ward and its hold, which was started a minute ago, clothed."""
    admit(tmp_path, "4", "M4", "JONES^BABY BOY", at_ns=clock.now - NS)
    ward = open_ward(tmp_path, clock)
    hold, _ = tap(ward, clock, "start_hold", contact="clothed")
    clock.now += 60 * NS
    yield ward, hold
    ward.close()


def test_a_tap_that_was_overruled_is_not_offered_to_be_taken_back(
    clothed: tuple[Ward, str], clock: Clock
) -> None:
    """What lies behind it is: it could not be taken back, and stood before all others."""
    ward, hold = clothed
    father = {"holder": {"role": "father"}, "contact": "skin_to_skin"}
    change, _ = tap(ward, clock, "change_holder", hold=hold, **father)
    clock.now += 60 * NS
    back, _ = tap(ward, clock, "describe", hold=hold, contact="clothed")
    assert ward.bed(BED)["undo"]["tap"] == back
    clock.now += 60 * NS
    _, bed = tap(ward, clock, "undo", hold=hold, of=change)
    assert bed["undo"]["tap"] == hold


def test_while_a_hold_runs_only_its_own_taps_are_taken_back(tmp_path: Path, clock: Clock) -> None:
    """What comes late of the hold before, from a tablet that was offline, stands behind them."""
    admit(tmp_path, "4", "M4", "JONES^BABY BOY", at_ns=clock.now - NS)
    ward = open_ward(tmp_path, clock)
    before, _ = tap(ward, clock, "start_hold")
    clock.now += 300 * NS
    stop, _ = tap(ward, clock, "stop_hold", hold=before)
    clock.now += 60 * NS
    hold, _ = tap(ward, clock, "start_hold")
    _, bed = tap(ward, clock, "describe", hold=before, contact="clothed")
    assert bed["undo"] == {"hold": hold, "tap": hold, "words": "start"}
    _, bed = tap(ward, clock, "undo", hold=hold, of=hold)
    assert bed["undo"]["hold"] == before
    assert bed["undo"]["tap"] != stop
    ward.close()


def test_what_another_tablet_has_said_is_no_tap_that_was_not_taken(
    clothed: tuple[Ward, str], clock: Clock
) -> None:
    """It stands, as was tapped; and one undo takes it back."""
    ward, hold = clothed
    first, _ = tap(ward, clock, "describe", hold=hold, contact="skin_to_skin")
    _, bed = tap(ward, clock, "describe", hold=hold, contact="skin_to_skin")
    assert bed["tile"]["hold"]["contact"] == "skin_to_skin"
    assert bed["undo"]["tap"] == first


def test_taps_on_another_infant_are_not_offered(tmp_path: Path, clock: Clock) -> None:
    """Who lies there now did not start that hold."""
    admit(tmp_path, "4", "M4", "JONES^BABY BOY", at_ns=clock.now - NS)
    ward = open_ward(tmp_path, clock)
    tap(ward, clock, "start_hold", contact="skin_to_skin")
    ward.close()
    clock.now += NS
    admit(tmp_path, "4", "M4", "JONES^BABY BOY", "A03", at_ns=clock.now)
    admit(tmp_path, "4", "M5", "LI^WEI", at_ns=clock.now + 1)

    ward = open_ward(tmp_path, clock)
    assert ward.tile(BED)["infant"]["name"] == "LI, WEI"
    assert ward.bed(BED)["undo"] is None
    ward.close()


def test_a_hold_that_moved_is_taken_back_at_the_new_bed(tmp_path: Path, clock: Clock) -> None:
    """The page of bed 7 offers the start that was tapped at bed 4, and takes it back."""
    admit(tmp_path, "4", "M4", "JONES^BABY BOY", at_ns=clock.now - NS)
    ward = open_ward(tmp_path, clock)
    hold, _ = tap(ward, clock, "start_hold", contact="skin_to_skin")
    clock.now += 60 * NS
    admit(tmp_path, "7", "M4", "JONES^BABY BOY", "A02", at_ns=clock.now)
    catch_up(ward)

    assert ward.bed(BED)["undo"] is None
    undo = ward.bed("NICU/7")["undo"]
    assert undo == {"hold": hold, "tap": hold, "words": "start"}
    _, bed = tap(ward, clock, "undo", bed="NICU/7", hold=hold, of=hold)
    assert bed["tile"]["hold"] is None
    ward.close()


def test_a_discharge_in_a_hold_is_told_where_it_was(tmp_path: Path, clock: Clock) -> None:
    """For two hours the bed leads to the hold; taken back, the hold runs as before."""
    admit(tmp_path, "4", "M4", "JONES^BABY BOY", at_ns=clock.now - NS)
    ward = open_ward(tmp_path, clock)
    hold, bed = tap(ward, clock, "start_hold", contact="skin_to_skin")
    assert bed["cutShort"] is None
    clock.now += 3600 * NS
    admit(tmp_path, "4", "M4", "JONES^BABY BOY", "A03", at_ns=clock.now)
    catch_up(ward)

    said = ward.bed(BED)["cutShort"]
    assert said["id"] == hold
    assert said["words"] == (
        "The hold ended at 13:00, as the infant left or another came: nobody tapped Stop."
    )
    assert said["infant"]["name"] == "JONES, BABY BOY"
    assert ward.tile(BED)["hold"] is None
    assert ward.has_hold(hold)
    state = ward.hold(hold)
    assert state["title"] == (
        "JONES, BABY BOY, bed 4: 12:00 to 13:00, 60 min, holder unknown, ended as the infant left"
    )
    assert not state["running"]
    admit(tmp_path, "4", "M4", "JONES^BABY BOY", "A13", at_ns=clock.now + NS)
    clock.now += 2 * NS
    catch_up(ward)
    assert ward.bed(BED)["cutShort"] is None
    assert ward.tile(BED)["hold"]["id"] == hold
    assert ward.hold(hold)["running"]
    admit(tmp_path, "4", "M4", "JONES^BABY BOY", "A03", at_ns=clock.now)
    catch_up(ward)
    assert ward.bed(BED)["cutShort"] is not None
    clock.now += 7201 * NS
    assert ward.bed(BED)["cutShort"] is None
    assert ward.has_hold(hold)
    ward.close()


def test_a_bed_says_where_its_hold_goes_on(tmp_path: Path, clock: Clock) -> None:
    """Whose it is and at which bed, from move to move, until it is stopped."""
    admit(tmp_path, "4", "M4", "JONES^BABY BOY", at_ns=clock.now - NS)
    ward = open_ward(tmp_path, clock)
    hold, bed = tap(ward, clock, "start_hold", contact="skin_to_skin")
    assert bed["carriedOn"] is None
    told = []
    for place in ("7", "9", "4", "7"):
        clock.now += 60 * NS
        admit(tmp_path, place, "M4", "JONES^BABY BOY", "A02", at_ns=clock.now)
        catch_up(ward)
        found = ward.bed(BED)["carriedOn"]
        told.append(found and (found["bed"], found["label"], found["infant"]["name"]))
    name = "JONES, BABY BOY"
    assert told == [("NICU/7", "7", name), ("NICU/9", "9", name), None, ("NICU/7", "7", name)]
    assert ward.bed("NICU/7")["carriedOn"] is None
    assert ward.bed("NICU/9")["carriedOn"]["bed"] == "NICU/7"
    tap(ward, clock, "stop_hold", hold=hold, bed="NICU/7")
    assert ward.bed(BED)["carriedOn"] is None
    clock.now += 60 * NS  # of a hold that begins after the move the old bed says nothing
    tap(ward, clock, "start_hold", bed="NICU/7", contact="skin_to_skin")
    assert ward.bed(BED)["carriedOn"] is None
    ward.close()


def test_only_skin_to_skin_counts_toward_the_goal(tmp_path: Path, clock: Clock) -> None:
    """An hour skin to skin, then half an hour clothed with the next holder: told apart."""
    admit(tmp_path, "4", "M4", "JONES^BABY BOY", at_ns=clock.now - NS)
    ward = open_ward(tmp_path, clock)
    hold, _ = tap(ward, clock, "start_hold", holder={"role": "mother"}, contact="skin_to_skin")
    clock.now += 3600 * NS
    tile = ward.tile(BED)
    assert (tile["heldS"], tile["heldFrom"], tile["otherS"]) == (0, clock.now / 1e6 - 3.6e6, 0)
    tap(ward, clock, "change_holder", hold=hold, holder={"role": "father"})
    _, bed = tap(ward, clock, "describe", hold=hold, contact="clothed")
    assert bed["tile"]["hold"]["contact"] == "clothed"
    clock.now += 1800 * NS
    tile = ward.tile(BED)
    assert (tile["heldS"], tile["heldFrom"], tile["otherS"]) == (3600, None, 1800)
    tap(ward, clock, "stop_hold", hold=hold)
    tile = ward.tile(BED)
    assert (tile["heldS"], tile["heldFrom"], tile["otherS"]) == (3600, None, 1800)
    ward.close()


@pytest.mark.parametrize(("multiple", "badge"), [("Y", "B"), ("N", ""), ("", "")])
def test_a_badge_is_a_twins_alone(tmp_path: Path, clock: Clock, multiple: str, badge: str) -> None:
    """PID-25 is the order of birth of a multiple (PID-24); some systems number every birth."""
    raw = admission("A01", "4", "M4", "JONES^TWIN B", clock.now - NS)
    row = next(line for line in raw.split(b"\r") if line.startswith(b"PID"))
    born = row + b"|" * (24 - row.count(b"|")) + multiple.encode() + b"|2"
    write(tmp_path, raw.replace(row, born), at_ns=clock.now - NS)
    ward = open_ward(tmp_path, clock)

    assert ward.tile(BED)["infant"]["twin"] == badge
    ward.close()


@pytest.mark.parametrize(
    ("zone", "hour", "age"),
    [("Europe/Berlin", 23.5, "11 days old"), ("America/New_York", 26, "10 days old")],
)
def test_a_day_of_age_begins_at_the_units_midnight(
    tmp_path: Path, zone: str, hour: float, age: str
) -> None:
    """Born on the tenth; it is the evening of the twentieth by UTC, or the night after it."""
    clock = Clock()
    day = datetime(2026, 11, 20, tzinfo=UTC)
    clock.now = round((day.timestamp() + hour * 3600) * NS)
    admit(tmp_path, "4", "M4", "JONES^BABY BOY", at_ns=clock.now - NS)
    ward = open_ward(tmp_path, clock, zone=zone)
    shown = ward.tile(BED)["infant"]["age"]
    ward.close()

    assert shown == age


def played(rng: random.Random, ward: Ward, clock: Clock, folder: Path) -> Iterator[None]:
    """Admit, move, discharge and hold two infants in three beds, seconds apart."""
    people = {"M1": "ADAMS^ANN", "M2": "LI^WEI"}
    events = ("A01", "A02", "A02", "A02", "A03", "A13", "A12", "A08")
    kinds = ("start_hold", "start_hold", "stop_hold", "undo", "nudge")
    taken: list[tuple[str, str]] = []  # of taps: the hold, and the tap
    for _ in range(14):
        clock.now += NS * rng.choice((1, 1, 1, 3))
        bed = rng.choice("479")
        if rng.random() < 0.6:
            mrn = rng.choice(list(people))
            admit(folder, bed, mrn, people[mrn], rng.choice(events), at_ns=clock.now)
            catch_up(ward)
        else:
            kind, name = rng.choice(kinds), str(uuid.UUID(int=rng.getrandbits(128)))
            hold, of = rng.choice(taken) if taken else (name, name)
            said = {"id": name, "type": kind, "bed": f"NICU/{bed}", "at": clock.now / 1e6}
            if kind != "start_hold":
                said |= {"hold": hold} | ({"of": of} if kind == "undo" else {})
            if not ward.tap(*as_payload(said))["refused"]:
                taken.append((name if kind == "start_hold" else hold, name))
        yield


def beds_of(ward: Ward) -> dict[str, Any]:
    """Return all that the pages of the beds say, but for reports that are being made."""
    beds = {bed: ward.bed(bed) for bed in ward.unit()[0]}
    return {bed: {**said, "last": (said["last"] or {}).get("id")} for bed, said in beds.items()}


@pytest.mark.parametrize("seed", [0, 10, 24, 29, 49, 54])
def test_no_bed_is_stale_whatever_was_told_at_another(
    tmp_path: Path, clock: Clock, seed: int
) -> None:
    """After each message and tap all pages say what they would say if Joey were started then."""
    rng = random.Random(seed)  # noqa: S311
    ward = open_ward(tmp_path, clock)
    for _ in played(rng, ward, clock, tmp_path):
        afresh = open_ward(tmp_path, clock)
        expected = beds_of(afresh)
        afresh.close()
        assert beds_of(ward) == expected
    ward.close()


def test_who_holds_can_be_said_after_the_start(tmp_path: Path, clock: Clock) -> None:
    """It is said of the whole hold so far, and is no change of holder; it can be taken back."""
    admit(tmp_path, "4", "M4", "JONES^BABY BOY", at_ns=clock.now - NS)
    ward = open_ward(tmp_path, clock)
    hold, _ = tap(ward, clock, "start_hold", contact="skin_to_skin")
    since = clock.now / 1e6
    clock.now += 300 * NS
    who = {"role": "mother", "label": "Sara"}
    said, bed = tap(ward, clock, "describe", hold=hold, holder=who)
    running = bed["tile"]["hold"]
    assert running["holder"] == {"role": "mother", "name": "Sara"}
    assert (running["since"], running["holderSince"]) == (since, since)
    assert bed["holders"][0] == {"role": "mother", "name": "Sara"}
    _, bed = tap(ward, clock, "undo", hold=hold, of=said)
    assert bed["tile"]["hold"]["holder"]["role"] == "unknown"
    ward.close()
