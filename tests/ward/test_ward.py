"""The ward as whoever listens meets it: connections, order, dirt, and the truth beside it."""

import asyncio
import json
import math
import socket
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from tests.ward.listener import Heard

from joey.beats import detect_beats
from joey.errors import InputError
from joey.signals import Channel, Grid, Segment, Signal, runs_of
from joey.simulate.ward import Counts, HostTime, WardSettings, admit_all, play_ward, run_ward
from joey.simulate.ward.blocks import CHANGE_S, RATES, Block, Plan, make_block, open_block
from joey.simulate.ward.dirt import WRAP_NS, Dirt, clocks_of, dirt_of
from joey.simulate.ward.encode import ABSENT
from joey.simulate.ward.links import Letter, Link, Listener
from joey.simulate.ward.monitors import cut_piece
from joey.simulate.ward.story import at_time, write_story
from joey.sources.codes import CodeMap
from joey.sources.hl7 import SourceSettings, header_of, read_message, read_observations

NS = 1_000_000_000
START_NS = 1_767_571_200_000_000_000
SOURCE = SourceSettings("ward", simulated=True)
PERFECT = clocks_of(1, (), START_NS)[0]


async def play(settings: WardSettings, heard: Heard, each: int) -> Counts:
    """Run a ward until so many messages of each bed were heard, not counting those sent twice."""
    counts = Counts()
    ward = asyncio.create_task(run_ward(settings, HostTime(time.time_ns), counts))

    def enough() -> bool:
        once = {header_of(read_message(raw)).control_id for raw in heard.messages}
        ids = Counter(each.split(".")[1] for each in once)
        return all(ids[str(bed + 1)] >= each for bed in range(settings.beds))

    async with asyncio.timeout(90):
        while not enough():
            assert not ward.done()
            await asyncio.sleep(0.2)
    ward.cancel()
    with suppress(asyncio.CancelledError):
        await ward
    return counts


@pytest.fixture(scope="module")
def block(tmp_path_factory: pytest.TempPathFactory) -> Block:
    """Return ten minutes of an infant who is held in them."""
    folder = tmp_path_factory.mktemp("blocks")
    plan = Plan(
        "SIM-1", 0, START_NS, 1200, 5, 30.0, 6.0, ((300.0, 900.0, (("father", "father"),)),)
    )
    make_block(plan, folder)
    found = open_block(plan, folder)
    assert list(folder.iterdir()) == []
    return found


def test_pieces_of_a_block_join_without_a_seam(block: Block) -> None:
    """Every sample is sent once, at its time, whatever the length of the messages."""
    for lengths in ((1,) * 60, (10,) * 6, (7, 1, 30, 22)):
        at = START_NS
        strips = {quantity: [] for quantity in RATES}
        for seconds in lengths:
            piece = cut_piece(block, at, seconds, PERFECT)
            for strip in piece.strips:
                strips[strip.quantity].append(strip)
            at += seconds * NS
        for quantity, parts in strips.items():
            fs = RATES[quantity]
            joined = np.concatenate([part.counts for part in parts])
            assert np.array_equal(joined, block.waves[quantity][: int(60 * fs)])
            indices = np.cumsum([0, *(len(part.counts) for part in parts)])[:-1].tolist()
            assert [part.start_ns for part in parts] == [
                START_NS + round(k * NS / fs) for k in indices
            ]


def test_the_truth_of_a_block_is_in_its_samples(block: Block) -> None:
    """The beats that are told are those that a detector finds; no beat is in the change."""
    counts = block.waves["ecg"]
    runs = runs_of(counts != ABSENT)
    segment = Segment(Grid(START_NS, RATES["ecg"]), 0, np.where(counts == ABSENT, 0, counts), runs)
    found = detect_beats(Signal(Channel("ecg", "mV"), RATES["ecg"], (segment,), 0.0025)).times
    told = np.array(block.truth["beats_ns"]) / NS
    assert told[-1] <= block.plan.end_ns / NS - CHANGE_S
    # In the transfers he moves, and so does the ECG: the settled part between them is looked at.
    since = found - START_NS / NS
    found = found[(since > 360) & (since < 720)]
    after = np.clip(np.searchsorted(told, found), 1, len(told) - 1)
    error = np.minimum(np.abs(found - told[after]), np.abs(found - told[after - 1]))
    assert len(found) > 800
    assert np.mean(error < 0.03) > 0.95  # s
    assert np.median(error) < 0.002  # s
    assert (counts[-CHANGE_S * 250 :] == ABSENT).all()
    assert block.truth["holds"] == [[START_NS / NS + 300, START_NS / NS + 900, ["father"]]]


def test_an_oximeter_of_its_own_takes_its_share() -> None:
    """What two monitors of a bed measure is what one measures, and each has its own name."""

    async def listen() -> list[bytes]:
        async with Heard().listening() as heard:
            await play(WardSettings("127.0.0.1", heard.port, beds=18), heard, 4)
            return heard.messages

    by_device: dict[str, set[str]] = {}
    for raw in asyncio.run(listen()):
        message = read_message(raw)
        if header_of(message).event.startswith("ADT"):
            continue
        said = read_observations(message, SOURCE, CodeMap())
        if said.location.key == "NICU/18":
            kinds = {each.channel.quantity for each in (*said.waves, *said.numerics)}
            by_device.setdefault(said.device, set()).update(kinds)
    heart, oximeter = sorted(by_device.values(), key=lambda kinds: "pleth" in kinds)
    assert oximeter == {"pleth", "spo2", "pulse_rate"}
    assert heart >= {"ecg", "resp", "heart_rate", "resp_rate", "temp"}
    assert not heart & oximeter


def test_leads_come_off_in_the_transfer(block: Block) -> None:
    """Around the start of the hold the ECG is gone for some time, or at the rail."""
    around = block.waves["ecg"][230 * 250 : 420 * 250]
    assert np.mean((around == ABSENT) | (around >= 2000)) > 0.1


def test_a_small_ward_is_heard_as_it_was_sent(tmp_path: Path) -> None:
    """Three beds with history: all is acknowledged, in order, and joins without a gap."""

    async def listen() -> tuple[Heard, Counts]:
        async with Heard().listening() as heard:
            settings = WardSettings("127.0.0.1", heard.port, beds=3, history_min=1, truth=tmp_path)
            return heard, await play(settings, heard, 13)

    heard, counts = asyncio.run(listen())
    assert counts.acknowledged >= counts.sent - 4  # those on their way at the end
    assert (counts.refused, counts.lost, counts.strange) == (0, 0, 0)
    assert heard.others == []
    events = Counter(header_of(read_message(raw)).event for raw in heard.messages)
    assert events["ADT^A01"] == 3

    ends: dict[str, int] = {}
    lines = (tmp_path / "monitors.jsonl").read_text(encoding="utf-8").splitlines()
    offsets = {each["bed"]: each for each in map(json.loads, lines)}
    for raw in dict.fromkeys(heard.messages):  # one bed's monitor doubles some
        message = read_message(raw)
        if header_of(message).event.startswith("ADT"):
            continue
        said = read_observations(message, SOURCE, CodeMap())
        ecg = said.waves[0]
        bed = said.location.key
        first = ends.setdefault(bed, ecg.start_ns)
        assert abs(ecg.start_ns - first) <= 2_000_000  # ns: stamps are in ms
        ends[bed] = ecg.start_ns + len(ecg.counts) * 4_000_000
        assert {each.code for each in said.unmapped} <= ({"161"} if bed == "NICU/2" else set())
    assert set(ends) == {"NICU/1", "NICU/2", "NICU/3"}
    for bed, end in ends.items():
        about = offsets[bed]
        lasted = (end - about["offset_ns"] - about["begin_ns"]) / NS
        assert lasted > 61, "history and at least a second live"
        numbers = [name for _, name in about["lying"]]
        truth = json.loads((tmp_path / f"{numbers[0]}.jsonl").read_text())
        assert truth["simulated"] is True
        assert truth["start_ns"] == about["begin_ns"]


def test_the_same_seed_gives_the_same_infants(tmp_path: Path) -> None:
    """Blocks depend on their plan alone."""
    plan = Plan("SIM-1", 0, START_NS, 120, 9, 28.0, 10.0)
    found = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        make_block(plan, tmp_path / name)
        found.append(open_block(plan, tmp_path / name))
    for quantity in RATES:
        assert np.array_equal(found[0].waves[quantity], found[1].waves[quantity])
    assert found[0].truth == found[1].truth


def test_an_unanswered_message_is_sent_again() -> None:
    """A listener that dies between storing and answering loses nothing and gets it twice."""

    async def send() -> tuple[Heard, Link]:
        async with Heard(deaf=2).listening() as heard:
            link = Link(Listener("127.0.0.1", heard.port, print))
            for number in range(4):
                raw = rf"MSH|^~\&|A|B|C||20260105000000||ORU^R01|{number}|T|2.6".encode()
                link.put(Letter(str(number), raw, split=number == 1, joined=number == 2))
            task = asyncio.create_task(link.run())
            async with asyncio.timeout(10):
                await link.drain(0)
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
            return heard, link

    heard, link = asyncio.run(send())
    ids = [header_of(read_message(raw)).control_id for raw in heard.messages]
    assert ids == ["0", "0", "0", "1", "2", "3"]
    assert (link.counts.sent, link.counts.resent, link.counts.acknowledged) == (4, 2, 4)


def test_it_is_said_that_nobody_listens() -> None:
    """Once for all links, not again and again; then that somebody does, and what waited goes."""
    said: list[str] = []

    async def send() -> Heard:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        listener = Listener("127.0.0.1", port, said.append)
        links = [Link(listener), Link(listener)]
        for number, link in enumerate(links):
            raw = rf"MSH|^~\&|A|B|C||20260105000000||ORU^R01|{number}|T|2.6".encode()
            link.put(Letter(str(number), raw))
        async with asyncio.timeout(20), asyncio.TaskGroup() as tasks:
            running = [tasks.create_task(link.run()) for link in links]
            await asyncio.sleep(1.2)
            assert len(said) == 1
            assert f"nobody listens at 127.0.0.1:{port}" in said[0]
            async with Heard(port=port).listening() as heard:
                for link in links:
                    await link.drain(0)
                for task in running:
                    task.cancel()
        return heard

    heard = asyncio.run(send())
    assert len(heard.messages) == 2
    assert len(said) == 2
    assert said[1].startswith("somebody listens at")


def test_clocks_are_wrong_as_written() -> None:
    """Offset, drift, a step back by 2**32 ms and one of an hour."""
    dirt = dirt_of(24, on=True)
    clocks = clocks_of(24, dirt, START_NS)
    later = START_NS + 1000 * NS

    def ahead(kind: str) -> int:
        bed = next(each.bed for each in dirt if each.kind == kind)
        return clocks[bed - 1].read(later) - later

    assert ahead("clock offset") == pytest.approx(95 * NS, abs=NS)
    drifting = next(each.bed for each in dirt if each.kind == "clock drift")
    assert ahead("clock drift") - (clocks[drifting - 1].read(START_NS) - START_NS) == 200_000_000
    assert ahead("clock wrap") == pytest.approx(-WRAP_NS, abs=NS)
    assert ahead("clock hour") == pytest.approx(-3600 * NS, abs=NS)
    assert all(clock.read(later) == later for clock in clocks_of(24, (), START_NS))


def test_the_story_moves_infants_and_never_doubles_them() -> None:
    """At any time an infant lies in one bed at most; names change after they were told."""
    patients = admit_all(24, "2026-01-05")
    story = write_story(patients, dirt_of(24, on=True), START_NS, START_NS + 60 * NS)
    for minute in range(0, 90, 1):
        at = START_NS + minute * 60 * NS
        lying = [at_time(each, at) for each in story.lying]
        there = [each for each in lying if each is not None]
        assert len(there) == len(set(there))
    assert [each.event for each in story.admissions[24:]] == ["A03", "A02", "A08"]
    renamed = story.admissions[-1]
    assert renamed.bed == 3
    assert patients[3].given == "BABY BOY"
    assert (renamed.patient.number, renamed.patient.given) == (
        patients[3].number,
        "JOSEPH ALEXANDER",
    )
    assert story.holds[0].start_ns < renamed.at_ns < story.holds[0].end_ns, "while he is held"
    last = at_time(story.lying[23], START_NS + 90 * 60 * NS)
    assert last == 22


def test_what_cannot_be_is_refused_by_the_options_name() -> None:
    """A wish that cannot be met is one line."""
    for wish, said in (
        ({"beds": 0}, "--beds"),
        ({"history_min": -1.0}, "--history"),
        ({"history_min": math.nan}, "--history"),
        ({"seed": -1}, "--seed"),
        ({"zone": "Mars"}, "Mars"),
    ):
        with pytest.raises(InputError, match=said):
            WardSettings("127.0.0.1", 2575, **wish)
    with pytest.raises(InputError, match="--port"):
        play_ward(WardSettings("127.0.0.1", 0), HostTime(time.time_ns))


def test_dirt_is_switched_off() -> None:
    """A clean ward has none; a small one has that of its beds."""
    assert dirt_of(24, on=False) == ()
    assert {each.bed for each in dirt_of(3, on=True)} == {1, 2, 3}
    assert Dirt("outage", 1, 10, 20).holds(10)
    assert not Dirt("outage", 1, 10, 20).holds(20)
