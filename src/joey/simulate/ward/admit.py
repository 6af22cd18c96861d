"""What the admission system sends: ADT messages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from joey.simulate.ward.encode import stamp

if TYPE_CHECKING:
    from joey.simulate.ward.people import Bed, Patient

__all__ = ["admission"]


def admission(
    event: str,
    patient: Patient,
    bed: Bed,
    control_id: str,
    at_ns: int,
    *,
    prior: Bed | None = None,
) -> bytes:
    """Return an ADT message, without a frame.

    Parameters
    ----------
    event : str
        ``A01`` (admitted), ``A02`` (moved), ``A03`` (discharged), ``A08`` (renamed).
    patient : Patient
        Who.
    bed : Bed
        Where, from now on.
    control_id : str
        MSH-10.
    at_ns : int
        When. [ns UTC]
    prior : Bed or None
        Where before.
    """
    when = stamp(at_ns)
    before = f"{prior.unit}^{prior.room}^{prior.bed}" if prior else ""
    structure = {"A08": "A01", "A04": "A01"}.get(event, event)
    head = (
        rf"MSH|^~\&|ADT|SIMULATED|JOEY||{when}||ADT^{event}^ADT_{structure}|{control_id}|T|2.6"
        "||||||UNICODE UTF-8"
    )
    identity = (
        f"PID|1||{patient.number}^^^SIMULATED^MR||{patient.family}^{patient.given}^^^^^L||"
        f"{patient.birth_date.replace('-', '')}|{patient.sex}"
    )
    rows = (
        head,
        f"EVN|{event}|{when}||||{when}",
        identity,
        f"PV1|1|I|{bed.unit}^{bed.room}^{bed.bed}|||{before}",
    )
    return ("\r".join(rows) + "\r").encode()
