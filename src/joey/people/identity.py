"""Whether what a monitor says of its patient is who the bed's admission says it is."""

from __future__ import annotations

from dataclasses import dataclass, field

from joey.people.names import fold_name

__all__ = [
    "Account",
    "Agreement",
    "Identity",
    "agree",
    "is_one_number",
    "keys_of",
    "sure_keys_of",
]

KEY_KINDS = ("MR", "PI", "PT", "")  # HL7 table 0203: medical record, patient internal, external
LEAST = 2  # identifiers that must agree before a stream is an infant's (NPSG.01.01.01)


@dataclass(frozen=True, slots=True)
class Account:
    """A number, who gave it out, and its kind: ``MR`` is a medical record number."""

    value: str
    authority: str = ""
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Identity:
    """What is said of one patient; what is not said is empty.

    Parameters
    ----------
    accounts : tuple of Account
        Numbers.
    names : tuple of str
        As written, any of which may be meant.
    birth_date : str
        ``YYYY-MM-DD``.
    """

    accounts: tuple[Account, ...] = ()
    names: tuple[str, ...] = ()
    birth_date: str = ""


@dataclass(frozen=True, slots=True)
class Agreement:
    """What two accounts of a patient have in common, and what contradicts.

    Parameters
    ----------
    same, different : tuple of str
        ``record number``, ``name``, ``birth date``: never a value.
    """

    same: tuple[str, ...] = field(default=())
    different: tuple[str, ...] = field(default=())

    @property
    def certain(self) -> bool:
        """Whether two identifiers agree, a number among them, and none contradicts."""
        return not self.different and len(self.same) >= LEAST and "record number" in self.same

    @property
    def words(self) -> str:
        """Why a person has to confirm; empty where nobody has to."""
        if self.certain:
            return ""
        if self.different:
            verb = "is" if len(self.different) == 1 else "are"
            return f"the monitor's {_listed(self.different)} {verb} not the admitted infant's"
        if not self.same:
            return "the monitor does not say whose signals these are"
        verb = "agrees" if len(self.same) == 1 else "agree"
        return f"only the {_listed(self.same)} {verb}: a record number and one more are needed"


def _listed(words: tuple[str, ...]) -> str:
    """Return words as in a sentence: ``a, b and c``."""
    return " and ".join(part for part in (", ".join(words[:-1]), words[-1]) if part)


def keys_of(accounts: tuple[Account, ...]) -> tuple[Account, ...]:
    """Return the numbers by which an infant may be found, the best first."""
    usable = [each for each in accounts if each.value and each.kind in KEY_KINDS]
    return tuple(sorted(usable, key=lambda each: KEY_KINDS.index(each.kind)))


def is_one_number(one: Account, other: Account) -> bool:
    """Whether two numbers are the same, and of one kind as far as it is said.

    Each kind (CX.5) is counted on its own, and one authority gives out several: a patient's
    internal number may have the digits of another's medical record number.
    """
    same = (one.value, one.authority) == (other.value, other.authority)
    return same and (one.kind == other.kind or not (one.kind and other.kind))


def sure_keys_of(accounts: tuple[Account, ...]) -> tuple[Account, ...]:
    """Return the numbers that find an infant alone: those whose kind is said, else the others.

    Beside a number of a known kind one without may be of anything: a visit, an account.
    """
    keys = keys_of(accounts)
    return tuple(each for each in keys if each.kind) or keys


def agree(said: Identity, known: Identity) -> Agreement:
    """Compare what a monitor says with who is admitted.

    An authority that the monitor leaves out is no contradiction; a number given out by another
    authority is another number. What one side does not say is neither the same nor different.
    """
    same: list[str] = []
    different: list[str] = []

    def note(what: str, equal: bool) -> None:  # noqa: FBT001  (a fact, not an option)
        (same if equal else different).append(what)

    mine, theirs = keys_of(said.accounts), keys_of(known.accounts)
    if mine and theirs:
        note("record number", any(_equal(a, b) for a in mine for b in theirs))
    if said.names and known.names:
        folded = {fold_name(name) for name in known.names}
        note("name", any(fold_name(name) in folded for name in said.names))
    if said.birth_date and known.birth_date:
        note("birth date", said.birth_date == known.birth_date)
    return Agreement(tuple(same), tuple(different))


def _equal(one: Account, two: Account) -> bool:
    authority = not (one.authority and two.authority) or one.authority == two.authority
    return one.value == two.value and authority
