"""The whole ward: beds, links, the admission system and the story, until it is cancelled."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from joey.errors import InputError
from joey.simulate.ward.admit import admission
from joey.simulate.ward.dirt import KINDS, clocks_of, dirt_of
from joey.simulate.ward.encode import DIALECTS
from joey.simulate.ward.infants import Infants
from joey.simulate.ward.links import Counts, Letter, Link, Listener
from joey.simulate.ward.monitors import HostTime, Monitor, run_monitor
from joey.simulate.ward.people import admit_all, furnish
from joey.simulate.ward.story import Story, write_story
from joey.simulate.ward.taps import mark_all
from joey.simulate.ward.truth import TruthFolder
from joey.sources.clocks import zone_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from joey.simulate.ward.dirt import Dirt
    from joey.simulate.ward.people import Bed

__all__ = ["WardSettings", "play_ward", "run_ward"]

NS = 1_000_000_000
GATEWAY_MOST = 20  # messages a second of one connection, each of which waits for its answer
MOST_BEDS = 500
GATEWAY = "named"  # the make of monitors that stand behind one
LONGEST_HISTORY_MIN = 24 * 60.0


@dataclass(frozen=True, slots=True)
class WardSettings:
    """What ward to simulate.

    Parameters
    ----------
    host, port : str, int
        Where the messages go.
    beds : int
        How many.
    seed : int
        The ward's one seed.
    history_min : float
        So much of the time before is sent first, as fast as it is acknowledged. [min]
    dirt : bool
        Whether anything goes wrong on the way; leads come off in any case.
    truth : Path or None
        Folder for what truly happened.
    zone : str
        IANA zone of the monitors whose times bring none.
    folder : Path or None
        For the samples that are still to be sent; by default one that goes with the ward.
    marked : bool
        Whether holds are marked by way of the pages: then others than the story's infant are held.
    """

    host: str
    port: int
    beds: int = 24
    seed: int = 1
    history_min: float = 0.0
    dirt: bool = True
    truth: Path | None = None
    zone: str = "UTC"
    folder: Path | None = None
    marked: bool = False

    def __post_init__(self) -> None:
        """Refuse a ward that cannot be."""
        if not 1 <= self.beds <= MOST_BEDS:
            msg = f"--beds is 1 to {MOST_BEDS}, not {self.beds}"
            raise InputError(msg)
        if not 0 <= self.history_min <= LONGEST_HISTORY_MIN:
            msg = f"--history is 0 to {LONGEST_HISTORY_MIN:g} min, not {self.history_min:g}"
            raise InputError(msg)
        if not 0 <= self.port <= 65535:
            msg = f"--port is 1 to 65535, not {self.port}"
            raise InputError(msg)
        zone_of(self.zone)
        if not 0 <= self.seed < 2**31:
            msg = f"--seed is a whole number from 0 to 2147483647, not {self.seed}"
            raise InputError(msg)


async def run_ward(
    settings: WardSettings,
    time: HostTime,
    counts: Counts | None = None,
    places: Awaitable[tuple[int, str]] | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> None:
    """Run a ward until it is cancelled.

    Parameters
    ----------
    settings : WardSettings
        What ward.
    time : HostTime
        The clock that the listener has as well.
    counts : Counts, optional
        Is set to what became of all messages, when the ward ends.
    places : awaitable, optional
        Gives the port, and a link into the pages, once the listener is up; meanwhile infants are
        simulated.
    say : callable, optional
        Is told in a line that nobody listens, and when somebody does again.
    """
    live_ns = (time.now_ns() // NS + 1) * NS
    begin_ns = live_ns - round(settings.history_min * 60) * NS
    beds = furnish(settings.beds)
    patients = admit_all(settings.beds, f"{datetime.fromtimestamp(begin_ns / NS, UTC):%Y-%m-%d}")
    dirt = dirt_of(settings.beds, on=settings.dirt)
    story = write_story(patients, dirt, begin_ns, live_ns, marked=settings.marked)
    truth = TruthFolder(settings.truth)
    label = f"{live_ns // NS:x}."  # a ward that is started anew uses no control id again
    with tempfile.TemporaryDirectory(prefix="joey-ward-", dir=settings.folder) as folder:
        infants = Infants(
            patients, Path(folder), settings.seed, begin_ns, live_ns, story.holds, truth.tell
        )
        links: list[Link] = []
        try:
            port, link = (settings.port, "") if places is None else await places
            listener = Listener(settings.host, port, say)
            office = Link(listener)
            monitors = _place(settings, listener, beds, dirt, live_ns, label, time.speed)
            links += [office, *{id(each.link): each.link for each in monitors}.values()]
            _introduce(truth, monitors, begin_ns, live_ns, story)
            async with asyncio.TaskGroup() as tasks:
                for one in links:
                    tasks.create_task(one.run())
                admitted = asyncio.Event()
                tasks.create_task(
                    _admit(office, beds, story, time, f"{label}0.", truth.tell, admitted)
                )
                await admitted.wait()
                for monitor in monitors:
                    tasks.create_task(
                        run_monitor(monitor, infants, story, time, begin_ns, live_ns, truth.tell)
                    )
                if settings.marked and link:
                    try:
                        await mark_all(link, story.holds, beds, time, settings.seed, truth.tell)
                    except* OSError as error:  # the monitors go on, whoever marks holds
                        truth.tell("taps", {"given up": str(error.exceptions[0])})
        finally:
            infants.close()
            every = _sum(links)
            truth.tell("sent", {each.name: getattr(every, each.name) for each in fields(Counts)})
            if counts is not None:
                for each in fields(Counts):
                    setattr(counts, each.name, getattr(every, each.name))


def _place(
    settings: WardSettings,
    listener: Listener,
    beds: Sequence[Bed],
    dirt: tuple[Dirt, ...],
    live_ns: int,
    label: str,
    speed: float,
) -> list[Monitor]:
    """Return a monitor for each bed, of one make after the other."""
    most = max(round(GATEWAY_MOST / speed), 1)
    behind = 0  # the gateway that is being filled
    gateway = Link(listener)
    clocks = clocks_of(settings.beds, dirt, live_ns)
    zone = UTC if settings.zone == "UTC" else zone_of(settings.zone)
    found = []
    for k, (bed, clock) in enumerate(zip(beds, clocks, strict=True)):
        name = [*DIALECTS][k % len(DIALECTS)]
        own = tuple(each for each in dirt if each.bed == k + 1)
        # Behind a gateway several monitors share a connection; not those whose link is cut.
        alone = name != GATEWAY or any(each.kind in {"outage", "reconnects"} for each in own)
        if not alone and behind == most:
            gateway, behind = Link(listener), 0
        behind += not alone
        link = Link(listener) if alone else gateway
        phase_ns = k * NS // len(beds)
        mine = f"{label}{k + 1}."
        found.append(Monitor(k, bed, DIALECTS[name], clock, zone, own, link, phase_ns, mine))
    return found


def play_ward(
    settings: WardSettings,
    time: HostTime,
    exit_after: float | None = None,
    places: Awaitable[tuple[int, str]] | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> tuple[str, ...]:
    """Run a ward in this process until Ctrl-C, or for a while; return lines for the terminal.

    Parameters
    ----------
    settings : WardSettings
        What ward.
    time : HostTime
        The clock that the listener has as well.
    exit_after : float or None
        End after so long. [s]
    places, say : optional
        As of `run_ward`.
    """
    if not settings.port and places is None:
        raise InputError("--port is 1 to 65535, not 0")
    counts = Counts()

    async def play() -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(exit_after):
                await run_ward(settings, time, counts, places, say)

    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(play())
    became = (
        f"acknowledged: {counts.acknowledged}, refused: {counts.refused}, "
        f"sent again: {counts.resent}, lost: {counts.lost}"
    )
    return (
        f"A simulated ward of {settings.beds} beds, messages sent: {counts.sent}.",
        f"  {became}",
    )


def _introduce(
    truth: TruthFolder, monitors: Sequence[Monitor], begin_ns: int, live_ns: int, story: Story
) -> None:
    for monitor in monitors:
        truth.tell(
            "monitors",
            {
                "bed": monitor.bed.key,
                "device": monitor.bed.device,
                "dialect": [*DIALECTS][monitor.index % len(DIALECTS)],
                "begin_ns": begin_ns,
                "live_ns": live_ns,
                "offset_ns": monitor.clock.offset_ns,
                "drift_ppm": monitor.clock.drift_ppm,
                "steps": [[at, size] for at, size in monitor.clock.steps],
                "dirt": {each.kind: KINDS[each.kind] for each in monitor.dirt},
                "lying": [
                    [since, None if who is None else f"SIM-{who + 101:06d}"]
                    for since, who in story.lying[monitor.index]
                ],
            },
        )


async def _admit(
    office: Link,
    beds: Sequence[Bed],
    story: Story,
    time: HostTime,
    label: str,
    tell: Callable[[str, dict[str, object]], None],
    admitted: asyncio.Event,
) -> None:
    """Send what the admission system says, when it says it; the first all at once."""
    first_ns = story.admissions[0].at_ns
    for number, each in enumerate(story.admissions):
        if each.at_ns > first_ns and not admitted.is_set():
            await office.drain(0)
            admitted.set()
        await time.reach(each.at_ns)
        control_id = f"{label}{number:08d}"
        prior = None if each.prior is None else beds[each.prior]
        message = admission(
            each.event, each.patient, beds[each.bed], control_id, each.at_ns, prior=prior
        )
        office.put(Letter(control_id, message))
        tell(
            "story",
            {
                "event": each.event,
                "infant": each.patient.number,
                "bed": beds[each.bed].key,
                "prior": prior.key if prior else None,
                "host_ns": each.at_ns,
                "control_id": control_id,
            },
        )
    await office.drain(0)
    admitted.set()


def _sum(links: Sequence[Link]) -> Counts:
    return Counts(
        **{each.name: sum(getattr(link.counts, each.name) for link in links)
           for each in fields(Counts)}
    )  # fmt: skip
