"""What the pages say of a hold and its report."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from joey.web.reports import HoldReports, Wish, reach_of, words_of_revision

if TYPE_CHECKING:
    from collections.abc import Callable

    from joey.holds import Hold
    from joey.store.records import BedView as BedRecord
    from joey.web.settings import PageSettings

__all__ = ["ShownHolds", "clock_time"]

NS = 1_000_000_000


def clock_time(at_ns: int, zone: str) -> str:
    """Return a time as the unit's clock shows it: ``14:02``. [ns UTC]"""
    return f"{datetime.fromtimestamp(at_ns / NS, ZoneInfo(zone)):%H:%M}"


class ShownHolds:
    """Holds with their reports, which are asked for as soon as someone looks.

    Parameters
    ----------
    settings : PageSettings
        What the pages are told.
    reports : HoldReports
        Makes them.
    revised_ns : callable
        When a bed's span was last told anew: `Told.revised_ns`.
    """

    def __init__(
        self,
        settings: PageSettings,
        reports: HoldReports,
        revised_ns: Callable[[str, int, int], int],
    ) -> None:
        self._settings = settings
        self._reports = reports
        self._revised_ns = revised_ns

    def state(self, record: BedRecord, hold: Hold) -> dict[str, Any]:
        """Return the state of a hold's report."""
        self._want(record, hold)
        made = self._reports.made(hold.id)
        name = record.infant.name.text if record.infant is not None else ""
        whose = f"{name}, bed {record.bed}" if name else f"Bed {record.bed}"
        return {
            "title": f"{whose}: {self._words(hold)}",
            "bed": record.key,
            "running": hold.end is None,
            "busy": self._reports.is_busy(hold.id),
            "version": f"{made.made_ns}" if made and made.page else "",
            "madeAt": made.made_ns / 1e6 if made else None,
            "failed": made.why if made else "",
            "revised": words_of_revision(made.revised_ns, self._settings.zone) if made else "",
        }

    def last(self, record: BedRecord | None) -> dict[str, Any] | None:
        """Return what is known of the infant's last hold; None where there was none."""
        ended = [each for each in (record.holds if record else ()) if each.end is not None]
        if record is None or not ended:
            return None
        last = max(ended, key=lambda each: each.end or 0.0)
        self._want(record, last)
        made = self._reports.made(last.id)
        return {
            "id": last.id,
            "words": self._words(last),
            "lines": list(made.lines) if made else [],
            "chart": made.chart if made else "",
            "busy": made is None,
            "why": made.why if made else "",
        }

    def _want(self, record: BedRecord, hold: Hold) -> None:
        others = tuple(each for each in record.holds if each.id != hold.id)
        settings = self._settings
        wish = Wish(
            settings.folder, record.key, hold, others, record.since_ns or 0,
            settings.now_ns(), settings.zone, settings.sources, record.streams,
        )  # fmt: skip
        anew_ns = self._revised_ns(record.key, *reach_of(wish))
        self._reports.want(replace(wish, revised_ns=anew_ns))

    def _words(self, hold: Hold) -> str:
        zone = self._settings.zone
        start = clock_time(round(hold.start * NS), zone)
        roles = dict.fromkeys(
            _named(piece.role.replace("_", " "), piece.holder.partition(":")[2])
            for piece in hold.pieces
        )
        who = ", then ".join(roles)
        if hold.end is None:
            return f"since {start}, {who}"
        minutes = (hold.end - hold.start) / 60
        return f"{start} to {clock_time(round(hold.end * NS), zone)}, {minutes:.0f} min, {who}"


def _named(role: str, name: str) -> str:
    """Return a holder in words: ``mother · Sara``, and ``mother`` of one who is called so."""
    return f"{role} · {name}" if name and name.casefold() != role.casefold() else role
