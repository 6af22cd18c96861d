"""How does an infant answer the kangaroo hold? Numbers from the monitors of a neonatal unit.

Public names only, each loaded when first asked for: ``import joey`` and ``joey --help`` stay
quick, and a script that reads a header does not wait for a compiler.
"""

import importlib
from typing import TYPE_CHECKING

__version__ = "0.1.0"

# Public name -> the module that defines it.
_HOME = {
    "FormatError": "errors",
    "InputError": "errors",
    "report": "reports",
    "write_csv": "reports",
    "write_json": "reports",
}

__all__ = sorted(_HOME)  # noqa: PLE0605  (a list of names all the same)

if TYPE_CHECKING:  # the same names, where a type checker or an editor looks for them
    from joey.errors import FormatError as FormatError
    from joey.errors import InputError as InputError
    from joey.reports import report as report
    from joey.reports import write_csv as write_csv
    from joey.reports import write_json as write_json
else:

    def __getattr__(name: str) -> object:
        """Load a public name from its module at first use."""
        if name not in _HOME:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    """Return the public names too, so that completion finds what is not loaded yet."""
    return sorted({*globals(), *_HOME})
