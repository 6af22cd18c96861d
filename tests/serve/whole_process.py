"""Be the process that `joey serve` is, on settings given as pickled, and tell of it when asked.

Each line that comes is answered with a line of JSON: the pids by name, and the link. It ends when
nothing more comes.
"""

from __future__ import annotations

import base64
import json
import pickle
import select
import sys
from typing import TextIO

from joey.serve.claims import claim
from joey.serve.supervisor import Supervisor


def say(to: TextIO, line: str) -> None:
    """Write a line at once."""
    to.write(line + "\n")
    to.flush()


def run() -> None:
    """Run until the one who asks has gone."""
    settings = pickle.loads(base64.b64decode(sys.argv[1]))  # noqa: S301  (of the test's own)
    with claim(settings) as claims:
        supervisor = Supervisor(settings, claims, lambda line: say(sys.stderr, f"joey: {line}"))
        try:
            supervisor.start()
            while True:
                supervisor.look()
                if select.select([sys.stdin], [], [], 0.02)[0]:
                    if not sys.stdin.readline():
                        return
                    said = {"pids": supervisor.pids(), "link": supervisor.places.link}
                    say(sys.stdout, json.dumps(said))
        finally:
            supervisor.stop()


if __name__ == "__main__":
    run()
