"""Loops that Numba compiles, and where their machine code is kept.

Numba asks of kept machine code only whether the file of that one loop has changed. Joey's loops
call loops of other files, whose machine code is inside theirs: after an upgrade the old answers
would go on being given. So the code is kept in a folder named after the text of all `MODULES`.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, overload

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["MODULES", "PACKAGE", "code_folder", "kernel", "plain", "told_of_compiling"]

PACKAGE = Path(__file__).resolve().parent
MODULES = (
    "beats.decide",
    "beats.deflections",
    "beats.kernels",
    "beats.learning",
    "beats.loops",
    "beats.medians",
    "beats.memory",
    "beats.polarity",
    "beats.pulses",
    "beats.recipes",
    "breaths.beatwise",
    "breaths.contact",
    "breaths.decide",
    "breaths.likeness",
    "breaths.slowing",
    "events.skipping",
    "features.kernels",
    "features.scaling_kernels",
    "features.sliding",
    "features.spectrum_kernels",
    "features.window_kernels",
    "quality.grades",
    "quality.seconds",
    "quality.twins",
    "quality.waves",
    "sources.wfdb.words",
)
"""The modules with compiled loops, and those whose constants are compiled into them."""

Loop = TypeVar("Loop", bound="Callable[..., Any]")


@overload
def kernel(function: Loop, /) -> Loop: ...
@overload
def kernel(
    signatures: str | list[str] = ..., /, *, inline: str = ..., counted: bool = ...
) -> Callable[[Loop], Loop]: ...
def kernel(wanted: Any = None, /, *, inline: str = "never", counted: bool = True) -> Any:
    """Have Numba compile a loop, and keep its machine code for the next process.

    Parameters
    ----------
    wanted : function, str or list of str
        The loop; or the types it is compiled for at once, where they are declared.
    inline : str
        ``always``: it is compiled into the loops that call it.
    counted : bool
        Whether references to arrays are counted. A loop that makes no array may do without: each
        array handed to it costs two atomic additions else, some 10 ns.
    """
    if callable(wanted):
        return _compiled(None, inline, counted, wanted)
    return functools.partial(_compiled, wanted, inline, counted)


def _compiled(
    signatures: str | list[str] | None,
    inline: str,
    counted: bool,  # noqa: FBT001  (partial)
    loop: Loop,
) -> Loop:
    from numba import config, njit  # noqa: PLC0415  (a second of loading, for those who compute)

    types = () if signatures is None else (signatures,)
    folder = code_folder()
    if folder is None:
        return njit(*types, inline=inline, _nrt=counted)(loop)
    before = config.CACHE_DIR
    config.CACHE_DIR = str(folder)  # Numba reads it when it decorates, and only then
    try:
        return njit(*types, cache=True, inline=inline, _nrt=counted)(loop)
    finally:
        config.CACHE_DIR = before


@contextlib.contextmanager
def told_of_compiling(say: Callable[[], None]) -> Iterator[None]:
    """Have it said, once, when a loop is compiled in this process and was not kept.

    Parameters
    ----------
    say : callable
        Is called as it begins.
    """
    from numba.core import event  # noqa: PLC0415  (as above)

    class Teller(event.Listener):
        told = False

        def on_start(self, _: event.Event) -> None:
            if not self.told:
                say()
            self.told = True

        def on_end(self, _: event.Event) -> None:
            pass

    with event.install_listener("numba:compile", Teller()):
        yield


def plain(loop: Loop) -> Loop:
    """Return a loop as it was written, for Python to call.

    Parts of arrays that a loop with ``counted=False`` returns do not last: nobody has counted them.
    """
    written: Loop = getattr(loop, "py_func", loop)  # with NUMBA_DISABLE_JIT it is that already
    return written


def code_folder() -> Path | None:
    """Return where the machine code of this Joey is kept; None where nothing can be written.

    It is below NUMBA_CACHE_DIR if that is set, else beside the source, else below the user's cache.
    """
    name = f"joey-{_text_hash()}"
    if chosen := os.environ.get("NUMBA_CACHE_DIR"):
        return Path(chosen) / name
    beside = PACKAGE / "__pycache__"
    at_home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    for folder in (beside, at_home):
        if (folder / name).is_dir() or _can_write(folder):
            return folder / name
    return None


def _can_write(folder: Path) -> bool:
    while not folder.exists():
        folder = folder.parent
    return os.access(folder, os.W_OK)


@functools.cache
def _text_hash() -> str:
    digest = hashlib.sha256()
    for name in MODULES:
        digest.update(PACKAGE.joinpath(*name.split(".")).with_suffix(".py").read_bytes())
    return digest.hexdigest()[:16]
