"""What the ward knows and whoever listens does not: one folder of JSON lines."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["TruthFolder"]


class TruthFolder:
    """Where the truth is written, a line each; each line says that it is simulated.

    Parameters
    ----------
    folder : Path or None
        Made if absent; None: the truth is forgotten.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)

    def tell(self, name: str, fact: dict[str, object]) -> None:
        """Append a fact to the file of a name: ``dirt``, ``story``, an infant's number."""
        if self._folder is None:
            return
        line = json.dumps({"simulated": True, **fact}, ensure_ascii=False)
        with (self._folder / f"{name}.jsonl").open("a", encoding="utf-8") as file:
            file.write(line + "\n")
