"""What a stream of signals is: one association episode of a source, a device, a bed and a patient.

Signals carry the name of their stream, never an infant: whose they are is said elsewhere, and may
be put right without touching them.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from joey.sources.hl7.types import Identifier, Observations

__all__ = ["StreamKey", "identity_digest", "stream_id", "stream_key"]

DIGITS = 16  # hexadecimal, of a digest: no two of a unit's streams meet


@dataclass(frozen=True, slots=True, order=True)
class StreamKey:
    """What makes a stream one association episode: a change of any opens a new one.

    Parameters
    ----------
    source : str
        The unit's name for where the messages come from.
    device : str
        The monitor's own identifier; empty where it says none.
    bed : str
        `Location.key`.
    identity_digest : str
        Of the patient's numbers as the monitor sends them; empty where it sends none. Only ever
        compared.
    """

    source: str
    device: str
    bed: str
    identity_digest: str


def identity_digest(identifiers: Iterable[Identifier]) -> str:
    """Return a digest of a patient's numbers: those of kind ``MR``, else all; empty of none."""
    every = [each for each in identifiers if each.value]
    chosen = [each for each in every if each.kind == "MR"] or every
    if not chosen:
        return ""
    rows = sorted({f"{each.authority}\x1f{each.value}" for each in chosen})
    return hashlib.sha256("\x1e".join(rows).encode()).hexdigest()[:DIGITS]


def stream_key(source: str, observations: Observations) -> StreamKey:
    """Return what stream a message is of."""
    digest = identity_digest(observations.identifiers)
    return StreamKey(source, observations.device, observations.location.key, digest)


def stream_id(key: StreamKey, first_seq: int) -> str:
    """Return the name of a stream: it says nothing of the infant, and never changes.

    Parameters
    ----------
    key : StreamKey
        What it is of.
    first_seq : int
        The journal's number of its first message: the same key later is another stream.
    """
    text = "\x1f".join((key.source, key.device, key.bed, key.identity_digest, str(first_seq)))
    return hashlib.sha256(text.encode()).hexdigest()[:DIGITS]
