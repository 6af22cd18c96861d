"""What the pages say of a hold and its report."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from joey.holds.cells import UNKNOWN
from joey.holds.taps import LEFT_UNIT
from joey.holds.times import say_length
from joey.people import isolated
from joey.web.backlog import comes_yet
from joey.web.reports import NOT_REACHED, HoldReports, Wish, held_of, spans_of, words_of_revision
from joey.web.tiles import infant_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from joey.holds import Hold
    from joey.store.records import BedView as BedRecord
    from joey.store.records import HoldView, Records
    from joey.web.reports import Made
    from joey.web.screens import Screen
    from joey.web.settings import PageSettings
    from joey.web.tags import Tags
    from joey.web.told import Told

__all__ = ["ShownHolds", "clock_time"]

NS = 1_000_000_000
READ_EVERY_NS = 30 * NS  # ns, after which a hold is read again: names age
ASK_NS = 600 * NS  # ns after a hold in which it is asked why it ended
MOST_VIEWS = 256
UNREAD = "What was measured in this hold is still to be read: the report comes by itself."


def clock_time(at_ns: int, zone: str, beside_ns: int | None = None) -> str:
    """Return a time as the unit's clock shows it: ``14:02``.

    Parameters
    ----------
    at_ns : int
        The time. [ns UTC]
    zone : str
        Of the unit.
    beside_ns : int, optional
        Another time that is told with it: where the clock was changed between the two, the zone is
        said (``02:40 CEST``). [ns UTC]
    """
    local = datetime.fromtimestamp(at_ns / NS, ZoneInfo(zone))
    other = local if beside_ns is None else datetime.fromtimestamp(beside_ns / NS, ZoneInfo(zone))
    return f"{local:%H:%M}" if local.utcoffset() == other.utcoffset() else f"{local:%H:%M %Z}"


class ShownHolds:
    """Holds with their reports, which are asked for as soon as someone looks.

    Parameters
    ----------
    settings : PageSettings
        What the pages are told.
    records : Records
        Holds are looked up here, wherever their infants are by now.
    reports : HoldReports
        Makes them.
    told : Told
        When a bed's span was last told anew, and whether its data are still to be read.
    label : callable
        What a bed is called.
    tags : Tags
        What was said of spells.
    screens : mapping of str to Screen
        By bed: whether earlier data come.
    """

    def __init__(
        self,
        settings: PageSettings,
        records: Records,
        reports: HoldReports,
        told: Told,
        label: Callable[[str], str],
        tags: Tags,
        screens: Mapping[str, Screen],
    ) -> None:
        self._settings = settings
        self._records = records
        self._views: dict[str, tuple[int, HoldView | None]] = {}  # by hold: when read, and what
        self._reports = reports
        self._told = told
        self._label = label
        self._tags = tags
        self._screens = screens

    def forget(self) -> None:
        """Read what the records say anew: they have changed."""
        self._views.clear()

    def view(self, hold: str) -> HoldView | None:
        """Return a hold; None where there is none, or its start was taken back."""
        now = self._settings.now_ns()
        read_ns, found = self._views.get(hold, (0, None))
        if now - read_ns > READ_EVERY_NS:
            found = self._records.hold(hold, now)
            if len(self._views) >= MOST_VIEWS:  # nobody fills the memory with made-up names
                self._views.clear()
            self._views[hold] = now, found
        return found

    def state(self, hold: str) -> dict[str, Any]:
        """Return the state of a hold's report."""
        view = self.view(hold)
        if view is None:
            taken = "This hold was taken back."
            return {"title": "Hold", "failed": taken, "version": "", "goesOn": ""}
        wish = self._want(view)
        made = self._reports.made(view.hold)
        name = isolated(view.infant.name.text) if view.infant is not None else ""
        bed = self._label(view.bed)
        arriving_ns = self._arriving(view.bed)
        whose = f"{name}, bed {bed}" if name else f"Bed {bed}"
        return {
            "title": f"{whose}: {self._words(view.hold)}",
            "bed": view.bed,
            "running": view.hold.end is None,
            "until": made.until_ns / 1e6 if made and made.until_ns else None,
            "goesOn": self._goes_on(view.hold),
            "busy": self._reports.is_busy(hold),
            "version": f"{made.made_ns}" if made and made.page else "",
            "madeAt": made.made_ns / 1e6 if made else None,
            "failed": _why(made, wish),
            "earlier": None if arriving_ns is None else arriving_ns / 1e6,
            "revised": words_of_revision(made.revised_ns, self._settings.zone) if made else "",
        }

    def whose(self, hold: str) -> str:
        """Return whose a hold is, in the words of its head; empty where nobody knows."""
        view = self.view(hold)
        infant = None if view is None else self._infant(view)
        if view is None or infant is None:
            return ""
        names = (
            infant["name"],
            infant["twin"],
            infant["formerly"] and f"formerly {infant['formerly']}",
        )
        return " · ".join((*filter(None, names), f"bed {self._label(view.bed)}"))

    def last(self, record: BedRecord | None) -> dict[str, Any] | None:
        """Return what is known of the infant's last hold; None where there was none."""
        ended = [each for each in (record.holds if record else ()) if each.end is not None]
        if not ended:
            return None
        last = max(ended, key=lambda each: each.end or 0.0)
        view = self.view(last.id)
        if view is None:
            return None
        wish = self._want(view)
        made = self._reports.made_of(view.hold)  # not one of when it ran, or began elsewhere
        return {
            "id": last.id,
            "words": self._words(view.hold),
            "lines": list(made.lines) if made else [],
            "chart": made.chart if made else "",
            "busy": made is None,
            "why": _why(made, wish),
            "asks": self._asks(view.hold),
        }

    def refused(self, tap: str) -> str:
        """Return who was to hold by a start that was refused, and who holds instead; else empty."""
        found = self._records.held_instead(tap)
        if found is None:
            return ""
        _, piece = found
        at = clock_time(round(piece.start * NS), self._settings.zone, self._settings.now_ns())
        holder, instead = (_holder(each.role, each.holder) for each in found)
        runs, holds = ("runs", "holds") if piece.end is None else ("ran", "held")
        who = f"{instead} {holds} since {at}, by another tap"
        if not instead:
            who = f"since {at}, by another tap that named nobody"
        mine = f"by this one {holder} was to hold"
        if not holder:
            mine = "this one named nobody"
        return f"a hold {runs} here already: {who}; {mine}"

    def _asks(self, hold: Hold) -> bool:
        """Whether it is still asked why a hold ended: a page that is loaded anew asks again."""
        ended_ns = round((hold.end or 0.0) * NS)
        return "end_reason" not in hold.details and self._settings.now_ns() - ended_ns < ASK_NS

    def cut_short(self, record: BedRecord | None) -> dict[str, Any] | None:
        """Return the hold of a bed that ended with its infant's stay, and whose it was, or None."""
        hold = None if record is None else record.cut_short
        view = None if hold is None else self.view(hold.id)
        if hold is None or view is None:
            return None
        at = clock_time(round((hold.end or hold.start) * NS), self._settings.zone)
        words = f"The hold ended at {at}, as the infant left or another came: nobody tapped Stop."
        return {"id": hold.id, "infant": self._infant(view), "words": words}

    def carried_on(self, record: BedRecord | None) -> dict[str, Any] | None:
        """Return the bed at which a hold that was here runs on, and whose it is, or None."""
        hold = None if record is None else record.carried_on
        view = None if hold is None else self.view(hold.id)
        if record is None or view is None or view.hold.end is not None or view.bed == record.key:
            return None
        return {"bed": view.bed, "label": self._label(view.bed), "infant": self._infant(view)}

    def _infant(self, view: HoldView) -> dict[str, Any] | None:
        return (
            None
            if view.infant is None
            else infant_of(view.infant, self._settings.now_ns(), self._settings.zone)
        )

    def _arriving(self, bed: str) -> int | None:
        """Return what time data are of that a bed's monitor had kept back; see `Screen`."""
        screen = self._screens.get(bed)
        return None if screen is None else screen.arriving(self._settings.now_ns())

    def _want(self, view: HoldView) -> Wish:
        """Ask for the report of a hold; return what it is asked of."""
        settings = self._settings
        wish = Wish(
            settings.folder, view.places, view.hold, view.others,
            settings.now_ns(), settings.zone, settings.sources,
        )  # fmt: skip
        infant = view.infant
        if infant is not None:
            wish = replace(wish, birth_ns=infant.birth_ns, birth_date=infant.birth_date)
        anew = [self._told.revised_ns(place.bed, *span_ns) for place, span_ns in spans_of(wish)]
        said = self._tags.said(held_of(wish))
        arriving = any(self._arriving(place.bed) is not None for place, _ in held_of(wish))
        unread = any(
            comes_yet(self._told, self._screens.get(place.bed), place.bed, place.streams, end_ns)
            for place, (_, end_ns) in held_of(wish)
        )
        wish = replace(
            wish, revised_ns=max(anew, default=0), said=said, arriving=arriving, unread=unread
        )
        self._reports.want(wish)
        return wish

    def _goes_on(self, hold: Hold) -> str:
        """Return since when a hold goes on, or from when to when it did, and for how long."""
        now = self._settings.now_ns()
        start_ns = round(hold.start * NS)
        end_ns = now if hold.end is None else round(hold.end * NS)
        length = say_length((end_ns - start_ns) / NS)
        start, end = (
            clock_time(at_ns, self._settings.zone, beside_ns)
            for at_ns, beside_ns in ((start_ns, end_ns), (end_ns, start_ns))
        )
        if hold.end is None:
            return f"The hold goes on since {start}: {length} so far."
        return f"The hold was from {start} to {end}: {length}."

    def _words(self, hold: Hold) -> str:
        zone = self._settings.zone
        start_ns = round(hold.start * NS)
        roles = dict.fromkeys(
            _holder(piece.role, piece.holder) or _named(UNKNOWN, "") for piece in hold.pieces
        )
        who = ", then ".join(roles)
        if hold.end is None:
            return f"since {clock_time(start_ns, zone, self._settings.now_ns())}, {who}"
        length = say_length(hold.end - hold.start)
        left = ", ended as the infant left" if hold.details.get("end_reason") == LEFT_UNIT else ""
        end_ns = round(hold.end * NS)
        start, end = clock_time(start_ns, zone, end_ns), clock_time(end_ns, zone, start_ns)
        return f"{start} to {end}, {length}, {who}{left}"


def _why(made: Made | None, wish: Wish) -> str:
    """Return why there is no report; that its data are still to be read, where they are."""
    if made is None:
        return ""
    return UNREAD if made.why == NOT_REACHED and wish.unread else made.why


def _holder(role: str, key: str) -> str:
    """Return a holder in words, from role and key; empty where nobody said who."""
    name = key.partition(":")[2]
    return "" if role == UNKNOWN and not name else _named(role.replace("_", " "), name)


def _named(role: str, name: str) -> str:
    """Return a holder in words: ``mother · Sara``, and ``mother`` of one who is called so."""
    if role == UNKNOWN:
        role = "not known" if name else "holder unknown"
    return f"{role} · {isolated(name)}" if name and name.casefold() != role.casefold() else role
