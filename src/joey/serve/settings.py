"""What a unit decides about its Joey: one TOML file into one frozen value; unknown keys are errors.

Packages below do not read the clock: it is given to them, so that a demo can let time run faster.
"""

from __future__ import annotations

import time
import tomllib
from dataclasses import dataclass, field, fields, replace
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from joey.errors import InputError
from joey.sources.hl7 import SourceSettings, place_of
from joey.sources.mllp import CONNECTIONS, PER_PEER

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["LOCAL", "HostClock", "Settings", "read_settings", "source_of"]

LOCAL = ("127.0.0.0/8", "::1/128")
MOST_WORKERS = 64
MOST_BEDS = 100_000
LONGEST_DAYS = 3650.0


@dataclass(frozen=True, slots=True)
class HostClock:
    """The host's time, or a demo's: `speed` seconds pass in one, from `since_ns` on. [ns UTC]"""

    since_ns: int = 0
    speed: float = 1.0

    def now_ns(self) -> int:
        """Return the present. [ns UTC]"""
        now = time.time_ns()
        if self.speed == 1.0:
            return now
        return self.since_ns + int((now - self.since_ns) * self.speed)


@dataclass(frozen=True, slots=True)
class Settings:
    """How a Joey runs.

    Parameters
    ----------
    data : Path
        The folder of its files.
    address, port : str, int
        Where the pages are served: this machine alone, until people sign in. Port 0 takes any.
    hl7_address, hl7_port : str, int
        Where monitors are listened to. Port 0 takes any.
    hl7_allow : tuple of str
        Networks that may connect, as CIDR.
    hl7_per_address : int
        Most connections of one address at once.
    hl7_beds : int
        Most beds that a source may open by naming them, beside `beds`.
    workers : int
        Processes that analyze.
    journal_days : float
        How long the journal is kept behind what is archived.
    quarantine_days : float
        How long messages in quarantine that nobody had read again are kept, at least as long.
    zone : str
        IANA zone of the pages' clock and of the unit's days.
    goal_h : float
        The unit's goal of kangaroo care a day. [h]
    beds : tuple of str
        The unit's beds as monitors name them (``NICU/7``): each has a tile from the first start on.
    sources : tuple of SourceSettings
        What sends messages.
    clock : HostClock
        The host's time.
    """

    data: Path
    address: str = "127.0.0.1"
    port: int = 8137
    hl7_address: str = "127.0.0.1"
    hl7_port: int = 2575
    hl7_allow: tuple[str, ...] = LOCAL
    hl7_per_address: int = PER_PEER
    hl7_beds: int = 4096
    workers: int = 1
    journal_days: float = 2.0
    quarantine_days: float = 30.0
    zone: str = "UTC"
    goal_h: float = 8.0
    beds: tuple[str, ...] = ()
    sources: tuple[SourceSettings, ...] = ()
    clock: HostClock = field(default_factory=HostClock)

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        _refuse(self)

    @property
    def by_name(self) -> dict[str, SourceSettings]:
        """The sources by name."""
        return {source.name: source for source in self.sources}


def read_settings(path: Path | None, **chosen: Any) -> Settings:  # noqa: ANN401  (of any field)
    """Return the settings of a file, with those that were chosen on the command line instead.

    Parameters
    ----------
    path : Path or None
        A TOML file; None for none.
    **chosen
        Fields of `Settings`; None leaves what the file or the default says.

    Raises
    ------
    InputError
        If the file is not TOML, has an unknown key or a value that cannot be.
    OSError
        If it cannot be read.
    """
    said: dict[str, Any] = {}
    if path is not None:
        try:
            said = tomllib.loads(path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            msg = f"{path}: not TOML: {error}"
            raise InputError(msg) from None
    known = {each.name for each in fields(Settings)} - {"clock", "data"}
    if unknown := sorted(set(said) - known):
        msg = f"{path}: unknown {', '.join(unknown)}; known are {', '.join(sorted(known))}"
        raise InputError(msg)
    said["sources"] = tuple(_source(path, each) for each in said.get("sources", ()))
    for name in {"beds", "hl7_allow"} & said.keys():
        if not isinstance(said[name], list):
            msg = f"{path}: {name} is a list of texts in brackets"
            raise InputError(msg)
        said[name] = tuple(said[name])
    said["beds"] = tuple(_bed(path, each) for each in said.get("beds", ()))
    said |= {name: value for name, value in chosen.items() if value is not None}
    try:
        return Settings(**said)
    except TypeError as error:
        msg = f"{path}: a value is of the wrong kind: {error}"
        raise InputError(msg) from None


def _source(path: Path | None, said: Mapping[str, Any]) -> SourceSettings:
    known = {"name", "zone", "simulated", "addresses"}
    unknown = sorted(set(said) - known)
    if unknown or "name" not in said:
        wrong = f"{', '.join(unknown)} is not known" if unknown else "name is missing"
        msg = f"{path}: a source has a name, zone, simulated and addresses: {wrong}"
        raise InputError(msg)
    addresses = tuple(said.get("addresses", ()))
    for each in addresses:
        _network(each)
    return SourceSettings(
        str(said["name"]),
        _zone(str(said.get("zone", "UTC"))),
        bool(said.get("simulated", False)),
        addresses,
    )


def _bed(path: Path | None, said: object) -> str:
    """Return a bed's key, however its zeros and capitals are written."""
    unit, _, bed = str(said).rpartition("/")
    room, _, name = bed.rpartition("-")
    key = place_of(unit, room, name if room else bed).key
    if not unit.strip() or not key:
        msg = f"{path}: a bed is named by unit and bed, as NICU/7, not {said!r}"
        raise InputError(msg)
    return key


def _refuse(settings: Settings) -> None:
    ranges = (
        ("port", settings.port, 0, 65535),
        ("hl7_port", settings.hl7_port, 0, 65535),
        ("hl7_per_address", settings.hl7_per_address, 1, CONNECTIONS),
        ("hl7_beds", settings.hl7_beds, 0, MOST_BEDS),
        ("workers", settings.workers, 1, MOST_WORKERS),
        ("journal_days", settings.journal_days, 0.05, LONGEST_DAYS),
        ("quarantine_days", settings.quarantine_days, 0.05, LONGEST_DAYS),
        ("goal_h", settings.goal_h, 0, 24),
    )
    for name, value, low, high in ranges:
        if not low <= value <= high:
            msg = f"{name} is {low:g} to {high:g}, not {value:g}"
            raise InputError(msg)
    try:
        local = settings.address == "localhost" or ip_address(settings.address).is_loopback
    except ValueError:
        local = False
    if not local:
        msg = (
            f"the pages are served to this machine alone until people can sign in, not on"
            f" {settings.address}: leave the address out"
        )
        raise InputError(msg)
    _zone(settings.zone)
    for each in settings.hl7_allow:
        _network(each)


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        msg = f"no time zone is named {name!r}: use one as Europe/Berlin"
        raise InputError(msg) from None
    return name


def _network(text: str) -> None:
    try:
        ip_network(text)
    except ValueError:
        msg = f"{text!r} is no network: use CIDR as 10.1.2.0/24"
        raise InputError(msg) from None


def source_of(settings: Settings, peer: str) -> SourceSettings:
    """Return the source that a peer's messages are of: the first whose networks hold its address.

    A source without addresses takes all that is left; a peer of no source is one of its own, named
    by its address.
    """
    address = ip_address(peer)
    for source in settings.sources:
        if any(address in ip_network(each) for each in source.addresses):
            return source
    for source in settings.sources:
        if not source.addresses:
            return source
    return replace(SourceSettings(f"at {peer}"), zone=settings.zone)
