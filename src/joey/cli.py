"""The ``joey`` command: arguments in, one call out.

Nothing is computed or decided here. A command imports what it needs when it runs, so that
``joey --help`` answers at once. What is wrong with a file or an argument becomes one line and exit
code 2, in this one place; anything else is a bug and keeps its traceback.
"""

import sys

import cyclopts

from joey import __version__
from joey.errors import FormatError, InputError

app = cyclopts.App(
    name="joey",
    help="How does an infant answer the kangaroo hold? Not an alarm, not a medical device.",
    version=f"joey {__version__}",
)


def main(arguments: list[str] | None = None) -> None:
    """Run one command and leave with its exit code: 0, 2 for unusable input, 130 if interrupted.

    Parameters
    ----------
    arguments : list of str, optional
        What stands after ``joey``; by default the arguments of this process.
    """
    try:
        app(arguments)
    except OSError as error:
        _leave(f"{error.filename}: {error.strerror}" if error.filename else str(error))
    except (FormatError, InputError) as error:
        _leave(str(error))


def _leave(reason: str) -> None:
    print(f"joey: {reason}", file=sys.stderr)  # noqa: T201  (the terminal is this module's side)
    sys.exit(2)
