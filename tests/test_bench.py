"""`joey bench` ends with rows, whatever state its peers are in."""

from __future__ import annotations

import importlib.util
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def harness(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    path = ROOT / "benchmarks" / "harness.py"
    spec = importlib.util.spec_from_file_location("harness", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "harness", module)
    spec.loader.exec_module(module)
    return module


def test_a_peer_that_cannot_be_imported_is_a_row_that_says_why(
    harness: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "broken_peer.py").write_text("import what_nobody_has\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    assert harness.peer("broken_peer") is None
    row = harness.absent("work", lambda: None, "broken_peer", 2.0, 1)
    assert "cannot be imported" in row.note
    assert "what_nobody_has" in row.note
    assert (row.peer, row.ratio, row.agrees) == (None, None, None)


def test_a_peer_that_is_not_there_is_a_row_that_says_so(harness: Any) -> None:
    assert harness.peer("what_nobody_has") is None
    row = harness.absent("work", lambda: None, "what_nobody_has", 2.0, 1)
    assert "not installed" in row.note


def test_a_row_is_json_whatever_numbers_it_was_given(harness: Any) -> None:
    """The keys are those that readers of the file were promised."""
    row = harness.Row("w", np.float64(1), 2, "v", np.float32(2), None, np.bool_(True), "n")
    written = json.loads(json.dumps(asdict(row)))
    assert written == {
        "work": "w",
        "ours": 1.0,
        "peer": 2.0,
        "peer_version": "v",
        "ratio": 2.0,
        "goal": None,
        "agrees": True,
        "note": "n",
    }
