"""What an HL7 message holds, as small frozen types: nothing here reads a byte."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from joey.signals import Channel

__all__ = [
    "Admission",
    "Header",
    "Identifier",
    "Location",
    "Message",
    "Numeric",
    "Observations",
    "PersonName",
    "Separators",
    "SourceSettings",
    "Unmapped",
    "Wave",
]


class Separators(NamedTuple):
    """The characters that a message declares in MSH-1 and MSH-2, one byte each; may be empty."""

    field: bytes = b"|"
    component: bytes = b"^"
    repetition: bytes = b"~"
    escape: bytes = b"\\"
    subcomponent: bytes = b"&"


@dataclass(frozen=True, slots=True)
class Message:
    """A message cut into lines, and nothing more: fields are cut when they are asked for.

    Parameters
    ----------
    raw : bytes
        As it came, without its frame.
    lines : tuple of bytes
        Its segments, in order; the first begins with ``MSH``.
    separators : Separators
        Of MSH-1 and MSH-2.
    encoding : str
        Python's name of the character set in which the text of `lines` is to be read.
    declared : str
        First repetition of MSH-18; empty where nothing in the message depends on it.
    repairs : tuple of str
        What had to be mended to read it.
    """

    raw: bytes
    lines: tuple[bytes, ...]
    separators: Separators
    encoding: str = "utf-8"
    declared: str = ""
    repairs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SourceSettings:
    """What a unit declares of a source of messages.

    Parameters
    ----------
    name : str
        The unit's name for it.
    zone : str
        IANA zone in which its times are read where they bring none.
    simulated : bool
        Whether its data are simulated: only then may training, test and demo data be shown.
    addresses : tuple of str
        Networks its messages come from, as CIDR.
    """

    name: str
    zone: str = "UTC"
    simulated: bool = False
    addresses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Header:
    """The head of a message.

    Parameters
    ----------
    control_id : str
        MSH-10.
    event : str
        Type and trigger of MSH-9, ``ORU^R01``.
    processing : str
        First component of MSH-11: ``P`` for patient care, ``T`` for training, ``D`` for tests.
    sent_ns : int or None
        MSH-7, if it has a zone. [ns UTC]
    sent : bytes
        MSH-7 as it stands, for a zone to be found.
    application, facility : str
        MSH-3 and MSH-4.
    version, charset : str
        MSH-12 and MSH-18.
    """

    control_id: str
    event: str
    processing: str
    sent_ns: int | None
    sent: bytes
    application: str
    facility: str
    version: str
    charset: str


@dataclass(frozen=True, slots=True)
class Location:
    """A bed, as text; empty parts are not known. `key` names the bed however it was written.

    Parameters
    ----------
    unit, room, bed : str
        As written.
    key : str
        ``UNIT/BED`` in capitals, without leading zeros and the word BED: the same for all layouts
        in which monitors and admission systems write one bed. Empty where no bed is named.
    """

    unit: str = ""
    room: str = ""
    bed: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True)
class Identifier:
    """A number of a patient, who gave it out (PID-3.4 and its universal id), and its kind, MR."""

    value: str
    authority: str = ""
    kind: str = ""


@dataclass(frozen=True, slots=True)
class PersonName:
    """A name as parts and as it was written; never what an infant is found by.

    Parameters
    ----------
    family, given, middle, suffix, prefix : str
        Parts; empty where not known.
    text : str
        All parts in the order in which they were sent.
    kind : str
        ``L`` legal, ``D`` display, ``B`` at birth; empty where not said.
    """

    family: str = ""
    given: str = ""
    middle: str = ""
    suffix: str = ""
    prefix: str = ""
    text: str = ""
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Numeric:
    """One value of one channel.

    Parameters
    ----------
    channel : Channel
        What it is of; two probes are two channels.
    value : float
        In the channel's unit; NaN for no value.
    time_ns : int
        The source's time of the measurement. [ns UTC]
    status : str
        OBX-11: R, F, P; C corrects and D deletes an earlier value of this channel and time; X for
        no value.
    code, unit : str
        OBX-3 (``147842^MDC_ECG_HEART_RATE``) and OBX-6 as sent.
    sub_id : str
        OBX-4.
    aperiodic : bool
        Measured at `time_ns` and repeated since: not a new value.
    """

    channel: Channel
    value: float
    time_ns: int
    status: str
    code: str
    unit: str
    sub_id: str = ""
    aperiodic: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Wave:
    """Consecutive samples of one channel: value = counts x `scale` + `offset`.

    Parameters
    ----------
    channel : Channel
        What it is of.
    fs : Fraction
        Sampling frequency. [Hz]
    counts : ndarray of int32, shape (n,)
        As sent; those outside `valid_runs` mean nothing.
    valid_runs : ndarray of int64, shape (k, 2)
        Half-open index ranges that were measured.
    scale, offset : float
        From counts to the channel's unit.
    start_ns : int
        The source's time of the first sample. [ns UTC]
    code : str
        OBX-3 as sent.
    sub_id : str
        OBX-4.
    status : str
        OBX-11.
    """

    channel: Channel
    fs: Fraction
    counts: NDArray[np.int32]
    valid_runs: NDArray[np.int64]
    scale: float
    offset: float
    start_ns: int
    code: str
    sub_id: str = ""
    status: str = ""


@dataclass(frozen=True, slots=True)
class Unmapped:
    """A row that was not understood, as it came, and why: nothing of it is lost or guessed.

    Parameters
    ----------
    code, label, unit, value : str
        OBX-3 code and name, OBX-6 and OBX-5, which is cut at 200 characters.
    sub_id : str
        OBX-4.
    time_ns : int or None
        The source's time. [ns UTC]
    reason : str
        ``code not known``, ``not a number`` ...
    """

    code: str
    label: str
    unit: str
    value: str
    sub_id: str
    time_ns: int | None
    reason: str


@dataclass(frozen=True, slots=True, eq=False)
class Observations:
    """What a monitor's message says of one bed.

    Parameters
    ----------
    header : Header
        The message's head.
    location : Location
        PV1-3.
    device : str
        The monitor's own identifier; empty where it says none.
    identifiers : tuple of Identifier
        PID-3, PID-2 and PID-4.
    name : PersonName or None
        PID-5; None where it is empty.
    birth_date, sex : str
        ``YYYY-MM-DD`` of PID-7 and PID-8; empty where not sent.
    numerics, waves : tuple
        In the order of the message.
    unmapped : tuple of Unmapped
        Rows that are not understood.
    repairs : tuple of str
        What was mended or left out, with how often; no patient data.
    zone_assumed : str
        IANA zone in which times without one were read; empty where all brought one.
    simulated : bool
        Training, test or demo data, or of a simulated source: said wherever they are shown.
    doubt : str
        Why nothing of it may be taken as a patient's; empty where there is no reason.
    """

    header: Header
    location: Location
    device: str = ""
    identifiers: tuple[Identifier, ...] = ()
    name: PersonName | None = None
    birth_date: str = ""
    sex: str = ""
    numerics: tuple[Numeric, ...] = ()
    waves: tuple[Wave, ...] = ()
    unmapped: tuple[Unmapped, ...] = ()
    repairs: tuple[str, ...] = ()
    zone_assumed: str = ""
    simulated: bool = False
    doubt: str = ""


@dataclass(frozen=True, slots=True)
class Admission:
    """What an admission system says of one patient.

    Parameters
    ----------
    header : Header
        The message's head.
    event : str
        ``A01`` ... of MSH-9, which counts where EVN-1 says another.
    event_ns : int or None
        EVN-6 (when it happened), else EVN-2 (when it was recorded), else MSH-7. [ns UTC]
    identifiers : tuple of Identifier
        PID-3, PID-2 and PID-4.
    names : tuple of PersonName
        PID-5, then the aliases of PID-9.
    birth_date : str
        ``YYYY-MM-DD`` of PID-7; empty where not sent.
    birth_ns : int or None
        PID-7 where it has a time of day. [ns UTC]
    sex : str
        PID-8.
    location, prior_location : Location
        PV1-3 and PV1-6.
    mother : tuple of Identifier
        PID-21.
    multiple_birth : bool or None
        PID-24.
    birth_order : int or None
        PID-25.
    account, visit : Identifier or None
        PID-18 and PV1-19.
    prior_identifiers : tuple of Identifier
        MRG-1, of a merge.
    admitted_ns, discharged_ns : int or None
        PV1-44 and PV1-45. [ns UTC]
    repairs : tuple of str
        What was mended.
    zone_assumed : str
        IANA zone in which times without one were read; empty where all brought one.
    simulated : bool
        As of `Observations`.
    """

    header: Header
    event: str
    event_ns: int | None
    identifiers: tuple[Identifier, ...] = ()
    names: tuple[PersonName, ...] = ()
    birth_date: str = ""
    birth_ns: int | None = None
    sex: str = ""
    location: Location = field(default_factory=Location)
    prior_location: Location = field(default_factory=Location)
    mother: tuple[Identifier, ...] = ()
    multiple_birth: bool | None = None
    birth_order: int | None = None
    account: Identifier | None = None
    visit: Identifier | None = None
    prior_identifiers: tuple[Identifier, ...] = ()
    admitted_ns: int | None = None
    discharged_ns: int | None = None
    repairs: tuple[str, ...] = ()
    zone_assumed: str = ""
    simulated: bool = False
