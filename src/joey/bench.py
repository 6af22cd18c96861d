"""``joey bench``: finds the measurements of the checkout and has them run.

They are no part of the package: they need other people's programs, and a user needs neither.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from joey.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["bench"]

# Both sides get one core: read when a library loads, which none has yet.
ONE_CORE = (
    *("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"),
    *("NUMBA_NUM_THREADS", "POLARS_MAX_THREADS"),
)
ROOT = Path(__file__).resolve().parents[2]
PEERS = ("EntropyHub", "antropy", "edfio", "hl7", "hrvanalysis", "neurokit2", "sleepecg", "wfdb")


def bench(
    topics: Sequence[str], *, quick: bool, json: Path | None, write: bool, root: Path = ROOT
) -> None:
    """Run the measurements of this checkout beside the peers.

    Parameters
    ----------
    topics : sequence of str
        Names of files under ``benchmarks``; none for all.
    quick : bool
        Small inputs and few runs.
    json : Path or None
        The file to write rows to.
    write : bool
        Whether to replace the table of ``docs/validation.md``.
    root : Path
        The checkout.

    Raises
    ------
    InputError
        If this is not a checkout, no peer is installed, or a topic is not known.
    """
    folder = root / "benchmarks"
    if not (folder / "harness.py").is_file():
        msg = "joey bench needs the source: clone the repository and run ./joey bench in it"
        raise InputError(msg)
    if not any(importlib.util.find_spec(name) for name in PEERS):
        msg = "joey bench needs the peers: run ./joey bench in the checkout, which installs them"
        raise InputError(msg)
    os.environ.update(dict.fromkeys(ONE_CORE, "1"))
    # Last on the path: a topic's plain name must not hide a package that a peer imports.
    sys.path.append(str(folder))
    page = root / "docs" / "validation.md" if write else None
    importlib.import_module("harness").run(topics, quick=quick, out=json, write=page)
