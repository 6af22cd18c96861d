"""What is wrong with the arguments of a command, in one line: where, what, and what to do."""

from __future__ import annotations

from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from cyclopts.exceptions import (
    CoercionError,
    MissingArgumentError,
    RepeatArgumentError,
    UnknownCommandError,
    UnknownOptionError,
    UnusedCliTokensError,
)

if TYPE_CHECKING:
    from cyclopts import CycloptsError
    from cyclopts.argument import Argument

__all__ = ["words_of"]

MEANT = "Did you mean "  # how the parser begins what it offers instead
NEAR = 0.6  # of 1, how alike a word and what may have been meant are, without their dashes
KINDS = {float: "a number", int: "a whole number", bool: "yes or no"}


def words_of(error: CycloptsError) -> str:
    """Return what is wrong with the arguments of a command, and what to do.

    Parameters
    ----------
    error : CycloptsError
        What the parser says of them.
    """
    command = " ".join(error.command_chain or ())
    what, todo = _said(error)
    look = f"'{' '.join(('joey', *command.split(), '--help'))}' tells what it takes"
    line = f"{f'{command}: ' if command else ''}{what}; {todo or _meant(error) or look}"
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode() for each in line
    )


def _said(error: CycloptsError) -> tuple[str, str]:
    """Return what is wrong, and what to do; empty where only the help tells."""
    argument = error.argument
    if isinstance(error, MissingArgumentError) and argument is not None:
        return _missing(error, argument)
    if isinstance(error, CoercionError) and argument is not None:
        value = "" if error.token is None else error.token.value
        kind = KINDS.get(error.target_type or str, "what it takes")
        return f"{argument.name} is {kind}, not {value}", _give(argument)
    if isinstance(error, RepeatArgumentError):
        return f"{error.token.keyword} is given twice", "give it once"
    return _unknown(error), ""


def _unknown(error: CycloptsError) -> str:
    left = " ".join(error.unused_tokens or ())
    if isinstance(error, UnknownOptionError):
        return f"there is no option {error.token.keyword or error.token.value}"
    if isinstance(error, UnknownCommandError):
        return f"there is no command {left.partition(' ')[0]}"
    if isinstance(error, UnusedCliTokensError):
        return f"nothing is done with {left}"
    return str(error).rstrip(".")


def _missing(error: MissingArgumentError, argument: Argument) -> tuple[str, str]:
    count, _ = argument.token_count()
    if error.keyword is None and not argument.tokens:
        return f"{argument.name} is missing", _give(argument)
    if count > 1:
        has = len(error.tokens_so_far) % count
        return f"{argument.name} takes {count} values and has {has}", _give(argument)
    return f"{argument.name} has no value", _give(argument)


def _give(argument: Argument) -> str:
    """Return what to give for an argument: what its help says that it is."""
    said = (argument.parameter.help or "a value").rstrip(".").replace(". [", " [")
    return f"give {said if said[1:2].isupper() else said[0].lower() + said[1:]}"


def _meant(error: CycloptsError) -> str:
    """Return what may have been meant; empty where nothing is near."""
    _, found, rest = str(error).partition(MEANT)
    meant = rest.partition("?")[0].strip('"')
    token = getattr(error, "token", None)
    said = (error.unused_tokens or [""])[0] if token is None else token.keyword or token.value
    # The dashes that all options begin with make none of them alike.
    alike = SequenceMatcher(None, said.lstrip("-"), meant.lstrip("-")).ratio()
    return f"was {meant} meant?" if found and alike >= NEAR else ""
