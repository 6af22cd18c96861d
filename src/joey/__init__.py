"""How does an infant answer the kangaroo hold? Numbers from the monitors of a neonatal unit.

Public names only, each loaded when first asked for: ``import joey`` and ``joey --help`` stay
quick, and a script that reads a header does not wait for a compiler.
"""

import importlib

__version__ = "0.1.0"

# Public name -> the module that defines it. One line per name, sorted.
_HOME: dict[str, str] = {}

__all__ = sorted(_HOME)  # noqa: PLE0605  (a list; the linter cannot see it)


def __getattr__(name: str) -> object:
    """Load a public name from its module at first use."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """Return the public names, so that completion finds what is not loaded yet."""
    return [*__all__, "__version__"]
