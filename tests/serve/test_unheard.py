"""Children of a Joey do not hear of Ctrl-C, from their first moment on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

START = """
import signal
from multiprocessing import get_context
from joey.serve.supervisor import start_unheard

def tell(said):
    said.send(signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, ()))

if __name__ == "__main__":
    for _ in range(2):  # with the first one Python starts a process of its own
        here, there = get_context("spawn").Pipe()
        child = get_context("spawn").Process(target=tell, args=(there,))
        start_unheard(child)
        print(here.recv(), signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, ()))
        child.join()
"""


def test_a_child_has_it_blocked_and_its_parent_has_not(tmp_path: Path) -> None:
    """While Python comes up in the child there is no handler yet: it ended with a traceback."""
    file = tmp_path / "start.py"
    file.write_text(START, encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    done = subprocess.run(
        [sys.executable, file], capture_output=True, text=True, env=environment, check=True
    )
    assert done.stdout.split() == ["True", "False"] * 2
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, ())
