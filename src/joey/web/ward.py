"""The ward as the pages know it: the journal read on and on, the records beside it.

Everything here runs in one loop, in small steps: no locks. What a page shows is made from what the
journal says and from what was made of it, never from what another process keeps in its memory.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from joey.errors import ProtocolError
from joey.holds.taps import STANDS
from joey.people import bed_labels, isolated, room_order
from joey.sources.hl7 import (
    SourceSettings,
    header_of,
    location_of,
    read_message,
    read_observations,
)
from joey.store.journal import NewEntry
from joey.store.records import AGAIN
from joey.web.backlog import data_from, laid, reach_back, reading_from, words_of_analysis
from joey.web.codes import Codes
from joey.web.health import (
    ClockWatch,
    DiskUse,
    Traffic,
    quarantine_of,
    told_anew,
    wish_again,
    words_of_journal,
    words_of_quarantine,
)
from joey.web.looked import said_of_search
from joey.web.lying import lain, said_before
from joey.web.monitors import asked_of, rows_of_beds
from joey.web.past import Stay, archived_cells, oxycrg_columns
from joey.web.recent import CELL_MS, NS_PER_MS
from joey.web.reports import HoldReports
from joey.web.screens import Screen, Side
from joey.web.shownholds import ShownHolds, clock_time
from joey.web.spells import said_of
from joey.web.tags import Tags
from joey.web.tiles import holds_of_day, tile_of, word_of
from joey.web.told import Told
from joey.web.whose import with_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from joey.sources.hl7 import Message, Observations
    from joey.store.archive import Archive
    from joey.store.journal import Entry, Journal
    from joey.store.records import BedView as BedRecord
    from joey.store.records import InfantView, Records, TapView
    from joey.web.settings import PageSettings
    from joey.web.spells import SpellTold

__all__ = ["PageFacts", "Ward"]

NS = 1_000_000_000
STEP = 200  # entries that one step takes at most: the loop goes on in between
LOOK_BACK_S = 60  # s of messages that are read again at the start: the boards are full at once
APPLY_S = 0.25  # s, between commits of the records
UNDO_S = 600  # s in which the last tap is offered to be taken back
WORDS = {
    "start_hold": "start",
    "nudge": "new start",
    "change_holder": "change of holder",
    "stop_hold": "stop",
    "describe": "what was said",
}
OURS = "web"  # the source of taps in the journal
FACTS_NS = NS // 5  # ns, between looks at the archive
HOUR_NS = 3600 * NS
DAY_NS = 24 * HOUR_NS
HOUR_CELLS = 14_400  # of the OxyCRG: what a new tile's trend is filled with
BED_EVERY_S = 30  # s, after which a bed's record is read again: names age


@dataclass(frozen=True, slots=True)
class PageFacts:
    """What every page is told: the zone, the hour of its clock, whether data are simulated."""

    zone: str
    hour: int
    simulated: bool


class Ward:
    """Journal, records and boards, for the pages.

    Parameters
    ----------
    settings : PageSettings
        What the pages are told.
    journal : Journal
        Open for writing: taps go into it.
    archive : Archive
        Read only.
    records : Records
        Applied here, as far as the journal goes.
    """

    def __init__(
        self, settings: PageSettings, journal: Journal, archive: Archive, records: Records
    ) -> None:
        self._settings = settings
        self._journal = journal
        self._archive = archive
        self._records = records
        self._screens: dict[str, Screen] = {}
        self._beds: dict[str, tuple[int, BedRecord]] = {}  # when read, and what
        self._order: list[str] = []
        self._labels: dict[str, str] = {}  # what the beds are called, by key
        self._taken: dict[str, TapView | None] = {}  # by bed: what can be taken back
        self._changes: Counter[str] = Counter()  # of each bed's records
        self._applied = records.applied()
        self._kept = 0.0  # when the records were last brought up to date
        self._heard = journal.at(settings.now_ns() - LOOK_BACK_S * NS)
        self.codes = Codes(journal, self._heard)
        self._told = Told(
            archive,
            journal,
            settings.now_ns(),
            speed=settings.speed,
            starting=settings.starting,
            lay=lambda row: laid(row, self._screens.get(row.bed)),
        )
        self._told_ns = 0
        self._tags = Tags(records, self._told.streams, self._told.spell_at, settings.now_ns)
        self.reports = HoldReports()
        self._shown = ShownHolds(
            settings, records, self.reports, self._told, self.label, self._tags, self._screens
        )
        self._due: list[str] = []  # beds whose trend is still to be laid anew in this round
        self._traffic = Traffic()
        self._watch = ClockWatch(settings.now_ns(), settings.speed, settings.zone)
        self._disk = DiskUse(settings.folder, journal, settings.now_ns(), settings.journal_days)
        spoke = {row.bed for row in archive.streams() if row.closed_ns is None}
        for bed in (*settings.beds, *records.bed_keys(), *sorted(spoke)):
            self._learn(bed)

    # --- the journal

    def step(self) -> bool:
        """Take what is new; tell whether there is more."""
        entries = self._journal.read(self._heard, limit=STEP)
        at_once = False
        for entry in entries:
            at_once |= self._hear(entry) or entry.kind == "tap"
            self._heard = entry.seq
        more = len(entries) == STEP
        # Each batch applied is a commit that waits for the disk: taps, and who is new at a bed, do
        # not wait for others - nobody's numbers are shown under the name before - the rest does.
        started = time.monotonic()
        if at_once or started - self._kept > APPLY_S:
            self._kept = started
            batch = self._journal.read(self._applied, limit=STEP)
            if batch:
                self._apply(batch)
            more = more or len(batch) == STEP
            if len(batch) == STEP:
                self._kept = 0.0
        now = self._settings.now_ns()
        if now - self._told_ns > FACTS_NS:
            self._told.step(now)
            self._watch.look(now)
            self._remember_next()
            self._told_ns = now
        return more

    def _apply(self, entries: Sequence[Entry]) -> dict[str, str]:
        done = self._records.apply(entries)
        self._applied = entries[-1].seq
        for entry in entries:
            self._traffic.take(entry)
        if done.beds:
            self._shown.forget()
        now = self._settings.now_ns()
        for bed in done.beds:
            # A tap that was refused may name a bed that is none: it gets no tile.
            if bed not in self._order and self._records.bed(bed, now) is None:
                continue
            self._learn(bed)
            self._taken.pop(bed, None)
            self._changes[bed] += 1
        if any(entry.kind in {"tap", AGAIN} for entry in entries):
            self._tags.forget()
        return done.refused

    def _hear(self, entry: Entry) -> bool:
        """Take an entry; tell whether a monitor of its bed names a patient for the first time."""
        if entry.kind == "codes":
            self.codes.take(entry, (each.unmapped for each in self._screens.values()))
        if entry.kind != "hl7":
            return False
        try:
            message = read_message(entry.payload)
            if not header_of(message).event.startswith("ORU"):
                return False
            if entry.state != "accepted":
                withheld = self._screens.get(location_of(message).key)
                if withheld is not None:
                    withheld.withhold(entry.control_id)
                return False
            found = self._observed(message, entry.source)
        except ProtocolError:
            return False  # intake has it in quarantine, with the reason
        bed = found.location.key
        if not bed:
            return False
        screen = self._screens.get(bed)
        if screen is None:
            self._screens[bed] = screen = self._new_screen(bed)
            self._learn(bed)
        return screen.take(found, entry.source, entry.received_ns, entry.control_id)

    def _observed(self, message: Message, source: str) -> Observations:
        settings = self._settings.sources.get(source) or SourceSettings(source)
        return read_observations(message, settings, self.codes.book.codes_of(source))

    def _new_screen(self, bed: str) -> Screen:
        screen = Screen(bed)
        self._remember(screen)
        return screen

    def _remember(self, screen: Screen) -> None:
        stop = self._settings.now_ns() // NS_PER_MS // CELL_MS
        first = stop - HOUR_CELLS
        whose = self._whose(screen.bed)
        rows = self._told.streams(screen.bed)
        cells, told = archived_cells(self._archive, rows, first, stop, whose)
        screen.remember(cells, told, first, whose)

    def _whose(self, bed: str) -> tuple[str, ...] | None:
        """Return the streams that are shown of a bed: those of who lies there, or nobody's.

        None for all: nobody lies there.
        """
        record, screen = self._record(bed), self._screens.get(bed)
        if record is None or record.infant is None:
            return None
        side = Side() if screen is None else screen.side(self._settings.now_ns())
        if not side.doubt:
            return record.streams
        return tuple(sorted(each.stream for each in side.devices))

    def _remember_next(self) -> None:
        """Lay the trend of a bed anew, each once in a while: minutes become final, clocks known."""
        if not self._due:
            self._due = list(self._screens)
        screen = self._screens.get(self._due.pop()) if self._due else None
        if screen is not None:
            reach_back(self._told, self._journal, screen, self._observed)
            self._remember(screen)

    # --- the records

    def _learn(self, bed: str) -> None:
        """Read what the records say of one bed: with hundreds of beds, never of all for one."""
        now = self._settings.now_ns()
        record = self._records.bed(bed, now)
        infant = None
        if record is not None:
            self._beds[bed] = now, record
            infant = record.infant
            if infant is not None and bed not in self._screens:
                self._screens[bed] = self._new_screen(bed)
        if bed not in self._order:
            self._order = sorted((*self._order, bed), key=room_order)
            self._labels = bed_labels(self._order)
        if (screen := self._screens.get(bed)) is not None:
            standing = self._records.associations(bed)
            screen.associate(standing, None if infant is None else infant.id)

    def _record(self, bed: str) -> BedRecord | None:
        read_ns, record = self._beds.get(bed, (0, None))
        if record is not None and self._settings.now_ns() - read_ns > BED_EVERY_S * NS:
            self._learn(bed)
            return self._beds[bed][1]
        return record

    def _since(self, bed: str) -> int:
        """Return since when who lies in a bed does, or nobody; 0 where nobody ever did. [ns UTC]"""
        record = self._record(bed)
        return (record.since_ns or 0) if record is not None else 0

    def _infant(self, bed: str) -> InfantView | None:
        record = self._record(bed)
        return None if record is None else record.infant

    # --- what is shown

    def facts(self) -> PageFacts:
        """Return what every page is told."""
        hour = int(self._hm(self._settings.now_ns())[:2])
        return PageFacts(self._settings.zone, hour, self.simulated)

    @property
    def simulated(self) -> bool:
        """Whether anything shown is simulated."""
        now = self._settings.now_ns()
        declared = any(source.simulated for source in self._settings.sources.values())
        return declared or any(each.simulated(now) for each in self._screens.values())

    def now(self) -> dict[str, Any]:
        """Return what every message carries."""
        return {
            "now": self._settings.now_ns() / 1e6,
            "speed": self._settings.speed,
            "simulated": self.simulated,
        }

    def has_bed(self, bed: str) -> bool:
        """Whether there is such a bed."""
        return bed in self._order

    def label(self, bed: str) -> str:
        """Return what a bed is called: as short as it is told from all others."""
        return isolated(self._labels.get(bed, bed))

    def changes(self, bed: str) -> int:
        """Return how often taps and admissions have changed a bed: what is to be shown at once."""
        return self._changes[bed]

    def unit(self) -> tuple[list[str], dict[str, dict[str, Any]]]:
        """Return the beds in room order, and their tiles."""
        return self._order, {bed: self.tile(bed) for bed in self._order}

    def tile(self, bed: str) -> dict[str, Any]:
        """Return what the tile of a bed shows."""
        now = self._settings.now_ns()
        screen = self._screens.get(bed)
        tile = tile_of(
            bed,
            self._record(bed),
            None if screen is None else screen.view(now),
            Side() if screen is None else screen.side(now),
            now,
            zone=self._settings.zone,
            goal_h=self._settings.goal_h,
            archived_ms={} if screen is None else screen.archived_ms,
        )
        hour = now - HOUR_NS
        whose = self._whose(bed)
        analysis = words_of_analysis(self._told, screen, whose, now, self._hm)
        looked = {"spells": self._spells(bed, hour), "analysis": analysis}
        said = said_of_search(self._told, bed, whose, (self._since(bed), now), self._hm)
        shows = word_of(self._record(bed), whose)
        return {**tile, **looked, **said, "label": self.label(bed), "shows": shows}

    def _spells(self, bed: str, since_ns: int) -> list[dict[str, Any]]:
        since_ns = max(since_ns, self._since(bed))  # others lay here before
        return [
            said_of(each, at_ns, *self._tags.of(each))
            for at_ns, each in self._told.spells(bed, since_ns, self._whose(bed), self._tagged)
        ]

    def _tagged(self, spell: SpellTold) -> bool:
        return bool(self._tags.of(spell)[1])

    def trends(self) -> dict[str, dict[str, Any]]:
        """Return the last hour of each bed, in half minutes."""
        return self.trends_of(self._screens)

    def trend(self, bed: str) -> dict[str, Any]:
        """Return the last hour of a bed that has a screen, of those whose signals are shown now."""
        screen = self._screens[bed]
        if screen.whose != self._whose(bed):  # laid anew by turns, it may still be another's
            self._remember(screen)
        return screen.trend(self._settings.now_ns(), self._since(bed))

    def trends_of(self, beds: Iterable[str]) -> dict[str, dict[str, Any]]:
        """Return the trends of some beds, of those that have a screen."""
        return {bed: self.trend(bed) for bed in beds if bed in self._screens}

    def bed(self, bed: str) -> dict[str, Any]:
        """Return what the page of a bed shows."""
        now = self._settings.now_ns()
        record = self._record(bed)
        holders = record.holders if record else ()
        places = lain(record, self._whose(bed))  # whose data go further back than this bed's
        return {
            "tile": self.tile(bed),
            "holders": [{"role": each.role, "name": each.label} for each in holders],
            "dataFrom": None if places else data_from(self._told, record, self._whose(bed)),
            "undo": self._undo(bed, now),
            "holds": holds_of_day(record.holds if record else (), now),
            "spells": self._spells(bed, now - DAY_NS),
            "before": said_before(self._told, places, self._labels, now - DAY_NS, self._tagged),
            "last": self._shown.last(record),
            "cutShort": self._shown.cut_short(record),
            "carriedOn": self._shown.carried_on(record),
        }

    def _undo(self, bed: str, now: int) -> dict[str, str] | None:
        if bed not in self._taken:
            standing = self._records.standing_taps(bed, now - UNDO_S * NS)
            record = self._record(bed)
            running = None if record is None else record.running
            # Of a hold that is over it would be taken back unseen, where another one runs.
            ours = (e for e in reversed(standing) if running is None or e.hold == running.id)
            self._taken[bed] = next((e for e in ours if e.kind in WORDS), None)
        last = self._taken[bed]
        if last is None or now - last.tapped_ns > UNDO_S * NS:
            return None
        return {"hold": last.hold, "tap": last.id, "words": WORDS[last.kind]}

    def has_hold(self, hold: str) -> bool:
        """Whether there is such a hold, wherever its infant is by now."""
        return self._shown.view(hold) is not None

    def hold(self, hold: str) -> dict[str, Any]:
        """Return the state of a hold's report, which is asked for with it."""
        return self._shown.state(hold)

    def report(self, hold: str) -> str:
        """Return the page of a hold's report, with whose it is; empty where none was made yet."""
        view = self._shown.view(hold)
        made = self.reports.made(view.hold) if view else None
        return with_name(made.page, self._shown.whose(hold)) if made else ""

    def waves(self, bed: str, cursors: Mapping[int, int]) -> tuple[bytes, dict[int, int], int]:
        """Return new samples of a bed, the cursors after them, and how many strips were missed."""
        screen = self._screens.get(bed)
        return screen.frame(cursors, self._settings.now_ns()) if screen else (b"", {}, 0)

    def oxycrg(self, bed: str, start_ms: float, width_ms: float, columns: int) -> bytes:
        """Return the OxyCRG of a bed; see `oxycrg_columns`."""
        screen, whose = self._screens.get(bed), self._whose(bed)
        places = lain(self._record(bed), whose)
        before = [(each, self._told.streams(each.bed)) for each in places]
        stay = Stay(self._since(bed) // NS_PER_MS, before)
        rows, reads = self._told.streams(bed), reading_from(self._told, screen, bed, whose)
        span, now = (start_ms, width_ms, columns), self._settings.now_ns()
        return oxycrg_columns(self._archive, screen, rows, span, now, stay, whose, reads)

    def feed(self) -> dict[str, Any]:
        """Return what the page of the feed shows."""
        now = self._settings.now_ns()
        for screen in self._screens.values():
            screen.look(now)
        beds = rows_of_beds(self._screens, self._order, told_anew(self._archive, self._hm))
        quarantine, in_quarantine = quarantine_of(self._journal, self._records)
        damaged = self._archive.damaged()
        behind = self._journal.last() - max(self._heard, self._applied)
        return {
            "cards": {
                "in": self._traffic.came(),
                "stored": f"{self._traffic.stored:,}",
                "shown": f"{self._traffic.stored - self._traffic.quarantined:,}",
                "quarantined": in_quarantine,
                "intake": self._traffic.words(now, self._settings.speed, self._hm),
                **self._watch.words(now, self._hm),
                "behind": f"{behind} message{'s' if behind > 1 else ''}" if behind else "nothing",
                "disk": self._disk.words(now, held=bool(damaged)),
                "journal": words_of_journal(self._disk.age_days(now), damaged, self._hm),
            },
            "beds": beds,
            "unmapped": self.codes.rows({b: each.unmapped for b, each in self._screens.items()}),
            "mapped": self.codes.standing(),
            "quarantine": quarantine,
            "dropped": words_of_quarantine(
                *self._journal.dropped(), self._settings.quarantine_days, self._settings.zone
            ),
            **asked_of(
                self._records.associations(), self._screens, self._infant, now, self._settings.zone
            ),
        }

    def _hm(self, at_ns: int) -> str:
        return clock_time(at_ns, self._settings.zone)

    # --- taps

    def tap(self, bed: str, payload: bytes) -> dict[str, Any]:
        """Keep a tap, apply it, and return what the bed's page shows after it.

        Raises
        ------
        StorageError
            If it could not be kept.
        """
        name = str(json.loads(payload)["id"])
        entry = NewEntry(self._settings.now_ns(), "tap", OURS, payload, control_id=name)
        refused = self._keep(entry)
        # Where another tablet has said the same, what was tapped is so.
        words = "" if refused in STANDS else self._shown.refused(name) or refused
        return {"refused": words, "bed": self.bed(bed) if self.has_bed(bed) else None}

    def try_again(self, seq: int) -> str:
        """Apply what was set apart, at a place of its own; return why it was refused, or nothing.

        Raises
        ------
        InputError
            If it is older than the journal, or trying it again could not help.
        StorageError
            If the wish could not be kept.
        """
        return self._keep(wish_again(self._journal, seq, self._settings.now_ns()))

    def _keep(self, entry: NewEntry) -> str:
        """Keep an entry and apply the journal up to it; return why it was refused."""
        receipt = self._journal.append([entry])[0]
        refused = ""
        while self._applied < receipt.seq:
            found = self._apply(self._journal.read(self._applied, limit=STEP))
            refused = found.get(entry.control_id, refused)
        return refused

    def release(self, seq: int) -> bool:
        """Have a message of the quarantine read again; tell whether it was there."""
        return self._journal.release(seq, self._settings.now_ns()) is not None

    def map_code(self, said: dict[str, Any]) -> None:
        """Keep what a code stands for; see `Codes.map`."""
        self.codes.map(said, self._settings.now_ns())

    def take_back_code(self, seq: int) -> None:
        """Take back what a code stood for; see `Codes.take_back`."""
        self.codes.take_back(seq, self._settings.now_ns())

    def close(self) -> None:
        """Close journal, archive and records."""
        self._journal.close()
        self._archive.close()
        self._records.close()
