"""A sender that is not ours: node-hl7-client, with intake killed while it sends.

`npm install node-hl7-client` in a folder of your own, name it in `JOEY_NODE_CLIENT`, and
`JOEY_KILLS=50 ./joey test tests/serve/test_node.py -n0 -s` tells the figures.
"""

import json
import os
import random
import shutil
import signal
import subprocess
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from joey.serve import Settings
from joey.store.journal import Journal

from .running import Running

SCRIPT = Path(__file__).with_name("node_client.mjs")
FOLDER = Path(os.environ.get("JOEY_NODE_CLIENT", ""))
KILLS = int(os.environ.get("JOEY_KILLS", "3"))
LEAST = 1000  # messages
END_S = 600.0  # s

pytestmark = pytest.mark.skipif(
    not (shutil.which("node") and (FOLDER / "node_modules" / "node-hl7-client").is_dir()),
    reason="node, or node-hl7-client in the folder of JOEY_NODE_CLIENT, is not here",
)


def test_what_node_was_told_is_kept_is_kept_once(tmp_path: Path) -> None:
    """Killed and started again while it sends: each acknowledged message is there, each once."""
    intake = Running(Settings(tmp_path, hl7_port=0))
    intake.settings = replace(intake.settings, hl7_port=intake.port)
    rng = random.Random(KILLS)  # noqa: S311
    with subprocess.Popen(
        ["node", SCRIPT, FOLDER, str(intake.port), str(LEAST)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as sender:  # fmt: skip
        try:
            for _ in range(KILLS):
                time.sleep(0.2 + 0.8 * rng.random())
                assert sender.poll() is None
                os.kill(intake.process.pid or 0, signal.SIGKILL)
                intake.process.join(10)
                intake.start()
            said, _ = sender.communicate(timeout=END_S)
        finally:
            sender.kill()
            intake.end()
    told = json.loads(said)
    journal = Journal(tmp_path / "journal.db", read_only=True)
    kept = Counter(entry.control_id for entry in journal.read(0, kinds={"hl7"}, limit=10**6))
    journal.close()
    print(f"{KILLS} kills, {len(kept)} messages kept, {told['again']} sent again")  # noqa: T201

    assert len(told["acknowledged"]) >= LEAST
    assert kept == Counter(told["acknowledged"])
